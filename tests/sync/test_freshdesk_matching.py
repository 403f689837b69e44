"""How contacts and companies of both sides find each other, and the cross-references that keep them together."""

from typing import Any

import pytest

from pipeline import World


@pytest.mark.feature("FD-08")
@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ({"Email": "Mara@Nordwerk.example"}, {"email": "mara@nordwerk.example"}),
        ({"MobilePhone": " +49 1"}, {"mobile": "+49 1"}),
        ({"Phone": "+49 30 1"}, {"phone": "+49 30 1"}),
    ],
)
@pytest.mark.parametrize("first", ["salesforce", "app"])
def test_a_contact_is_found_by_each_key(enabled: World, mine: dict[str, Any], theirs: dict[str, Any], first: str) -> None:
    if first == "salesforce":
        contact, desk = enabled.contact(**mine), enabled.desk_contact(name="Mara Lind", **theirs)
    else:
        desk, contact = enabled.desk_contact(name="Mara Lind", **theirs), enabled.contact(**mine)
    enabled.run()
    assert enabled.partner("contact", contact) == str(desk)
    assert enabled.contact_totals() == (1, 1)
    enabled.assert_settled()


@pytest.mark.feature("FD-08", "FD-09")
def test_the_keys_count_in_their_order(enabled: World) -> None:
    enabled.app.switches(mobile_unique=False)
    by_phone = enabled.desk_contact(name="By phone", phone="+49 30 1")
    by_mobile = enabled.desk_contact(name="By mobile", mobile="+49 1")
    by_email = enabled.desk_contact(name="By mail", email="mara@nordwerk.example")
    contact = enabled.contact(Email="mara@nordwerk.example", MobilePhone="+49 1", Phone="+49 30 1")
    by_reference = enabled.desk_contact(name="By reference", email="other@nordwerk.example", unique_external_id="x")
    enabled.app.edit("contacts", by_reference, {"custom_fields": {"sfcontactid": contact}})
    enabled.run()
    assert enabled.partner("contact", contact) == str(by_reference)
    assert enabled.person(by_email)["Email"] == "mara@nordwerk.example"
    assert {enabled.person(desk)["LastName"] for desk in (by_phone, by_mobile)} == {"phone", "mobile"}
    assert enabled.contact_totals() == (4, 4)
    enabled.assert_settled()


@pytest.mark.feature("FD-08")
@pytest.mark.parametrize(
    ("lower", "higher"), [({"mobile": "+49 1"}, {"email": "mara@nordwerk.example"}), ({"phone": "+49 30 1"}, {"mobile": "+49 1"})]
)
def test_an_earlier_key_wins_over_a_later_one(enabled: World, lower: dict[str, str], higher: dict[str, str]) -> None:
    enabled.app.switches(mobile_unique=False)
    enabled.desk_contact(name="Wrong Lind", **lower)
    right = enabled.desk_contact(name="Right Lind", **higher)
    contact = enabled.contact(Email="mara@nordwerk.example", MobilePhone="+49 1", Phone="+49 30 1")
    enabled.run()
    assert enabled.partner("contact", contact) == str(right)
    enabled.assert_settled()


@pytest.mark.feature("FD-08", "FD-09")
def test_the_reference_in_salesforce_finds_the_contact_without_any_shared_value(enabled: World) -> None:
    desk = enabled.desk_contact(name="M. Lind", email="private@home.example")
    contact = enabled.contact(Email="mara@nordwerk.example", FDCONTACTID__c=str(desk))
    enabled.run()
    assert enabled.partner("contact", contact) == str(desk)
    assert enabled.contact_totals() == (1, 1)
    enabled.assert_settled()


@pytest.mark.feature("FD-08", "FD-09")
def test_companies_are_found_by_reference_before_name(enabled: World) -> None:
    right, wrong = enabled.company("Old name"), enabled.company("Nordwerk")
    account = enabled.account("Nordwerk", FDACCOUNTID__c=str(right))
    other = enabled.account("Südwerk")
    same = enabled.company(" südwerk")
    enabled.run()
    assert enabled.partner("account", account) == str(right)
    assert enabled.partner("account", other) == str(same)
    assert enabled.partner("account", wrong) not in (None, account)


@pytest.mark.feature("FD-08", "ALL-30")
def test_two_candidates_are_never_guessed(enabled: World) -> None:
    one, two = (enabled.desk_contact(name=name, phone="+49 30 1") for name in ("Mara Lind", "Jon Lind"))
    contact = enabled.contact(Phone="+49 30 1")
    enabled.run()
    assert enabled.partner("contact", contact) is None
    assert enabled.rejections()[contact] == ["ambiguous"]
    assert enabled.contact_totals() == (1, 2), "nothing is created for any of the three"
    enabled.assert_settled()
    enabled.edit(two, phone="+49 30 2")
    enabled.run()
    assert enabled.partner("contact", contact) == str(one)
    assert enabled.rejections() == {}
    enabled.assert_settled()


@pytest.mark.feature("FD-09")
def test_all_four_cross_references_are_filled_and_kept(enabled: World) -> None:
    account = enabled.account("Nordwerk")
    contact, desk = enabled.linked_contact(AccountId=account)
    company = int(enabled.partner("account", account))
    assert enabled.person(contact)["FDCONTACTID__c"] == str(desk)
    assert enabled.desk(desk)["custom_fields"]["sfcontactid"] == enabled.desk(desk)["unique_external_id"] == contact
    assert enabled.get("Account", account)["FDACCOUNTID__c"] == str(company)
    assert enabled.get("companies", company)["custom_fields"]["sfaccountid"] == account
    enabled.assert_settled()
    enabled.edit(contact, FDCONTACTID__c=None, Title="Buyer")
    enabled.app.edit("contacts", desk, {"custom_fields": {"sfcontactid": "tampered"}, "description": "x"})
    enabled.run()
    assert enabled.person(contact)["FDCONTACTID__c"] == str(desk)
    assert enabled.desk(desk)["custom_fields"]["sfcontactid"] == contact
    enabled.assert_settled()
