"""The five stages over two systems in memory."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from connectors.errors import TransientError
from pipeline import Pipeline, memory_pair, shipped_folder


@pytest.fixture
def pipeline(engine: Engine, tmp_path: Path) -> Pipeline:
    folder = shipped_folder("freshdesk", tmp_path)
    pipe = Pipeline(engine, folder, memory_pair())
    pipe.change("settings.yaml", "overlap_minutes: 10", "overlap_minutes: 10\non_rejected: succeed")
    return pipe


def test_records_travel_and_a_third_run_is_idle(pipeline: Pipeline) -> None:
    salesforce, app = pipeline.connectors["salesforce"], pipeline.connectors["app"]
    account = salesforce.put("account", Name="Nordwerk")
    salesforce.put("contact", FirstName="Mara", LastName="Lind", Email="mara@nordwerk.example", AccountId=account)
    app.put("contact", name="Jon Doe", email="jon@nordwerk.example")
    pipeline.run(mode="backfill")
    assert {raw["name"] for raw in app.live("contact").values()} == {"Mara Lind", "Jon Doe"}
    assert {raw["LastName"] for raw in salesforce.live("contact").values()} == {"Lind", "Doe"}
    company = next(iter(app.live("account")))
    assert [r["company_id"] for r in app.live("contact").values() if r["name"] == "Mara Lind"] == [company]
    writes = salesforce.calls["write"] + app.calls["write"]
    for _ in range(2):
        pipeline.run()
    assert salesforce.calls["write"] + app.calls["write"] == writes


def test_a_run_that_breaks_off_between_the_two_writes_of_a_pair_loses_neither_edit(pipeline: Pipeline) -> None:
    salesforce, app = pipeline.connectors["salesforce"], pipeline.connectors["app"]
    contact = salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example", Title="old")
    pipeline.run(mode="backfill")
    desk = next(iter(app.live("contact")))
    salesforce.edit("contact", contact, Title="new")
    app.edit("contact", desk, description="from the app")
    salesforce.faults.stop_after = salesforce.writes_seen
    with pytest.raises(TransientError):
        pipeline.run()
    assert app.live("contact")[desk]["job_title"] == "new"
    salesforce.faults.stop_after = None
    pipeline.run()
    assert salesforce.live("contact")[contact]["Description"] == "from the app"
    assert app.live("contact")[desk]["job_title"] == "new"
