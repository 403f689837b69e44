"""Holding a mapping against the fields of the two systems: what is said, where it points, and what stops a run."""

from pathlib import Path

import pytest
from folders import CONTACT, HEADER, SETTINGS, write
from guide import assert_explained

from connectors.contract import Field
from connectors.errors import PermanentError
from sync import fieldlists, lint, mapping

REGIONS = ("North", "South")
SALESFORCE = [
    Field("Id", "Contact ID", "id", is_createable=False, is_updateable=False),
    Field("FirstName", "First Name", "text", 40),
    Field("LastName", "Last Name", "text", 80, is_required=True),
    Field("Name", "Full Name", "text", 121, is_createable=False, is_updateable=False),
    Field("Email", "Email", "email", 80),
    Field("Title", "Title", "text", 128),
    Field("Region__c", "Region", "picklist", 255, ("Nord", "South"), is_restricted=True),
    Field("LeadSource", "Lead Source", "picklist", 255, ("Web", "Other")),
    Field("Interests__c", "Interests", "multipicklist", 4099, ("Pumps", "Valves")),
    Field("AccountId", "Account ID", "reference", 18),
    Field("Total__c", "Total", "number", is_createable=False, is_updateable=False, is_calculated=True),
    Field("Score__c", "Score", "number"),
    Field("Vip__c", "VIP", "boolean"),
    Field("Seen__c", "Seen", "datetime"),
    Field("Contract__c", "Contract", "text", 20, is_updateable=False),
    Field("Bounced__c", "Bounced", "text", 20, is_createable=False),
    Field("FDCONTACTID__c", "Freshdesk id", "text", 255),
]
APP = [
    Field("id", "id", "id", is_createable=False, is_updateable=False),
    Field("name", "Full name", "text", 255, is_required=True),
    Field("email", "Email", "email", 255),
    Field("job_title", "Title", "text"),
    Field("company_id", "Company", "reference"),
    Field("tags", "Tags", "tags"),
    Field("active", "Verified", "boolean", is_createable=False, is_updateable=False),
    Field("custom_fields.region", "Sales region", "picklist", 0, REGIONS, is_restricted=True),
    Field("custom_fields.vip", "VIP", "picklist", 0, ("Yes", "No"), is_restricted=True),
    Field("custom_fields.code", "Code", "text", 10),
    Field("custom_fields.points", "Points", "integer"),
    Field("custom_fields.note", "Note", "text", 0),
    Field("custom_fields.seen", "Seen", "date"),
    Field("unique_external_id", "External id", "text"),
]


def check(folder: Path, *rows: str, settings: str = SETTINGS, app: list[Field] = APP, **tables: str) -> list[str]:
    """Return what the lint says to the contact mapping with `rows` added."""
    folder = write(folder, settings, contact=CONTACT + "".join(f"{row}\n" for row in rows), **tables)
    problems = lint.check(mapping.load(folder), {"contact": SALESFORCE}, {"contact": app})
    assert_explained(map(str, problems))
    return [str(problem) for problem in problems if problem.line > 3 or problem.file != "contact.csv"]


def test_a_good_mapping_has_no_error(tmp_path: Path) -> None:
    integration = mapping.load(write(tmp_path))
    problems = lint.check(integration, {"contact": SALESFORCE}, {"contact": APP})
    assert [(problem.severity, problem.row_name, problem.line) for problem in problems] == [
        ("warning", "name", 2),
        ("warning", "email", 3),
    ]
    assert str(problems[1]) == (
        "contact.csv:3:1: warning: salesforce_field: 'Email' in Salesforce contact holds 80 characters, but up to 255 can come;"
        " records with longer ones are held back; shorten them, or use truncate in one direction"
    )


def test_an_entity_that_was_not_described_is_passed_over(tmp_path: Path) -> None:
    assert lint.check(mapping.load(write(tmp_path)), {"contact": SALESFORCE}, {}) == []


@pytest.mark.feature("ALL-07")
@pytest.mark.parametrize(
    ("row", "place", "words"),
    [
        ("Titel,job_title", "4:1: salesforce_field", "Salesforce contact has no field 'Titel' (did you mean 'Title'?)"),
        ("VIP,job_title", "4:1: salesforce_field", "did you mean 'Vip__c'?), or the integration user may not see it"),
        ("Title,notes", "4:2: app_field", "has no field 'notes' (did you mean 'custom_fields.note'?); correct the name"),
        (
            "Name,custom_fields.note",
            "4:3: direction",
            "is read-only, but this row writes it; map FirstName + LastName with full_name",
        ),
        ("Vip__c,active,,boolean", "4:3: direction", "is read-only, but this row writes it; write to_salesforce as direction"),
        (
            "Contract__c,custom_fields.note",
            "4:7: overwrite",
            "can be set only while a record is created; write to_app as direction",
        ),
        ("Bounced__c,custom_fields.note", "4:1: warning: salesforce_field", "cannot be set while a record is created"),
        ("Score__c,job_title", "4:4: transform", "text cannot write 'Score__c' in Salesforce contact (number); use number"),
        ("Score__c,custom_fields.points,,number", "4:4: warning: transform", "takes whole numbers; use number:0 to round"),
        (
            "Score__c,job_title,to_app,number",
            "4:4: transform",
            "number cannot write 'job_title' in Freshdesk contact (text); use text",
        ),
        ("Vip__c,tags,,tags", "4:4: transform", "tags cannot read 'Vip__c' (boolean); use boolean"),
        ("Seen__c,custom_fields.seen,,date", "4:4: transform", "date cannot write 'Seen__c' in Salesforce contact (datetime)"),
        ("Title,custom_fields.code", "4:2: warning: app_field", "holds 10 characters, but up to 128 can come"),
        ("Title,custom_fields.code,to_app,truncate:11", "4:4: transform", "holds 10 characters, but up to 11 can come"),
        (",custom_fields.code,to_app,constant:Salesforce.com", "4:4: transform", "holds 10 characters, but up to 14 can come"),
        ("Title,custom_fields.region,to_app", "4:2: warning: app_field", "takes its own options only, but any text can come"),
        (",custom_fields.region,to_app,constant:Nort", "4:2: app_field", "lacks 'Nort'; it has 'North', 'South'"),
        (
            "Vip__c,custom_fields.region,to_salesforce,yes_no",
            "4:4: warning: transform",
            "cannot read 'North', 'South' of Freshdesk",
        ),
        ("Region__c,custom_fields.region,to_app,upper,,,,East", "4:8: default", "'East' is no option of 'custom_fields.region'"),
    ],
)
def test_a_row_that_does_not_fit_is_named(row: str, place: str, words: str, tmp_path: Path) -> None:
    found = check(tmp_path, row)
    assert any(each.startswith(f"contact.csv:{place}: ") and words in each for each in found), found


@pytest.mark.feature("ALL-17")
@pytest.mark.parametrize(
    "row",
    [
        "Title,job_title",
        "Title,custom_fields.code,to_app,truncate:10",
        "Seen__c,custom_fields.seen,to_app,date",
        "Vip__c,custom_fields.vip,both,yes_no",
        "Score__c,custom_fields.points,to_app,number:0",
        "Score__c,custom_fields.note,to_app",
        "Contract__c,custom_fields.note,to_app",
        "Name,custom_fields.note,to_app",
        "Interests__c,tags,both,list",
        ",custom_fields.region,to_app,constant:North",
        "LeadSource,custom_fields.note",
    ],
)
def test_rows_that_fit(row: str, tmp_path: Path) -> None:
    assert check(tmp_path, row) == []


@pytest.mark.feature("FD-18")
@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (
            "Interests__c,custom_fields.note",
            "'Interests__c' in Salesforce contact is a multi-select field; map a text field in its place",
        ),
        (
            "AccountId,custom_fields.note",
            "'AccountId' in Salesforce contact is a look-up to another record; map it with reference:account",
        ),
        ("Total__c,custom_fields.note,to_app", "'Total__c' in Salesforce contact is calculated; its changes are not seen"),
        (
            "Id,custom_fields.note,to_app",
            "'Id' in Salesforce contact is the system's own id; Lockstep keeps the cross-references itself",
        ),
    ],
)
def test_multi_select_lookup_formula_and_id_are_refused(row: str, reason: str, tmp_path: Path) -> None:
    (found,) = check(tmp_path, row)
    assert found.startswith(f"contact.csv:4:1: salesforce_field: {reason}")


@pytest.mark.feature("FD-18")
def test_a_datetime_can_be_mapped(tmp_path: Path) -> None:
    app = [*APP, Field("custom_fields.visit", "Visit", "datetime")]
    assert check(tmp_path, "Seen__c,custom_fields.visit,both,datetime", app=app) == []


@pytest.mark.feature("GR-11")
@pytest.mark.parametrize(
    ("source", "transform", "form", "is_warned"),
    [
        ("Title", "", "country_name", True),
        ("Title", "country_name", "country_name", False),
        ("Title", "country_iso2", "country_name", True),
        ("Title", "phone", "phone_e164", True),
        ("Title", "phone_e164:DE", "phone_e164", False),
        ("Title", "values:title", "country_name", False),
    ],
)
def test_a_typed_field_asks_for_its_transform_or_for_a_text_field(
    source: str, transform: str, form: str, is_warned: bool, tmp_path: Path
) -> None:
    app = [*APP, Field("custom_fields.typed", "Typed", "phone", form=form)]
    values = "field,salesforce_value,app_value\ntitle,A,B\n"
    found = check(tmp_path, f"{source},custom_fields.typed,to_app,{transform}", app=app, values=values)
    warned = [each for each in found if "takes its own form" in each]
    assert bool(warned) is is_warned
    if is_warned:
        assert warned[0].endswith(f"refuses others; use {form}, or map a text field instead")


@pytest.mark.feature("FD-16")
def test_options_that_differ_are_named_with_their_side(tmp_path: Path) -> None:
    cure = "Add what is missing, or translate it in values.csv"
    assert check(tmp_path, "Region__c,custom_fields.region") == [
        f"contact.csv:4:1: salesforce_field: 'Region__c' in Salesforce contact lacks 'North'; it has 'Nord', 'South'. {cure}",
        f"contact.csv:4:2: app_field: 'custom_fields.region' in Freshdesk contact lacks 'Nord'; it has 'North', 'South'. {cure}",
    ]


@pytest.mark.feature("FD-16")
def test_translated_options_agree(tmp_path: Path) -> None:
    values = "field,salesforce_value,app_value\nregion,Nord,North\n"
    assert check(tmp_path, "Region__c,custom_fields.region", values=values) == []


@pytest.mark.feature("FD-16")
def test_a_translation_of_an_option_that_is_not_there_is_named(tmp_path: Path) -> None:
    values = "field,salesforce_value,app_value\nregion,Nord,North\nregion,Süd,Suoth\n"
    found = check(tmp_path, "Region__c,custom_fields.region,to_app", values=values)
    assert found == [
        "values.csv:3:2: warning: salesforce_value: 'Süd' is no option of 'Region__c' in Salesforce contact;"
        " correct it or take this row out",
        "values.csv:3:3: app_value: 'Suoth' is no option of 'custom_fields.region' in Freshdesk contact (did you mean 'South'?);"
        " correct it or take this row out",
    ]


def test_an_unrestricted_picklist_is_a_warning_only(tmp_path: Path) -> None:
    found = check(tmp_path, "LeadSource,custom_fields.region,to_salesforce")
    assert found == [
        "contact.csv:4:1: warning: salesforce_field: 'LeadSource' in Salesforce contact lacks 'North', 'South';"
        " it has 'Web', 'Other'. Add what is missing, or translate it in values.csv"
    ]


@pytest.mark.feature("FD-15")
def test_a_required_field_without_a_row_is_named(tmp_path: Path) -> None:
    app = [*APP, Field("custom_fields.tier", "Tier", "text", is_required=True)]
    assert lint_first(tmp_path, app) == (
        "contact.csv:1:1: app_field: Freshdesk contact requires 'custom_fields.tier', but no row writes it;"
        " add one, if need be constant:… with to_app"
    )
    assert check(tmp_path, ",custom_fields.tier,to_app,constant:Basic", app=app) == []
    assert check(tmp_path, "Title,custom_fields.tier", app=app) == [
        "contact.csv:4:9: warning: required: 'custom_fields.tier' in Freshdesk contact is required,"
        " a record without it would be refused; write yes in the required column"
    ]


def lint_first(folder: Path, app: list[Field]) -> str:
    """Return the first error that the lint finds in the plain mapping."""
    problems = lint.check(mapping.load(write(folder)), {"contact": SALESFORCE}, {"contact": app})
    assert_explained(map(str, problems))
    return next(str(problem) for problem in problems if problem.severity == "error")


def test_a_direction_never_taken_needs_no_required_field(tmp_path: Path) -> None:
    settings = f"{SETTINGS}    direction: to_salesforce\n"
    app = [*APP, Field("custom_fields.tier", "Tier", "text", is_required=True)]
    assert check(tmp_path, "Vip__c,active,both,boolean", settings=settings, app=app) == []


@pytest.mark.feature("FD-09")
@pytest.mark.feature("ALL-09")
def test_missing_cross_reference_fields_are_named(tmp_path: Path) -> None:
    settings = f"{SETTINGS}    reference: {{salesforce: FDCONTACTID__c, app: [custom_fields.sfcontactid, unique_external_id]}}\n"
    assert check(tmp_path, settings=settings) == [
        "settings.yaml:5:50: entities.contact.reference.app: Freshdesk contact has no field 'custom_fields.sfcontactid';"
        " preflight --create makes it"
    ]


@pytest.mark.feature("FD-09")
def test_a_cross_reference_field_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    settings = f"{SETTINGS}    reference: {{salesforce: Total__c, app: unique_external_id}}\n"
    assert check(tmp_path, settings=settings) == [
        "settings.yaml:5:29: entities.contact.reference.salesforce: 'Total__c' in Salesforce contact is read-only;"
        " give the integration user the right to edit it"
    ]


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("Vip__c", []),
        ("Score__c", ["'Score__c' in Salesforce contact is no check box that can be written (number); name another field"]),
        ("Gone__c", ["Salesforce contact has no field 'Gone__c'"]),
    ],
)
def test_the_check_box_of_a_deletion_is_held_against_the_fields(field: str, words: list[str], tmp_path: Path) -> None:
    options = f"{{flag_fields: {{to_salesforce: {field}}}}}"
    settings = f"{SETTINGS}    deletes: {{to_salesforce: flag}}\n    options: {options}\n"
    found = check(tmp_path, settings=settings)
    place = "settings.yaml:5:30: entities.contact.deletes.to_salesforce: "
    assert [problem.startswith(place + each) for problem, each in zip(found, words, strict=True)] == [True] * len(words)


def test_filters_are_held_against_the_fields(tmp_path: Path) -> None:
    settings = f"{SETTINGS}    filter: {{salesforce: {{LeadSource: [Web, Wep], Sourse: [x]}}}}\n"
    assert [problem.partition(": ")[2].partition(";")[0] for problem in check(tmp_path, settings=settings)] == [
        "warning: entities.contact.filter.salesforce.LeadSource: 'Wep' is no option of 'LeadSource' in Salesforce contact"
        " (did you mean 'Web'?)",
        "entities.contact.filter.salesforce.Sourse: Salesforce contact has no field 'Sourse' (did you mean 'Score__c'?),"
        " or the integration user may not see it (field-level security)",
    ]


@pytest.mark.feature("ALL-07")
def test_the_command_lists_problems_and_ends_with_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lint.main([str(write(tmp_path))]) == 0
    assert capsys.readouterr().out == f"{tmp_path}: no errors, no warnings\n"
    write(tmp_path, contact=f"{HEADER}\nEmail,email,sideways\n".encode("utf-16"))
    assert lint.main([str(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{tmp_path}/contact.csv:2:3: direction: 'sideways' is not known")
    assert lines[-1] == f"{tmp_path}: 1 error, no warnings"


@pytest.mark.feature("ALL-07")
def test_the_command_checks_every_integration_by_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    assert lint.main([]) == 0
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as caught:
        lint.main([])
    assert caught.value.code == 2


@pytest.mark.feature("ALL-07")
def test_saved_field_lists_serve_where_no_system_can_be_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = tmp_path / "fields.json"
    fieldlists.save(saved, {"salesforce": {"contact": SALESFORCE}, "app": {"contact": APP}})
    assert sorted(fieldlists.load(saved)["app"]["contact"], key=str) == sorted(APP, key=str)
    folder = write(tmp_path, contact=f"{CONTACT}Titel,job_title\n")
    assert lint.main([str(folder)]) == 0
    assert lint.main([str(folder), "--fields", str(saved)]) == 1
    assert "contact.csv:4:1: salesforce_field: Salesforce contact has no field 'Titel'" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"salesforce": {"contact": [{"nme": "x"}]}, "app": {}}', "\ud800"])
def test_a_file_without_field_lists_is_refused(content: str, tmp_path: Path) -> None:
    saved = tmp_path / "fields.json"
    saved.write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(PermanentError, match="holds no field lists"):
        fieldlists.load(saved)


@pytest.mark.feature("ALL-07")
@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("tags", None),
        ("labels", "has no field 'labels'"),
        ("job_title", "'job_title' in Freshdesk contact is no list of tags that can be written (text); name another field"),
    ],
)
def test_the_field_of_the_marks_must_take_tags(tmp_path: Path, field: str, words: str | None) -> None:
    marks = f"{SETTINGS}    marks: {{field: {field}, from_app: came}}\n"
    found = [problem for problem in check(tmp_path, settings=marks) if "marks.field" in problem]
    assert [words in problem for problem in found if words] == [True] * bool(words)
    assert len(found) == bool(words)
