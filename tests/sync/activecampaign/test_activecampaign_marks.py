"""The tags by which ActiveCampaign shows where somebody came from, what a conversion does to them, and what they decide."""

from contextlib import suppress

import pytest

from activecampaign_world import ActiveCampaignWorld
from connectors.errors import SyncError

CONTACT, LEAD = "created-from-salesforce-contact", "created-from-salesforce-lead"
TO_CONTACT, TO_LEAD = "added-to-salesforce-contact", "added-to-salesforce-lead"
CONVERTED = "salesforce-lead-converted-to-contact"


def make_contacts(world: ActiveCampaignWorld) -> None:
    """Let new contacts of ActiveCampaign become contacts."""
    for old, new in (("yes", "turned"), ("no", "yes"), ("turned", "no")):
        world.change("settings.yaml", f"creates: {{to_salesforce: {old}}}", f"creates: {{to_salesforce: {new}}}")


def show_tags(world: ActiveCampaignWorld) -> None:
    """Let Salesforce show the tags as a text."""
    for kind in ("Lead", "Contact"):
        metadata = {"type": "Text", "length": 255, "label": "AC"}
        world.salesforce.action("add_field", full_name=f"{kind}.AC_Tags__c", metadata=metadata)
    for file in ("contact.csv", "lead.csv"):
        world.change(file, "# AC_Tags__c,", "AC_Tags__c,")


def convert(world: ActiveCampaignWorld, lead: str) -> str:
    """Convert a lead; return the contact it became."""
    world.salesforce.action("convert_lead", lead=lead)
    return str(world.one("Lead", lead)["ConvertedContactId"])


@pytest.mark.feature("AC-02")
@pytest.mark.parametrize(("kind", "mark"), [("contact", CONTACT), ("lead", LEAD)])
def test_who_came_from_salesforce_is_marked(enabled: ActiveCampaignWorld, kind: str, mark: str) -> None:
    enabled.pair(kind)
    assert enabled.tags() == {mark}
    enabled.assert_settled()


@pytest.mark.feature("AC-02")
@pytest.mark.parametrize(("is_contact", "mark"), [(True, TO_CONTACT), (False, TO_LEAD)])
def test_who_went_to_salesforce_is_marked_and_keeps_other_tags(enabled: ActiveCampaignWorld, is_contact: bool, mark: str) -> None:
    if is_contact:
        make_contacts(enabled)
    there = enabled.subscriber(tags=["webinar"])
    enabled.run()
    assert enabled.tags() == {"webinar", mark}
    enabled.app.action("tag", contact=there, tag="vip")
    enabled.run()
    assert enabled.tags() == {"webinar", "vip", mark}
    enabled.assert_settled()


@pytest.mark.feature("AC-02", "ALL-29")
def test_a_mark_is_put_though_the_answer_of_the_create_was_lost(enabled: ActiveCampaignWorld) -> None:
    enabled.app.fault("lost", path="/contact/sync")
    enabled.pair()
    assert enabled.tags() == {CONTACT}
    assert len(enabled.found("contacts")) == 1


@pytest.mark.feature("AC-03", "ALL-31")
def test_a_converted_lead_goes_on_as_its_contact(enabled: ActiveCampaignWorld) -> None:
    lead, there = enabled.pair("lead")
    contact = convert(enabled, lead)
    enabled.run()
    assert enabled.tags() == {CONTACT, CONVERTED}
    assert enabled.partner("contact", contact) == there
    assert enabled.one("Contact", contact)["ACCONTACTID__c"] == there, "the ActiveCampaign id moves to the contact"
    enabled.change_there(there, lastName="Berg")
    enabled.run()
    assert enabled.one("Contact", contact)["LastName"] == "Berg"
    enabled.change_here("Contact", contact, FirstName="Maria")
    enabled.run()
    assert enabled.one("contacts")["firstName"] == "Maria"
    assert len(enabled.found("contacts")) == len(enabled.found("Contact")) == 1
    assert enabled.rejections() == {}
    enabled.assert_settled()


@pytest.mark.feature("AC-03")
def test_a_lead_that_came_from_activecampaign_keeps_its_origin_when_converted(enabled: ActiveCampaignWorld) -> None:
    there = enabled.subscriber()
    enabled.run()
    contact = convert(enabled, enabled.one("Lead")["Id"])
    enabled.run()
    assert enabled.tags() == {TO_LEAD, CONVERTED}
    assert enabled.partner("contact", contact) == there
    enabled.assert_settled()


@pytest.mark.feature("AC-03")
def test_marketing_data_held_on_the_lead_moves_to_the_contact(enabled: ActiveCampaignWorld) -> None:
    show_tags(enabled)
    there = enabled.subscriber(tags=["webinar"])
    enabled.run()
    enabled.run()
    lead = enabled.one("Lead")
    assert "webinar" in lead["AC_Tags__c"]
    contact = convert(enabled, lead["Id"])
    enabled.run()
    enabled.run()
    assert "webinar" in enabled.one("Contact", contact)["AC_Tags__c"]
    assert enabled.one("Contact", contact)["ACCONTACTID__c"] == there
    enabled.assert_settled()


@pytest.mark.feature("AC-04")
@pytest.mark.parametrize("kind", ["contact", "lead"])
def test_a_deletion_in_salesforce_deletes_nothing_and_an_edit_brings_the_person_back(
    enabled: ActiveCampaignWorld, kind: str
) -> None:
    if kind == "contact":
        make_contacts(enabled)
    there = enabled.subscriber()
    enabled.run()
    name = kind.capitalize()
    first = enabled.one(name)["Id"]
    enabled.salesforce.delete(name, first)
    enabled.run()
    assert len(enabled.found("contacts")) == 1
    enabled.assert_settled()
    assert enabled.found(name) == []
    enabled.change_there(there, firstName="Maria")
    enabled.run()
    again = enabled.one(name)
    assert (again["FirstName"], again["ACCONTACTID__c"]) == ("Maria", there)
    assert again["Id"] != first
    assert enabled.partner(kind, again["Id"]) == there
    enabled.assert_settled()


@pytest.mark.feature("AC-04")
def test_without_the_mark_the_deleted_stay_away(enabled: ActiveCampaignWorld) -> None:
    there = enabled.subscriber()
    enabled.run()
    enabled.salesforce.delete("Lead", enabled.one("Lead")["Id"])
    enabled.run()
    enabled.app.action("untag", contact=there, tag=TO_LEAD)
    enabled.change_there(there, firstName="Maria")
    enabled.run()
    assert enabled.found("Lead") == []
    assert len(enabled.found("contacts")) == 1
    enabled.assert_settled()


@pytest.mark.feature("AC-04")
def test_a_deletion_in_activecampaign_deletes_nothing_in_salesforce(enabled: ActiveCampaignWorld) -> None:
    contact, there = enabled.pair()
    enabled.app.delete("contacts", there)
    enabled.run()
    enabled.change_here("Contact", contact, LastName="Berg")
    enabled.run()
    assert enabled.one("Contact", contact)["LastName"] == "Berg"
    assert enabled.found("contacts") == []


@pytest.mark.feature("AC-03", "ALL-31")
def test_a_lead_that_was_matched_and_left_out_goes_on_as_its_contact_all_the_same(enabled: ActiveCampaignWorld) -> None:
    lead = enabled.lead(FirstName="Mara", Email="mara@nordwerk.example")
    there = enabled.subscriber(firstName="Mia", phone="+49 151 1")
    enabled.run(stages=("extract", "map", "reconcile"))
    enabled.change_here("Lead", lead, FirstName="Maria")
    enabled.change_there(there, phone="+49 151 2")
    enabled.stage("load")
    [(state,)] = enabled.rows("select state from sync.link order by id desc limit 1")
    assert state == "pending", "what moved is left to the next run"
    contact = convert(enabled, lead)
    enabled.change_here("Contact", contact, Email="maria@berg.example")  # by its address nobody finds it any more
    enabled.run()
    enabled.run()
    assert enabled.partner("contact", contact) == there
    assert len(enabled.found("contacts")) == len(enabled.found("Contact")) == 1
    assert enabled.rejections() == {}
    enabled.assert_settled()


@pytest.mark.feature("AC-02", "ALL-03")
def test_a_mark_that_a_broken_off_write_did_not_bring_comes_with_a_later_run(enabled: ActiveCampaignWorld) -> None:
    there = enabled.subscriber()
    enabled.hurry()
    enabled.app.fault("500", method="POST", path="contactTags", times=-1)
    with suppress(SyncError):
        enabled.run()
    assert enabled.found("Lead")
    assert enabled.tags(there) == set()
    enabled.app.clear_faults()
    enabled.run()
    enabled.run()
    assert TO_LEAD in enabled.tags(there)
    enabled.assert_settled()


@pytest.mark.feature("AC-04")
def test_who_was_deleted_and_is_only_looked_at_again_was_not_edited(enabled: ActiveCampaignWorld) -> None:
    there = enabled.subscriber()
    enabled.run()
    enabled.salesforce.delete("Lead", enabled.one("Lead")["Id"])
    enabled.run()
    enabled.run(record_ids=[f"app:{there}"], entities=["lead"])
    assert enabled.found("Lead") == []
    enabled.change_there(there, firstName="Maria")
    enabled.run()
    assert enabled.one("Lead")["FirstName"] == "Maria"


@pytest.mark.feature("AC-03", "ALL-03")
def test_a_mark_that_is_taken_off_alone_is_taken_out_of_salesforce_though_no_stamp_tells_of_it(
    enabled: ActiveCampaignWorld,
) -> None:
    show_tags(enabled)
    contact, there = enabled.pair()
    enabled.run()
    for tag in (CONVERTED, LEAD):
        enabled.app.action("tag", contact=there, tag=tag)
    for hours in (1, 2):
        enabled.later(hours * 3600)
        enabled.run()
    assert enabled.tags(there) == {CONTACT, CONVERTED}
    assert set(enabled.one("Contact", contact)["AC_Tags__c"].split(", ")) == {CONTACT, CONVERTED}
    enabled.assert_settled()


@pytest.mark.feature("AC-04", "ALL-29")
@pytest.mark.parametrize("path", ["composite$", "sobjects"])
def test_who_could_not_be_brought_back_at_once_is_brought_back_by_the_next_run(enabled: ActiveCampaignWorld, path: str) -> None:
    there = enabled.subscriber()
    enabled.run()
    first = enabled.one("Lead")["Id"]
    enabled.salesforce.delete("Lead", first)
    enabled.run()
    enabled.change_there(there, firstName="Maria")
    enabled.hurry()
    enabled.run(stages=("extract", "map", "reconcile"))
    enabled.salesforce.fault("503", method="POST|PATCH", path=path, times=-1)
    with suppress(SyncError):
        enabled.stage("load")
    assert enabled.one("contacts")["fields"]["SFLEADID"] == first, "nothing refers to a lead that is not made yet"
    enabled.salesforce.clear_faults()
    enabled.run()
    again = enabled.one("Lead")
    assert (again["FirstName"], again["ACCONTACTID__c"]) == ("Maria", there)
    assert enabled.one("contacts")["fields"]["SFLEADID"] == again["Id"] != first
    enabled.assert_settled()


@pytest.mark.feature("AC-03", "ALL-31")
def test_a_converted_lead_keeps_its_place_though_another_contact_goes_up_in_it_at_once(enabled: ActiveCampaignWorld) -> None:
    lead, there = enabled.pair("lead")
    other = enabled.contact(FirstName="Otto", LastName="Berg", Email="otto@berg.example")
    enabled.run()
    left = enabled.partner("contact", other)
    contact = convert(enabled, lead)
    enabled.salesforce.action("merge", kind="Contact", winner=contact, losers=[other])
    enabled.run()
    enabled.run()
    assert enabled.partner("contact", contact) == there
    assert enabled.rejections() == {left: ["merged"]}
    assert len(enabled.found("contacts")) == 2


@pytest.mark.feature("AC-03", "ALL-31")
@pytest.mark.parametrize("is_broken_off", [False, True])
def test_of_two_leads_that_are_merged_and_converted_at_once_the_rest_is_told(
    enabled: ActiveCampaignWorld, is_broken_off: bool
) -> None:
    other = enabled.lead(LastName="Berg", Email="otto@berg.example")
    enabled.run()
    lead = enabled.lead(LastName="Lind", Email="mara@nordwerk.example")
    enabled.run()
    left, there = (enabled.partner("lead", each) for each in (other, lead))
    enabled.later(3600)
    enabled.salesforce.action("merge", kind="Lead", winner=lead, losers=[other])
    contact = convert(enabled, lead)
    enabled.later(2 * 3600)
    if is_broken_off:
        enabled.run(stages=("extract",))
    enabled.run()
    enabled.later(3 * 3600)
    enabled.run()
    assert enabled.partner("contact", contact) == there
    assert enabled.rejections() == {left: ["merged"]}
    assert len(enabled.found("contacts")) == 2
    enabled.assert_settled()


@pytest.mark.feature("AC-03", "ALL-31")
def test_a_lead_that_goes_up_in_another_one_and_becomes_a_contact_by_that_is_followed_to_the_end(
    enabled: ActiveCampaignWorld,
) -> None:
    lead, there = enabled.pair("lead")
    winner = enabled.lead(LastName="Berg", Email="mara@berg.example")
    enabled.salesforce.action("merge", kind="Lead", winner=winner, losers=[lead])
    contact = convert(enabled, winner)
    enabled.run()
    enabled.run()
    assert enabled.partner("contact", contact) == there
    assert len(enabled.found("contacts")) == len(enabled.found("Contact")) == 1
    assert enabled.one("contacts")["email"] == "mara@berg.example"
    enabled.assert_settled()
