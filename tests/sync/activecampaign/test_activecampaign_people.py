"""Contacts and leads of Salesforce and the contacts of ActiveCampaign."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import pytest

from activecampaign_world import LONG_AGO, ActiveCampaignWorld
from connectors.errors import SyncError
from pipeline import QUICK


@pytest.mark.feature("AC-01")
def test_a_contact_and_a_lead_reach_activecampaign_and_follow_edits_of_both_sides(world: ActiveCampaignWorld) -> None:
    world.run()
    account = world.account("Nordwerk")
    contact = world.contact(FirstName="Mara", Email="mara@nordwerk.example", MobilePhone="+49 1", AccountId=account)
    lead = world.lead(FirstName="Jon", LastName="Doe", Email="jon@suedwerk.example", Company="Südwerk")
    world.run()
    mara, jon = world.partner("contact", contact), world.partner("lead", lead)
    found = world.one("contacts", mara)
    assert (found["firstName"], found["lastName"], found["phone"], found["account"]) == ("Mara", "Lind", "+49 1", "Nordwerk")
    assert world.one("contacts", jon)["account"] == "Südwerk"
    world.change_here("Contact", contact, LastName="Berg")
    world.change_there(mara, firstName="Maria")
    world.change_there(jon, lastName="Dow")
    world.run()
    assert (world.one("contacts", mara)["lastName"], world.one("Contact")["FirstName"]) == ("Berg", "Maria")
    assert world.one("Lead")["LastName"] == "Dow"
    assert world.rejections() == {}
    world.assert_settled()


@pytest.mark.feature("AC-01")
def test_a_new_contact_of_activecampaign_becomes_a_lead(enabled: ActiveCampaignWorld) -> None:
    subscriber = enabled.subscriber(phone="+49 151 1")
    enabled.run()
    lead = enabled.one("Lead")
    assert (lead["FirstName"], lead["LastName"], lead["Company"], lead["Email"], lead["MobilePhone"]) == (
        "Mara",
        "Lind",
        "Nordwerk",
        "mara@nordwerk.example",
        "+49 151 1",
    )
    assert lead["ACCONTACTID__c"] == subscriber
    assert enabled.one("contacts")["fields"]["SFLEADID"] == lead["Id"]
    assert enabled.found("Contact") == []
    enabled.assert_settled()


@pytest.mark.feature("AC-01")
def test_by_setting_a_new_contact_of_activecampaign_becomes_a_contact(enabled: ActiveCampaignWorld) -> None:
    enabled.change("settings.yaml", "creates: {to_salesforce: yes}", "creates: {to_salesforce: turned}")
    enabled.change("settings.yaml", "creates: {to_salesforce: no}", "creates: {to_salesforce: yes}")
    enabled.change("settings.yaml", "creates: {to_salesforce: turned}", "creates: {to_salesforce: no}")
    enabled.subscriber()
    enabled.run()
    assert enabled.found("Lead") == []
    assert enabled.one("Contact")["Email"] == "mara@nordwerk.example"
    enabled.assert_settled()


@pytest.mark.feature("AC-01", "ALL-30")
@pytest.mark.parametrize("kind", ["contact", "lead"])
def test_somebody_whom_salesforce_knows_is_joined_not_made_twice(enabled: ActiveCampaignWorld, kind: str) -> None:
    here = enabled.contact(Email="mara@nordwerk.example") if kind == "contact" else enabled.lead(Email="mara@nordwerk.example")
    there = enabled.subscriber(email="Mara@Nordwerk.example")
    enabled.run()
    assert enabled.partner(kind, here) == there
    assert len(enabled.found("Contact") + enabled.found("Lead")) == len(enabled.found("contacts")) == 1
    enabled.assert_settled()


@pytest.mark.feature("AC-01", "ALL-14")
def test_without_a_last_name_or_company_somebody_waits_and_goes_by_themselves_once_mended(world: ActiveCampaignWorld) -> None:
    world.run()
    there = world.subscriber(lastName="", account=None)
    world.run()
    assert world.found("Lead") == []
    assert world.rejections() == {there: ["required", "required"]}
    world.change_there(there, lastName="Lind", account="Nordwerk")
    world.run()
    assert world.one("Lead")["Company"] == "Nordwerk"
    assert world.rejections() == {}
    world.assert_settled()


@pytest.mark.feature("AC-01", "ALL-29")
def test_somebody_who_waits_and_is_deleted_meanwhile_is_not_made_of_our_copy(world: ActiveCampaignWorld) -> None:
    """ActiveCampaign tells of no deletions."""
    world.run()
    gone, stays = (world.subscriber(account=None, email=f"{name}@nordwerk.example") for name in ("gone", "stays"))
    world.run()
    assert world.rejections() == {gone: ["required"], stays: ["required"]}
    world.app.delete("contacts", gone)
    world.change("lead.csv", "Company,account_name,both,,,app,,,", "Company,account_name,both,,,,,Unknown,")
    world.run()
    assert [lead["Email"] for lead in world.found("Lead")] == ["stays@nordwerk.example"]
    assert world.rows("select message from sync.action where state = 'skipped' and operation = 'create'") == [
        ("the record that this was to be made of is deleted",)
    ]
    assert world.rejections() == {}
    world.assert_settled()
    assert world.rows(f"select 1 from sync.link where entity = 'lead' and app_id = '{gone}' and state <> 'pending'") == []


@pytest.mark.feature("AC-01", "ALL-26")
def test_who_opts_out_anywhere_is_opted_out_everywhere_and_nobody_is_subscribed_again(enabled: ActiveCampaignWorld) -> None:
    contact, there = enabled.pair()
    enabled.app.action("set_status", contact=there, list="newsletter", status="active")
    enabled.run()
    enabled.app.action("set_status", contact=there, list="newsletter", status="unsubscribed")
    enabled.run()
    assert enabled.one("Contact", contact)["HasOptedOutOfEmail"] is True, "though an unsubscription moves no udate"
    enabled.change_here("Contact", contact, HasOptedOutOfEmail=False)
    enabled.run()
    assert enabled.one("contacts")["lists"] == {"newsletter": "unsubscribed"}
    assert enabled.one("Contact", contact)["HasOptedOutOfEmail"] is True
    enabled.assert_settled()


@pytest.mark.feature("AC-01", "ALL-26")
def test_an_opt_out_in_salesforce_ends_every_subscription(enabled: ActiveCampaignWorld) -> None:
    lead, there = enabled.pair("lead")
    enabled.app.action("set_status", contact=there, list="newsletter", status="active")
    enabled.change_here("Lead", lead, HasOptedOutOfEmail=True)
    enabled.run()
    assert enabled.one("contacts")["lists"] == {"newsletter": "unsubscribed"}
    enabled.assert_settled()


@pytest.mark.feature("AC-05")
@pytest.mark.parametrize("is_on", [True, False])
def test_lead_assignment_rules_apply_whenever_leads_are_written(enabled: ActiveCampaignWorld, is_on: bool) -> None:
    enabled.salesforce.switches(assignment_rule=True)
    if not is_on:
        enabled.change("settings.yaml", "assignment_rules: yes", "assignment_rules: no")
        enabled.reconnect()
    there = enabled.subscriber()
    enabled.run()
    mine = enabled.salesforce.records("User")[0]["Id"]
    made = enabled.one("Lead")
    assert (made["OwnerId"] != mine) is is_on, "made"
    enabled.change_here("Lead", made["Id"], OwnerId=mine)
    enabled.change_there(there, lastName="Berg")
    enabled.run()
    assert (enabled.one("Lead")["OwnerId"] != mine) is is_on, "changed"
    assert enabled.one("Lead")["LastName"] == "Berg"


@pytest.mark.feature("AC-09")
def test_only_what_changes_after_enabling_travels_the_rest_on_request(enabled: ActiveCampaignWorld) -> None:
    stamp = LONG_AGO.replace("Z", ".000+0000")
    old = enabled.contact(Email="old@nordwerk.example", SystemModstamp=stamp, LastModifiedDate=stamp, CreatedDate=stamp)
    enabled.subscriber(email="early@nordwerk.example", cdate=LONG_AGO, udate=LONG_AGO)
    enabled.run()
    assert (len(enabled.found("Lead")), len(enabled.found("contacts"))) == (0, 1)
    enabled.change_here("Contact", old, Title="Buyer")
    enabled.run()
    assert enabled.partner("contact", old) is not None, "a change brings a record in"
    assert enabled.found("Lead") == []
    enabled.run(mode="backfill")
    assert enabled.one("Lead")["Email"] == "early@nordwerk.example"
    enabled.assert_settled()


@pytest.mark.feature("AC-10")
def test_geo_data_travels_by_custom_fields_only(enabled: ActiveCampaignWorld) -> None:
    enabled.change("contact.csv", "# MailingCity,", "MailingCity,")
    contact, there = enabled.pair(MailingCity="Kiel", MailingLatitude=54.3)
    assert enabled.one("contacts")["fields"]["CITY"] == "Kiel"
    enabled.change_there(there, fields={"CITY": "Bonn"})
    enabled.run()
    assert enabled.one("Contact", contact)["MailingCity"] == "Bonn"
    asked = enabled.app.calls()["by"]
    assert not [label for label in asked if "geo" in label.lower()], (
        "places that ActiveCampaign guesses from IP addresses are not read"
    )
    enabled.assert_settled()


@pytest.mark.feature("AC-01", "ALL-01")
@pytest.mark.parametrize("kind", ["contact", "lead"])
def test_nobody_is_made_twice_because_the_contacts_or_the_leads_could_not_be_read(
    enabled: ActiveCampaignWorld, kind: str
) -> None:
    here = enabled.contact(Email="mara@nordwerk.example") if kind == "contact" else enabled.lead(Email="mara@nordwerk.example")
    there = enabled.subscriber()
    enabled.hurry()
    enabled.salesforce.fault("500", path=f"FROM(%20|\\+){kind.capitalize()}", times=-1)
    with pytest.raises(SyncError):
        enabled.run()
    enabled.salesforce.clear_faults()
    enabled.run()
    assert enabled.partner(kind, here) == there
    assert len(enabled.found("Contact") + enabled.found("Lead")) == 1
    enabled.assert_settled()


@pytest.mark.feature("AC-01", "AC-02", "ALL-29")
def test_a_create_that_broke_off_half_way_is_completed(enabled: ActiveCampaignWorld) -> None:
    enabled.hurry()
    enabled.app.fault("cut", method="POST", path="/(contactTags|contactLists|accountContacts)", times=-1)
    lead = enabled.lead(Email="mara@nordwerk.example", HasOptedOutOfEmail=True)
    with suppress(SyncError):
        enabled.run()
    assert enabled.one("contacts")["account"] is None
    enabled.app.clear_faults()
    enabled.run()
    made = enabled.one("contacts")
    assert (made["account"], made["lists"]) == ("Nordwerk", {"newsletter": "unsubscribed"})
    assert made["tags"] == ["created-from-salesforce-lead"]
    assert enabled.one("Lead", lead)["HasOptedOutOfEmail"] is True
    enabled.assert_settled()


@pytest.mark.feature("AC-02", "AC-03")
def test_marks_and_cross_references_that_a_run_left_out_come_with_the_next(enabled: ActiveCampaignWorld) -> None:
    there = enabled.subscriber()
    enabled.hurry()
    enabled.app.fault("500", method="PUT|POST", times=-1)
    with suppress(SyncError):
        enabled.run()
    assert enabled.tags() == set()
    lead = enabled.one("Lead")["Id"]
    enabled.app.clear_faults()
    enabled.run()
    assert enabled.tags() == {"added-to-salesforce-lead"}
    assert enabled.one("contacts")["fields"]["SFLEADID"] == lead
    assert enabled.one("Lead")["ACCONTACTID__c"] == there
    enabled.assert_settled()


@pytest.mark.feature("ALL-29", "AC-01")
def test_who_is_entered_as_a_contact_while_the_app_is_read_is_no_lead_besides(enabled: ActiveCampaignWorld) -> None:
    there = enabled.subscriber()
    enabled.run(stages=QUICK[:-1])
    contact = enabled.salesforce.insert("Contact", [{"LastName": "Lind", "Email": "mara@nordwerk.example"}])[0]
    enabled.stage("load")
    enabled.run()
    assert enabled.partner("contact", contact) == there
    assert enabled.found("Lead") == []


class _Interrupted:
    """A connector behind whose writes somebody acts, before anything is read back."""

    def __init__(self, inner: Any, act: Callable[[], object]) -> None:
        self._inner, self._act = inner, act

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def write(self, entity: str, writes: Sequence[Any]) -> Iterator[Any]:
        """Write, then let somebody act."""
        results = list(self._inner.write(entity, writes))
        self._act()
        yield from results


@pytest.mark.feature("ALL-18", "AC-01")
@pytest.mark.parametrize(("typed", "stands"), [("Mia", "Mia"), ("MARIA ", "Maria")], ids=["edited", "written otherwise"])
def test_an_edit_between_a_write_and_its_reading_back_is_an_edit(enabled: ActiveCampaignWorld, typed: str, stands: str) -> None:
    contact, there = enabled.pair()
    enabled.run()
    enabled.change_here("Contact", contact, FirstName="Maria")
    plain = enabled.connectors["app"]
    enabled.connectors["app"] = _Interrupted(plain, lambda: enabled.change_there(there, firstName=typed))
    enabled.run()
    enabled.connectors["app"] = plain
    enabled.run()
    assert enabled.one("Contact", contact)["FirstName"] == stands
    assert enabled.one("contacts", there)["firstName"] == typed
    enabled.assert_settled()
