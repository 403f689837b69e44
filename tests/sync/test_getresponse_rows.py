"""The promises of GetResponse, each through the whole pipeline over HTTP and Postgres with the shipped mapping."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from connectors.errors import PermanentError
from getresponse_world import FLAG, REFERENCE, GetResponseWorld, connectors, getresponse_world
from pipeline import QUICK
from sandbox.client import SandboxClient
from sandbox.running import serve
from sync.preflight import Access, Preflight
from sync.stages import STAGES


@pytest.fixture(scope="module")
def house() -> Iterator[SandboxClient]:
    with serve("getresponse") as client:
        yield client


@pytest.fixture
def world(servers: dict[str, SandboxClient], house: SandboxClient, engine: Engine, tmp_path: Path) -> GetResponseWorld:
    """Both systems after the run that enables the integration; runs leave the data-quality checks out, which cost seconds."""
    world = getresponse_world(engine, tmp_path, servers["salesforce"], house)
    world.stages = QUICK
    world.run()
    return world


@pytest.fixture
def checked(world: GetResponseWorld) -> GetResponseWorld:
    """The same with the data-quality checks."""
    world.stages = STAGES
    return world


@pytest.mark.feature("GR-01")
def test_contacts_and_leads_are_added_to_the_list_of_their_setting(checked):
    world = checked
    contact, lead = world.contact(FirstName="Mara", Email="mara@nordwerk.example"), world.lead(Email="lea@nordwerk.example")
    world.run()
    assert world.addresses() == {"mara@nordwerk.example"}
    assert world.addresses("trade_fair_leads") == {"lea@nordwerk.example"}
    there = world.there(world.partner("newsletter", contact))
    assert (there["name"], there["custom_fields"]["sf_contact_id"]) == ("Mara Lind", contact)
    assert world.here("Contact", contact)[REFERENCE] == there["contactId"]
    assert world.here("Lead", lead)[REFERENCE] == world.partner("trade_fair_leads", lead)
    world.assert_settled()


@pytest.mark.feature("GR-01")
def test_people_on_the_lists_become_contacts_or_leads(checked):
    world = checked
    fan = world.subscriber(email="fan@nordwerk.example", name="Fay Fan")
    guest = world.subscriber("trade_fair_leads", email="guest@nordwerk.example", custom_fields={"company": "Gast AG"})
    world.run()
    contact, lead = world.here("Contact"), world.here("Lead")
    assert (contact["FirstName"], contact["LastName"], contact["Email"]) == ("Fay", "Fan", "fan@nordwerk.example")
    assert (lead["Company"], lead["LastName"]) == ("Gast AG", "Lind")
    assert (contact[REFERENCE], lead[REFERENCE]) == (fan, guest)
    world.assert_settled()


@pytest.mark.feature("GR-01")
def test_a_person_who_is_in_both_is_linked_and_not_made_twice(world):
    contact = world.contact(FirstName="Mara", Email="mara@nordwerk.example")
    fan = world.subscriber(email="Mara@Nordwerk.example", name="Mara Lind")
    world.run()
    assert world.partner("newsletter", contact) == fan
    assert len(world.salesforce.records("Contact")) == len(world.app.records("contacts")) == 1
    world.assert_settled()


@pytest.mark.feature("GR-02")
def test_updates_travel_both_ways_and_meet_field_by_field(checked):
    world = checked
    contact, fan = world.pair(Title="Einkauf", MailingCity="Kiel")
    world.change_here("Contact", contact, Title="CEO")
    world.change_there(fan, custom_fields={"city": "Bonn"}, name="Mara Groß")
    world.run()
    there, here = world.there(fan), world.here("Contact", contact)
    assert (there["custom_fields"]["job_title"], there["custom_fields"]["city"], there["name"]) == ("CEO", "Bonn", "Mara Groß")
    assert (here["Title"], here["MailingCity"], here["LastName"]) == ("CEO", "Bonn", "Groß")
    world.assert_settled()


@pytest.mark.feature("GR-02")
def test_what_an_update_does_not_name_survives_in_getresponse(world):
    contact, fan = world.pair(MailingCity="Kiel")
    world.change_there(fan, tags=["vip"], custom_fields={"interests": ["Tools", "Events"], "birthdate": "1980-02-03"})
    world.run()
    world.change_here("Contact", contact, Title="CEO", MailingCity=None)
    world.run()
    there = world.there(fan)
    assert there["tag_names"] == ["vip"]
    left = {name: there["custom_fields"].get(name) for name in ("interests", "birthdate", "job_title", "city")}
    assert left == {"interests": ["Tools", "Events"], "birthdate": "1980-02-03", "job_title": "CEO", "city": None}
    world.assert_settled()


@pytest.mark.feature("GR-03")
def test_each_list_has_its_own_settings_and_can_be_cancelled_alone(world):
    world.pair(), world.pair("trade_fair_leads", Email="lea@nordwerk.example")
    world.change("settings.yaml", "  newsletter:\n", "  newsletter:\n    enabled: no\n")
    world.contact(FirstName="Nora", Email="nora@nordwerk.example")
    world.lead(Email="leo@nordwerk.example")
    world.run()
    assert world.addresses() == {"mara@nordwerk.example"}
    assert world.addresses("trade_fair_leads") == {"lea@nordwerk.example", "leo@nordwerk.example"}


@pytest.mark.feature("GR-03")
def test_a_third_list_is_a_section_and_a_file(world):
    section = (
        "  vip_news:\n    salesforce: lead\n    app: contact\n    list: vip news\n    match: [email]\n"
        "    direction: to_salesforce\n    on_create: {salesforce: {LeadSource: Partner Referral}}\n"
    )
    world.change("settings.yaml", "  trade_fair_leads:\n", f"{section}  trade_fair_leads:\n")
    (world.folder / "vip_news.csv").write_text("salesforce_field,app_field,required\nCompany,custom_fields.company,salesforce\n")
    world.app.action("add_campaign", campaign="vip news")
    world.run()
    world.subscriber("vip news", email="vip@nordwerk.example", custom_fields={"company": "VIP AG"})
    world.run()
    lead = world.here("Lead")
    assert (lead["Email"], lead["Company"], lead["LeadSource"]) == ("vip@nordwerk.example", "VIP AG", "Partner Referral")


@pytest.mark.feature("GR-03")
def test_a_list_that_is_not_there_stops_its_own_entity_only(world):
    world.change("settings.yaml", "list: newsletter ", "list: newsleter ")
    world.lead(Email="lea@nordwerk.example")
    with pytest.raises(PermanentError, match="no list 'newsleter': there are newsletter"):
        world.run()
    assert world.addresses("trade_fair_leads") == {"lea@nordwerk.example"}


@pytest.mark.feature("GR-04")
def test_only_the_chosen_lead_sources_go_to_the_list(world):
    for source in ("Web", "Other", "Purchased List", None, "GetResponse"):
        world.lead(Email=f"{source or 'none'}@nordwerk.example".replace(" ", "-").lower(), LeadSource=source)
    world.run()
    assert world.addresses("trade_fair_leads") == {"web@nordwerk.example", "getresponse@nordwerk.example"}


@pytest.mark.feature("GR-04", "ALL-26")
def test_who_opted_out_is_never_put_on_the_list(world):
    world.contact(Email="out@nordwerk.example", HasOptedOutOfEmail=True)
    world.contact(Email="in@nordwerk.example")
    world.run()
    assert world.addresses() == {"in@nordwerk.example"}


@pytest.mark.feature("GR-05")
def test_records_that_came_from_getresponse_get_the_set_lead_source(world):
    world.subscriber()
    world.subscriber("trade_fair_leads", custom_fields={"company": "Gast AG"})
    world.run()
    assert (world.here("Contact")["LeadSource"], world.here("Lead")["LeadSource"]) == ("GetResponse", "GetResponse")
    contact, _ = world.pair(Email="own@nordwerk.example", LeadSource="Web")
    assert world.here("Contact", contact)["LeadSource"] == "Web"
    world.assert_settled()


@pytest.mark.feature("GR-06")
@pytest.mark.parametrize("reason", ["unsubscribe", "user", "bounce", "api"])
@pytest.mark.parametrize(("entity", "kind"), [("newsletter", "Contact"), ("trade_fair_leads", "Lead")])
def test_leaving_the_list_ticks_the_box(world, entity, kind, reason):
    here, there = world.pair(entity)
    world.app.action("unsubscribe", id=there, reason=reason)
    world.run()
    assert world.here(kind, here)[FLAG] is True
    assert world.addresses() == world.addresses("trade_fair_leads") == set()
    world.assert_settled()


@pytest.mark.feature("GR-06")
@pytest.mark.parametrize("keeps_id", [True, False])
def test_returning_to_the_list_unticks_it(world, keeps_id):
    world.app.switches(readd_keeps_id=keeps_id)
    here, there = world.pair()
    world.app.action("unsubscribe", id=there)
    world.run()
    again = world.subscriber(contactId=there) if keeps_id else world.subscriber()
    world.run()
    assert world.here("Contact", here)[FLAG] is False
    assert world.here("Contact", here)[REFERENCE] == again
    assert len(world.salesforce.records("Contact")) == 1
    world.assert_settled()


@pytest.mark.feature("GR-06", "ALL-26")
def test_whoever_left_the_list_is_not_put_back_by_an_edit_in_salesforce(world):
    here, there = world.pair()
    world.app.action("unsubscribe", id=there)
    world.run()
    world.change_here("Contact", here, Title="CEO")
    world.run()
    assert world.addresses() == set()


@pytest.mark.feature("GR-07")
@pytest.mark.parametrize(("preferred", "country"), [("salesforce", "Germany"), ("app", "Austria")])
def test_the_preferred_account_decides_a_mismatch(world, preferred, country):
    world.change("settings.yaml", "prefer: salesforce ", f"prefer: {preferred} ")
    here, there = world.pair(MailingCountry="Italy")
    world.change_there(there, custom_fields={"country": "Austria"})
    world.change_here("Contact", here, MailingCountry="Germany")
    world.run()
    assert world.here("Contact", here)["MailingCountry"] == world.there(there)["custom_fields"]["country"] == country
    world.assert_settled()


@pytest.mark.feature("GR-07")
@pytest.mark.parametrize(("preferred", "country"), [("salesforce", "Germany"), ("app", "Austria")])
def test_the_preferred_account_decides_the_first_sync(world, preferred, country):
    world.change("settings.yaml", "prefer: salesforce ", f"prefer: {preferred} ")
    here = world.contact(FirstName="Mara", Email="mara@nordwerk.example", MailingCountry="Germany")
    there = world.subscriber(custom_fields={"country": "Austria"})
    world.run()
    assert world.here("Contact", here)["MailingCountry"] == world.there(there)["custom_fields"]["country"] == country
    world.assert_settled()


@pytest.mark.feature("GR-08")
def test_nothing_is_called_before_consent_is_confirmed(world):
    world.change("settings.yaml", "consent_confirmed: yes ", "consent_confirmed: no ")
    world.contact(Email="mara@nordwerk.example")
    before = [server.calls() for server in (world.salesforce, world.app)]
    with pytest.raises(PermanentError, match=r"settings\.yaml:5:\d+: consent_confirmed is no: confirm"):
        world.run()
    assert [server.calls() for server in (world.salesforce, world.app)] == before
    assert world.addresses() == set()


@pytest.mark.feature("GR-09")
def test_custom_fields_of_both_sides_are_mapped_and_name_and_email_need_no_row(world):
    world.salesforce.action("add_field", full_name="Contact.Plan__c", metadata={"label": "Plan", "type": "Text", "length": 40})
    world.app.action("add_field", field="plan")
    (world.folder / "newsletter.csv").write_text("salesforce_field,app_field\nPlan__c,custom_fields.plan\n")
    here, there = world.pair(Plan__c="gold", Title="CEO")
    found = world.there(there)
    assert (found["name"], found["email"]) == ("Mara Lind", "mara@nordwerk.example")
    assert found["custom_fields"] == {"plan": "gold", "sf_contact_id": here}
    world.change_there(there, custom_fields={"plan": "tin"})
    world.run()
    assert (world.here("Contact", here)["Plan__c"], world.here("Contact", here)["Title"]) == ("tin", "CEO")
    world.assert_settled()


@pytest.mark.feature("GR-10")
def test_who_has_no_address_is_quarantined_and_goes_once_there_is_one(checked):
    world = checked
    here = world.contact(FirstName="Mara")
    world.run()
    assert world.rejections() == {here: ["required"]}
    assert world.addresses() == set()
    world.change_here("Contact", here, Email="mara@nordwerk.example")
    world.run()
    assert world.addresses() == {"mara@nordwerk.example"}
    assert world.rejections() == {}
    world.assert_settled()


@pytest.mark.feature("GR-11")
def test_typed_fields_are_filled_through_their_transforms(checked):
    world = checked
    world.add_rows(
        "MobilePhone,custom_fields.mobile_phone,to_app,phone_e164:DE",
        "OtherCountry,custom_fields.postal_country,to_app,country_name",
        file="newsletter.csv",
    )
    here, there = world.pair(MobilePhone="0151 / 555-01 00", OtherCountry="Österreich")
    customs = world.there(there)["custom_fields"]
    assert (customs["mobile_phone"], customs["postal_country"]) == ("+491515550100", "Austria")
    world.change_here("Contact", here, OtherCountry="Nirgendwo")
    world.run()
    assert here in world.rejections()
    assert world.there(there)["custom_fields"]["postal_country"] == "Austria"


@pytest.mark.feature("GR-11")
def test_a_value_that_getresponse_refuses_is_told_in_its_words(world):
    world.add_rows("MobilePhone,custom_fields.mobile_phone,to_app,phone", file="newsletter.csv")
    here = world.contact(Email="mara@nordwerk.example", MobilePhone="0151 5550100")
    world.run()
    [[reasons]] = world.rows("select reasons from sync.rejection where record_id = :id", id=here)
    assert "mobile_phone" in reasons[0]["reason"]
    world.change_here("Contact", here, MobilePhone="+491515550100")
    world.run()
    assert world.there()["custom_fields"]["mobile_phone"] == "+491515550100"


@pytest.mark.feature("GR-12")
def test_only_unconverted_leads_are_synced(world):
    world.lead(Email="done@nordwerk.example", IsConverted=True, Status="Closed - Converted")
    world.lead(Email="open@nordwerk.example")
    world.run()
    assert world.addresses("trade_fair_leads") == {"open@nordwerk.example"}


@pytest.mark.feature("GR-12")
def test_a_lead_that_is_converted_later_changes_no_more_and_stays_on_its_list(world):
    here, there = world.pair("trade_fair_leads")
    world.salesforce.action("convert_lead", lead=here)
    world.run()
    world.change_there(there, custom_fields={"city": "Bonn"})
    world.run()
    assert world.addresses("trade_fair_leads") == {"mara@nordwerk.example"}
    assert world.here("Lead", here)["City"] is None


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
