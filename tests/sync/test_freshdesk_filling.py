"""E-mail address, mobile and work phone: filled where they are missing, never replaced, and later nulls travel."""

import pytest

from pipeline import World

NUMBERS = [("MobilePhone", "mobile"), ("Phone", "phone")]


@pytest.mark.feature("FD-12")
@pytest.mark.parametrize(("field", "name"), NUMBERS)
def test_a_filled_number_is_not_replaced_from_either_side(enabled: World, field: str, name: str) -> None:
    contact, desk = enabled.linked_contact(**{field: "+49 1"})
    enabled.edit(contact, **{field: "+49 2"})
    enabled.run()
    assert enabled.desk(desk)[name] == "+49 1"
    enabled.edit(desk, **{name: "+49 3"})
    enabled.run()
    assert enabled.person(contact)[field] == "+49 2"
    enabled.assert_settled()


@pytest.mark.feature("FD-12")
@pytest.mark.parametrize(("field", "name"), NUMBERS)
def test_a_missing_number_is_filled_from_either_side(enabled: World, field: str, name: str) -> None:
    contact, desk = enabled.linked_contact()
    enabled.edit(contact, **{field: "+49 1"})
    enabled.run()
    assert enabled.desk(desk)[name] == "+49 1"
    other, other_desk = enabled.linked_contact(Email="jon@nordwerk.example")
    enabled.edit(other_desk, **{name: "+49 2"})
    enabled.run()
    assert enabled.person(other)[field] == "+49 2"
    enabled.assert_settled()


@pytest.mark.feature("FD-12")
def test_a_first_link_pushes_no_nulls_in_any_field(enabled: World) -> None:
    desk = enabled.desk_contact(name="Mara Lind", email="mara@nordwerk.example", phone="+49 1", job_title="Buyer", tags=["vip"])
    contact = enabled.contact(FirstName="Mara", Email="Mara@Nordwerk.example", MobilePhone="+49 2", Description="met in Kiel")
    enabled.run()
    assert enabled.partner("contact", contact) == str(desk)
    kept = {"phone": "+49 1", "job_title": "Buyer", "tags": ["vip"], "mobile": "+49 2", "description": "met in Kiel"}
    assert {name: enabled.desk(desk)[name] for name in kept} == kept
    found = enabled.person(contact)
    assert (found["Phone"], found["Title"], found["Freshdesk_Tags__c"]) == ("+49 1", "Buyer", "vip")
    enabled.assert_settled()


@pytest.mark.feature("FD-12")
@pytest.mark.parametrize(("field", "name"), [*NUMBERS, ("Title", "job_title"), ("Description", "description")])
def test_later_nulls_overwrite_both_ways(enabled: World, field: str, name: str) -> None:
    contact, desk = enabled.linked_contact(**{field: "one"})
    enabled.edit(contact, **{field: None})
    enabled.run()
    assert enabled.desk(desk)[name] is None
    enabled.edit(contact, **{field: "two"})
    enabled.run()
    enabled.edit(desk, **{name: None})
    enabled.run()
    assert enabled.person(contact)[field] is None
    enabled.assert_settled()


@pytest.mark.feature("FD-12")
def test_a_number_removed_beside_a_different_one_is_filled_with_that(enabled: World) -> None:
    contact, desk = enabled.linked_contact(Phone="+49 1")
    enabled.edit(contact, Phone="+49 2")
    enabled.run()
    enabled.edit(contact, Phone=None)
    enabled.run()
    assert (enabled.person(contact)["Phone"], enabled.desk(desk)["phone"]) == ("+49 1", "+49 1")
    enabled.assert_settled()


@pytest.mark.feature("FD-13")
def test_the_email_goes_to_freshdesk_only_while_it_has_none(enabled: World) -> None:
    contact, desk = enabled.linked_contact(Email=None, Phone="+49 1")
    assert enabled.desk(desk)["email"] is None
    enabled.edit(contact, Email="Mara@Nordwerk.example")
    enabled.run()
    assert enabled.desk(desk)["email"] == "mara@nordwerk.example"
    enabled.edit(contact, Email="new@nordwerk.example")
    enabled.run()
    assert enabled.desk(desk)["email"] == "mara@nordwerk.example"
    enabled.edit(contact, Email=None)
    enabled.run()
    assert enabled.desk(desk)["email"] == "mara@nordwerk.example"
    enabled.assert_settled()


@pytest.mark.feature("FD-13", "FD-12")
def test_an_email_removed_in_freshdesk_goes_and_a_new_one_comes_back(enabled: World) -> None:
    contact, desk = enabled.linked_contact(Phone="+49 1")
    enabled.edit(desk, email=None)
    enabled.run()
    assert enabled.person(contact)["Email"] is None
    enabled.edit(contact, Email="new@nordwerk.example")
    enabled.run()
    assert enabled.desk(desk)["email"] == "new@nordwerk.example"
    enabled.assert_settled()


@pytest.mark.feature("FD-13", "FD-12")
def test_emails_edited_on_both_sides_both_stay(enabled: World) -> None:
    contact, desk = enabled.linked_contact()
    enabled.edit(contact, Email="work@nordwerk.example", Title="Buyer")
    enabled.edit(desk, email="home@nordwerk.example")
    enabled.run()
    assert enabled.person(contact)["Email"] == "work@nordwerk.example"
    assert (enabled.desk(desk)["email"], enabled.desk(desk)["job_title"]) == ("home@nordwerk.example", "Buyer")
    enabled.assert_settled()


@pytest.mark.feature("FD-12", "ALL-18")
@pytest.mark.parametrize("sides", ["one", "both"])
def test_what_a_first_link_filled_can_be_emptied_again(enabled: World, sides: str) -> None:
    """The record then reads as it did before the link; what it was settled on is what was written."""
    contact = enabled.contact(FirstName="Mara", Email="mara@nordwerk.example", Title="Buyer")
    desk = enabled.desk_contact(
        name="Mara Lind", email="mara@nordwerk.example", description="met at the fair" if sides == "both" else None
    )
    enabled.run()
    assert enabled.desk(desk)["job_title"] == "Buyer"
    enabled.edit(desk, job_title=None)
    enabled.run()
    assert enabled.person(contact)["Title"] is None
    enabled.assert_settled()
