"""Production and sandbox org are a choice in the Airflow connection: what is known of the one is never used for the other."""

from collections.abc import Iterator
from typing import Any

import pytest

from pipeline import QUICK, World, freshdesk_connectors
from sandbox.client import SandboxClient
from sandbox.running import serve

SANDBOX_ORG = "00D9V00000012abUAA"


@pytest.fixture(scope="module")
def other_server() -> Iterator[SandboxClient]:
    """A second Salesforce."""
    with serve("salesforce") as client:
        yield client


@pytest.fixture
def sandbox_org(other_server: SandboxClient) -> SandboxClient:
    """The sandbox of the org of `world`: a copy of its records has other ids there."""
    other_server.reset(cross_references=True)
    other_server.switches(org_id=SANDBOX_ORG, is_sandbox=True)
    return other_server


def switch(world: World, org: SandboxClient) -> None:
    """Point the Salesforce connection to another org."""
    world.connectors = freshdesk_connectors(org.url, world.app.url)
    world.salesforce = org


def state(world: World) -> dict[str, Any]:
    """Links and watermarks by org."""
    links = world.rows(
        "select i.org_id, i.is_sandbox, l.salesforce_id, l.app_id, l.state from sync.link l"
        " join sync.integration i on i.id = l.integration_id where l.entity = 'contact'"
    )
    marks = world.rows(
        "select i.org_id, w.side, w.entity, w.value from sync.watermark w join sync.integration i on i.id = w.integration_id"
    )
    return {"links": {tuple(row) for row in links}, "marks": {tuple(row[:3]): row[3] for row in marks}}


@pytest.mark.feature("ALL-08")
def test_switching_to_another_org_and_back_mixes_neither_links_nor_watermarks(world: World, sandbox_org: SandboxClient) -> None:
    production, world.stages = world.salesforce, QUICK
    servers = (production, sandbox_org, world.app)
    for server in servers:
        server.clock(-3600)
    mara = world.contact(FirstName="Mara", Email="mara@nordwerk.example")
    world.run(mode="backfill")
    desk = int(world.partner("contact", mara))
    before = state(world)
    [link] = before["links"]
    assert link[2:] == (mara, str(desk), "live")
    assert not link[1]

    switch(world, sandbox_org)
    copied = world.contact(FirstName="Mara", Email="mara@nordwerk.example", Title="Test")
    for server in servers:
        server.clock(0)
    writes = world.app.calls()["write"]
    world.run()
    assert world.app.calls()["write"] == writes, "the first run in an org only enables it"
    assert before["links"] == state(world)["links"]
    world.salesforce.edit("Contact", copied, {"Title": "Rehearsal"})
    world.run()
    now = state(world)
    assert now["links"] == before["links"] | {(SANDBOX_ORG, True, copied, str(desk), "live")}
    assert {key: mark for key, mark in now["marks"].items() if key[0] == link[0]} == before["marks"]
    assert {key[0] for key in now["marks"]} == {link[0], SANDBOX_ORG}

    switch(world, production)
    world.salesforce.edit("Contact", mara, {"Title": "Head of Operations"})
    world.run()
    assert world.get("contacts", desk)["job_title"] == "Head of Operations"
    assert state(world)["links"] == now["links"]
    assert len(world.app.records("contacts")) == 1


@pytest.mark.feature("ALL-08")
def test_the_kind_of_org_is_told_with_each_integration(world: World, sandbox_org: SandboxClient) -> None:
    world.run()
    switch(world, sandbox_org)
    world.run()
    kinds = world.rows("select name, is_sandbox from sync.integration order by id")
    assert [tuple(row) for row in kinds] == [("salesforce_freshdesk", False), ("salesforce_freshdesk", True)]
