"""Companies that are deleted, and records made anew in the place of deleted ones."""

import pytest

from pipeline import World


@pytest.mark.feature("FD-05", "FD-08")
def test_a_contact_made_anew_in_freshdesk_meets_the_old_one_of_salesforce(enabled: World) -> None:
    contact, desk = enabled.linked_contact()
    enabled.app.action("hard_delete", id=desk)
    again = enabled.app.action("mail_from", email="mara@nordwerk.example", sender="Mara Lind")
    enabled.edit(contact, Title="Buyer")
    enabled.run()
    assert enabled.rejections() == {contact: ["not_found"], str(again): ["not_unique"]}
    enabled.edit(contact, Title="Head of buying")
    enabled.run()
    assert enabled.partner("contact", contact) == str(again)
    assert enabled.desk(again)["job_title"] == "Head of buying"
    assert enabled.rejections() == {}
    assert len(enabled.salesforce.records("Contact")) == 1
    enabled.assert_settled()


@pytest.mark.feature("FD-05", "FD-08")
def test_deleted_and_made_anew_between_two_runs(enabled: World) -> None:
    contact, desk = enabled.linked_contact()
    enabled.app.delete("contacts", desk)
    enabled.app.edit("contacts", desk, {"email": None})
    again = enabled.desk_contact(name="Mara Lind", email="mara@nordwerk.example")
    enabled.run()
    assert enabled.partner("contact", contact) == str(again)
    assert len(enabled.salesforce.records("Contact")) == 1
    enabled.assert_settled()


@pytest.mark.feature("FD-05")
def test_a_company_deleted_in_freshdesk_takes_no_account_away(enabled: World) -> None:
    account = enabled.account("Nordwerk")
    contact, desk = enabled.linked_contact(AccountId=account)
    enabled.app.delete("companies", enabled.partner("account", account))
    enabled.run()
    assert enabled.person(contact)["AccountId"] == account
    assert enabled.get("Account", account)["IsDeleted"] is False
    enabled.assert_settled()
    other = enabled.company("Südwerk")
    enabled.edit(desk, company_id=other)
    enabled.run()
    assert enabled.person(contact)["AccountId"] == enabled.partner("account", other)
    enabled.assert_settled()


@pytest.mark.feature("FD-05", "FD-08")
def test_a_company_deleted_and_made_anew_is_linked_again(enabled: World) -> None:
    account = enabled.account("Nordwerk")
    contact, desk = enabled.linked_contact(AccountId=account)
    enabled.app.delete("companies", enabled.partner("account", account))
    enabled.run()
    again = enabled.company("Nordwerk")
    enabled.edit(contact, Title="Buyer")
    enabled.run()
    assert enabled.partner("account", account) == str(again)
    assert len(enabled.salesforce.records("Account")) == 1
    enabled.run()
    assert enabled.desk(desk)["company_id"] == again
    enabled.assert_settled()


@pytest.mark.feature("FD-05")
def test_an_edit_of_an_account_whose_company_is_gone_is_reported(enabled: World) -> None:
    account = enabled.account("Nordwerk")
    enabled.run()
    enabled.app.delete("companies", enabled.partner("account", account))
    enabled.salesforce.edit("Account", account, {"Description": "pumps"})
    enabled.run()
    assert enabled.rejections() == {account: ["not_found"]}
    enabled.assert_settled()
