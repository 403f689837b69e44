"""The daily tidying in Airflow: logs, and what is too old of people in our own tables."""

import pytest
from airflow_process import Airflow
from sqlalchemy import Engine, text

from sandbox.client import SandboxClient


@pytest.mark.feature("ALL-05")
def test_old_values_and_old_staged_rows_go_daily(airflow: Airflow, servers: dict[str, SandboxClient], engine: Engine) -> None:
    servers["salesforce"].insert("Contact", [{"FirstName": "Mara", "LastName": "Lind", "Email": "mara@nordwerk.example"}])
    assert airflow.run("salesforce_freshdesk", mode="backfill")["state"] == "success"
    young = airflow.run("lockstep_housekeeping")
    assert young["state"] == "success"
    assert set(young["results"]["forget"].values()) == {0}
    with engine.begin() as connection:
        connection.execute(text("update sync.action set ended_at = ended_at - interval '40 days'"))
    done = airflow.run("lockstep_housekeeping", history_days=30)
    assert done["state"] == "success"
    assert done["results"]["forget"]["sync.action"] >= 1
    assert isinstance(done["results"]["tidy"], int)
    with engine.connect() as connection:
        assert connection.scalar(text("select count(*) from sync.action where fields::text ~ 'mara@'")) == 0
        assert connection.scalar(text("select base->>'email' from sync.link")) == "mara@nordwerk.example"
