"""The nightly audit as Airflow runs it: every integration, those that never ran without a call, too much unexplained in red."""

import pytest
from airflow_process import Airflow
from sqlalchemy import Engine, text

from sandbox.client import SandboxClient

DAG = "salesforce_freshdesk"
Servers = dict[str, SandboxClient]


@pytest.mark.feature("ALL-23")
def test_an_audit_keeps_a_figure_and_is_red_past_its_limit(airflow: Airflow, servers: Servers, engine: Engine) -> None:
    for server in servers.values():
        server.clock(-7200)
    servers["salesforce"].insert("Contact", [{"LastName": "Lind", "Email": "mara@nordwerk.example"}])
    airflow.run(DAG, mode="backfill")
    for server in servers.values():
        server.clock(0)
    airflow.run(DAG)
    answer = airflow.run("lockstep_audit")
    assert answer["state"] == "success", answer["said"][-3000:]
    with engine.connect() as connection:
        assert connection.execute(text("select state, health from sync.audit")).all() == [("done", 1)]
    airflow.change("settings.yaml", "recipients: []", "recipients: []\naudit: {repairs: 0}")
    with engine.begin() as connection:
        connection.execute(text("delete from sync.link"))
    answer = airflow.run("lockstep_audit")
    assert answer["state"] == "failed"
    assert f"{DAG}: 2 differences are unexplained, and audit.repairs lets 0 be put right" in answer["said"]
