"""Undo of a run in a whole Airflow: planned by one DAG, approved in another, taken back in both systems."""

import pytest
from deciding import decide
from live import Live
from sqlalchemy import Engine, text

pytestmark = [pytest.mark.timeout(900), pytest.mark.feature("ALL-22")]
DAG, UNDO = "salesforce_freshdesk", "lockstep_undo"


def shown(live: Live) -> tuple[str, str]:
    """The field of the contact on each side that the run under test has written."""
    [person] = live.servers["salesforce"].records("Contact")
    [contact] = live.servers["freshdesk"].records("contacts")
    return person["Description"], contact["job_title"]


def last_task(live: Live) -> str:
    """Run once more; return what became of the last stage."""
    run = live.start(DAG)
    assert live.state(DAG, run) == "success", live.logs(DAG)
    return str(live.admin.get(f"dags/{DAG}/dagRuns/{run}/taskInstances/load")["state"])


def test_a_run_is_taken_back_on_both_sides_once_a_person_has_approved_it(live: Live, engine: Engine) -> None:
    salesforce, freshdesk = live.servers["salesforce"], live.servers["freshdesk"]
    [person] = salesforce.insert(
        "Contact", [{"LastName": "Lind", "Email": "mara@nordwerk.example", "Title": "old", "Description": "one"}]
    )
    assert live.run(DAG, mode="backfill") == "success", live.logs(DAG)
    [contact] = freshdesk.records("contacts")
    salesforce.edit("Contact", person, {"Title": "new"})
    freshdesk.edit("contacts", contact["id"], {"description": "two"})
    run = live.start(DAG)
    assert live.state(DAG, run) == "success", live.logs(DAG)
    assert shown(live) == ("two", "new")
    assert live.run(UNDO, app="freshdesk", run=run) == "success", live.logs(UNDO)
    assert shown(live) == ("two", "new")
    with engine.connect() as connection:
        plan = int(connection.scalar(text("select batch_id from sync.approval where state = 'offered'")) or 0)
    assert decide(live, plan, "Approve") == "success", live.logs("lockstep_approval")
    assert shown(live) == ("one", "old")
    with engine.connect() as connection:
        assert connection.execute(text("select state, decided_by from sync.approval")).one() == ("applied", "olga")
        written = connection.scalar(text("select max(batch_id) from sync.action where operation <> 'agree'"))
    assert [last_task(live) for _ in range(2)] == [
        "success",
        "skipped",
    ]  # the first reads what the undo has written, the next nothing
    assert shown(live) == ("one", "old")
    with engine.connect() as connection:
        assert connection.scalar(text("select max(batch_id) from sync.action where operation <> 'agree'")) == written == plan
