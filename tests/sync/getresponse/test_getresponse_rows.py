"""The promises of GetResponse, each through the whole pipeline over HTTP and Postgres with the shipped mapping."""

import pytest

from connectors.errors import PermanentError
from getresponse_world import FLAG, REFERENCE
from sync.apply import apply
from sync.audit import audit


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


@pytest.mark.feature("ALL-26")
@pytest.mark.parametrize(("entity", "kind"), [("newsletter", "Contact"), ("trade_fair_leads", "Lead")])
def test_who_opts_out_in_salesforce_is_taken_off_the_list_and_not_put_back_by_taking_it_back(world, entity, kind):
    here, _ = world.pair(entity)
    other, _ = world.pair(entity, Email="stays@nordwerk.example")
    world.change_here(kind, here, HasOptedOutOfEmail=True)
    world.run()
    assert world.addresses(entity) == {"stays@nordwerk.example"}
    world.assert_settled()
    world.change_here(kind, here, HasOptedOutOfEmail=False)
    world.change_here(kind, other, Title="CEO")
    world.run()
    assert world.addresses(entity) == {"stays@nordwerk.example"}
    assert world.rejections() == {here: ["undeleted"]}
    world.assert_settled()


@pytest.mark.feature("GR-01", "GR-04", "ALL-26")
@pytest.mark.parametrize("mode", ["sync", "backfill"])
def test_a_subscriber_who_opted_out_in_salesforce_is_not_made_a_second_time_there(world, mode):
    contact = world.contact(FirstName="Mara", Email="Out@nordwerk.example", HasOptedOutOfEmail=True)
    known = world.contact(FirstName="Mara", Email="in@nordwerk.example")
    fans = [world.subscriber(email=f"{name}@nordwerk.example", name="Mara Lind") for name in ("out", "in")]
    world.run(mode=mode)
    assert [world.partner("newsletter", each) for each in (contact, known)] == fans
    assert len(world.salesforce.records("Contact")) == len(world.app.records("contacts")) == 2
    world.run()
    assert world.addresses() == {"in@nordwerk.example"}, "an opt-out on either side wins"
    assert len(world.salesforce.records("Contact")) == 2
    world.assert_settled()


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
def test_a_converted_lead_is_not_filled_from_the_list(world):
    done = world.lead(Email="done@nordwerk.example", IsConverted=True, Status="Closed - Converted")
    world.run()
    world.subscriber("trade_fair_leads", email="done@nordwerk.example", custom_fields={"company": "Nordwerk", "city": "Bonn"})
    world.run()
    assert {row["Id"]: row.get("City") for row in world.salesforce.records("Lead")}.pop(done) is None
    assert sorted(row.get("City") or "" for row in world.salesforce.records("Lead")) == ["", "Bonn"], (
        "a new lead stands beside it"
    )


@pytest.mark.feature("GR-12")
def test_a_lead_that_is_converted_later_changes_no_more_and_stays_on_its_list(world):
    here, there = world.pair("trade_fair_leads")
    world.salesforce.action("convert_lead", lead=here)
    world.run()
    world.change_there(there, custom_fields={"city": "Bonn"})
    world.run()
    assert world.addresses("trade_fair_leads") == {"mara@nordwerk.example"}
    assert world.here("Lead", here)["City"] is None


@pytest.mark.feature("ALL-26", "ALL-21")
@pytest.mark.parametrize("change", [{"HasOptedOutOfEmail": True}, {"LeadSource": "Other"}])
def test_who_opts_out_or_leaves_the_filter_while_a_plan_waits_is_not_put_on_the_list_by_it(world, change):
    here = world.lead(Email="mara@nordwerk.example")
    world.lead(Email="stays@nordwerk.example")
    world.run(mode="plan")
    [(plan,)] = world.rows("select batch_id from sync.approval")
    world.change_here("Lead", here, **change)
    assert apply(world.engine, plan, "operator", lambda _: world.connectors)["moved"] == 1
    assert world.addresses("trade_fair_leads") == {"stays@nordwerk.example"}
    world.run()
    world.run()
    assert world.addresses("trade_fair_leads") == {"stays@nordwerk.example"}
    assert world.rejections() == {}
    world.assert_settled()


@pytest.mark.feature("ALL-26", "ALL-21")
def test_a_plan_that_takes_somebody_off_the_list_does_so_though_the_record_was_edited_since(world):
    here, _ = world.pair()
    world.run()
    world.change_here("Contact", here, HasOptedOutOfEmail=True)
    world.run(mode="plan")
    plan = world.rows("select max(batch_id) from sync.approval")[0][0]
    world.change_here("Contact", here, Description="asked to be left alone")
    apply(world.engine, plan, "operator", lambda _: world.connectors)
    assert world.addresses() == set()
    world.run()
    world.assert_settled()


@pytest.mark.feature("ALL-26", "ALL-23")
def test_an_opt_out_that_no_run_could_see_is_found_by_the_audit_and_carried_over(world):
    here, _ = world.pair()
    world.pair(Email="stays@nordwerk.example")
    try:
        run_later(world, 7200)
        set_clocks(world, 0)
        world.change_here("Contact", here, HasOptedOutOfEmail=True)  # stamped long before it was committed
        run_later(world, 7200)
        assert world.addresses() == {"mara@nordwerk.example", "stays@nordwerk.example"}
        report = audit(world.engine, world.folder, "audit-1", lambda _: world.connectors)
        assert [(each.side, each.record_id, each.is_requeued) for each in report.found] == [("salesforce", here, True)]
        world.run()
        assert world.addresses() == {"stays@nordwerk.example"}
        world.run()
        assert audit(world.engine, world.folder, "audit-2", lambda _: world.connectors).found == []
        world.assert_settled()
    finally:
        set_clocks(world, 0)


def run_later(world, seconds):
    """A run when so much time has passed."""
    set_clocks(world, seconds)
    world.run()


def set_clocks(world, seconds):
    for server in (world.salesforce, world.app):
        server.clock(seconds)
