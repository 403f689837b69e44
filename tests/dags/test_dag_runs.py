"""The DAGs run whole by Airflow itself, against both sandbox servers over HTTP and a real Postgres."""

import re
from typing import Any

import pytest
from airflow_process import Airflow
from sqlalchemy import Engine, text

from sandbox.client import SandboxClient

DAG = "salesforce_freshdesk"
STAGES = ("extract", "map", "validate", "reconcile", "load")
Servers = dict[str, SandboxClient]


def rows(engine: Engine, query: str) -> list[Any]:
    """Return the rows of a query on the state."""
    with engine.connect() as connection:
        return list(connection.execute(text(query)).all())


def writes(servers: Servers) -> int:
    """Write calls that both servers have counted."""
    return sum(int(server.calls()["write"]) for server in servers.values())


def failed_at_once(answer: dict[str, Any]) -> str:
    """The one message of a run whose first task failed for good at the first try."""
    assert (answer["state"], answer["tasks"]["extract"], answer["tries"]["extract"]) == ("failed", "failed", 1)
    assert "Retry policy decision" in answer["said"]
    assert "action=fail" in answer["said"]
    assert "During handling of the above exception" not in answer["said"]
    [message] = re.findall(r"^connectors\.errors\.\w+: (.*?)^\d{4}-", answer["said"], re.MULTILINE | re.DOTALL)
    return str(message)


@pytest.mark.feature("ALL-01", "FD-01", "FD-04")
def test_one_run_moves_records_both_ways_and_an_idle_one_skips_the_rest(airflow: Airflow, servers: Servers) -> None:
    org, desk = servers["salesforce"], servers["freshdesk"]
    account = org.insert("Account", [{"Name": "Nordwerk"}])[0]
    org.insert("Contact", [{"FirstName": "Mara", "LastName": "Lind", "Email": "mara@nordwerk.example", "AccountId": account}])
    company = desk.insert("companies", [{"name": "Südwerk"}])[0]
    desk.insert("contacts", [{"name": "Jon Doe", "email": "jon@suedwerk.example", "company_id": company}])
    answer = airflow.run(DAG, mode="backfill")
    assert answer["tasks"] == dict.fromkeys(STAGES, "success")
    assert answer["results"]["load"]["contact to_app create done"] == 1
    accounts, companies = ({row[key]: row for row in server.records(kind)} for server, kind, key in (
        (org, "Account", "Name"), (desk, "companies", "name"),
    ))  # fmt: skip
    contacts = {row["LastName"]: row for row in org.records("Contact")}
    people = {row["name"]: row for row in desk.records("contacts")}
    assert people["Mara Lind"]["company_id"] == companies["Nordwerk"]["id"]
    assert contacts["Doe"]["AccountId"] == accounts["Südwerk"]["Id"]
    before = writes(servers)
    idle = airflow.run(DAG)
    assert idle["state"] == "success"
    assert idle["tasks"] == {"extract": "success", **dict.fromkeys(STAGES[1:], "skipped")}
    assert writes(servers) == before


@pytest.mark.feature("ALL-04")
@pytest.mark.parametrize(
    ("conf", "words"),
    [
        ({"mode": "everything"}, "'everything' is not one of ['sync', 'plan', 'backfill']"),
        ({"entities": ["leads"]}, "'leads' is not one of ['account', 'contact']"),
        ({"entities": "contact"}, "'contact' is not of type 'null', 'array'"),
        ({"since": "yesterday"}, "'yesterday' is not a 'date-time'"),
        ({"since": "2026-11-01"}, "is not a 'date-time'"),
        ({"record_ids": [""]}, "'' should be non-empty"),
        ({"record_ids": ["x" * 101]}, "is too long"),
        ({"direction": "up"}, "'up' is not one of ['both', 'to_app', 'to_salesforce']"),
        ({"max_changes": -1}, "-1 is less than the minimum of 0"),
        ({"max_changes": "many"}, "'many' is not of type 'null', 'integer'"),
    ],
)
def test_a_bad_param_is_refused_before_anything_runs(airflow: Airflow, engine: Engine, conf: dict[str, Any], words: str) -> None:
    assert words in airflow.run(DAG, **conf)["refused"]
    assert rows(engine, "select 1 from sync.batch") == []


@pytest.mark.feature("ALL-04")
def test_a_param_that_is_not_known_is_refused_by_name(airflow: Airflow, engine: Engine) -> None:
    said = failed_at_once(airflow.run(DAG, limit=5))
    assert "unknown params: limit; known are direction, entities, max_changes, mode, record_ids, since" in said
    assert rows(engine, "select 1 from sync.batch") == []


@pytest.mark.feature("ALL-04")
def test_every_param_reaches_the_run_and_a_plan_writes_nothing(airflow: Airflow, servers: Servers, engine: Engine) -> None:
    org = servers["salesforce"]
    people = [{"LastName": name, "Email": f"{name}@nordwerk.example"} for name in ("Lind", "Berg")]
    chosen, _ = org.insert("Contact", people)
    conf = {
        "mode": "plan", "entities": ["contact"], "since": "2026-11-01T00:00:00Z", "record_ids": [chosen], "direction": "to_app",
        "max_changes": 5,
    }  # fmt: skip
    assert airflow.run(DAG, **conf)["state"] == "success"
    [[params]] = rows(engine, "select params from sync.batch")
    assert params == conf
    planned = rows(engine, "select side, operation, salesforce_id from sync.action where state = 'planned'")
    assert [tuple(row) for row in planned] == [("app", "create", chosen)]
    assert writes(servers) == 0


@pytest.mark.feature("ALL-04")
def test_a_plan_larger_than_max_changes_is_not_written(airflow: Airflow, servers: Servers) -> None:
    servers["salesforce"].insert("Contact", [{"LastName": f"Lind {n}", "Email": f"p{n}@nordwerk.example"} for n in range(3)])
    answer = airflow.run(DAG, mode="backfill", max_changes=1)
    assert (answer["tasks"]["reconcile"], answer["tries"]["reconcile"], answer["tasks"]["load"]) == (
        "failed",
        1,
        "upstream_failed",
    )
    assert "GuardError" in answer["said"]
    assert writes(servers) == 0


LOGIN = {"domain": "nordwerk.my", "consumer_key": "SANDBOX_CONSUMER_KEY", "consumer_secret": "wrong-secret"}


@pytest.mark.feature("ALL-09")
@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("salesforce_default", {"extra": LOGIN}, "refused the login of the app: invalid_client: invalid client credentials"),
        ("salesforce_default", None, "no connection 'salesforce_default' that can be read: add it under Admin, Connections"),
        ("freshdesk_default", {"password": "wrong-key"}, "Freshdesk refuses the API key (401 invalid_credentials"),
        ("freshdesk_default", {"password": ""}, "has no API key: put it into the password field"),
        ("freshdesk_default", {"host": "https://nobody.invalid"}, "no host has this name. Check the host in the connection."),
        ("lockstep_db", {"schema": "nowhere"}, 'database "nowhere" does not exist. Check the connection lockstep_db.'),
        ("lockstep_db", None, "no connection 'lockstep_db' that can be read"),
    ],
)
def test_a_wrong_connection_fails_at_the_first_try_with_one_message(
    airflow: Airflow, name: str, change: dict[str, Any] | None, words: str
) -> None:
    airflow.connect(**{name: None if change is None else {**airflow.connections[name], **change}})
    assert words in failed_at_once(airflow.run(DAG))


@pytest.mark.feature("ALL-09")
def test_an_edition_without_api_fails_at_the_first_try(airflow: Airflow, servers: Servers) -> None:
    servers["freshdesk"].switches(api_in_plan=False)
    assert "plan has no API access (require_feature)" in failed_at_once(airflow.run(DAG))
    servers["freshdesk"].switches(api_in_plan=True)
    servers["salesforce"].fault("disabled", times=-1, path="/services/data")
    assert "no API access (API_DISABLED_FOR_ORG): it needs Enterprise" in failed_at_once(airflow.run(DAG))


@pytest.mark.feature("ALL-06", "ALL-07")
def test_a_broken_mapping_fails_at_the_first_try_and_a_mended_one_is_used_by_the_next_run(
    airflow: Airflow, engine: Engine
) -> None:
    airflow.change("contact.csv", "job_title,both", "job_title,sideways")
    said = failed_at_once(airflow.run(DAG))
    assert "1 problem in the mapping files:\ncontact.csv:6:" in said
    airflow.change("contact.csv", "job_title,sideways", "job_title,to_app")
    assert airflow.run(DAG)["state"] == "success"
    assert len(rows(engine, "select distinct mapping_digest from sync.batch")) == 1


@pytest.mark.feature("ALL-09", "FD-09")
def test_the_preflight_dag_says_in_log_and_result_what_is_missing_and_creates_it(airflow: Airflow, servers: Servers) -> None:
    for server in servers.values():
        server.reset()
    servers["freshdesk"].switches(rate_limit=False)
    answer = airflow.run("lockstep_preflight", app="freshdesk")
    assert (answer["tasks"], answer["tries"]) == ({"check": "failed"}, {"check": 1})
    assert f"4 of {len(answer['checks']['check'])} checks need a person:" in answer["said"]
    missing = [line for line in answer["checks"]["check"] if line.startswith("missing")]
    assert len(missing) == 4
    assert all(line in answer["said"] for line in answer["checks"]["check"])
    made = airflow.run("lockstep_preflight", app="freshdesk", create=True)
    assert made["state"] == "success"
    assert [line for line in made["results"]["check"] if line.startswith(("missing", "failed"))] == []
    assert sum("created, hidden from users" in line for line in made["results"]["check"]) == 4
    assert "'yes' is not of type 'boolean'" in airflow.run("lockstep_preflight", create="yes")["refused"]
    assert "'sap' is not one of" in airflow.run("lockstep_preflight", app="sap")["refused"]
