"""The schedule is a word in settings.yaml."""

import pytest
from airflow_process import Airflow


@pytest.mark.feature("ALL-02", "FD-06")
@pytest.mark.parametrize(
    ("word", "cron"),
    [("15 minutes", "*/15 * * * *"), ("30 minutes", "*/30 * * * *"), ("hourly", "0 * * * *"), ("daily", "0 3 * * *")],
)
def test_the_four_schedules(airflow: Airflow, word: str, cron: str) -> None:
    airflow.change("settings.yaml", "schedule: 30 minutes", f"schedule: {word}")
    dag = airflow.read()["dags"]["salesforce_freshdesk"]
    assert (dag["schedule"], dag["catchup"], dag["max_active_runs"]) == (cron, False, 1)


@pytest.mark.feature("FM-07")
def test_forcemanager_runs_every_15_minutes_as_shipped(airflow: Airflow) -> None:
    assert airflow.read()["dags"]["salesforce_forcemanager"]["schedule"] == "*/15 * * * *"


@pytest.mark.feature("ALL-02")
def test_a_schedule_that_is_none_of_them_is_an_import_error_with_its_place(airflow: Airflow) -> None:
    airflow.change("settings.yaml", "schedule: 30 minutes", "schedule: every minute")
    facts = airflow.read()
    assert "settings.yaml:3:" in facts["errors"]["salesforce_freshdesk.py"]
    assert "15 minutes, 30 minutes, hourly or daily" in facts["errors"]["salesforce_freshdesk.py"]
    assert "lockstep_preflight" in facts["dags"]


@pytest.mark.feature("ALL-04")
def test_the_form_offers_the_entities_of_the_settings(airflow: Airflow) -> None:
    params = airflow.read()["dags"]["salesforce_freshdesk"]["params"]
    assert params["entities"]["schema"]["items"]["enum"] == ["account", "contact"]
    assert set(params) == {"mode", "entities", "since", "record_ids", "direction", "max_changes"}
