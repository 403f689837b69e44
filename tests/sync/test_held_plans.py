"""A plan that changes far more than usual is held for a person; meanwhile nothing of it is written and everything else goes on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from connectors.errors import GuardError, PermanentError, RecordsRejectedError
from connectors.memory import MemoryConnector
from crm import CONTACT, both, crm
from health import queries_plans
from pipeline import QUICK, Pipeline, World, names
from sync import approval
from sync.apply import apply
from sync.disconnect import disconnect, reconnect
from waiting_plans import LIMITED, approve, held, people, six_of_ten


@pytest.mark.feature("ALL-21")
def test_a_mass_deletion_is_held_with_nothing_written_and_carried_out_when_approved(
    limited: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    ids = people(salesforce, 10)
    limited.run(mode="backfill")
    for each in ids[:6]:
        salesforce.remove("contact", each)
    before = app.writes_seen
    limited.run()
    assert app.writes_seen == before
    assert limited.rows("select state from sync.batch order by id desc limit 1") == [("held",)]
    waiting = approval.read_approval(limited.engine, held(limited))
    assert waiting.counts == {"contact to_app delete": 6}
    assert waiting.reasons[0] == "contact to_app delete: 6, and guard.delete.most lets 3 pass"
    approve(limited, waiting.batch_id)
    assert len(app.live("contact")) == 4
    assert approval.read_approval(limited.engine, waiting.batch_id).state == "applied"
    limited.run()
    assert not limited.run()["extract"]["total"]


@pytest.mark.feature("ALL-20", "ALL-21")
def test_a_record_of_a_held_plan_that_is_looked_up_for_a_newcomer_is_left_as_it_is(
    limited: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    limited.change("settings.yaml", "overlap_minutes: 10", "overlap_minutes: 0")
    ids = people(salesforce, 10)
    limited.run(mode="backfill")
    limited.run()
    for each in ids[:6]:
        salesforce.edit("contact", each, Title="new")
    limited.run()
    plan, before = held(limited), app.writes_seen
    app.put("contact", name="Twin", email="p0@nordwerk.example")
    limited.run()
    assert app.writes_seen == before
    approve(limited, plan)
    titles = {raw["name"]: raw.get("job_title") for raw in app.live("contact").values()}
    assert titles == {f"P{n:02d}": "new" if n < 6 else "old" for n in range(10)} | {"Twin": None}


@pytest.mark.feature("ALL-20", "ALL-29")
def test_who_is_entered_by_hand_is_not_made_twice_however_soon_the_plan_is_approved(
    limited: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    app.put("contact", name="Mara Lind", email="mara@nordwerk.example")
    limited.run(mode="plan", since=datetime(2026, 1, 1, tzinfo=UTC))
    [(plan,)] = limited.rows("select batch_id from sync.approval")
    contact = salesforce.put("contact", FirstName="Mara", LastName="Lind", Email="mara@nordwerk.example")
    approve(limited, plan)
    assert [*salesforce.live("contact")] == [contact]
    limited.run()
    assert limited.rows("select salesforce_id, app_id from sync.link") == [(contact, "app-contact-1")]
    assert len(salesforce.live("contact")) == len(app.live("contact")) == 1


@pytest.mark.feature("ALL-20")
def test_what_a_late_plan_leaves_comes_back_as_it_is_by_now_not_as_it_was_then(
    limited: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    limited.change("settings.yaml", "overlap_minutes: 10", "overlap_minutes: 0")
    ids = people(salesforce, 10)
    limited.run(mode="backfill")
    salesforce.edit("contact", ids[0], Title="new")
    limited.run(mode="plan")
    [(plan,)] = limited.rows("select batch_id from sync.approval")
    limited.run()
    salesforce.edit("contact", ids[0], Title="newer")
    limited.run()
    salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example")
    limited.run()
    assert approve(limited, plan)["moved"] == 1
    limited.run()
    assert set(limited.run()) == {"extract"}
    assert {raw["job_title"] for raw in app.live("contact").values() if raw["name"] == "P00"} == {"newer"}


@pytest.mark.feature("ALL-21")
def test_deletions_that_only_tick_a_box_are_deletions_to_the_guard(engine: Engine, tmp_path: Path) -> None:
    flag = "deletes: {to_salesforce: flag}, options: {flag_fields: {to_salesforce: Gone__c}}"
    pipeline = crm(engine, tmp_path, contact=f"{CONTACT}, {flag}")
    pipeline.change("settings.yaml", "guard: {first_run: go}", LIMITED)
    salesforce, app = both(pipeline)
    contacts = [salesforce.put("contact", LastName=f"P{n}", Email=f"p{n}@nordwerk.example") for n in range(10)]
    pipeline.run()
    pipeline.run()
    for number in range(6):
        app.remove("contact", f"app-contact-{number + 1}")
    pipeline.run()
    ticked = [each for each in contacts if salesforce.live("contact")[each].get("Gone__c")]
    assert not ticked
    waiting = approval.read_approval(engine, held(pipeline))
    assert waiting.reasons[0] == "contact to_salesforce delete: 6, and guard.delete.most lets 3 pass"
    approve(pipeline, waiting.batch_id)
    assert sum(each.get("Gone__c") is True for each in salesforce.live("contact").values()) == 6


@pytest.mark.feature("ALL-21")
@pytest.mark.parametrize("forgets", [False, True])
def test_a_plan_is_not_carried_out_once_its_integration_was_disconnected(
    limited: Pipeline, salesforce: MemoryConnector, app: MemoryConnector, forgets: bool
) -> None:
    _, batch_id = six_of_ten(limited, salesforce)
    before = app.writes_seen
    disconnect(limited.engine, "salesforce_freshdesk", "operator", forgets)
    with pytest.raises(PermanentError, match="was disconnected by operator"):
        approve(limited, batch_id)
    reconnect(limited.engine, "salesforce_freshdesk")
    with pytest.raises(PermanentError, match=f"plan {batch_id} is rejected; nothing was done"):
        approve(limited, batch_id)
    assert app.writes_seen == before
    limited.run()
    limited.run()
    titles = sorted(raw.get("job_title") or "" for raw in app.live("contact").values())
    assert titles.count("new") == (6 if forgets else 0), "made and held anew, or, with no links, matched"


@pytest.mark.feature("ALL-21")
def test_a_held_plan_stops_nobody_else(limited: Pipeline, salesforce: MemoryConnector, app: MemoryConnector) -> None:
    ids, batch_id = six_of_ten(limited, salesforce)
    salesforce.edit("contact", ids[9], Title="meanwhile")
    salesforce.put("contact", LastName="Newcomer", Email="new@nordwerk.example")
    limited.run()
    titles = sorted(raw.get("job_title") or "" for raw in app.live("contact").values())
    assert titles == ["", "meanwhile", *["old"] * 9]
    assert not limited.run()["extract"]["total"]
    assert held(limited) == batch_id
    approve(limited, batch_id)
    titles = sorted(raw.get("job_title") or "" for raw in app.live("contact").values())
    assert titles == ["", "meanwhile", *["new"] * 6, *["old"] * 3]
    limited.run()
    assert not limited.run()["extract"]["total"]


@pytest.mark.feature("ALL-20", "ALL-21")
def test_what_moved_since_the_plan_is_left_to_the_next_run(
    limited: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    ids, plan = six_of_ten(limited, salesforce)
    desk = {raw["name"]: key for key, raw in app.live("contact").items()}
    app.edit("contact", desk["P00"], job_title="moved in the app")
    salesforce.edit("contact", ids[1], Title="moved in Salesforce")
    counts = approve(limited, plan)
    assert counts["moved"] == 2
    titles = {raw["name"]: raw["job_title"] for raw in app.live("contact").values()}
    assert (titles["P00"], titles["P01"], titles["P02"]) == ("moved in the app", "old", "new")
    limited.run()
    titles = {raw["name"]: raw["job_title"] for raw in app.live("contact").values()}
    assert (titles["P00"], titles["P01"]) == ("new", "moved in Salesforce")
    [(value,)] = limited.rows("select app_value from sync.conflict")
    assert value == "moved in the app"


@pytest.mark.feature("ALL-21")
def test_a_plan_that_is_turned_down_or_expires_writes_nothing_and_is_made_again(
    limited: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    ids = people(salesforce, 10)
    limited.run(mode="backfill")
    before = app.writes_seen
    for each in ids[:6]:
        salesforce.remove("contact", each)
    limited.run()
    first = held(limited)
    approval.decide(limited.engine, first, "rejected", "operator")
    with pytest.raises(PermanentError, match="is rejected"):
        approve(limited, first)
    limited.run()
    second = held(limited)
    assert second > first
    with limited.engine.begin() as connection:
        connection.execute(text("update sync.approval set expires_at = now() where batch_id = :id"), {"id": second})
    with pytest.raises(PermanentError, match=f"plan {second} is expired; nothing was done"):
        approve(limited, second)
    limited.run()
    assert held(limited) > second
    assert app.writes_seen == before
    assert len(app.live("contact")) == 10


@pytest.mark.feature("ALL-21")
def test_a_limit_may_fail_the_run_instead(limited: Pipeline, salesforce: MemoryConnector, app: MemoryConnector) -> None:
    ids = people(salesforce, 10)
    limited.run(mode="backfill")
    limited.change("settings.yaml", "minimum: 3", "minimum: 3, when_exceeded: fail")
    for each in ids[:6]:
        salesforce.edit("contact", each, Title="")
    before = app.writes_seen
    with pytest.raises(GuardError, match=r"contact to_app update: 6, and guard.update.share lets 5 pass") as caught:
        limited.run()
    assert "contact to_app empty job_title: 6, and guard.emptied_share lets 3 pass" in str(caught.value)
    assert app.writes_seen == before


@pytest.mark.feature("ALL-21")
def test_the_first_plan_of_an_integration_waits_for_a_person(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    memory.change("settings.yaml", "guard: {first_run: go}", "")
    people(salesforce, 2)
    memory.run(mode="backfill")
    assert app.writes_seen == 0
    approve(memory, held(memory))
    assert names(app) == ["P00", "P01"]
    salesforce.put("contact", LastName="Next", Email="next@nordwerk.example")
    memory.run()
    assert names(app) == ["Next", "P00", "P01"]


@pytest.fixture
def begun(memory: Pipeline, salesforce: MemoryConnector) -> Pipeline:
    """An integration that has carried out its first plan, of one account; contacts are switched off."""
    memory.change("settings.yaml", "guard: {first_run: go}", "")
    memory.change("settings.yaml", "history: none", "history: all")
    memory.change("settings.yaml", "  contact:\n", "  contact:\n    enabled: false\n")
    salesforce.put("account", Name="Nordwerk")
    memory.run()
    approve(memory, held(memory))
    return memory


@pytest.mark.feature("ALL-21")
def test_the_first_plan_of_an_entity_that_is_enabled_later_waits_too(
    begun: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    begun.change("settings.yaml", "    enabled: false\n", "")
    people(salesforce, 2)
    begun.run()
    assert approval.read_approval(begun.engine, held(begun)).reasons == (
        "guard.first_run: the first plan with contact waits for a person",
    )
    salesforce.put("account", Name="Südwerk")
    begun.run()
    assert (len(app.live("account")), names(app)) == (2, []), "other entities go on"
    approve(begun, held(begun))
    salesforce.put("contact", LastName="Next", Email="next@nordwerk.example")
    begun.run()
    assert names(app) == ["Next", "P00", "P01"]


@pytest.mark.feature("ALL-21")
def test_an_entity_that_had_no_records_yet_is_no_newcomer_unless_it_is_many(
    begun: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    begun.change("settings.yaml", "    enabled: false\n", "")
    begun.run()
    people(salesforce, 21)
    begun.run()
    assert names(app) == []
    approval.decide(begun.engine, held(begun), "rejected", "operator")
    for record_id in list(salesforce.live("contact"))[2:]:
        salesforce.remove("contact", record_id)
    begun.run()
    assert names(app) == ["P00", "P01"]


@pytest.mark.feature("ALL-20")
def test_a_plan_that_was_asked_for_is_carried_out_as_it_was_made(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    salesforce.now += timedelta(seconds=1)
    people(salesforce, 3)
    memory.run(mode="plan", since=salesforce.now - timedelta(days=1))
    [(batch_id, state)] = memory.rows("select batch_id, state from sync.approval")
    assert (state, app.writes_seen) == ("offered", 0)
    assert approve(memory, batch_id)["moved"] == 0
    assert names(app) == ["P00", "P01", "P02"]
    with pytest.raises(PermanentError, match="is applied"):
        approval.decide(memory.engine, batch_id, "rejected", "operator")


@pytest.mark.feature("ALL-20", "ALL-21")
def test_over_http_a_stale_plan_writes_nothing_for_what_moved(world: World) -> None:
    world.change("settings.yaml", "guard: {first_run: go}", "guard: {first_run: hold}")
    ids = world.salesforce.insert("Contact", [{"LastName": f"P{n}", "Email": f"p{n}@nordwerk.example"} for n in range(4)])
    world.run(mode="backfill")
    world.salesforce.edit("Contact", ids[0], {"LastName": "Moved"})
    world.salesforce.delete("Contact", ids[1])
    assert world.writes() == 0
    apply(world.engine, held(world), "operator", lambda _: world.connectors)
    assert sorted(row["name"] for row in world.app.records("contacts")) == ["P2", "P3"]
    world.run()
    assert sorted(row["name"] for row in world.app.records("contacts")) == ["Moved", "P2", "P3"]
    world.salesforce.reset_calls()
    world.app.reset_calls()
    world.run()
    assert world.writes() == 0


@pytest.mark.feature("ALL-20")
def test_a_plan_that_ends_with_refused_records_counts_as_carried_out(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    memory.change("settings.yaml", "on_rejected: succeed", "on_rejected: fail")
    salesforce.now += timedelta(seconds=1)
    people(salesforce, 3)
    memory.run(mode="plan", since=salesforce.now - timedelta(days=1))
    [(batch_id,)] = memory.rows("select batch_id from sync.approval")
    app.faults.refused = {"P01": "bad_value"}
    with pytest.raises(RecordsRejectedError, match="1 refused when written"):
        approve(memory, batch_id)
    assert names(app) == ["P00", "P02"]
    assert approval.read_approval(memory.engine, batch_id).state == "applied"
    with memory.engine.connect() as connection:
        [plan] = queries_plans.plans(connection, 1)
    assert (plan["approval"]["state"], plan["refused"], plan["rejected"], plan["is_open"]) == ("applied", 1, 1, False)


@pytest.mark.feature("ALL-01", "ALL-21")
def test_a_held_plan_does_not_hide_what_could_not_be_read(world: World) -> None:
    world.change("settings.yaml", "guard: {first_run: go}", "guard: {first_run: go, minimum: 0, create: {most: 1}}")
    world.stages = QUICK
    world.hurry()
    world.run()
    world.salesforce.insert("Account", [{"Name": name} for name in ("Nord", "Süd")])
    world.contact(Email="mara@nordwerk.example")
    world.app.fault("500", method="GET", path="/contacts", times=-1)
    told = world.run()["load"]
    assert told["held"]
    assert "salesforce_freshdesk contact was not read" in told["unread"]
