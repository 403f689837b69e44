"""Erasing a person by Airflow's trigger form: a plan first, its code, the proof as the task's result, nothing personal in the log."""

import pytest
from airflow_process import Airflow
from sqlalchemy import Engine, text

from sandbox.client import SandboxClient

DAG = "lockstep_erase"
EMAIL = "zoraida.quexley@uniq-9f3.example"
KEY = {"conn_type": "generic", "password": "a-key-of-the-tests-that-nobody-would-guess"}

pytestmark = pytest.mark.feature("ALL-26")


@pytest.fixture
def pair(airflow: Airflow, servers: dict[str, SandboxClient]) -> str:
    """A person in both systems, linked; returns the Salesforce id."""
    airflow.connect(lockstep_erasure=KEY)
    here = servers["salesforce"].insert("Contact", [{"FirstName": "Zoraida", "LastName": "Quexley", "Email": EMAIL}])[0]
    assert airflow.run("salesforce_freshdesk", mode="backfill")["state"] == "success"
    assert len(servers["freshdesk"].records("contacts")) == 1
    return str(here)


def test_plan_confirm_proof(airflow: Airflow, servers: dict[str, SandboxClient], engine: Engine, pair: str) -> None:
    shown = airflow.run(DAG, person=f"salesforce:{pair}")
    assert shown["state"] == "success"
    plan = shown["results"]["erase"]
    assert plan["state"] == "planned"
    assert f"confirm {plan['code']}" in shown["said"]
    assert len(servers["salesforce"].records("Contact")) == 1
    done = airflow.run(DAG, person=f"salesforce:{pair}", dry_run=False, confirm=plan["code"])
    assert done["state"] == "success"
    proof = done["results"]["erase"]
    assert proof["state"] == "done"
    assert proof["run_id"] == done["run_id"]
    assert servers["salesforce"].records("Contact") == servers["freshdesk"].records("contacts", with_deleted=True) == []
    assert f"gone and looked for again: contact {pair}" in done["said"]
    said = (shown["said"] + done["said"] + str(proof)).lower()
    assert not [word for word in (EMAIL, "zoraida", "quexley") if word in said]
    with engine.connect() as connection:
        assert connection.scalar(text("select report from sync.erasure")) == proof
    servers["salesforce"].insert("Contact", [{"LastName": "Quexley", "Email": EMAIL}])
    assert airflow.run("salesforce_freshdesk", mode="backfill")["state"] == "success"
    assert servers["freshdesk"].records("contacts") == []
    again = airflow.run(DAG, person=EMAIL, allow_again=True)
    assert again["results"]["erase"] == {"state": "allowed again"}
    assert airflow.run("salesforce_freshdesk", mode="backfill")["state"] == "success"
    assert len(servers["freshdesk"].records("contacts")) == 1


def test_nothing_is_erased_without_the_code_or_the_key(airflow: Airflow, servers: dict[str, SandboxClient], pair: str) -> None:
    for conf in ({"dry_run": False}, {"dry_run": False, "confirm": "yes"}):
        refused = airflow.run(DAG, person=EMAIL, **conf)
        assert refused["state"] == "failed"
        assert refused["tries"]["erase"] == 1
        assert EMAIL not in refused["said"]
    airflow.connect(lockstep_erasure=None)
    refused = airflow.run(DAG, person=EMAIL)
    assert refused["state"] == "failed"
    assert "needs a key of at least 32 characters" in refused["said"]
    assert [len(servers[name].records(kind)) for name, kind in (("salesforce", "Contact"), ("freshdesk", "contacts"))] == [1, 1]


def test_only_the_systems_chosen(airflow: Airflow, servers: dict[str, SandboxClient], pair: str) -> None:
    plan = airflow.run(DAG, person=EMAIL, systems=["freshdesk"])["results"]["erase"]
    assert set(plan["systems"]) == {"freshdesk"}
    done = airflow.run(DAG, person=EMAIL, systems=["freshdesk"], dry_run=False, confirm=plan["code"])
    assert done["state"] == "success"
    assert [row["Id"] for row in servers["salesforce"].records("Contact")] == [pair]
    assert servers["freshdesk"].records("contacts", with_deleted=True) == []
    assert airflow.run("salesforce_freshdesk", mode="backfill")["state"] == "success"
    assert servers["freshdesk"].records("contacts") == []
