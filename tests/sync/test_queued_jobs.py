"""A bulk job that still waits in Salesforce's queue when its run has given up: nothing is sent again before it has ended."""

from collections.abc import Callable
from typing import Any

import pytest

from connectors.errors import TransientError
from pipeline import World, build_salesforce

pytestmark = pytest.mark.feature("ALL-29")
PEOPLE = 6
POLLS = 3  # looks at a job until Salesforce has come to it


@pytest.fixture
def queued(enabled: World) -> World:
    """Contacts without a cross-reference in Salesforce are to be created there by a job that Salesforce does not come to at once."""
    contact = "    reference: {salesforce: FDCONTACTID__c, app: [custom_fields.sfcontactid, unique_external_id]}\n"
    enabled.change("settings.yaml", contact, "    reference: {app: [custom_fields.sfcontactid, unique_external_id]}\n")
    salesforce = build_salesforce(enabled.salesforce.url, bulk_writes=4, total_seconds=0.2)
    enabled.connectors = {**enabled.connectors, "salesforce": salesforce}
    enabled.salesforce.switches(bulk_polls=POLLS)
    enabled.app.insert("contacts", [{"name": f"Mara P{n}", "email": f"p{n}@nordwerk.example"} for n in range(PEOPLE)])
    return enabled


def give_up(world: World) -> None:
    """Run; nobody can ask how the job stands."""
    world.salesforce.fault("500", times=-1, method="GET", path="jobs/ingest/[^/]+$")
    world.run()
    world.salesforce.clear_faults()
    assert states(world) == {"unknown": PEOPLE}


def kill(world: World) -> None:
    """Run, and die while the job is waited for."""
    session = calls(world).session
    patient = session.pause

    def die(seconds: float) -> None:
        raise KeyboardInterrupt

    session.pause = die
    with pytest.raises(KeyboardInterrupt):
        world.run()
    session.pause = patient
    assert states(world) == {"sending": PEOPLE}


def states(world: World) -> dict[str, int]:
    rows = world.rows("select state, count(*) from sync.action where side = 'salesforce' and operation = 'create' group by 1")
    return {row[0]: row[1] for row in rows}


def calls(world: World) -> Any:
    return world.connectors["salesforce"]._calls  # type: ignore[attr-defined]


def jobs(world: World) -> list[str]:
    listed = calls(world).call("GET", "jobs/ingest", "read").json()["records"]
    return [f"jobs/ingest/{job['id']}" for job in listed]


def come_to(world: World) -> None:
    """Let Salesforce come to all that it has taken."""
    for path in jobs(world):
        for _ in range(POLLS + 1):
            calls(world).call("GET", path, "read")


@pytest.mark.parametrize(("end", "next_step"), [(give_up, "a new run"), (kill, "a new run"), (kill, "the task again")])
def test_what_waits_in_the_queue_is_not_sent_again(queued: World, end: Callable[[World], None], next_step: str) -> None:
    go_on = (lambda: queued.stage("load")) if next_step == "the task again" else queued.run
    end(queued)
    assert queued.salesforce.records("Contact") == []
    queued.salesforce.switches(bulk_polls=0)  # for any other job
    before, sent = states(queued), len(jobs(queued))
    with pytest.raises(TransientError, match=r"still has bulk job 750.* on Contact in state"):
        go_on()
    assert (states(queued), len(jobs(queued))) == (before, sent)
    come_to(queued)
    go_on()
    queued.run()
    assert sorted(row["LastName"] for row in queued.salesforce.records("Contact")) == [f"P{n}" for n in range(PEOPLE)]
    assert len(queued.rows("select 1 from sync.link where state = 'live' and entity = 'contact'")) == PEOPLE
    assert queued.rows("select 1 from sync.action where state in ('unknown', 'sending')") == []
    assert queued.rows("select 1 from sync.batch, jsonb_each(counts->'load') noted where noted.key like '% unknown'") == []
    queued.assert_settled()
