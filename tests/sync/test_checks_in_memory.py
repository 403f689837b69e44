"""What the data-quality checks say: every failing record of a batch, each with all its reasons, and nothing of the others."""

import pytest

from connectors.errors import TooManyRejectedError
from connectors.memory import MemoryConnector
from pipeline import Pipeline
from sync.stages import STAGES

MANY = 24  # more than the 20 samples of a report, twice that within the limit


def test_every_failing_record_is_named_with_every_reason(memory: Pipeline, salesforce: MemoryConnector) -> None:
    good = [salesforce.put("contact", LastName="Lind", Email=f"p{number}@nordwerk.example") for number in range(MANY)]
    long = [
        salesforce.put("contact", LastName="Lind", Email=f"l{number}@nordwerk.example", Title="x" * 300) for number in range(MANY)
    ]
    worse = [
        salesforce.put("contact", LastName="Lind", Email=f"w{number} at nordwerk", Title="x" * 300) for number in range(MANY)
    ]
    counts = memory.run(mode="backfill", stages=("extract", "map", "validate"))
    assert counts["validate"]["contact"] == {"valid": len(good), "rejected": len(long) + len(worse)}
    found = memory.rows("select record_id, reasons from sync.rejection where closed_at is null")
    fields = {record_id: sorted((reason["field"], reason["code"]) for reason in reasons) for record_id, reasons in found}
    assert [fields.pop(record_id) for record_id in long] == [[("job_title", "too_long")]] * MANY
    assert [fields.pop(record_id) for record_id in worse] == [[("email", "format"), ("job_title", "too_long")]] * MANY
    assert fields == {}


def test_a_batch_without_fault_has_no_rejection(memory: Pipeline, salesforce: MemoryConnector) -> None:
    salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example")
    counts = memory.run(mode="backfill", stages=("extract", "map", "validate"))
    assert counts["validate"]["contact"] == {"valid": 1, "rejected": 0}
    assert memory.rows("select 1 from sync.rejection") == []


def test_past_the_limit_nothing_is_written(memory: Pipeline, salesforce: MemoryConnector) -> None:
    for number in range(60):
        salesforce.put("contact", LastName="Lind", Email=f"l{number}@nordwerk.example", Title="x" * 300)
    with pytest.raises(TooManyRejectedError, match="contact: 60 of 60"):
        memory.run(mode="backfill", stages=STAGES)
    assert salesforce.writes_seen == 0


def test_records_that_wait_since_a_finished_run_stop_no_later_one(memory: Pipeline, salesforce: MemoryConnector) -> None:
    memory.stages = STAGES
    for number in range(60):
        salesforce.put("contact", LastName="Lind", Email=f"l{number}@nordwerk.example", Title="x" * 300)
        salesforce.put("contact", LastName="Lind", Email=f"p{number}@nordwerk.example")
    memory.run(mode="backfill")
    salesforce.put("contact", LastName="Lind", Email="late@nordwerk.example")
    counts = memory.run(mode="backfill")
    assert counts["validate"]["contact"]["rejected"] == 60
    assert salesforce.live("contact")
    assert memory.rows("select state from sync.batch order by id desc limit 1")[0].state in ("done", "partial")
