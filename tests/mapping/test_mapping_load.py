"""Loading a folder: what a row means, and every problem of all files at once, each with its place and a way out."""

from pathlib import Path

import pytest
from folders import CONTACT, HEADER, SETTINGS, all_of, problems_of, warnings_of, write

from sync import mapping
from sync.naming import name_rows, snake_case

FRESHDESK = Path(__file__).parents[2] / "include/mappings/freshdesk"


def row(line: str, folder: Path) -> mapping.Row:
    """Return the contact row that `line` describes."""
    return mapping.load(write(folder, contact=f"{HEADER}\nEmail,email,,,,,,,,\n{line}\n")).mappings["contact"].rows[1]


def problems_with(line: str, folder: Path, **tables: str) -> list[str]:
    """Return the problems of a contact file with this as its third line."""
    return problems_of(write(folder, contact=f"{HEADER}\nEmail,email,,,,,,,,\n{line}\n", **tables))


@pytest.mark.feature("FD-07")
@pytest.mark.feature("FD-10")
def test_the_freshdesk_mapping_loads_without_a_warning() -> None:
    integration = mapping.load(FRESHDESK)
    contact, account = integration.mappings["contact"].by_name, integration.mappings["account"].by_name
    assert {"name", "email", "mobile", "phone"} <= set(contact)
    assert account["name"].salesforce_fields == ("Name",)
    assert contact["company_id"].transform.argument == "account"
    assert integration.warnings == ()
    assert list(integration.mappings) == ["account", "contact"]


@pytest.mark.feature("FD-12")
@pytest.mark.feature("FD-13")
def test_freshdesk_email_and_phones_are_filled_and_never_replaced() -> None:
    contact = mapping.load(FRESHDESK).mappings["contact"].by_name
    assert {contact[name].overwrite for name in ("email", "mobile", "phone")} == {"if_empty"}
    assert contact["name"].overwrite == "always"


def test_an_empty_cell_takes_the_default(tmp_path: Path) -> None:
    found = row("Title,job_title", tmp_path)
    assert (found.direction, found.on_conflict, found.on_empty, found.overwrite) == ("both", "", "clear", "always")
    assert (found.default, found.required, found.transform.name) == (None, "", "text")


@pytest.mark.feature("ALL-15")
@pytest.mark.feature("ALL-16")
def test_every_column_is_read(tmp_path: Path) -> None:
    found = row("Score__c,custom_fields.score,To App,number:2,newest,skip,if-empty,,ja,hello", tmp_path)
    assert (found.name, found.direction, found.on_conflict, found.on_empty) == ("score", "to_app", "newest", "skip")
    assert (found.overwrite, found.required, found.note, found.line) == ("if_empty", "yes", "hello", 3)
    assert found.writes_to("app")
    assert not found.writes_to("salesforce")


def test_a_default_is_a_common_value(tmp_path: Path) -> None:
    found = row("Score__c,custom_fields.score,,number,,,,1.50,,", tmp_path)
    assert (found.on_empty, found.default, found.default_value) == ("default", "1.50", 1.5)


@pytest.mark.parametrize(
    ("required", "salesforce", "app"), [("x", True, True), ("WAHR", True, True), ("app", False, True), ("nein", False, False)]
)
def test_required_may_name_a_side(required: str, salesforce: bool, app: bool, tmp_path: Path) -> None:
    found = row(f"Title,job_title,,,,,,,{required},", tmp_path)
    assert (found.is_required_for("salesforce"), found.is_required_for("app")) == (salesforce, app)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        (["custom_fields.region"], "region"),
        (["companyName"], "company_name"),
        (["FDRegion__c"], "fd_region"),
        (["custom_fields.Größe (cm)"], "custom_fields_grosse_cm"),
        (["id"], "id_field"),
        (["order"], "order_field"),
        (["12"], "field_12"),
        (["名前"], "field"),
        (["a" * 70], "a" * 60),
        (["street", "city"], "street_city"),
    ],
)
def test_common_fields_are_plain_column_names(fields: list[str], name: str) -> None:
    assert snake_case([field if "(" in field else field.rpartition(".")[2] for field in fields]) == name


def test_clashing_names_differ_whatever_the_order() -> None:
    fields = [(("MobilePhone",), ("custom_fields.mobile",)), (("Phone",), ("mobile",)), (("Fax",), ("x.mobile",))]
    assert name_rows(fields) == ["mobile_mobile_phone", "mobile", "mobile_fax"]
    assert name_rows(fields[::-1]) == ["mobile_fax", "mobile", "mobile_mobile_phone"]
    assert len(set(name_rows([fields[0]] * 4))) == 4


def test_several_app_fields_in_one_of_salesforce_are_named_by_that() -> None:
    assert name_rows([(("LastName",), ("last", "first")), (("FirstName", "LastName"), ("one", "two"))]) == [
        "last_name",
        "one_two",
    ]


@pytest.mark.feature("ALL-06")
def test_the_digest_changes_with_the_content_only(tmp_path: Path) -> None:
    plain = mapping.load(write(tmp_path)).digest
    assert (
        mapping.load(write(tmp_path, settings=f"# note\n{SETTINGS}", contact=CONTACT.replace(",,,\n", ",,,hello\n"))).digest
        == plain
    )
    assert mapping.load(write(tmp_path, contact=CONTACT.replace("if_empty", "always"))).digest != plain
    assert mapping.load(write(tmp_path, settings=f"{SETTINGS}schedule: daily\n")).digest != plain
    assert mapping.load(write(tmp_path, users="salesforce_user,app_user\na@x.example,7\n")).digest != plain


@pytest.mark.feature("ALL-07")
def test_all_problems_of_all_files_come_at_once(tmp_path: Path) -> None:
    settings = SETTINGS.replace("[email]", "[emial]") + "shedule: hourly\n"
    contact = f"{HEADER}\nEmail,email,sideways,,,,,,,\nLast Name,name,,,,,,,,\n"
    found = problems_of(write(tmp_path, settings=settings, contact=contact, users="salesforce_user,app_user\na@x.example,\n"))
    assert [problem.partition(";")[0] for problem in found] == [
        "contact.csv:2:3: direction: 'sideways' is not known",
        "contact.csv:3:1: salesforce_field: 'Last Name' is not an API name",
        "settings.yaml:4:12: entities.contact.match: 'emial' is no common field of contact.csv (did you mean 'email'?)",
        "settings.yaml:5:1: shedule: no such key (did you mean 'schedule'?)",
        "users.csv:2:2: app_user: this cell is empty",
    ]


@pytest.mark.feature("ALL-07")
@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("Title,job title", "3:2: app_field: 'job title' is not an API name; write for example job_title"),
        ("Phone + Phone,x,to_app,join", "3:1: salesforce_field: 'Phone' stands here twice; name each field once"),
        ("Title,", "3:2: app_field: one of the two field cells is empty; fill it, or use constant:… to write a fixed value"),
        ("Title,x,,truncate:9", "3:4: transform: truncate has no way back; write to_app or to_salesforce"),
        ("Title,x,,,newst", "3:5: on_conflict: 'newst' is not known (did you mean 'newest'?); write salesforce, app, newest"),
        ("Title,x,,,union", "3:5: on_conflict: union is for lists such as tags; choose another word"),
        ("Title,x,,,ratchet", "3:5: on_conflict: ratchet is for check boxes (transform boolean or not); choose another word"),
        ("Title,x,,,,delete", "3:6: on_empty: 'delete' is not known; write clear, skip, default, salesforce or app"),
        ("Title,x,,,,default", "3:8: default: on_empty is default, but no default is given; fill this cell"),
        ("Title,x,,,,skip,,Boss", "3:6: on_empty: a default is given, but on_empty is skip; write default or empty this cell"),
        ("Age__c,x,,number,,,,old", "3:8: default: not a number: 'old'; write a default that number can read"),
        (",x,to_app,constant:1,,,,2", "3:8: default: constant takes no default; empty this cell"),
        ("Code__c,x,,digits,,,,none", "3:8: default: this default comes to nothing; change it"),
        ("Title,x,,,,,sometimes", "3:7: overwrite: 'sometimes' is not known; write always, if_empty"),
        ("Title,x,,,,,,,maybe", "3:9: required: 'maybe' is not known; write yes, salesforce, app or nothing"),
        ("Title,x,to_app,,,,,,salesforce", "3:9: required: required for salesforce, but the direction to_app never writes there"),
        ("Account.Name,x", "3:1: salesforce_field: a field of another record can be read only; write to_app"),
        ("Title,email", "3:2: app_field: 'email' is written by line 2 already; keep one of the two rows"),
        ("EMAIL,x", "3:1: salesforce_field: 'EMAIL' is written by line 2 already; keep one of the two rows"),
        ("AccountId,x,,reference:acount", "3:4: transform: 'acount' is no entity of settings.yaml; it has contact"),
        ("Industry,x,,values:industry", "3:4: transform: values.csv has no rows for 'industry'; add them"),
    ],
)  # fmt: skip
def test_a_wrong_row_is_named_with_its_cell(line: str, problem: str, tmp_path: Path) -> None:
    found = problems_with(line, tmp_path)
    assert len(found) == 1
    assert found[0].startswith(f"contact.csv:{problem}")


def test_two_rows_may_read_one_field(tmp_path: Path) -> None:
    assert problems_with("Email,custom_fields.mail_domain,to_app,domain", tmp_path) == []


@pytest.mark.feature("FD-09")
def test_the_cross_references_are_not_to_be_mapped(tmp_path: Path) -> None:
    settings = f"{SETTINGS}    reference: {{salesforce: FDCONTACTID__c, app: [unique_external_id]}}\n"
    contact = f"{CONTACT}Title,unique_external_id\nFDCONTACTID__c,job_title\n"
    assert [problem.partition(": ")[0] for problem in problems_of(write(tmp_path, settings, contact=contact))] == [
        "contact.csv:4:2",
        "contact.csv:5:1",
    ]


def test_what_is_referred_to_is_written_first(tmp_path: Path) -> None:
    settings = "app: freshdesk\nentities:\n  contact:\n  account:\n"
    contact = f"{CONTACT}AccountId,company_id,,reference:account\n"
    assert problems_of(write(tmp_path, settings, contact=contact, account=f"{HEADER}\nName,name\n")) == [
        "contact.csv:4:4: transform: account must stand before contact in settings.yaml, so that it is written first; move it up"
    ]


@pytest.mark.feature("FD-16")
def test_values_are_used_by_the_row_of_their_name(tmp_path: Path) -> None:
    values = "field;salesforce_value;app_value\ntier;Gold;Premium\ncontact.tier;Gold;Best\nlead.tier;Gold;Other\n"
    folder = write(tmp_path, contact=f"{CONTACT}Tier__c,custom_fields.tier\n", values=values)
    row = mapping.load(folder).mappings["contact"].by_name["tier"]
    assert row.transform.name == "values"
    assert row.transform.write("app")("Gold") == ("Best",)
    assert warnings_of(folder) == [
        "values.csv:4:1: warning: field: no row of a mapping takes these values; write values:lead.tier in its transform cell"
    ]


def test_wrong_values_and_users_are_named(tmp_path: Path) -> None:
    values = "field,salesforce_value,app_value\n,Gold,Premium\ntier,,\ntier,Gold,Best\ntier,Gold,Best\n"
    users = "salesforce_user,app_user\nmara@x.example,7\nMARA@x.example,7\n"
    contact = f"{CONTACT}Tier__c,custom_fields.tier,to_app\n"
    assert problems_of(write(tmp_path, contact=contact, values=values, users=users)) == [
        "users.csv:3:1: salesforce_user: 'MARA@x.example' stands in line 2 already; keep one",
        "users.csv:3:2: app_user: '7' stands in line 2 already; keep one",
        "values.csv:2:1: field: name the common field these values belong to, for example industry",
        "values.csv:3:2: salesforce_value: neither side has a value here; fill one or take the row out",
        "values.csv:5:1: field: the same row as line 4; keep one",
    ]


@pytest.mark.feature("ALL-13")
def test_a_disabled_entity_needs_no_file(tmp_path: Path) -> None:
    settings = f"{SETTINGS}  lead: {{enabled: false}}\n"
    integration = mapping.load(write(tmp_path, settings))
    assert list(integration.mappings) == ["contact"]
    assert [entity.enabled for entity in integration.settings.entities] == [True, False]


def test_an_entity_without_rows_is_a_problem(tmp_path: Path) -> None:
    assert problems_of(write(tmp_path, contact=HEADER)) == ["contact.csv:1:1: no row maps a field; add one or disable the entity"]


def test_problems_know_their_row_and_sort_by_place(tmp_path: Path) -> None:
    folder = write(tmp_path, contact=f"{CONTACT}Title,email,x\nFax,email\n")
    found = all_of(folder)
    assert found == sorted(found)
    assert [(problem.line, problem.row_name) for problem in found] == [(4, "email_title"), (4, ""), (5, "email_fax")]


def test_records_are_not_matched_by_lists(tmp_path: Path) -> None:
    settings = SETTINGS.replace("[email]", "[email, tags]")
    assert problems_of(write(tmp_path, settings, contact=f"{CONTACT}Tags__c,tags,,tags\n")) == [
        "settings.yaml:4:12: entities.contact.match: 'tags' is a list; name a field with one value"
    ]


@pytest.mark.parametrize("rows", ["industry,Machinery,Technik\nindustry,Engineering,Technik\n", "industry,*,Technik\n"])
def test_translations_without_a_way_back_need_a_direction(rows: str, tmp_path: Path) -> None:
    values = f"field,salesforce_value,app_value\n{rows}"
    (problem,) = problems_of(write(tmp_path, contact=f"{CONTACT}Industry,industry\n", values=values))
    assert problem.startswith("contact.csv:4:4: transform: values.csv has ")
    assert "no way back" in problem
    assert problems_of(write(tmp_path, contact=f"{CONTACT}Industry,industry,to_app\n", values=values)) == []


def test_rows_for_every_entity_are_there_unless_its_own_file_replaces_them(tmp_path: Path) -> None:
    every = f"{HEADER}\nFirstName + LastName,name,both,full_name,,,,,yes,\nEmail,email,both,email,,,,,,\n"
    own = f"{HEADER}\nTitle,job_title,,,,,,,,\nemail,private_email,to_app,email,,,,,,\n"
    settings = SETTINGS.replace("[email]", "[name]")
    found = mapping.load(write(tmp_path, settings, every=every, contact=own)).mappings["contact"]
    assert [row.name for row in found.rows] == ["name", "job_title", "private_email"]
    alone = mapping.load(write(tmp_path, every=every, contact=f"{HEADER}\n")).mappings["contact"]
    assert [row.name for row in alone.rows] == ["name", "email"]
    before = mapping.load(write(tmp_path, every=every)).digest
    assert mapping.load(write(tmp_path, every=every.replace("yes", ""))).digest != before


def test_a_mistake_in_the_rows_for_every_entity_is_told_once(tmp_path: Path) -> None:
    every = CONTACT.replace("full_name", "ful_name")
    settings = "app: freshdesk\nentities:\n  contact:\n  lead:\n"
    own = HEADER + "\nTitle,job_title,,,,,,,,\n"
    [problem] = problems_of(write(tmp_path, settings, every=every, contact=own, lead=own))
    assert problem.startswith("every.csv:2:4: transform: 'ful_name' is no transform")
