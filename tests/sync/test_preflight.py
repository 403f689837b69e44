"""The preflight over HTTP and Postgres: what is missing is named, made on request, and every refusal is one line that helps."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from connectors.connection import Settings as Connection
from connectors.contract import Connector
from connectors.opening import build_connector
from pipeline import World
from sync import fieldlists, lint, mapping
from sync.checks import Check
from sync.preflight import Access, Preflight
from sync.settings import Settings, Side

ROOT = Path(__file__).parents[2]
LOGIN = {"domain": "nordwerk.my", "consumer_key": "SANDBOX_CONSUMER_KEY", "consumer_secret": "sandbox-consumer-secret"}
SECRETS = ("sandbox-consumer-secret", "sandbox-freshdesk-key", "wrong-secret", "wrong-key", "SANDBOX_CONSUMER_KEY")
MADE = [
    "Salesforce account field FDACCOUNTID__c",
    "Salesforce contact field FDCONTACTID__c",
    "Freshdesk account field custom_fields.sfaccountid",
    "Freshdesk contact field custom_fields.sfcontactid",
]


@dataclass
class Bench:
    """An integration whose systems have no cross-reference fields yet, and how to come to it."""

    world: World
    url: str
    connections: dict[Side, Connection]
    last: Preflight = field(init=False)

    def check(self, creates: bool = False) -> list[Check]:
        """Run all checks."""
        self.last = Preflight(self.world.folder, Access(lambda: self.url, self.open), creates)
        return list(self.last.checks())

    def open(self, settings: Settings, side: Side) -> Connector:
        """Open one side as the Airflow connection would."""
        return build_connector("salesforce" if side == "salesforce" else settings.app, self.connections[side], total_seconds=0.3)

    def change(self, side: Side, **fields: Any) -> None:
        """Change the connection of one side."""
        self.connections[side] = replace(self.connections[side], **fields)

    def made(self) -> dict[str, set[str]]:
        """The custom fields of both systems, whoever may see them."""
        desk = {kind: {row["name"] for row in self.world.app.records(kind)} for kind in ("contact_fields", "company_fields")}
        return {**desk, "CustomField": {row["FullName"] for row in self.world.salesforce.records("CustomField")}}


@pytest.fixture
def bench(world: World, engine: Engine) -> Bench:
    for server in (world.salesforce, world.app):
        server.reset()
    world.app.switches(rate_limit=False)
    for server in (world.salesforce, world.app):
        server.reset_calls()
    connections: dict[Side, Connection] = {
        "salesforce": Connection(host=world.salesforce.url, extra=LOGIN),
        "app": Connection(host=world.app.url, password="sandbox-freshdesk-key", extra={"domain": "nordwerk"}),
    }
    return Bench(world, engine.url.render_as_string(hide_password=False), connections)


@pytest.fixture
def closed_port() -> Iterator[str]:
    """An address of this machine where nothing listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


def unmet(checks: list[Check]) -> dict[str, str]:
    """State and message of what is not met, by subject."""
    assert not [secret for secret in SECRETS for check in checks if secret in str(check)]
    return {check.subject: f"{check.state} {check.message}" for check in checks if not check.is_met}


@pytest.mark.feature("ALL-09", "FD-09")
def test_missing_fields_are_named_then_made_once_and_a_run_fills_them(bench: Bench) -> None:
    before = bench.made()
    named = unmet(bench.check())
    assert list(named) == MADE
    assert all(message.startswith("missing") and "--create" in message for message in named.values())
    assert bench.made() == before
    assert unmet(bench.check(creates=True)) == {}
    after = bench.made()
    assert [len(after[kind] - before[kind]) for kind in ("contact_fields", "company_fields", "CustomField")] == [1, 1, 2]
    bench.world.salesforce.reset_calls()
    assert unmet(bench.check(creates=True)) == {}
    assert bench.world.salesforce.calls()["write"] == 0
    assert bench.made() == after
    contact = bench.world.contact(FirstName="Mara", Email="mara@nordwerk.example")
    bench.world.run(mode="backfill")
    partner = bench.world.partner("contact", contact)
    assert bench.world.get("Contact", contact)["FDCONTACTID__c"] == partner
    assert bench.world.get("contacts", partner)["custom_fields"]["sfcontactid"] == contact


@pytest.mark.feature("FD-09")
def test_the_fields_are_unique_and_hidden_from_users(bench: Bench) -> None:
    bench.check(creates=True)
    rows = {row["label"]: row for kind in ("contact_fields", "company_fields") for row in bench.world.app.records(kind)}
    for label in ("SFCONTACTID", "SFACCOUNTID"):
        shown = {name for name, is_on in rows[label].items() if is_on and name.startswith(("displayed", "customers", "agents"))}
        assert (shown, rows[label]["unique"]) == (set(), True)
    org = bench.world.salesforce
    sets = {row["Id"]: row["Name"] for row in org.records("PermissionSet")}
    granted = {row["Field"]: sets[row["ParentId"]] for row in org.records("FieldPermissions") if "FD" in row["Field"]}
    assert granted == {"Account.FDACCOUNTID__c": "Lockstep_Sync", "Contact.FDCONTACTID__c": "Lockstep_Sync"}
    fields = {row["FullName"]: row["Metadata"] for row in org.records("CustomField")}
    assert [fields[name]["unique"] and fields[name]["externalId"] for name in granted] == [True, True]


@pytest.mark.feature("ALL-09")
def test_a_permission_set_that_is_not_there_is_made_and_assigned(bench: Bench) -> None:
    org = bench.world.salesforce
    org.edit("PermissionSet", org.records("PermissionSet")[0]["Id"], {"Name": "Other"})
    assert unmet(bench.check(creates=True)) == {}
    assert [row["Name"] for row in org.records("PermissionSet")] == ["Other", "Lockstep_Sync"]


@pytest.mark.feature("ALL-09")
def test_both_orgs_are_named_with_their_kind(bench: Bench) -> None:
    bench.world.salesforce.switches(is_sandbox=True)
    orgs = [check.message for check in bench.check() if check.subject.endswith(" org")]
    assert orgs[0].startswith("Nordwerk GmbH (00D")
    assert orgs[0].endswith("), sandbox")
    assert orgs[1] == "nordwerk.freshdesk.com, sandbox"
    bench.world.salesforce.switches(is_sandbox=False)
    assert next(check.message for check in bench.check() if check.subject == "Salesforce org").endswith(", production")


REFUSED = [
    ("salesforce", {"extra": {**LOGIN, "consumer_secret": "wrong-secret"}}, "Salesforce credentials", "refused the login"),
    ("salesforce", {"extra": {**LOGIN, "consumer_key": "wrong-key"}}, "Salesforce credentials", "client identifier invalid"),
    ("salesforce", {"extra": {"domain": "nordwerk.my"}}, "Salesforce credentials", "no complete login"),
    ("app", {"password": "wrong-key"}, "Freshdesk credentials", "refuses the API key (401 invalid_credentials"),
    ("app", {"password": ""}, "Freshdesk connection", "no API key: put it into the password field"),
    ("app", {"host": "https://nobody.invalid"}, "Freshdesk host", "nobody.invalid/api/v2/agents/me: no host has this name"),
    ("app", {"host": "http://nobody.invalid"}, "Freshdesk connection", "plain http is for sandbox servers"),
]


@pytest.mark.feature("ALL-09")
@pytest.mark.parametrize(("side", "fields", "subject", "words"), REFUSED)
def test_a_wrong_connection_is_one_line_and_the_other_side_is_still_looked_at(
    bench: Bench, side: Side, fields: dict[str, Any], subject: str, words: str
) -> None:
    bench.change(side, **fields)
    checks = bench.check(creates=True)
    found = unmet(checks)
    assert list(found) == [subject]
    assert found[subject].startswith("failed")
    assert words in found[subject]
    other = "Freshdesk org" if side == "salesforce" else "Salesforce org"
    assert other in {check.subject for check in checks if check.is_met}


@pytest.mark.feature("ALL-09")
def test_a_system_that_does_not_listen_is_named_with_its_address(bench: Bench, closed_port: str) -> None:
    for side in ("salesforce", "app"):
        bench.change(side, host=closed_port)
    found = unmet(bench.check())
    assert list(found) == ["Salesforce host", "Freshdesk host"]
    assert all(f"no connection to {closed_port}" in message for message in found.values())


@pytest.mark.feature("ALL-09")
def test_an_edition_without_api_is_told_from_wrong_credentials(bench: Bench) -> None:
    bench.world.salesforce.fault("disabled", times=-1, path="/services/data")
    bench.world.app.switches(api_in_plan=False)
    found = unmet(bench.check())
    assert list(found) == ["Salesforce edition", "Freshdesk edition"]
    assert "(API_DISABLED_FOR_ORG): it needs Enterprise edition or higher" in found["Salesforce edition"]
    assert "choose a plan with it" in found["Freshdesk edition"]
    bench.world.app.switches(api_in_plan=True, account_suspended=True)
    assert "is suspended" in unmet(bench.check())["Freshdesk edition"]


@pytest.mark.feature("ALL-09")
def test_a_used_up_allowance_is_told_from_wrong_credentials(bench: Bench) -> None:
    bench.world.salesforce.fault("limit", times=-1, path="/services/data")
    assert "daily limit" in unmet(bench.check())["Salesforce allowance"]


@pytest.mark.feature("ALL-09")
def test_missing_rights_say_who_can_help(bench: Bench) -> None:
    bench.world.app.switches(admin_key=False)
    bench.world.salesforce.switches(allow_setup=False)
    found = unmet(bench.check(creates=True))
    assert list(found) == [*MADE[:2], "Freshdesk account", "Freshdesk contact"]
    assert "New: Text, length 255, name FDCONTACTID, unique" in found[MADE[1]]
    assert "administrator's API key" in found["Freshdesk contact"]


@pytest.mark.feature("ALL-09")
def test_mapped_fields_that_are_hidden_or_wrong_are_named_by_their_line(bench: Bench) -> None:
    bench.world.salesforce.switches(hidden_fields=["Contact.Title"])
    bench.world.change("contact.csv", "Description,description", "Description,descriptoin")
    found = [check.message for check in bench.check(creates=True) if check.state == "failed"]
    assert [message.partition(":")[0] for message in found] == ["contact.csv", "contact.csv"]
    assert "'Title', or the integration user may not see it" in found[0]
    assert "did you mean 'description'?" in found[1]


@pytest.mark.feature("ALL-09")
def test_a_broken_mapping_is_told_with_every_problem_and_the_systems_are_still_looked_at(bench: Bench) -> None:
    bench.world.change("contact.csv", "job_title,both", "job_title,sideways")
    bench.world.change("account.csv", "Name,name,both,,", "Name,name,both,nonsense,")
    checks = bench.check()
    failed = [check.message for check in checks if check.state == "failed"]
    assert [message.partition(":")[0] for message in failed] == ["account.csv", "contact.csv"]
    assert "Salesforce org" in {check.subject for check in checks}


@pytest.mark.feature("ALL-09")
def test_the_database_is_looked_at_first(bench: Bench, engine: Engine, tmp_path: Path) -> None:
    assert bench.check()[0] == Check("ok", "database", "reached, its tables are up to date")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("drop database if exists fresh"))
        connection.execute(text("create database fresh"))
    known = bench.url
    bench.url = engine.url.set(database="fresh").render_as_string(hide_password=False)
    assert unmet(bench.check())["database"].startswith("missing its tables")
    assert bench.check(creates=True)[0] == Check("ok", "database", "reached, its tables were made")
    assert bench.check()[0] == Check("ok", "database", "reached, its tables are up to date")
    bench.url = engine.url.set(database="nowhere").render_as_string(hide_password=False)
    assert 'database "nowhere" does not exist. Check the connection lockstep_db' in unmet(bench.check())["database"]
    bench.url = f"postgresql://postgres@/postgres?host={tmp_path}"
    assert "does not answer" in unmet(bench.check())["database"]
    bench.url = known


@pytest.mark.feature("ALL-09")
def test_a_database_of_airflow_itself_is_refused(bench: Bench, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("create table public.dag_run (id int)"))
    try:
        assert "Airflow's own database" in unmet(bench.check(creates=True))["database"]
    finally:
        with engine.begin() as connection:
            connection.execute(text("drop table public.dag_run"))


@pytest.mark.feature("ALL-07", "ALL-09")
def test_saved_field_lists_check_a_mapping_where_no_system_can_be_asked(bench: Bench, tmp_path: Path) -> None:
    bench.check(creates=True)
    fieldlists.save(tmp_path / "fields.json", bench.last.fields)
    saved = fieldlists.load(tmp_path / "fields.json")
    integration = mapping.load(bench.world.folder)
    assert [p for p in lint.check(integration, saved["salesforce"], saved["app"]) if p.severity == "error"] == []
    assert lint.main([str(bench.world.folder), "--fields", str(tmp_path / "fields.json")]) == 0


def run_command(bench: Bench, *arguments: str, **connections: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """Run the command as a person does, with Airflow connections in the environment."""
    url = bench.world.engine.url
    stored: dict[str, Any] = {
        "lockstep_db": {"conn_type": "postgres", "host": url.query["host"], "login": url.username, "schema": url.database},
        "salesforce_default": {"conn_type": "salesforce", "host": bench.world.salesforce.url, "extra": LOGIN},
        "freshdesk_default": {"conn_type": "freshdesk", "host": bench.world.app.url, "password": "sandbox-freshdesk-key"},
    }
    stored |= connections
    variables = {f"AIRFLOW_CONN_{name.upper()}": json.dumps(value) for name, value in stored.items() if value}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    folders = {
        "AIRFLOW_HOME": str(bench.world.folder.parent / "airflow"),
        "LOCKSTEP_MAPPINGS": str(bench.world.folder.parent),
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "plugins"))),
    }
    command = [sys.executable, "-W", "ignore", "-m", "sync.preflight", "freshdesk", *arguments]
    return subprocess.run(command, env={**kept, **folders, **variables}, capture_output=True, text=True, check=False)


@pytest.mark.feature("ALL-09")
def test_the_command_reads_airflows_connections_and_ends_with_1_while_something_is_missing(bench: Bench, tmp_path: Path) -> None:
    first = run_command(bench)
    assert (first.returncode, first.stdout.splitlines()[-1]) == (1, "freshdesk: 4 unmet, see above")
    second = run_command(bench, "--create", "--save-fields", str(tmp_path / "fields.json"))
    assert (second.returncode, second.stdout.splitlines()[-1]) == (0, "freshdesk: ready")
    assert set(fieldlists.load(tmp_path / "fields.json")["salesforce"]) == {"account", "contact"}
    assert not [secret for secret in SECRETS if secret in first.stdout + first.stderr + second.stdout + second.stderr]


@pytest.mark.feature("ALL-09")
def test_the_command_names_connections_that_are_not_there(bench: Bench) -> None:
    told = run_command(bench, lockstep_db={}, freshdesk_default={})
    failed = [line for line in told.stdout.splitlines() if line.startswith("failed")]
    assert told.returncode == 1
    assert failed[0].startswith("failed  database connection: Airflow has no connection 'lockstep_db'")
    assert failed[1].startswith("failed  Freshdesk connection: Airflow has no connection 'freshdesk_default'")
    assert "Traceback" not in told.stdout + told.stderr


@pytest.mark.feature("ALL-09", "FM-06")
def test_fields_that_mapping_and_settings_need_are_made_of_their_kind(bench: Bench) -> None:
    """On an empty org `--create` makes all that the mapping needs, so that the run after it carries every field over."""
    bench.world.change(
        "settings.yaml", "    match: [email, mobile, phone]",
        "    match: [email, mobile, phone]\n    status: {salesforce: {state: FD_State__c, time: FD_Synced__c}}\n"
        "    options: {flag_fields: {to_salesforce: FD_Deleted__c}}",
    )  # fmt: skip
    bench.world.change(
        "settings.yaml",
        "unique: [email, mobile]\n    deletes: {to_app: delete, to_salesforce: ignore}",
        "unique: [email, mobile]\n    deletes: {to_app: delete, to_salesforce: flag}",
    )
    bench.world.add_rows(
        "Area__c,custom_fields.area", "Is_Fan__c,custom_fields.is_vip,,boolean", "Since__c,custom_fields.since,,date",
        "Points__c,custom_fields.points,,number:0",
    )  # fmt: skip
    named = unmet(bench.check())
    assert list(named)[2:8] == [
        f"Salesforce contact field {name}__c" for name in ("FD_State", "FD_Synced", "FD_Deleted", "Area", "Is_Fan", "Since")
    ]
    assert unmet(bench.check(creates=True)) == {}
    types = {row["FullName"].partition(".")[2]: row["Metadata"]["type"] for row in bench.world.salesforce.records("CustomField")}
    wanted = {"State": "Text", "Synced": "DateTime", "Deleted": "Checkbox"}
    assert {f"FD_{name}__c": kind for name, kind in wanted.items()}.items() <= types.items()
    assert [types[f"{name}__c"] for name in ("Area", "Is_Fan", "Since", "Points")] == ["Text", "Checkbox", "Date", "Number"]
    made = {row["name"]: row["type"] for row in bench.world.app.records("contact_fields") if not row["default"]}
    kinds = {"area": "custom_text", "is_vip": "custom_checkbox", "since": "custom_date", "points": "custom_number"}
    assert kinds.items() <= made.items()
    contact = bench.world.contact(
        Email="mara@nordwerk.example", Area__c="Nord", Is_Fan__c=True, Since__c="2026-02-03", Points__c=7
    )
    bench.world.run(mode="backfill")
    fields = bench.world.desk(contact)["custom_fields"]
    assert {name: fields[name] for name in kinds} == {"area": "Nord", "is_vip": True, "since": "2026-02-03", "points": 7}


@pytest.mark.feature("ALL-09", "FM-06")
def test_fields_that_cannot_be_made_are_listed_with_what_to_do(bench: Bench) -> None:
    bench.check(creates=True)
    bench.world.salesforce.switches(allow_setup=False)
    bench.world.add_rows("Area__c,twitter_id,to_salesforce", "Titel,twitter_id,to_app")
    found = unmet(bench.check(creates=True))
    assert "New: Text, length 255, name Area. Then" in found["Salesforce contact field Area__c"]
    assert "no field 'Titel' (did you mean 'Title'?)" in found["mapping"]
