"""Bulk jobs whose three files do not add up: what no file names is looked up, never written a second time."""

import pytest

from pipeline import World, build_salesforce
from sandbox.client import SandboxClient

PEOPLE = 12


@pytest.fixture
def bulk(enabled: World) -> World:
    """A world that writes more than four records of Salesforce as a bulk job, and a file of results of which half is missing."""
    enabled.connectors = {**enabled.connectors, "salesforce": build_salesforce(enabled.salesforce.url, bulk_writes=4)}
    return enabled


def lose_results(server: SandboxClient) -> None:
    """Let the next job's list of what was done end in its middle, as if that were all."""
    server.fault("broken", path="successfulResults")


def outcomes(world: World) -> dict[str, int]:
    """Salesforce's part of the present run by state."""
    query = (
        "select a.state, count(*) from sync.action a join sync.batch b on b.id = a.batch_id where b.run_id = :run"
        " and a.side = 'salesforce' group by 1"
    )
    return {row[0]: row[1] for row in world.rows(query, run=world.run_id)}


@pytest.mark.feature("ALL-29")
def test_creates_that_no_file_names_are_found_and_made_once(bulk: World) -> None:
    people = [{"name": f"Mara P{n:02d}", "email": f"p{n}@nordwerk.example"} for n in range(PEOPLE)]
    bulk.app.insert("contacts", people)
    lose_results(bulk.salesforce)
    bulk.run()
    states = outcomes(bulk)
    assert states.keys() == {"done", "unknown"}
    assert sum(states.values()) == PEOPLE
    assert "jobs/ingest" in " ".join(bulk.salesforce.calls()["by"])
    written = bulk.salesforce.calls()["records_written"]
    bulk.run()
    assert bulk.salesforce.calls()["records_written"] == written, "found, not written again"
    assert sorted(row["LastName"] for row in bulk.salesforce.records("Contact")) == [f"P{n:02d}" for n in range(PEOPLE)]
    assert len(bulk.rows("select 1 from sync.link where state = 'live' and entity = 'contact'")) == PEOPLE
    assert bulk.rows("select 1 from sync.action where state in ('unknown', 'sending')") == []
    bulk.assert_settled()


@pytest.mark.feature("ALL-29")
def test_updates_that_no_file_names_are_compared_and_not_repeated(bulk: World) -> None:
    people = [{"name": f"Mara P{n:02d}", "email": f"p{n}@nordwerk.example", "job_title": "old"} for n in range(PEOPLE)]
    ids = bulk.app.insert("contacts", people)
    bulk.run()
    bulk.run()
    for each in ids:
        bulk.edit(int(each), job_title="new")
    lose_results(bulk.salesforce)
    bulk.run()
    assert outcomes(bulk).keys() == {"done", "unknown"}
    written = bulk.salesforce.calls()["records_written"]
    bulk.run()
    assert bulk.salesforce.calls()["records_written"] == written
    assert {row["Title"] for row in bulk.salesforce.records("Contact")} == {"new"}
    bulk.assert_settled()
