"""settings.yaml: what each key means, what is taken when it is missing, and what is said when it is wrong."""

from pathlib import Path

import pytest
from folders import SETTINGS, write
from guide import assert_explained

from connectors.errors import MappingError, PermanentError
from sync import settings
from sync.consent import require_confirmed
from sync.settings import EntitySettings, Settings

FRESHDESK = Path(__file__).parents[2] / "include/mappings/freshdesk"


def load(folder: Path, text: str | bytes) -> Settings:
    """Return the settings written as `text`."""
    return settings.load(write(folder, text))


def contact(folder: Path, text: str, before: str = "") -> EntitySettings:
    """Return the settings of the contact written as `text`."""
    return load(folder, f"app: freshdesk\n{before}entities:\n  contact: {text}\n").entities[0]


def problems(folder: Path, text: str | bytes) -> list[str]:
    """Return the problems of settings written as `text`."""
    with pytest.raises(MappingError) as caught:
        load(folder, text)
    assert_explained(caught.value.problems)
    return list(caught.value.problems)


@pytest.mark.feature("FD-03")
def test_freshdesk_settings() -> None:
    found = settings.load(FRESHDESK)
    assert (found.integration, found.cron, found.master, found.history) == (
        "salesforce_freshdesk",
        "*/30 * * * *",
        "merge",
        "none",
    )
    assert [entity.name for entity in found.entities] == ["account", "contact"]
    account, contact = found.entities
    assert account.deletes == {"to_app": "delete", "to_salesforce": "ignore"}
    assert contact.match == ("email", "mobile", "phone")
    assert contact.require_any == {"to_app": ("email", "mobile", "phone"), "to_salesforce": ()}
    assert contact.app_references == ("custom_fields.sfcontactid", "unique_external_id")


def test_a_short_file_takes_all_defaults(tmp_path: Path) -> None:
    found = load(tmp_path, "app: freshdesk\nentities:\n  contact:\n")
    assert (found.salesforce_connection, found.app_connection) == ("salesforce_default", "freshdesk_default")
    assert (found.overlap_minutes, found.staging_days, found.rejected_share, found.rejected_minimum) == (10, 14, 0.5, 50)
    (entity,) = found.entities
    assert (entity.salesforce_entity, entity.app_entity, entity.enabled, entity.direction) == ("contact", "contact", True, "both")
    assert entity.deletes == {"to_app": "ignore", "to_salesforce": "ignore"}
    assert (entity.salesforce_reference, entity.app_references, entity.match, entity.options) == (None, (), (), {})


@pytest.mark.feature("ALL-02")
@pytest.mark.feature("FD-06")
@pytest.mark.parametrize(
    ("schedule", "cron"),
    [("15 minutes", "*/15 * * * *"), ("30 Minutes", "*/30 * * * *"), ("hourly", "0 * * * *"), ("daily", "0 3 * * *")],
)
def test_schedules(schedule: str, cron: str, tmp_path: Path) -> None:
    assert load(tmp_path, f"{SETTINGS}schedule: {schedule}\n").cron == cron


@pytest.mark.feature("ALL-15")
@pytest.mark.parametrize(
    ("outer", "inner", "direction"),
    [("both", "to_app", "to_app"), ("to_app", "both", "to_app"), ("to_salesforce", "to_salesforce", "to_salesforce")],
)
def test_a_direction_narrows(outer: str, inner: str, direction: str, tmp_path: Path) -> None:
    found = contact(tmp_path, f"{{direction: {inner}}}", before=f"direction: {outer}\n")
    assert found.direction == direction
    assert found.writes_to("app") is (direction != "to_salesforce")


def test_an_entity_takes_what_the_integration_says(tmp_path: Path) -> None:
    before = "master: app\nprefer: app\ndirection: to_app\n"
    found = contact(tmp_path, "{}", before)
    assert (found.master, found.prefer, found.direction) == ("app", "app", "to_app")
    assert contact(tmp_path, "{master: merge, prefer: salesforce}", before).master == "merge"


@pytest.mark.feature("GR-04")
def test_filters_compare_as_text(tmp_path: Path) -> None:
    found = contact(tmp_path, "{filter: {salesforce: {LeadSource: [Web, 'Trade Fair'], IsOpen: true, Country: NO}}}")
    assert found.passes("salesforce", {"LeadSource": "Trade Fair", "IsOpen": True, "Country": "NO"})
    assert not found.passes("salesforce", {"LeadSource": "Web", "IsOpen": False, "Country": "NO"})
    assert not found.passes("salesforce", {"LeadSource": None, "IsOpen": True, "Country": "NO"})
    assert found.passes("app", {})


def test_a_filter_may_ask_for_any_value(tmp_path: Path) -> None:
    found = contact(tmp_path, "{filter: {salesforce: {AccountId: ['*']}}}")
    assert found.passes("salesforce", {"AccountId": "001"})
    assert not any(found.passes("salesforce", {"AccountId": value}) for value in (None, "", " "))


def test_options_are_free_and_typed(tmp_path: Path) -> None:
    found = contact(
        tmp_path, "{options: {list: 7, share: 0.5, code: '007', country: NO, on: true, none: null, nested: {a: [1]}}}"
    )
    assert found.options == {
        "list": 7, "share": 0.5, "code": "007", "country": "NO", "on": True, "none": None, "nested": {"a": [1]},
    }  # fmt: skip


@pytest.mark.feature("ALL-07")
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "settings.yaml:1:1: app: '' cannot name an app; write small letters, digits and _, for example freshdesk"),
        ("- a", "settings.yaml:1:1: the file must hold lines of the form `key: value`"),
        ("app: [a", "settings.yaml:1:8: not valid YAML: expected ',' or ']', but got '<stream end>'"),
        ("app: a\n\tb: c", "settings.yaml:2:1: not valid YAML: found character '\\t' that cannot start any token"),
        ("app: &x a\nb: *x", "settings.yaml:2:4: '*x' refers to another place; write the value out here"),
        ("app: a\n? [b]\n: c", "settings.yaml:2:3: a key must be a plain word"),
        ("app: a\napp: b", "settings.yaml:2:1: app: this key stands in line 1 already; keep one"),
        ("app: {a: b}", "settings.yaml:1:6: app: one word or text is wanted here, not a list or a section"),
        ("app: Fresh Desk", "settings.yaml:1:6: app: 'Fresh Desk' cannot name an app"),
        ("schedule: weekly", "settings.yaml:1:11: schedule: 'weekly' is not known; write 15 minutes,"),
        ("prefer: sales force", "settings.yaml:1:9: prefer: 'sales force' is not known (did you mean 'salesforce'?)"),
        ("overlap_minutes: ten", "settings.yaml:1:18: overlap_minutes: 'ten' is not a whole number from 0 to 1440"),
        ("staging_days: 0", "settings.yaml:1:15: staging_days: '0' is not a whole number from 1 to 3650"),
        ("rejection_limit: {share: 50}", "settings.yaml:1:26: rejection_limit.share: '50' is not a share"),
        ("rejection_limit: {shares: 0.5}", "settings.yaml:1:19: rejection_limit.shares: no such key (did you mean 'share'?)"),
        ("recipients: [mara]", "settings.yaml:1:13: recipients: 'mara' is not a mail address"),
        ("recipients: [{a: b}]", "settings.yaml:1:14: recipients: a list of words is wanted here, for example [email, phone]"),
        ("connections: x", "settings.yaml:1:14: connections: a section of `key: value` lines is wanted here"),
        ("entities: {}", "settings.yaml:1:1: entities: no entity is named; add a section such as `contact:` with its lists"),
        ("entities:\n  Contact: {}", "settings.yaml:2:3: entities.Contact: 'Contact' cannot name an entity"),
        ("entities: {values: {}}", "settings.yaml:1:12: entities.values: 'values' cannot name an entity"),
        ("entities: {every: {}}", "settings.yaml:1:12: entities.every: 'every' cannot name an entity"),
        ("entities: {a: {enabled: maybe}}", "settings.yaml:1:25: entities.a.enabled: 'maybe' is not known"),
        ("entities: {a: {deletes: {to_app: drop}}}", "settings.yaml:1:34: entities.a.deletes.to_app: 'drop' is not known"),
        ("entities: {a: {deletes: {to_app: archive}}}", "settings.yaml:1:34: entities.a.deletes.to_app: 'archive' is not known;"),
        ("entities: {a: {deletes: {to_app: flag}}}",
         "settings.yaml:1:34: entities.a.deletes.to_app: flag ticks a check box; name it as options: {flag_fields: {to_app: its"),
        ("direction: to_app\nentities: {a: {direction: to_salesforce}}",
         "settings.yaml:2:27: entities.a.direction: 'to_salesforce' leaves nothing"),
        ("x: " + "[" * 50 + "]" * 50, "settings.yaml:1:16: nested too deep for a settings file; mind the indentation"),
        ("x: " + "y" * 200_000, "settings.yaml:1:1: the file is larger than 0.2 MB; a mapping is far smaller"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(text: str, problem: str, tmp_path: Path) -> None:
    found = problems(tmp_path, text)
    assert any(each.startswith(problem) for each in found), found


def test_every_problem_comes_at_once(tmp_path: Path) -> None:
    found = problems(
        tmp_path, "app: a\nschedule: x\nmaster: y\nentities:\n  contact:\n    mach: [z]\n    deletes: {to_apps: delete}\n"
    )
    assert [problem.split(": ")[0] for problem in found] == [f"settings.yaml:{place}" for place in ("2:11", "3:9", "6:5", "7:15")]


def test_a_settings_file_saved_as_windows_text_is_read(tmp_path: Path) -> None:
    assert load(tmp_path, f"# für alle\r\n{SETTINGS}".encode("cp1252")).app == "freshdesk"


def test_a_list_is_part_of_the_name_that_the_app_reads(tmp_path: Path) -> None:
    members = contact(tmp_path, "{list: News & offers}")
    assert (members.reads_as("app"), members.reads_as("salesforce")) == ("contact@News & offers", "contact")


@pytest.mark.feature("GR-08")
def test_consent_is_asked_only_where_the_key_is(tmp_path: Path) -> None:
    assert load(tmp_path, SETTINGS).consent_confirmed is None
    assert load(tmp_path, f"{SETTINGS}consent_confirmed: no\n").consent_confirmed is False
    assert load(tmp_path, f"{SETTINGS}consent_confirmed: yes\n").consent_confirmed is True
    require_confirmed(load(tmp_path, f"{SETTINGS}consent_confirmed: yes\n"))
    with pytest.raises(PermanentError, match=r"settings\.yaml:5:20: consent_confirmed is no"):
        require_confirmed(load(tmp_path, f"{SETTINGS}consent_confirmed: no\n"))
    require_confirmed(load(tmp_path, f"{SETTINGS}consent_confirmed: no\n"), is_rehearsal=True)


@pytest.mark.feature("FM-04")
def test_replacing_is_confirmed_apart(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match=r"settings\.yaml:5:15: initial_load is replace.*replace_confirmed: yes"):
        require_confirmed(load(tmp_path, f"{SETTINGS}initial_load: replace\n"))
    require_confirmed(load(tmp_path, f"{SETTINGS}initial_load: replace\nreplace_confirmed: yes\n"))
    require_confirmed(load(tmp_path, SETTINGS))


def test_default_users_status_and_assignment(tmp_path: Path) -> None:
    found = load(tmp_path, f"{SETTINGS}users: {{default: {{salesforce: sync@x.example, app: 7}}}}\n")
    assert found.default_users == {"salesforce": "sync@x.example", "app": "7"}
    entity = contact(tmp_path, "{status: {salesforce: {state: S__c, time: T__c}}, assignment_rules: yes}")
    assert (entity.status_fields, entity.assignment_rules) == ({"state": "S__c", "time": "T__c"}, True)


def test_half_a_status_is_a_mistake(tmp_path: Path) -> None:
    text = "app: x\nentities:\n  contact: {status: {salesforce: {state: S__c}}}\n"
    assert "name both fields" in problems(tmp_path, text)[0]


def test_the_connector_is_told_the_reference_of_every_entity(tmp_path: Path) -> None:
    entities = "\n".join(
        f"  {name}: {{salesforce: {kind}, app: contact, reference: {{salesforce: {field}}}}}"
        for name, kind, field in (("news", "contact", "GRID__c"), ("vips", "contact", "GRVIPID__c"), ("fair", "lead", "GRID__c"))
    )
    told = settings.load(write(tmp_path, settings=f"app: getresponse\nentities:\n{entities}\n")).salesforce_options
    assert told["external_id_fields"] == {"contact": ("GRID__c", "GRVIPID__c"), "lead": ("GRID__c",)}
