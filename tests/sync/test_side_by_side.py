"""Two integrations of one org whose first backfills run side by side: whom both apps know is made once in Salesforce."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine

import activecampaign_world
import getresponse_world
from activecampaign_world import ActiveCampaignWorld
from getresponse_world import GetResponseWorld
from pipeline import QUICK, World
from sandbox.client import SandboxClient
from sandbox.running import serve

MARA = {"name": "Mara Lind", "email": "mara@nordwerk.example"}
REFERENCES = [
    f"{kind}.{name}" for kind in ("Contact", "Lead") for name in (activecampaign_world.REFERENCE, getresponse_world.REFERENCE)
]


@pytest.fixture(scope="module")
def others() -> Iterator[dict[str, SandboxClient]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(serve(name)) for name in ("getresponse", "activecampaign")}


@pytest.fixture
def mailing(
    servers: dict[str, SandboxClient], others: dict[str, SandboxClient], engine: Engine, tmp_path: Path
) -> GetResponseWorld:
    made = getresponse_world.getresponse_world(engine, tmp_path / "mailing", servers["salesforce"], others["getresponse"])
    made.stages = QUICK
    return made


@pytest.fixture
def selling(
    mailing: World, servers: dict[str, SandboxClient], others: dict[str, SandboxClient], engine: Engine, tmp_path: Path
) -> ActiveCampaignWorld:
    made = activecampaign_world.activecampaign_world(
        engine, tmp_path / "selling", servers["salesforce"], others["activecampaign"]
    )
    made.change("settings.yaml", "enabled: true ", "enabled: false")
    made.stages = QUICK
    return made


@pytest.fixture
def helping(world: World, mailing: World, selling: World) -> World:
    """Freshdesk, in the org of the other two."""
    references = ["Account.FDACCOUNTID__c", "Contact.FDCONTACTID__c", *REFERENCES]
    world.salesforce.reset(cross_references=references)
    for kind in ("Contact", "Lead"):
        metadata = {"label": "Left GetResponse", "type": "Checkbox", "defaultValue": "false"}
        world.salesforce.action("add_field", full_name=f"{kind}.{getresponse_world.FLAG}", metadata=metadata)
    world.stages = QUICK
    return world


def planned(*worlds: World) -> None:
    """Let each integration read and plan its first backfill."""
    for each in worlds:
        each.run(stages=QUICK[:-1], mode="backfill")


def loaded(each: World) -> None:
    each.stage("load", mode="backfill")


def people(world: World) -> list[tuple[str, str]]:
    """Everybody in Salesforce."""
    return [(kind, row["Email"]) for kind in ("Contact", "Lead") for row in world.salesforce.records(kind)]


@pytest.mark.feature("ALL-29")
def test_whom_two_apps_know_is_made_once(helping: World, mailing: GetResponseWorld) -> None:
    desk = helping.desk_contact(**MARA)
    there = mailing.subscriber()
    mailing.subscriber(email="ida@nordwerk.example", name="Ida Berg")
    planned(helping, mailing)
    loaded(helping)
    loaded(mailing)
    assert sorted(people(helping)) == [("Contact", "ida@nordwerk.example"), ("Contact", "mara@nordwerk.example")]
    mailing.run()
    assert mailing.partner("newsletter", there) == helping.partner("contact", desk) is not None
    helping.run()
    mailing.assert_settled()
    assert len(people(helping)) == 2


@pytest.mark.feature("ALL-29")
def test_who_is_a_contact_by_then_is_no_lead_besides(helping: World, selling: ActiveCampaignWorld) -> None:
    desk = helping.desk_contact(**MARA)
    there = selling.subscriber()
    planned(helping, selling)
    loaded(helping)
    loaded(selling)
    assert people(helping) == [("Contact", "mara@nordwerk.example")]
    selling.run()
    assert selling.partner("contact", there) == helping.partner("contact", desk) is not None


@pytest.mark.feature("ALL-29", "ALL-02")
def test_two_loads_at_the_same_moment_make_nobody_twice(helping: World, mailing: GetResponseWorld) -> None:
    helping.app.insert("contacts", [{"name": f"P{n}", "email": f"p{n}@nordwerk.example"} for n in range(20)])
    for n in range(20):
        mailing.subscriber(name=f"P{n}", email=f"P{n}@nordwerk.example")
    planned(helping, mailing)
    helping.salesforce.fault("slow", seconds=0.5, times=2, method="POST|PATCH")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(loaded, (helping, mailing)))
    assert len(people(helping)) == 20
    helping.run()
    mailing.run()
    assert len(people(helping)) == 20


@pytest.mark.feature("ALL-25")
def test_the_look_costs_a_call_only_where_another_one_has_made_records_meanwhile(
    helping: World, mailing: GetResponseWorld
) -> None:
    helping.desk_contact(**MARA)
    planned(helping, mailing)
    loaded(helping)
    mailing.run(mode="backfill")
    mailing.subscriber(email="ida@nordwerk.example", name="Ida Berg")
    mailing.run(stages=QUICK[:-1])
    mailing.salesforce.reset_calls()
    loaded(mailing)
    told = mailing.salesforce.calls()
    assert (told["records_written"], told["by"].get("POST /composite", 0)) == (1, 1), "the look at what was written"
