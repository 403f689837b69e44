"""Ending an integration and taking that back, in Airflow's DAG and on the command line."""

import subprocess
import sys
from typing import Any

import pytest
from airflow_process import Airflow
from sqlalchemy import Engine, text

from sandbox.client import SandboxClient

DAG = "salesforce_freshdesk"
Servers = dict[str, SandboxClient]


def count(engine: Engine, table: str) -> int:
    """Rows of a table of the state."""
    with engine.connect() as connection:
        return int(connection.scalar(text(f"select count(*) from sync.{table}")) or 0)


def calls(servers: Servers) -> int:
    """Calls that both systems have counted."""
    return sum(sum(value for value in server.calls().values() if isinstance(value, int)) for server in servers.values())


@pytest.fixture
def linked(airflow: Airflow, servers: Servers, engine: Engine) -> dict[str, Any]:
    """Airflow after a run that made one pair."""
    servers["salesforce"].insert("Contact", [{"LastName": "Lind", "Email": "mara@nordwerk.example"}])
    assert airflow.run(DAG, mode="backfill")["state"] == "success"
    assert count(engine, "link") == 1
    return {name: server.records(kind) for name, kind, server in _kinds(servers)}


def _kinds(servers: Servers) -> list[tuple[str, str, SandboxClient]]:
    return [("salesforce", "Contact", servers["salesforce"]), ("freshdesk", "contacts", servers["freshdesk"])]


@pytest.mark.feature("ALL-13")
def test_a_disconnected_integration_calls_nobody_and_leaves_both_systems_as_they_are(
    airflow: Airflow, servers: Servers, engine: Engine, linked: dict[str, Any]
) -> None:
    done = airflow.run("lockstep_disconnect", app="freshdesk")
    assert done["state"] == "success"
    assert "Both systems keep their records as they are." in done["results"]["switch"]
    for server in servers.values():
        server.reset_calls()
    answer = airflow.run(DAG)
    assert answer["state"] == "failed"
    assert "was disconnected by" in answer["said"]
    assert calls(servers) == 0
    assert {name: server.records(kind) for name, kind, server in _kinds(servers)} == linked
    assert count(engine, "link") == 1
    assert airflow.run("lockstep_disconnect", app="freshdesk", action="connect")["state"] == "success"
    assert airflow.run(DAG)["state"] == "success"


@pytest.mark.feature("ALL-13")
def test_forgotten_links_are_found_anew_without_a_second_record(
    airflow: Airflow, servers: Servers, engine: Engine, linked: dict[str, Any]
) -> None:
    done = airflow.run("lockstep_disconnect", app="freshdesk", forget_links=True)
    assert "salesforce_freshdesk: 1 links and 0 rejections forgotten" in done["results"]["switch"]
    assert count(engine, "link") == 0
    assert count(engine, "action") >= 1
    airflow.run("lockstep_disconnect", app="freshdesk", action="connect")
    assert airflow.run(DAG, mode="backfill")["state"] == "success"
    assert count(engine, "link") == 1
    assert [len(server.records(kind)) for _, kind, server in _kinds(servers)] == [1, 1]


@pytest.mark.feature("ALL-13")
def test_the_command_does_the_same(airflow: Airflow, engine: Engine, linked: dict[str, Any]) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "sync.disconnect", "freshdesk"]
    told = subprocess.run([*command, "--forget-links"], env=airflow.env(), capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert "salesforce_freshdesk: 1 links and 0 rejections forgotten" in told.stdout
    assert count(engine, "disconnection") == 1
    told = subprocess.run([*command, "--connect"], env=airflow.env(), capture_output=True, text=True, check=True)
    assert "connected again" in told.stdout
    assert count(engine, "disconnection") == 0
    told = subprocess.run([*command[:-1], "sap"], env=airflow.env(), capture_output=True, text=True, check=False)
    assert "there is no integration with sap; there are activecampaign" in told.stderr
