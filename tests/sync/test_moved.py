"""What a person edits between extract and load is not overwritten, on any side of any app; the next run settles it by policy."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from app_cases import CASES, Course, course
from pipeline import QUICK, World
from sandbox.client import SandboxClient
from sandbox.running import serve
from sync.apply import apply

PLANNING = QUICK[:-1]


@pytest.fixture(scope="module")
def systems() -> Iterator[dict[str, SandboxClient]]:
    """All systems, each served once."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(serve(name)) for name in ("salesforce", *(case.app for case in CASES))}


@pytest.fixture(params=CASES, ids=lambda case: case.app)
def course_of_app(request, systems: dict[str, SandboxClient], engine: Engine, tmp_path: Path) -> Course:
    """An app and an org after the run that enables the integration."""
    made = course(request.param, engine, tmp_path, systems["salesforce"], systems[request.param.app])
    made.stages = QUICK
    made.run()
    return made


def moved(world: World) -> list[tuple[str, str]]:
    """What the present run has left out."""
    query = (
        "select a.side, a.code from sync.action a join sync.batch b on b.id = a.batch_id where b.run_id = :run"
        " and a.state = 'skipped'"
    )
    return [tuple(row) for row in world.rows(query, run=world.run_id)]


@pytest.mark.feature("ALL-18", "ALL-20")
@pytest.mark.parametrize("written", ["salesforce", "app"])
def test_an_edit_between_extract_and_load_is_not_overwritten(course_of_app, written):
    world = course_of_app
    if not world.entity.updates_on(written):
        assert (world.case.app, written) == ("lemontaps", "app"), "the only direction that no shipped mapping updates"
        return
    here, there = world.pair()
    ids, texts = {"salesforce": here, "app": there}, dict(zip(("salesforce", "app"), world.case.text, strict=True))
    changed = "app" if written == "salesforce" else "salesforce"
    world.edit_on(changed, ids[changed], **{texts[changed]: "planned"})
    world.run(stages=PLANNING)
    world.edit_on(written, ids[written], **{texts[written]: "of a person"})
    world.stage("load")
    assert moved(world) == [(written, "moved")]
    assert world.texts()[written == "app"] == {"of a person"}
    world.run()
    winner = world.entity.prefer if world.entity.direction == "both" else "app"
    kept = "planned" if winner == changed else "of a person"
    assert world.texts() == ({kept}, {kept})
    world.assert_settled()
    assert world.rejections() == {}
    noted = world.rows("select salesforce_value, app_value, decision from sync.conflict")
    values = ("of a person", "planned") if written == "salesforce" else ("planned", "of a person")
    assert [tuple(row) for row in noted] == [(*values, winner)]


@pytest.mark.feature("ALL-18")
def test_a_later_edit_of_the_side_that_is_read_goes_with_the_next_run(course_of_app):
    world = course_of_app
    here, there = world.pair()
    side = "salesforce" if world.entity.updates_on("app") else "app"
    record, name = (here, world.case.text[0]) if side == "salesforce" else (there, world.case.text[1])
    world.edit_on(side, record, **{name: "first"})
    world.run(stages=PLANNING)
    world.edit_on(side, record, **{name: "second"})
    world.stage("load")
    world.settle()
    assert world.texts() == ({"second"}, {"second"})


@pytest.mark.feature("ALL-18")
def test_an_edit_between_many_writes_is_not_overwritten(enabled: World) -> None:
    """More records than are looked up one by one: the list of changes tells of all at once."""
    people = [{"LastName": f"P{n:02d}", "Email": f"p{n}@nordwerk.example", "Title": "old"} for n in range(30)]
    ids = enabled.salesforce.insert("Contact", people)
    enabled.run()
    for server in (enabled.salesforce, enabled.app):
        server.clock(3600)
    for each in ids[:12]:
        enabled.edit(str(each), Title="new")
    enabled.run(stages=PLANNING)
    enabled.edit(int(enabled.partner("contact", ids[7])), job_title="of a person")
    enabled.app.delete("contacts", int(enabled.partner("contact", ids[8])))
    enabled.app.reset_calls()
    enabled.stage("load")
    calls = enabled.app.calls()
    assert (calls["write"], calls["read"]) == (10, 4), "three states of contacts, and the details of the one that moved"
    titles = {row["name"]: row["job_title"] for row in enabled.app.records("contacts")}
    assert (titles["P06"], titles["P07"], "P08" in titles) == ("new", "of a person", False)
    enabled.run()
    assert enabled.desk(str(ids[7]))["job_title"] == "new", "by policy: Salesforce is preferred"
    enabled.assert_settled()


@pytest.mark.feature("ALL-20")
@pytest.mark.parametrize("side", ["salesforce", "app"])
def test_a_stale_plan_writes_nothing_for_what_moved_on_either_side(enabled: World, side: str) -> None:
    contact, desk = enabled.linked_contact(Title="old")
    enabled.edit(contact, Title="planned")
    enabled.run(mode="plan", since=datetime(2020, 1, 1, tzinfo=UTC))
    [(batch_id,)] = enabled.rows("select batch_id from sync.approval where state = 'offered'")
    record = contact if side == "salesforce" else desk
    enabled.edit(record, **{"Title" if side == "salesforce" else "job_title": "of a person"})
    before = enabled.writes()
    counts = apply(enabled.engine, batch_id, "operator", lambda _: enabled.connectors)
    assert (counts["moved"], enabled.writes() - before) == (1, 0)
    enabled.run()
    kept = "of a person" if side == "salesforce" else "planned"
    assert (enabled.person(contact)["Title"], enabled.desk(desk)["job_title"]) == (kept, kept)
    enabled.assert_settled()


@pytest.mark.feature("ALL-18")
def test_a_deletion_does_not_take_what_was_edited_meanwhile(enabled: World) -> None:
    contact, desk = enabled.linked_contact()
    enabled.salesforce.delete("Contact", contact)
    enabled.run(stages=PLANNING)
    enabled.edit(desk, job_title="Buyer")
    enabled.stage("load")
    assert moved(enabled) == [("app", "moved")]
    assert not enabled.desk(desk).get("deleted")
    enabled.run()
    assert enabled.desk(desk)["deleted"] is True, "by policy: the next run knows of the edit"
    enabled.assert_settled()
