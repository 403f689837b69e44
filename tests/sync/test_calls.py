"""What a run costs in calls: as the systems count them, as the plan foretold them."""

import pytest

from pipeline import QUICK, World

PEOPLE = 1000


@pytest.mark.feature("ALL-25")
def test_a_thousand_changed_records_cost_seven_calls_of_salesforce(enabled: World) -> None:
    enabled.change("settings.yaml", "guard: {first_run: go}", "guard: {first_run: go, update: {share: 1.0}}")
    people = [{"name": f"P{n:04d}", "email": f"p{n}@nordwerk.example", "job_title": "old"} for n in range(PEOPLE)]
    ids = enabled.app.insert("contacts", people)
    enabled.run()
    enabled.run()
    for server in (enabled.salesforce, enabled.app):
        server.clock(3600)
    for each in ids:
        enabled.edit(int(each), job_title="new")
    enabled.salesforce.reset_calls()
    enabled.app.reset_calls()
    enabled.run()
    told = enabled.salesforce.calls()
    assert sum(row["Title"] == "new" for row in enabled.salesforce.records("Contact")) == PEOPLE
    assert told["records_written"] == PEOPLE
    assert told["read"] + told["write"] + told["auth"] + told["other"] <= 7
    [(forecast,)] = enabled.rows("select counts->'forecast' from sync.batch order by id desc limit 1")
    assert forecast == {"app": 0, "salesforce": 3}, "the look before, the write, the look after"
    by = told["by"]
    assert (by["POST /composite"], by.get("PATCH /composite/sobjects", 0)) == (3, 0)


@pytest.mark.feature("ALL-25")
def test_an_idle_run_asks_each_side_once_for_what_changed(enabled: World) -> None:
    enabled.linked_contact(AccountId=enabled.account("Nordwerk"))
    for server in (enabled.salesforce, enabled.app):
        server.clock(3600)
    enabled.run()
    for server in (enabled.salesforce, enabled.app):
        server.reset_calls()
    assert set(enabled.run()) == {"extract"}
    assert enabled.salesforce.calls()["by"] == {"GET /queryAll": 2}
    assert enabled.app.calls()["by"] == {"GET /companies": 1, "GET /contacts": 3}


@pytest.mark.feature("ALL-25")
def test_what_a_plan_foretells_is_what_it_costs(enabled: World) -> None:
    """Creates with their cross-references, then updates: the calls of `load` as both systems count them."""
    ids = enabled.salesforce.insert("Contact", [{"LastName": f"P{n}", "Email": f"p{n}@nordwerk.example"} for n in range(15)])
    assert_foretold(enabled)
    for server in (enabled.salesforce, enabled.app):
        server.clock(3600)
    for each in ids[:10]:
        enabled.edit(str(each), Title="new")
    assert_foretold(enabled)


def assert_foretold(world: World) -> None:
    """Run once and hold the calls of `load` against the forecast."""
    world.run(stages=QUICK[:-1])
    for server in (world.salesforce, world.app):
        server.reset_calls()
    world.stage("load")
    [(forecast,)] = world.rows("select counts->'forecast' from sync.batch order by id desc limit 1")
    for side, server in (("salesforce", world.salesforce), ("app", world.app)):
        counted = server.calls()
        assert counted["read"] + counted["write"] == pytest.approx(forecast[side], abs=1), (side, counted["by"])
