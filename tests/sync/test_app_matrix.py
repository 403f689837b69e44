"""One course for all five apps: what happens on either side, and what goes wrong, comes to the outcome that the shipped settings
promise, and then nothing more is written."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine

from app_cases import CASES, Course, course
from pipeline import QUICK
from sandbox.client import SandboxClient
from sandbox.running import serve
from sync.stages import STAGES


@pytest.fixture(scope="module")
def systems() -> Iterator[dict[str, SandboxClient]]:
    """All systems, each served once."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(serve(name)) for name in ("salesforce", *(case.app for case in CASES))}


@pytest.fixture(params=CASES, ids=lambda case: case.app)
def world(request, systems: dict[str, SandboxClient], engine: Engine, tmp_path: Path) -> Course:
    """An app and an org after the run that enables the integration."""
    made = course(request.param, engine, tmp_path, systems["salesforce"], systems[request.param.app])
    made.stages = QUICK
    made.run()
    return made


@pytest.mark.feature("ALL-19")
def test_created_in_salesforce(world):
    world.put_here(**{world.case.text[0]: "new"})
    world.settle()
    assert world.texts() == ({"new"}, {"new"} if world.entity.creates_on("app") else set())


@pytest.mark.feature("ALL-19")
def test_created_in_the_app(world):
    world.put_there(**{world.case.text[1]: "new"})
    world.settle()
    assert world.texts() == ({"new"}, {"new"})


@pytest.mark.feature("ALL-19")
def test_updated_in_salesforce(world):
    here, _ = world.pair()
    world.edit_here(here, **{world.case.text[0]: "after"})
    world.settle()
    assert world.texts() == ({"after"}, {"after"} if world.entity.updates_on("app") else {"before"})


@pytest.mark.feature("ALL-19")
def test_updated_in_the_app(world):
    _, there = world.pair()
    world.edit_there(there, **{world.case.text[1]: "after"})
    world.settle()
    assert world.texts() == ({"after"}, {"after"})


def test_deleted_in_salesforce(world):
    here, there = world.pair()
    world.salesforce.delete(world.case.kinds[0], here)
    world.settle()
    policy = world.entity.deletes["to_app"] if world.entity.writes_to("app") else "ignore"
    assert world.all_here() == {}
    assert set(world.all_there()) == (set() if policy == "delete" else {there})


def test_deleted_in_the_app(world):
    here, there = world.pair()
    world.app.delete(world.case.kinds[1], there)
    world.settle()
    policy = world.entity.deletes["to_salesforce"]
    assert set(world.all_here()) == (set() if policy == "delete" else {here})
    assert policy != "flag" or world.all_here()[here][world.entity.flag_fields["to_salesforce"]] is True
    assert world.all_there() == {}


@pytest.mark.feature("ALL-16", "ALL-19")
def test_one_field_changed_on_both_sides(world):
    here, there = world.pair()
    world.edit_here(here, **{world.case.text[0]: "of Salesforce"})
    world.edit_there(there, **{world.case.text[1]: "of the app"})
    world.settle()
    winner = world.entity.prefer if world.entity.direction == "both" else "app"  # one way: where the values come from
    value = "of Salesforce" if winner == "salesforce" else "of the app"
    assert world.texts() == ({value}, {value})
    noted = world.rows("select salesforce_value, app_value, decision from sync.conflict")
    assert [tuple(row) for row in noted] == [("of Salesforce", "of the app", winner)]


@pytest.mark.feature("ALL-14")
def test_a_record_that_lacks_what_is_required_goes_once_it_is_mended(world):
    world.stages = STAGES
    side, lacking, mended = world.case.incomplete
    record = world.put(side, **lacking)
    world.run()
    assert list(world.rejections()) == [record]
    assert (len(world.all_here()), len(world.all_there())) == ((1, 0) if side == "salesforce" else (0, 1))
    world.edit_on(side, record, **mended)
    world.settle()
    assert world.rejections() == {}
    assert (len(world.all_here()), len(world.all_there())) == (1, 1)


def test_a_record_that_both_have_is_not_made_twice(world):
    here, there = world.put_here(), world.put_there()
    world.settle()
    assert (set(world.all_here()), set(world.all_there())) == ({here}, {there})
    if world.entity.on_match == "block":
        assert world.rejections() == {there: ["duplicate"]}
    else:
        assert world.partner(world.case.entity, here) == there


def test_a_storm_of_429_changes_nothing_but_the_time(world):
    here, there = world.pair()
    world.edit_here(here, **{world.case.text[0]: "after"})
    world.app.fault("429", retry_after=0, times=4)
    world.settle()
    assert world.texts() == ({"after"}, {"after"} if world.entity.updates_on("app") else {"before"})
    assert (set(world.all_here()), set(world.all_there())) == ({here}, {there})


@pytest.mark.feature("ALL-29")
@pytest.mark.parametrize("side", ["salesforce", "app"])
def test_a_create_whose_answer_was_lost_is_made_once(world, side):
    made_in = world.salesforce if side == "salesforce" else world.app
    made_in.fault("lost", method="POST|PATCH", path="sobjects" if side == "salesforce" else r"/(contacts|contact/sync|accounts)$")
    world.put("app" if side == "salesforce" else "salesforce")
    world.settle()
    assert (len(world.all_here()), len(world.all_there())) == ((1, 1) if world.entity.creates_on(side) else (1, 0))
    assert bool(made_in.faults()) is not world.entity.creates_on(side), "the answer was lost"
