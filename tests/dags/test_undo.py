"""Undo in Airflow's DAG: it makes the plan and asks; the decision carries it out."""

from typing import Any

import pytest
from airflow_process import Airflow
from sqlalchemy import Engine, text

from sandbox.client import SandboxClient

DAG = "salesforce_freshdesk"
Servers = dict[str, SandboxClient]


@pytest.mark.feature("ALL-22")
def test_a_run_is_planned_to_go_back_and_a_person_is_asked(airflow: Airflow, servers: Servers, engine: Engine) -> None:
    servers["salesforce"].insert("Contact", [{"LastName": "Lind", "Email": "mara@nordwerk.example"}])
    done = airflow.run(DAG, mode="backfill")
    answer = airflow.run("lockstep_undo", app="freshdesk", run=done["run_id"])
    assert answer["tasks"] == {"plan": "success"}, answer["said"][-3000:]
    with engine.connect() as connection:
        waiting = connection.execute(text("select batch_id, state from sync.approval")).all()
        planned = connection.execute(text("select side, operation from sync.action where state = 'planned' order by id")).all()
    assert [(row.state) for row in waiting] == ["offered"]
    assert [tuple(row) for row in planned] == [("app", "delete"), ("salesforce", "update")]
    assert len(servers["freshdesk"].records("contacts")) == 1


@pytest.mark.feature("ALL-22")
@pytest.mark.parametrize(("conf", "words"), [({}, "params.run is empty"), ({"run": "none"}, "has no run 'none'")])
def test_a_run_that_is_not_there_is_refused(airflow: Airflow, engine: Engine, conf: dict[str, Any], words: str) -> None:
    answer = airflow.run("lockstep_undo", app="freshdesk", **conf)
    assert answer["state"] == "failed"
    assert words in answer["said"]
