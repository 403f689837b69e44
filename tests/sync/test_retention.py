"""Personal data goes when its time is over; what is in use stays, and runs go on as before."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from erasing_world import places_of
from pipeline import QUICK, World
from sync.retention import forget
from sync.undo import undo

DAY = timedelta(days=1)
NOW = datetime.now(UTC)
NAME = "salesforce_freshdesk"
AFTERWARDS = {NAME: NOW.date() + 2 * DAY}
STAMPS = {
    "sync.action": ("planned_at", "sent_at", "ended_at"),
    "sync.conflict": ("noted_at",),
    "sync.rejection": ("opened_at", "closed_at"),
    "sync.link": ("updated_at",),
}
DOCUMENT = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()


def age(world: World, days: int) -> None:
    """Let everything in our tables be so much older."""
    with world.engine.begin() as connection:
        for table, columns in STAMPS.items():
            moved = ", ".join(f"{column} = {column} - interval '{days} days'" for column in columns)
            connection.exec_driver_sql(f"update {table} set {moved}")


@pytest.fixture
def old(world: World) -> World:
    """A year-old history: a person with a conflict, one deleted, one who was held back and mended; and one who still waits."""
    world.stages = QUICK
    world.run()
    here, there = world.linked_contact(FirstName="Livia", LastName="Live", Email="livia@nordwerk.example")
    world.edit(here, Title="Conflictone")
    world.edit(there, job_title="Conflicttwo")
    world.run()
    gone, _ = world.linked_contact(FirstName="Tomb", LastName="Stone", Email="tomb@nordwerk.example")
    world.salesforce.delete("Contact", gone)
    waits = world.contact(FirstName="Mended", LastName="Later", Email="livia@nordwerk.example")
    world.contact(FirstName="Still", LastName="Wartend", Email="livia@nordwerk.example")
    world.run()
    world.edit(waits, Email="mended@nordwerk.example")
    world.run()
    age(world, 400)
    return world


def test_values_of_what_is_over_are_forgotten_and_all_else_stays(old: World) -> None:
    counts = old.rows("select count(*), count(*) filter (where state = 'done') from sync.action")
    links = old.rows("select salesforce_id, app_id, state, salesforce_digest from sync.link order by id")
    done = forget(old.engine, NOW - 365 * DAY, AFTERWARDS)
    assert done["sync.conflict"] == 1
    assert done["sync.rejection"] == 1
    assert done["sync.link"] == 1
    assert done["sync.action"] > 3
    assert done["staging"] == 2
    assert places_of(old.engine, "tomb@", "conflictone", "conflicttwo") == ["sync.link.base"]
    assert places_of(old.engine, "tomb@") == []
    assert places_of(old.engine, "livia@") == ["sync.link.base", "sync.rejection.raw"]
    assert places_of(old.engine, "wartend") == ["sync.rejection.raw"]
    assert old.rows("select count(*), count(*) filter (where state = 'done') from sync.action") == counts
    assert old.rows("select salesforce_id, app_id, state, salesforce_digest from sync.link order by id") == links
    assert not any(forget(old.engine, NOW - 365 * DAY, AFTERWARDS).values())


def test_nothing_young_is_forgotten(old: World) -> None:
    age(old, -300)
    assert not any(forget(old.engine, NOW - 365 * DAY, {NAME: NOW.date() - 14 * DAY}).values())


def test_runs_go_on_as_before(old: World) -> None:
    forget(old.engine, NOW - 365 * DAY, AFTERWARDS)
    before = old.writes()
    old.run()
    old.assert_settled()
    assert old.writes() == before
    here = next(row["Id"] for row in old.salesforce.records("Contact") if row["LastName"] == "Live")
    old.edit(here, Title="Anew")
    old.run()
    assert old.desk(here)["job_title"] == "Anew"
    old.assert_settled()


@pytest.mark.parametrize("is_forgotten", [False, True])
def test_only_what_is_not_forgotten_can_be_taken_back(old: World, is_forgotten: bool) -> None:
    if is_forgotten:
        forget(old.engine, NOW - 365 * DAY, {NAME: NOW.date()})
    runs = old.rows(
        "select distinct b.run_id from sync.action a join sync.batch b on b.id = a.batch_id where a.operation = 'create'"
    )
    planned = 0
    for number, (run_id,) in enumerate(runs):
        undo(old.engine, old.folder, run_id, f"undo-{number}", lambda _: old.connectors)
        planned += len(old.rows("select operation from sync.action where state = 'planned'"))
    assert (planned == 0) is is_forgotten


def test_every_table_of_ours_stands_in_the_document_with_how_long_it_keeps_people(world: World) -> None:
    section = DOCUMENT.partition("## What is kept of people, and how long")[2].partition("\n## ")[0]
    tables = world.rows(
        "select table_schema || '.' || table_name from information_schema.tables where table_schema in ('sync', 'staging')"
        " and table_type = 'BASE TABLE' and table_name !~ '_[0-9]{8}$'"
    )
    assert len(tables) > 15
    assert [name for (name,) in tables if f"`{name}`" not in section] == []
