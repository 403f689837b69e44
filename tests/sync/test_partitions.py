"""Days of the staging tables: each integration keeps its own number of them, and nobody loses what is still needed."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from connectors.memory import MemoryConnector
from pipeline import QUICK, Pipeline, grow_old, memory_pair, names, shipped_folder
from sync.partitions import ensure_partitions, forget_staged
from waiting_plans import LIMITED, approve, people, six_of_ten

pytestmark = pytest.mark.feature("ALL-05")
DAY = timedelta(days=1)


def days(pipeline: Pipeline) -> list[date]:
    """The days of which records are staged."""
    return [row[0] for row in pipeline.rows("select distinct batch_day from staging.record order by 1")]


def keeping(engine: Engine, folder: Path, app: str, number: int) -> Pipeline:
    """An integration in memory, with Freshdesk's mapping, that keeps so many days; its run has staged somebody."""
    made = Pipeline(engine, shipped_folder("freshdesk", folder), memory_pair(), QUICK)
    made.folder = made.folder.rename(folder / app)
    made.change("settings.yaml", "staging_days: 14", f"staging_days: {number}")
    made.change("settings.yaml", "app: freshdesk", f"app: {app}")
    people(made.connectors["salesforce"], 1)  # type: ignore[arg-type]
    made.run(mode="backfill", run_id=app)
    return made


def test_an_integration_keeps_its_days_though_another_keeps_fewer(engine: Engine, tmp_path: Path) -> None:
    few = keeping(engine, tmp_path / "one", "few", 2)
    many = keeping(engine, tmp_path / "two", "many", 9)
    grow_old(engine, 5 * DAY)
    few.run(run_id="few-2")
    kept = "select distinct i.name from staging.{} s join sync.integration i on i.id = s.integration_id where batch_day < current_date"
    assert [many.rows(kept.format(table)) for table in ("raw", "record")] == [[("salesforce_many",)]] * 2
    grow_old(engine, 5 * DAY)
    few.run(run_id="few-3")
    assert many.rows(kept.format("record")) == [("salesforce_many",)]
    many.run(run_id="many-2")
    assert many.rows(kept.format("raw")) == []
    assert len(many.rows("select 1 from pg_inherits where inhparent = 'staging.raw'::regclass")) == 1


@pytest.mark.feature("ALL-20")
def test_what_a_plan_needs_is_kept_while_it_waits_and_forgotten_afterwards(
    limited: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    limited.change("settings.yaml", "staging_days: 14", "staging_days: 1")
    limited.change("settings.yaml", LIMITED, LIMITED.replace("{first_run", "{approval_hours: 720, first_run"))
    _, plan = six_of_ten(limited, salesforce)
    grow_old(limited.engine, 6 * DAY)
    salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example")
    limited.run()
    today = datetime.now(UTC).date()
    assert days(limited) == [today - 6 * DAY, today]
    assert approve(limited, plan)["moved"] == 0
    assert sorted(raw["job_title"] for raw in app.live("contact").values() if raw["name"] != "Lind") == ["new"] * 6 + ["old"] * 4
    limited.run()
    assert days(limited) == [today]


def test_a_load_under_way_keeps_what_it_needs(engine: Engine, tmp_path: Path) -> None:
    slow = keeping(engine, tmp_path / "one", "slow", 1)
    quick = keeping(engine, tmp_path / "two", "quick", 1)
    slow.connectors["salesforce"].put("contact", LastName="Lind", Email="mara@nordwerk.example")  # type: ignore[attr-defined]
    slow.run(stages=("extract", "map", "reconcile"), run_id="slow-2", mode="backfill")
    grow_old(engine, 4 * DAY)
    quick.run(run_id="quick-2")
    slow.stage("load")
    assert names(slow.connectors["app"]) == ["Lind", "P00"]  # type: ignore[arg-type]
    slow.run(run_id="slow-3")
    assert datetime.now(UTC).date() - 4 * DAY not in days(slow)


def test_a_day_that_is_being_read_is_dropped_by_a_later_run_and_a_new_one_waits_for_nobody(
    engine: Engine, tmp_path: Path
) -> None:
    one = keeping(engine, tmp_path, "one", 1)
    grow_old(engine, 4 * DAY)
    tomorrow = datetime.now(UTC).date() + DAY
    with engine.begin() as reader:
        assert reader.scalar(text("select count(*) from staging.record")) == 1
        reader.execute(text("insert into staging.raw select * from staging.raw where false"))
        ensure_partitions(engine, tomorrow)
        assert forget_staged(engine, "salesforce_one", tomorrow - 2 * DAY) == 0
    assert len(days(one)) == 1
    assert forget_staged(engine, "salesforce_one", tomorrow - 2 * DAY) == 2
    assert days(one) == []
    partitions = one.rows("select inhrelid::regclass::text from pg_inherits where inhparent = 'staging.record'::regclass")
    assert (f"staging.record_{tomorrow:%Y%m%d}",) in partitions


@pytest.mark.parametrize("zone", ["Etc/GMT-14", "Etc/GMT+12"])
def test_a_batch_has_one_day_whatever_the_zone_of_the_server(engine: Engine, tmp_path: Path, zone: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(f"alter database postgres set timezone = '{zone}'"))
    engine.dispose()
    try:
        one = keeping(engine, tmp_path, "one", 14)
        [began] = one.rows("select started_at from sync.batch")
    finally:
        with engine.begin() as connection:
            connection.execute(text("alter database postgres reset timezone"))
        engine.dispose()
    assert days(one) == [began[0].astimezone(UTC).date()]
