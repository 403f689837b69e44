"""An approved plan that was broken off half-way: it goes on, or a later run takes over, and nothing of it is lost."""

from datetime import timedelta
from typing import Any

import pytest

from connectors.errors import PermanentError, TransientError
from connectors.memory import MemoryConnector
from pipeline import Pipeline, names
from sync import approval
from sync.apply import apply
from sync.disconnect import disconnect, reconnect
from sync.undo import undo
from waiting_plans import approve, held, people, six_of_ten


@pytest.mark.feature("ALL-21")
def test_an_approved_plan_that_was_broken_off_ends_with_its_integration(
    limited: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    _, batch_id = six_of_ten(limited, salesforce)
    before = app.writes_seen
    approval.decide(limited.engine, batch_id, "approved", "operator")
    disconnect(limited.engine, "salesforce_freshdesk", "operator")
    with pytest.raises(PermanentError, match="was disconnected by operator"):
        approve(limited, batch_id)
    reconnect(limited.engine, "salesforce_freshdesk")
    with pytest.raises(PermanentError, match=f"plan {batch_id} is rejected"):
        approve(limited, batch_id)
    assert app.writes_seen == before


@pytest.mark.feature("ALL-20", "ALL-21")
def test_an_approved_plan_that_broke_off_is_not_jumped_over_when_a_later_one_is_carried_out(
    limited: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    def unreachable(_: Any) -> Any:
        raise TransientError("Salesforce cannot be reached")

    limited.change("settings.yaml", "overlap_minutes: 10", "overlap_minutes: 0")
    ids, first = six_of_ten(limited, salesforce)
    for each in ids[6:]:
        salesforce.remove("contact", each)
    limited.run()
    second = limited.rows("select max(batch_id) from sync.approval where state = 'waiting'")[0][0]
    assert second > first
    with pytest.raises(TransientError):
        apply(limited.engine, first, "operator", unreachable)
    approve(limited, second)
    limited.run()
    approve(limited, held(limited))
    assert sorted(raw["job_title"] for raw in app.live("contact").values()) == ["new"] * 6


@pytest.mark.feature("ALL-20", "ALL-21")
def test_what_an_approved_plan_had_left_is_planned_anew_by_a_run_that_overtakes_it(
    limited: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    ids, broken_off = six_of_ten(limited, salesforce)
    app.faults.stop_after = 2
    with pytest.raises(TransientError):
        approve(limited, broken_off)
    app.faults.stop_after = None
    limited.run(record_ids=[f"salesforce:{ids[9]}"], entities=["contact"])
    assert approval.read_approval(limited.engine, broken_off).state == "overtaken"
    assert approve(limited, broken_off) == {"overtaken": broken_off}, "carry_out, cleared"
    limited.run()
    for plan in limited.rows("select batch_id from sync.approval where state = 'waiting'"):
        approve(limited, plan[0])
    assert sorted(raw["job_title"] for raw in app.live("contact").values()) == ["new"] * 6 + ["old"] * 4


@pytest.mark.feature("ALL-20", "ALL-21")
def test_an_edit_that_a_later_run_has_read_and_left_to_a_plan_is_read_again(
    limited: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    limited.change("settings.yaml", "overlap_minutes: 10", "overlap_minutes: 0")
    ids = people(salesforce, 20)
    limited.run(mode="backfill")
    for each in ids[:12]:
        salesforce.edit("contact", each, Title="new")
    limited.run()
    first = held(limited)
    salesforce.edit("contact", ids[0], Title="newer")
    for each in ids[12:]:
        salesforce.remove("contact", each)
    limited.run()
    second = limited.rows("select max(batch_id) from sync.approval where state = 'waiting'")[0][0]
    assert second > first
    approve(limited, first)
    approve(limited, second)
    limited.run()
    assert sorted(raw["job_title"] for raw in app.live("contact").values()) == ["new"] * 11 + ["newer"]


@pytest.mark.feature("ALL-20")
def test_a_plan_that_is_broken_off_stays_approved_and_goes_on(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    salesforce.now += timedelta(seconds=1)
    people(salesforce, 3)
    memory.run(mode="plan", since=salesforce.now - timedelta(days=1))
    [(batch_id,)] = memory.rows("select batch_id from sync.approval")
    app.faults.stop_after = 1
    with pytest.raises(TransientError):
        approve(memory, batch_id)
    assert approval.read_approval(memory.engine, batch_id).state == "approved"
    app.faults.stop_after = None
    approve(memory, batch_id)
    assert names(app) == ["P00", "P01", "P02"]
    assert approval.read_approval(memory.engine, batch_id).state == "applied"


@pytest.mark.feature("ALL-20", "ALL-21")
@pytest.mark.parametrize("asked", ["a backfill", "by id"])
def test_what_no_later_run_reads_by_itself_waits_for_its_own_plan_to_go_on(
    limited: Pipeline, salesforce: MemoryConnector, app: MemoryConnector, asked: str
) -> None:
    ids = people(salesforce, 3)
    salesforce.now += timedelta(days=1)
    limited.run()
    if asked == "a backfill":
        limited.change("settings.yaml", "first_run: go", "first_run: hold")
        limited.run(mode="backfill")
    else:
        limited.run(mode="plan", record_ids=[f"salesforce:{each}" for each in ids])
    [(plan,)] = limited.rows("select batch_id from sync.approval")
    broken_off_by_a_run(limited, plan, salesforce, app)
    approve(limited, plan)
    assert names(app) == ["Lind", "P00", "P01", "P02"]
    assert approval.read_approval(limited.engine, plan).state == "applied"
    limited.run()
    assert set(limited.run()) == {"extract"}


@pytest.mark.feature("ALL-22")
def test_an_undo_that_broke_off_goes_on_though_a_run_came_between(
    limited: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    ids = people(salesforce, 3)
    limited.run(mode="backfill")
    for each in ids:
        salesforce.edit("contact", each, Title="new")
    limited.run()
    plan = undo(limited.engine, limited.folder, limited.run_id, "undo", lambda _: limited.connectors)["plan"]
    broken_off_by_a_run(limited, plan, salesforce, app)
    approve(limited, plan)
    assert [raw.get("job_title") for raw in app.live("contact").values()] == ["old", "old", "old", None]
    limited.run()
    assert set(limited.run()) == {"extract"}


def broken_off_by_a_run(pipeline: Pipeline, plan: int, salesforce: MemoryConnector, app: MemoryConnector) -> None:
    """Let a plan break off after its first write, and a run that has other work come before it is tried again."""
    app.faults.stop_after = app.writes_seen + 1
    with pytest.raises(TransientError):
        approve(pipeline, plan)
    app.faults.stop_after = None
    salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example")
    pipeline.run()
