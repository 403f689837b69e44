"""GetResponse contacts that wait, race, leave or never come, and what the preflight makes for them."""

import pytest
from sqlalchemy import text

from getresponse_world import FLAG, REFERENCE, connectors
from health.queries import over_time
from sync.preflight import Access, Preflight


@pytest.mark.feature("GR-13")
@pytest.mark.parametrize(("entity", "kind"), [("newsletter", "Contact"), ("trade_fair_leads", "Lead")])
def test_deleted_in_salesforce_is_removed_from_the_list(world, entity, kind):
    here, there = world.pair(entity)
    world.salesforce.delete(kind, here)
    world.run()
    assert world.addresses() == world.addresses("trade_fair_leads") == set()
    [gone] = [row for row in world.app.records("contacts", with_deleted=True) if row["contactId"] == there]
    assert gone["reason"] == "api"
    world.assert_settled()


@pytest.mark.feature("GR-14")
def test_a_contact_that_appears_later_is_linked_then_and_never_added_twice(world):
    world.app.switches(create_delay_seconds=7200)
    here = world.contact(FirstName="Mara", Email="mara@nordwerk.example")
    for _ in range(3):
        world.run()
    assert world.partner("newsletter", here) is None
    assert world.app.calls()["by"]["POST /contacts"] == 1
    world.app.clock(7300)
    world.run()
    there = world.there()["contactId"]
    assert world.partner("newsletter", here) == there
    world.run()
    assert world.here("Contact", here)[REFERENCE] == there
    world.change_here("Contact", here, Title="CEO")
    world.run()
    assert world.there()["custom_fields"]["job_title"] == "CEO"
    assert world.app.calls()["by"]["POST /contacts"] == 1
    world.app.clock(0)


@pytest.mark.feature("GR-14", "ALL-12")
def test_a_contact_that_appears_later_counts_as_created_on_the_page(world):
    world.app.switches(create_delay_seconds=7200)
    world.contact(FirstName="Mara", Email="mara@nordwerk.example")
    world.run()
    world.app.clock(7300)
    world.run()
    with world.engine.connect() as connection:
        [integration] = connection.execute(text("select id from sync.integration")).scalars()
        created = [(row["side"], row["created"]) for row in over_time(connection, integration, 1) if row["created"]]
    assert created == [("app", 1)]
    world.app.clock(0)


@pytest.mark.feature("GR-14", "ALL-12")
def test_a_cross_reference_that_waits_for_its_contact_counts_as_waiting_and_is_told_once(world):
    world.app.switches(create_delay_seconds=7200)
    world.contact(FirstName="Mara", Email="mara@nordwerk.example")
    world.run()
    assert world.counts["load"]["newsletter to_salesforce update waiting"] == 1
    assert not [name for name in world.counts["load"] if name.endswith(" skipped")]
    with world.engine.begin() as connection:
        [integration] = connection.execute(text("select id from sync.integration")).scalars()
        for _ in ("noted", "counted, as after a run that broke off"):
            told = over_time(connection, integration, 1)
            assert sum(row["skipped"] for row in told) == 0
            connection.execute(text("update sync.batch set counts = '{}'"))
    world.app.clock(0)


@pytest.mark.feature("GR-14")
def test_an_edit_while_the_contact_is_on_its_way_is_not_lost(world):
    world.app.switches(create_delay_seconds=7200)
    here = world.contact(FirstName="Mara", Email="mara@nordwerk.example")
    world.run()
    world.change_here("Contact", here, Title="CEO")
    world.run()
    world.app.clock(7300)
    world.run()
    world.run()
    assert world.there()["custom_fields"]["job_title"] == "CEO"
    assert world.app.calls()["by"]["POST /contacts"] == 1
    world.app.clock(0)


@pytest.mark.feature("GR-14", "ALL-29")
def test_a_lost_answer_adds_nobody_twice(world):
    world.app.fault("lost", method="POST", path="/v3/contacts$")
    here = world.contact(FirstName="Mara", Email="mara@nordwerk.example")
    world.run()
    world.run()
    assert world.app.calls()["by"]["POST /contacts"] == 1
    assert world.partner("newsletter", here) == world.there()["contactId"]


@pytest.mark.feature("GR-14")
def test_one_who_has_not_confirmed_yet_is_linked_after_the_confirming_click(world):
    world.change("settings.yaml", "list: newsletter ", "list: confirmed ")
    world.app.action("add_campaign", campaign="confirmed", optinTypes={"api": "double"})
    world.run()
    here = world.contact(FirstName="Mara", Email="mara@nordwerk.example")
    world.run()
    world.run()
    assert world.addresses("confirmed") == set()
    [waiting] = world.app.records("contacts", with_deleted=True)
    world.app.action("confirm", id=waiting["contactId"])
    world.run()
    world.run()
    assert world.partner("newsletter", here) == waiting["contactId"]
    assert world.rejections() == {}
    assert world.app.calls()["by"]["POST /contacts"] == 1


@pytest.mark.feature("GR-14")
def test_an_address_that_somebody_adds_in_the_same_minute_is_linked_with_the_next_run(world):
    here = world.contact(FirstName="Mara", Email="mara@nordwerk.example")
    for stage in ("extract", "map", "reconcile"):
        world.run_id = "race"
        world.stage(stage)
    there = world.subscriber()
    world.stage("load")
    assert world.rejections() == {here: ["duplicate_value"]}
    world.run()
    assert world.partner("newsletter", here) == there
    assert world.rejections() == {}
    assert len(world.app.records("contacts")) == len(world.salesforce.records("Contact")) == 1
    world.assert_settled()


@pytest.mark.feature("GR-14")
def test_what_is_never_shown_is_tried_once_a_day(world):
    world.app.switches(dropped=["nordwerk.example"])
    here = world.contact(FirstName="Mara", Email="mara@nordwerk.example")
    for day in range(1, 3):
        world.run()
        assert world.rejections() == {here: ["waits"]}
        assert world.app.calls()["by"]["POST /contacts"] == day
        with world.engine.begin() as connection:
            connection.execute(text("update sync.action set sent_at = sent_at - interval '25 hours' where state = 'accepted'"))
    world.app.switches(dropped=[])
    world.run()
    assert world.addresses() == {"mara@nordwerk.example"}
    assert world.rejections() == {}


@pytest.mark.feature("GR-01")
def test_ids_that_differ_in_capitals_only_are_two(world):
    for id in ("GvOyZ", "GvOyz"):
        world.subscriber(contactId=id, email=f"{ord(id[-1])}@nordwerk.example")
    world.run()
    assert {row[REFERENCE] for row in world.salesforce.records("Contact")} == {"GvOyZ", "GvOyz"}
    assert world.rejections() == {}
    world.assert_settled()


@pytest.mark.feature("GR-09")
def test_the_rows_that_stand_as_examples_work_once_their_mark_is_taken_away(world):
    path = world.folder / "newsletter.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line.removeprefix("# ") if ",custom_fields." in line else line for line in lines) + "\n")
    assert "\nHasOptedOutOfEmail," in path.read_text()
    here, there = world.pair(Birthdate="1980-02-03", MobilePhone="+49 151 5550100", MailingCountry="Austria")
    customs = world.there(there)["custom_fields"]
    assert [customs[name] for name in ("birthdate", "mobile_phone", "postal_country")] == [
        "1980-02-03",
        "+491515550100",
        "Austria",
    ]
    world.change_there(there, custom_fields={"no_mails": "Yes"})
    world.run()
    assert world.here("Contact", here)["HasOptedOutOfEmail"] is True


@pytest.mark.feature("GR-06", "ALL-09")
def test_the_preflight_makes_what_the_integration_needs_in_both_systems(world):
    world.salesforce.reset()
    world.app.reset()
    world.app.switches(rate_limit=False, create_delay_seconds=0)
    for name in ("city", "country"):
        world.app.action("drop_field", field=name)
    url = world.engine.url.render_as_string(hide_password=False)
    access = Access(lambda: url, lambda _, side: connectors(world.salesforce, world.app)[side])
    unmet = [str(check) for check in Preflight(world.folder, access, creates=True).checks() if not check.is_met]
    assert unmet == []
    assert {"city", "country", "sf_contact_id", "sf_lead_id"} <= {row["name"] for row in world.app.records("custom_fields")}
    world.connectors = connectors(world.salesforce, world.app)
    here, there = world.pair()
    world.app.action("unsubscribe", id=there)
    world.run()
    assert world.here("Contact", here)[FLAG] is True


@pytest.mark.feature("GR-09", "ALL-14")
def test_a_missing_name_is_filled_from_salesforce_and_quarantined_where_nobody_knows_it(world):
    here, known = world.contact(FirstName="Mara", Email="mara@nordwerk.example"), world.subscriber(name=None)
    unknown = world.subscriber(name=None, email="unknown@nordwerk.example")
    world.run()
    assert world.there(known)["name"] == "Mara Lind"
    assert world.rejections() == {unknown: ["REQUIRED_FIELD_MISSING"]}
    world.change_there(known, name=None)
    world.change_there(unknown, name="Una Bekannt")
    world.run()
    assert world.here("Contact", here)["LastName"] == "Lind"
    assert world.rejections() == {}
    assert {row["LastName"] for row in world.salesforce.records("Contact")} == {"Lind", "Bekannt"}
    world.assert_settled()
