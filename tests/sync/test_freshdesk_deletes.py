"""Deletions on either side, taken back or not, and contacts that are blocked."""

import pytest

from connectors.errors import MappingError
from pipeline import QUICK, World


@pytest.mark.feature("FD-05")
def test_deletions_in_salesforce_reach_freshdesk(enabled: World) -> None:
    account = enabled.account("Nordwerk")
    contact, desk = enabled.linked_contact(AccountId=account)
    company = enabled.partner("account", account)
    enabled.salesforce.delete("Contact", contact)
    enabled.salesforce.delete("Account", account)
    enabled.run()
    assert enabled.desk(desk)["deleted"] is True
    assert company not in [str(row["id"]) for row in enabled.app.records("companies")]
    enabled.assert_settled()


@pytest.mark.feature("FD-05")
def test_a_contact_deleted_in_freshdesk_stays_in_salesforce_and_is_not_created_again(enabled: World) -> None:
    contact, desk = enabled.linked_contact()
    enabled.app.delete("contacts", desk)
    enabled.run()
    assert enabled.person(contact)["IsDeleted"] is False
    enabled.assert_settled()
    enabled.edit(contact, Title="Buyer")
    enabled.run()
    assert enabled.app.records("contacts") == []
    assert enabled.rejections() == {contact: ["gone"]}
    assert enabled.rows("select state from sync.batch order by id desc limit 1") == [("done",)], "there is nothing to mend"
    enabled.assert_settled()


@pytest.mark.feature("FD-05")
def test_a_contact_restored_in_freshdesk_goes_on_with_what_was_edited_meanwhile(enabled: World) -> None:
    contact, desk = enabled.linked_contact()
    enabled.app.delete("contacts", desk)
    enabled.run()
    enabled.edit(contact, Title="Buyer")
    enabled.run()
    enabled.app.action("restore", id=desk)
    enabled.run()
    assert enabled.desk(desk)["job_title"] == "Buyer"
    assert enabled.rejections() == {}
    enabled.edit(desk, job_title="Head of buying")
    enabled.run()
    assert enabled.person(contact)["Title"] == "Head of buying"
    enabled.assert_settled()


@pytest.mark.feature("FD-05")
def test_an_undeleted_contact_whose_counterpart_we_deleted_waits_for_a_person(enabled: World) -> None:
    contact, desk = enabled.linked_contact()
    enabled.salesforce.delete("Contact", contact)
    enabled.run()
    enabled.salesforce.action("undelete", kind="Contact", id=contact)
    enabled.run()
    assert enabled.rejections() == {contact: ["undeleted"]}
    assert enabled.app.records("contacts") == []
    assert enabled.rows("select state from sync.batch order by id desc limit 1") == [("partial",)]
    enabled.assert_settled()
    enabled.app.action("restore", id=desk)
    enabled.edit(contact, Title="Buyer")
    enabled.run()
    assert enabled.desk(desk)["job_title"] == "Buyer"
    assert enabled.rejections() == {}
    enabled.assert_settled()


@pytest.mark.feature("FD-05")
def test_deleted_on_both_sides(enabled: World) -> None:
    contact, desk = enabled.linked_contact()
    enabled.salesforce.delete("Contact", contact)
    enabled.app.delete("contacts", desk)
    enabled.run()
    assert enabled.rejections() == {}
    enabled.assert_settled()


@pytest.mark.feature("FD-05")
def test_a_deletion_that_a_write_has_found_out_is_carried_over(enabled: World) -> None:
    """Deleted after it was read: the contact is still made, and the cross-reference finds its record gone."""
    contact = enabled.contact(FirstName="Mara", Email="mara@nordwerk.example")
    enabled.run(stages=QUICK[:-1])
    enabled.salesforce.delete("Contact", contact)
    enabled.stage("load")
    assert len(enabled.app.records("contacts")) == 1
    enabled.run()
    assert enabled.app.records("contacts") == []
    assert enabled.rejections() == {}
    enabled.assert_settled()


def set_deletes(world: World, line: str) -> None:
    """Change what becomes of deleted contacts."""
    path = world.folder / "settings.yaml"
    head, name, tail = path.read_text().partition("  contact:")
    path.write_text(head + name + tail.replace("deletes: {to_app: delete, to_salesforce: ignore}", line))


@pytest.mark.feature("FD-05")
def test_a_deletion_in_freshdesk_can_tick_a_box(enabled: World) -> None:
    set_deletes(enabled, "deletes: {to_salesforce: flag}\n    options: {flag_fields: {to_salesforce: Is_Vip__c}}")
    contact, desk = enabled.linked_contact()
    enabled.app.delete("contacts", desk)
    enabled.run()
    assert enabled.person(contact)["Is_Vip__c"] is True
    enabled.assert_settled()
    enabled.app.action("restore", id=desk)
    enabled.run()
    assert enabled.person(contact)["Is_Vip__c"] is False
    enabled.assert_settled()


@pytest.mark.feature("FD-05")
def test_a_deletion_in_salesforce_can_tick_a_box(enabled: World) -> None:
    set_deletes(enabled, "deletes: {to_app: flag}\n    options: {flag_fields: {to_app: custom_fields.newsletter}}")
    contact, desk = enabled.linked_contact()
    enabled.salesforce.delete("Contact", contact)
    enabled.run()
    assert enabled.desk(desk)["custom_fields"]["newsletter"] is True
    assert not enabled.desk(desk).get("deleted")
    enabled.assert_settled()
    enabled.salesforce.action("undelete", kind="Contact", id=contact)
    enabled.edit(desk, job_title="Buyer")
    enabled.run()
    assert (enabled.desk(desk)["custom_fields"]["newsletter"], enabled.person(contact)["Title"]) == (False, "Buyer")
    enabled.assert_settled()


@pytest.mark.feature("FD-05")
def test_deletions_in_salesforce_can_be_ignored(enabled: World) -> None:
    set_deletes(enabled, "deletes: {to_app: ignore}")
    contact, desk = enabled.linked_contact()
    enabled.salesforce.delete("Contact", contact)
    enabled.run()
    assert not enabled.desk(desk).get("deleted")
    enabled.edit(desk, job_title="Buyer")
    enabled.run()
    assert (enabled.salesforce.records("Contact"), enabled.desk(desk)["job_title"]) == ([], "Buyer")
    enabled.assert_settled()


@pytest.mark.feature("FD-05")
def test_deletions_in_freshdesk_can_reach_salesforce(enabled: World) -> None:
    set_deletes(enabled, "deletes: {to_app: delete, to_salesforce: delete}")
    contact, desk = enabled.linked_contact()
    enabled.app.delete("contacts", desk)
    enabled.run()
    assert enabled.person(contact)["IsDeleted"] is True
    enabled.assert_settled()


@pytest.mark.feature("FD-05")
def test_a_check_box_that_is_not_there_stops_the_run(enabled: World) -> None:
    set_deletes(enabled, "deletes: {to_salesforce: flag}\n    options: {flag_fields: {to_salesforce: Gone__c}}")
    with pytest.raises(MappingError, match="Salesforce contact has no field 'Gone__c'"):
        enabled.run()


@pytest.mark.feature("FD-05")
def test_a_blocked_contact_stays_in_step_towards_salesforce(enabled: World) -> None:
    contact, desk = enabled.linked_contact()
    enabled.app.action("block", id=desk)
    enabled.edit(desk, job_title="Buyer")
    enabled.run()
    assert enabled.person(contact)["Title"] == "Buyer"
    assert enabled.person(contact)["IsDeleted"] is False
    enabled.edit(contact, Title="Head of buying")
    enabled.run()
    assert enabled.desk(desk)["job_title"] == "Buyer", "Freshdesk takes no writes of blocked contacts"
    assert list(enabled.rejections()) == [contact]
    enabled.app.action("unblock", id=desk)
    enabled.edit(contact, Description="wrote again")
    enabled.run()
    assert enabled.desk(desk)["job_title"] == "Head of buying"
    assert enabled.rejections() == {}
    enabled.assert_settled()
