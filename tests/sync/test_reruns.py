"""Any task, cleared and run again at any point of a run, ends in the same state without one more write."""

from itertools import chain

import pytest

from broken import Dying
from crowd import assert_complete
from pipeline import QUICK, World
from sync.settings import Side
from sync.stages import STAGES

pytestmark = pytest.mark.feature("ALL-03")
TWICE = tuple(chain.from_iterable((stage, stage) for stage in QUICK))
FROM_THE_START = tuple(chain.from_iterable(QUICK[: end + 1] for end in range(len(QUICK))))
EACH_WITH_ALL_BEFORE = (
    "extract",
    "map",
    "map",
    "reconcile",
    "map",
    "reconcile",
    "load",
    "reconcile",
    "load",
    "map",
    "reconcile",
    "load",
)


def make_history(world: World) -> None:
    """Settle two pairs, then leave all that a run can meet: new, changed, conflicting, deleted, a twin, a refusal."""
    world.stages = QUICK
    account = world.salesforce.insert("Account", [{"Name": "Nordwerk"}])[0]
    mara = world.contact(FirstName="Mara", Email="mara@nordwerk.example", Title="old", AccountId=account)
    gone = world.contact(FirstName="Gone", Email="gone@nordwerk.example")
    world.run(mode="backfill")
    world.run()
    world.salesforce.edit("Contact", mara, {"Title": "from salesforce"})
    world.app.edit("contacts", int(world.partner("contact", mara)), {"job_title": "from the app", "description": "new"})
    world.salesforce.delete("Contact", gone)
    world.salesforce.insert("Account", [{"Name": "Südwerk"}])
    for name, email in (("New", "new@nordwerk.example"), ("Twin", "new@nordwerk.example"), ("Bad", "refused@nordwerk.example")):
        world.contact(FirstName=name, Email=email)
    world.desk_contact(name="Jon Doe", email="jon@nordwerk.example")
    world.app.fault("bad_record", method="POST", path="/contacts", times=-1, id="refused@nordwerk.example")
    world.run_id = "history"


def facts(world: World) -> dict[str, object]:
    return {
        "app": sorted((row["email"], row["job_title"], bool(row.get("deleted"))) for row in world.app.records("contacts", True)),
        "salesforce": sorted((row["Email"], row.get("Title")) for row in world.salesforce.records("Contact")),
        "companies": sorted(row["name"] for row in world.app.records("companies")),
        "conflicts": [tuple(row) for row in world.rows("select field, salesforce_value, app_value, decision from sync.conflict")],
        "rejections": sorted(code for codes in world.rejections().values() for code in codes),
    }


EXPECTED = {
    "app": [
        ("gone@nordwerk.example", None, True),
        ("jon@nordwerk.example", None, False),
        ("mara@nordwerk.example", "from salesforce", False),
        ("new@nordwerk.example", None, False),
    ],
    "salesforce": [
        ("jon@nordwerk.example", None),
        ("mara@nordwerk.example", "from salesforce"),
        ("new@nordwerk.example", None),
        ("new@nordwerk.example", None),
        ("refused@nordwerk.example", None),
    ],
    "companies": ["Nordwerk", "Südwerk"],
    "conflicts": [("job_title", "from salesforce", "from the app", "salesforce")],
    "rejections": ["invalid_value", "not_unique"],
}


@pytest.mark.parametrize(
    "order", [QUICK, TWICE, FROM_THE_START, EACH_WITH_ALL_BEFORE], ids=["plain", "twice", "restarted", "cleared"]
)
def test_whatever_is_cleared_on_the_way_the_run_ends_the_same(world: World, order: tuple[str, ...]) -> None:
    make_history(world)
    for stage in order:
        world.stage(stage)
    assert facts(world) == EXPECTED
    assert len(world.rows("select 1 from sync.link where state = 'live'")) == 5


def test_every_stage_of_a_finished_run_may_run_again(world: World) -> None:
    make_history(world)
    world.app.clear_faults()
    world.stages = STAGES
    world.run(run_id="history")
    before, writes = world.snapshot(), world.writes()
    for first in range(1, len(STAGES)):
        for stage in STAGES[first:]:
            world.stage(stage)
            assert world.snapshot() == before, stage
    for stage in STAGES[1:]:
        world.stage(stage)
        world.stage(stage)
        assert world.snapshot() == before, stage
    assert world.writes() == writes


def test_a_whole_run_repeated_writes_nothing(world: World) -> None:
    make_history(world)
    world.app.clear_faults()
    world.run(run_id="history")
    before, writes = facts(world), world.writes()
    for run_id in ("history", "history", "another", "history"):
        world.run(run_id=run_id)
    world.run(mode="backfill")
    assert (facts(world), world.writes()) == (before, writes)


@pytest.mark.parametrize("first", ["map", "reconcile"])
@pytest.mark.parametrize("when", [0, 2])
@pytest.mark.parametrize(("side", "operation"), [("app", "create"), ("salesforce", "create"), ("salesforce", "update")])
def test_what_a_killed_load_has_sent_is_not_planned_anew_when_more_than_the_load_is_cleared(
    ready: World, side: Side, operation: str, when: int, first: str
) -> None:
    ready.run(stages=QUICK[:-1])
    alive = ready.connectors
    ready.connectors = {**alive, side: Dying(alive[side], when, operation)}
    with pytest.raises(KeyboardInterrupt):
        ready.stage("load")
    ready.connectors = alive
    edited = next(row["Id"] for row in ready.salesforce.records("Contact") if row["LastName"] == "Sales 0")
    ready.edit(edited, Title="Buyer")
    for stage in QUICK[QUICK.index(first) :]:
        ready.stage(stage)
    assert_complete(ready)
    assert ready.rows("select count(*) from sync.action where operation <> 'agree' and state <> 'done'") == [(0,)]
    ready.run()
    assert ready.desk(edited)["job_title"] == "Buyer"
    assert_complete(ready)
    ready.assert_settled()


def test_an_older_run_cleared_after_a_newer_one_leaves_everything_alone(world: World) -> None:
    make_history(world)
    world.run(run_id="history", stages=("extract", "map", "reconcile"))
    world.salesforce.edit("Contact", world.salesforce.records("Contact")[0]["Id"], {"Title": "newer still"})
    world.run(run_id="newer")
    before, writes = world.snapshot(), world.writes()
    world.run_id = "history"
    for stage in ("map", "reconcile", "load", "load"):
        assert "superseded_by" in world.stage(stage)
    assert (world.snapshot(), world.writes()) == (before, writes)
