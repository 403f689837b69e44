"""Undo of a run, over both sandbox servers and Postgres: what stands goes back, what people have changed stays, nothing is redone."""

from collections.abc import Callable
from typing import Any

import pytest

from connectors.errors import PermanentError
from pipeline import World
from sync.apply import apply
from sync.undo import undo

pytestmark = pytest.mark.feature("ALL-22")
Undo = Callable[..., dict[str, Any]]


def plan_undo(world: World, wanted: str) -> dict[str, Any]:
    """Make the plan that takes back run `wanted`."""
    return undo(world.engine, world.folder, wanted, "undo-1", lambda _: world.connectors)


def undone(world: World, wanted: str) -> dict[str, Any]:
    """Make that plan, approve it, carry it out; return the plan's counts."""
    made = plan_undo(world, wanted)
    apply(world.engine, made["plan"], "operator", lambda _: world.connectors)
    return made


def left(world: World, plan: int) -> list[tuple[str, str, str]]:
    """What a plan leaves as it is."""
    rows = world.rows(
        "select side, operation, message from sync.action where batch_id = :id and state = 'skipped' order by id", id=plan
    )
    return [tuple(row) for row in rows]


def test_a_plan_alone_writes_nothing_and_waits_for_a_person(enabled: World) -> None:
    person, desk = enabled.linked_contact(Title="old")
    enabled.edit(person, Title="new")
    enabled.run()
    before = enabled.writes()
    made = plan_undo(enabled, enabled.run_id)
    assert made["planned"] == {"to_app update": 1}
    assert enabled.writes() == before
    assert enabled.rows("select state from sync.approval where batch_id = :id", id=made["plan"]) == [("offered",)]
    assert enabled.desk(desk)["job_title"] == "new"
    [(fields, rule)] = enabled.rows("select fields, rule from sync.action where batch_id = :id", id=made["plan"])
    assert fields == {"job_title": ["new", "old"]}
    assert rule == f"undo of run {enabled.run_id}"


def test_updates_go_back_on_both_sides_and_the_next_runs_leave_it_so(enabled: World) -> None:
    person, desk = enabled.linked_contact(Title="old", Description="one")
    enabled.edit(person, Title="new")
    enabled.edit(desk, description="two")
    enabled.run()
    assert (enabled.desk(desk)["job_title"], enabled.person(person)["Description"]) == ("new", "two")
    undone(enabled, enabled.run_id)
    assert (enabled.desk(desk)["job_title"], enabled.person(person)["Description"]) == ("old", "one")
    enabled.assert_settled()
    assert (enabled.person(person)["Title"], enabled.desk(desk)["description"]) == ("new", "two")
    enabled.edit(person, Title="newest", MobilePhone="+49 170 1")
    enabled.run()
    assert enabled.desk(desk)["job_title"] == "newest"
    assert enabled.person(person)["Description"] == "one"
    enabled.assert_settled()


def test_a_value_that_somebody_changed_since_stays_and_is_listed(enabled: World) -> None:
    person, desk = enabled.linked_contact(Title="old", Description="one")
    enabled.edit(person, Title="new", Description="two")
    enabled.run()
    wanted = enabled.run_id
    enabled.edit(desk, job_title="mine", phone="+49 30 1")
    made = undone(enabled, wanted)
    assert left(enabled, made["plan"]) == [("app", "update", "job_title: was changed since")]
    assert (enabled.desk(desk)["job_title"], enabled.desk(desk)["description"]) == ("mine", "one")
    enabled.run()
    assert (enabled.person(person)["Title"], enabled.person(person)["Phone"]) == ("mine", "+49 30 1")
    assert enabled.person(person)["Description"] == "two"
    enabled.assert_settled()


def test_made_records_are_deleted_on_both_sides_and_not_made_again(enabled: World) -> None:
    person = enabled.contact(FirstName="Mara", Email="mara@nordwerk.example")
    desk = enabled.desk_contact(name="Jon Doe", email="jon@nordwerk.example")
    enabled.run()
    wanted = enabled.run_id
    assert enabled.contact_totals() == (2, 2)
    undone(enabled, wanted)
    assert [row["LastName"] for row in enabled.salesforce.records("Contact")] == ["Lind"]
    assert [row["name"] for row in enabled.app.records("contacts")] == ["Jon Doe"]
    assert not enabled.person(person)["FDCONTACTID__c"]
    enabled.assert_settled()
    enabled.edit(person, Title="edited")
    enabled.edit(desk, job_title="edited")
    enabled.run()
    assert enabled.contact_totals() == (1, 1)
    enabled.assert_settled()


def test_a_made_record_that_somebody_works_with_stays(enabled: World) -> None:
    enabled.contact(FirstName="Mara", Email="mara@nordwerk.example")
    enabled.run()
    wanted = enabled.run_id
    [row] = enabled.app.records("contacts")
    enabled.edit(int(row["id"]), job_title="Head")
    made = plan_undo(enabled, wanted)
    assert made["planned"] == {}
    assert left(enabled, made["plan"]) == [("app", "create", "job_title: was changed since")]
    assert enabled.rows("select 1 from sync.approval where batch_id = :id", id=made["plan"]) == []


def test_a_deleted_record_is_made_anew_from_what_was_agreed_on(enabled: World) -> None:
    person, _ = enabled.linked_contact(Title="Head", Phone="+49 30 1")
    enabled.salesforce.delete("Contact", person)
    enabled.run()
    assert enabled.app.records("contacts") == []
    undone(enabled, enabled.run_id)
    [row] = enabled.app.records("contacts")
    assert (row["name"], row["email"], row["job_title"], row["phone"]) == (
        "Mara Lind",
        "mara@nordwerk.example",
        "Head",
        "+49 30 1",
    )
    enabled.assert_settled()
    enabled.edit(int(row["id"]), job_title="edited")
    enabled.run()
    assert enabled.contact_totals() == (0, 1)
    enabled.assert_settled()


def test_an_undo_can_be_undone(enabled: World) -> None:
    person, desk = enabled.linked_contact(Title="old")
    enabled.edit(person, Title="new")
    enabled.contact(FirstName="Jon", LastName="Doe", Email="jon@nordwerk.example")
    enabled.run()
    first = undone(enabled, enabled.run_id)
    assert (enabled.desk(desk)["job_title"], enabled.contact_totals()) == ("old", (2, 1))
    undone(enabled, str(first["plan"]))
    assert (enabled.desk(desk)["job_title"], enabled.contact_totals()) == ("new", (2, 2))
    enabled.assert_settled()
    enabled.edit(person, Title="newest")
    enabled.run()
    assert enabled.desk(desk)["job_title"] == "newest"
    enabled.assert_settled()


def test_what_moved_between_plan_and_decision_is_left_out(enabled: World) -> None:
    person, desk = enabled.linked_contact(Title="old")
    enabled.edit(person, Title="new")
    enabled.run()
    made = plan_undo(enabled, enabled.run_id)
    enabled.edit(desk, job_title="mine")
    counts = apply(enabled.engine, made["plan"], "operator", lambda _: enabled.connectors)
    assert counts["moved"] == 1
    assert enabled.desk(desk)["job_title"] == "mine"
    enabled.run()
    assert enabled.person(person)["Title"] == "mine"
    enabled.assert_settled()


def test_a_deleted_salesforce_record_is_made_anew_with_another_id(enabled: World) -> None:
    enabled.change(
        "settings.yaml", "deletes: {to_app: delete, to_salesforce: ignore}", "deletes: {to_app: delete, to_salesforce: delete}"
    )
    person, desk = enabled.linked_contact(Title="Head")
    enabled.app.delete("contacts", desk)
    enabled.run()
    assert enabled.salesforce.records("Contact") == []
    undone(enabled, enabled.run_id)
    [row] = enabled.salesforce.records("Contact")
    assert (row["LastName"], row["Email"], row["Title"]) == ("Lind", "mara@nordwerk.example", "Head")
    assert row["Id"] != person
    enabled.assert_settled()


def test_of_two_plans_that_undo_one_run_the_second_makes_nothing_twice(enabled: World) -> None:
    enabled.change(
        "settings.yaml", "deletes: {to_app: delete, to_salesforce: ignore}", "deletes: {to_app: delete, to_salesforce: delete}"
    )
    _, desk = enabled.linked_contact(Title="Head")
    enabled.app.delete("contacts", desk)
    enabled.run()
    plans = [plan_undo(enabled, enabled.run_id)["plan"] for _ in range(2)]
    counts = [apply(enabled.engine, plan, "operator", lambda _: enabled.connectors)["moved"] for plan in plans]
    assert counts == [0, 1]
    assert len(enabled.salesforce.records("Contact")) == 1
    enabled.run()
    enabled.assert_settled()


def test_a_record_that_is_held_back_stays_and_an_unknown_run_is_refused(enabled: World) -> None:
    person, desk = enabled.linked_contact(Title="old")
    enabled.edit(person, Title="new")
    enabled.run()
    wanted = enabled.run_id
    enabled.edit(desk, name="x" * 300)
    enabled.run()
    assert enabled.rejections()
    made = plan_undo(enabled, wanted)
    assert left(enabled, made["plan"]) == [("app", "update", "the record is held back; see the quarantine")]
    with pytest.raises(PermanentError, match="has no run 'nothing'"):
        plan_undo(enabled, "nothing")
