"""What a run can be asked for, seen in both systems."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.errors import GuardError, PermanentError
from pipeline import QUICK, World

pytestmark = pytest.mark.feature("ALL-04")


@pytest.fixture
def busy(world: World) -> World:
    """After the first run: a new account, two new contacts and a new Freshdesk contact."""
    world.stages = QUICK
    world.run()
    world.salesforce.insert("Account", [{"Name": "Nordwerk"}])
    for name in ("mara", "nils"):
        world.contact(FirstName=name.title(), Email=f"{name}@nordwerk.example")
    world.desk_contact(name="Jon Doe", email="jon@nordwerk.example")
    return world


def people(world: World) -> tuple[list[Any], list[Any], list[Any]]:
    return (
        sorted(row["name"] for row in world.app.records("companies")),
        sorted(row["email"] for row in world.app.records("contacts")),
        sorted(row["Email"] for row in world.salesforce.records("Contact")),
    )


JON, MARA, NILS = (f"{name}@nordwerk.example" for name in ("jon", "mara", "nils"))
ALL = (["Nordwerk"], [JON, MARA, NILS], [JON, MARA, NILS])


def test_only_the_entities_asked_for(busy: World) -> None:
    busy.run(entities=("account",))
    assert people(busy) == (["Nordwerk"], [JON], [MARA, NILS])
    busy.run()
    assert people(busy) == ALL
    with pytest.raises(PermanentError, match=r"entities names lead; settings.yaml has account, contact"):
        busy.run(entities=("lead",))


def test_only_the_records_asked_for(busy: World) -> None:
    wanted = next(row["Id"] for row in busy.salesforce.records("Contact") if row["Email"] == MARA)
    busy.run(record_ids=(wanted,))
    assert people(busy) == ([], [JON, MARA], [MARA, NILS])
    busy.run()
    assert people(busy) == ALL


def test_only_one_direction(busy: World) -> None:
    busy.run(direction="to_salesforce")
    assert people(busy) == ([], [JON], [JON, MARA, NILS])
    busy.run()
    assert people(busy) == ALL


def test_history_since_a_moment(world: World) -> None:
    world.stages = QUICK
    now = datetime.now(UTC)
    for name, days in (("old", 20), ("young", 5)):
        stamp = (now - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        world.contact(FirstName=name, Email=f"{name}@nordwerk.example", SystemModstamp=stamp)
    world.run()
    assert world.app.records("contacts") == []
    world.run(since=now - timedelta(days=10))
    assert [row["email"] for row in world.app.records("contacts")] == ["young@nordwerk.example"]
    world.run(mode="backfill")
    assert len(world.app.records("contacts")) == 2


def test_more_changes_than_allowed_write_nothing(busy: World) -> None:
    before = busy.writes()
    with pytest.raises(GuardError, match=r"holds 8 writes and max_changes allows 7; nothing was written"):
        busy.run(max_changes=7)
    with pytest.raises(GuardError, match="nothing was written"):
        busy.stage("reconcile", max_changes=7)
    assert busy.writes() == before
    busy.run(max_changes=8)
    assert people(busy) == ALL


def test_a_plan_writes_nothing_and_the_next_run_carries_it_out(busy: World) -> None:
    before = busy.writes()
    counts = busy.run(mode="plan")
    assert busy.writes() == before
    rows = busy.rows("select side, operation, fields, rule from sync.action where state = 'planned' order by position, id")
    assert {row.operation for row in rows} == {"create", "update"}
    assert {"email": [None, MARA], "name": [None, "Mara Lind"]} in [row.fields for row in rows]
    assert counts["reconcile"]["contact"]["to_app create"] == 2
    busy.run(mode="plan")
    busy.run()
    assert people(busy) == ALL
    planned = "select distinct batch_id from sync.action where state = 'planned'"
    offered = f"{planned} and batch_id in (select batch_id from sync.approval where state = 'offered')"
    assert sorted(busy.rows(planned)) == sorted(busy.rows(offered))
    busy.assert_settled()
