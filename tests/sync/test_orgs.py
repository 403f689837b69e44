"""Another org or account behind the same connections: links and watermarks never mix."""

import pytest

from connectors.errors import PermanentError
from pipeline import QUICK, World

PRODUCTION, SANDBOX = "00D5e000001BmxdEAC", "00D7a000000SbxxEAC"

pytestmark = pytest.mark.feature("ALL-08")


def switch_org(world: World, org_id: str) -> None:
    """Point the Salesforce connection at another org: a refreshed copy that has other records."""
    world.salesforce.reset(cross_references=True)
    world.salesforce.switches(org_id=org_id, is_sandbox=org_id == SANDBOX)
    world.salesforce.action("expire_tokens")
    world.hurry(seconds=5)


def test_links_and_watermarks_are_kept_per_org(world: World) -> None:
    world.stages = QUICK
    world.salesforce.clock(-60)
    world.app.clock(-60)
    world.salesforce.delete("Contact", world.contact(FirstName="First"))
    world.contact(FirstName="Mara", Email="mara@nordwerk.example", Title="in production")
    world.run(mode="backfill")
    world.app.clock(0)
    assert [row["name"] for row in world.app.records("contacts")] == ["Mara Lind"]
    switch_org(world, SANDBOX)
    before = world.writes()
    counts = world.run()
    assert counts["extract"]["total"] == 0, "the first run in another org takes no history, whatever the old watermark was"
    assert world.writes() == before
    copy = world.contact(FirstName="Copy", Email="copy@nordwerk.example")
    world.run()
    assert world.get("contacts", world.partner("contact", copy))["name"] == "Copy Lind"
    query = (
        "select i.org_id, i.is_sandbox, count(*) from sync.{} x join sync.integration i on i.id = x.integration_id group by 1, 2"
    )
    links, watermarks = ({tuple(row) for row in world.rows(query.format(table))} for table in ("link", "watermark"))
    assert links == {(PRODUCTION, False, 1), (SANDBOX, True, 1)}
    assert watermarks == {(PRODUCTION, False, 4), (SANDBOX, True, 4)}


def test_a_run_does_not_write_into_an_org_that_it_did_not_read(world: World) -> None:
    world.stages = QUICK
    world.run()
    world.desk_contact(name="Jon Doe", email="jon@nordwerk.example")
    world.run(stages=("extract", "map", "reconcile"))
    switch_org(world, SANDBOX)
    before = world.writes()
    with pytest.raises(PermanentError, match=f"has read {PRODUCTION} and .* lead to {SANDBOX}"):
        world.stage("load")
    assert world.writes() == before


def test_back_in_the_first_org_everything_goes_on_where_it_stood(world: World) -> None:
    world.stages = QUICK
    mara = world.contact(FirstName="Mara", Email="mara@nordwerk.example")
    world.run(mode="backfill")
    desk = int(world.partner("contact", mara))
    kept = world.salesforce.records("Contact")
    switch_org(world, SANDBOX)
    world.run()
    switch_org(world, PRODUCTION)
    world.salesforce.insert("Contact", kept)
    world.salesforce.edit("Contact", mara, {"Title": "CEO"})
    world.run()
    assert world.get("contacts", desk)["job_title"] == "CEO"
    assert len(world.app.records("contacts")) == 1
    world.assert_settled()
