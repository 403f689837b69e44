"""People's names in one field or two, and tags as a list or as words with commas."""

import pytest

from pipeline import World


@pytest.mark.feature("FD-07")
@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Mara Lind", "Mara", "Lind"),
        ("Mara Sofie Lind", "Mara Sofie", "Lind"),
        ("Jan van der Berg", "Jan", "van der Berg"),
        ("Madonna", None, "Madonna"),
        ("Sammy Davis Jr.", "Sammy", "Davis Jr."),
    ],
)
def test_a_full_name_from_freshdesk_is_split(enabled: World, name: str, first: str | None, last: str) -> None:
    desk = enabled.desk_contact(name=name, email="someone@nordwerk.example")
    enabled.run()
    person = enabled.person(desk)
    assert (person["FirstName"], person["LastName"]) == (first, last)
    enabled.assert_settled()


@pytest.mark.feature("FD-07", "ALL-19")
def test_names_that_split_otherwise_are_left_as_people_wrote_them(enabled: World) -> None:
    contact, desk = enabled.linked_contact(FirstName="Ana", LastName="García Márquez")
    assert enabled.desk(desk)["name"] == "Ana García Márquez"
    enabled.edit(desk, job_title="Buyer")
    enabled.run()
    person = enabled.person(contact)
    assert (person["FirstName"], person["LastName"], person["Title"]) == ("Ana", "García Márquez", "Buyer")
    enabled.edit(contact, FirstName=None)
    enabled.run()
    assert enabled.desk(desk)["name"] == "García Márquez"
    enabled.assert_settled()


@pytest.mark.feature("FD-14")
def test_tags_and_words_with_commas_are_one_thing(enabled: World) -> None:
    contact, desk = enabled.linked_contact(Freshdesk_Tags__c="vip, partner,vip ,")
    assert sorted(enabled.desk(desk)["tags"]) == ["partner", "vip"]
    enabled.assert_settled()
    enabled.edit(desk, tags=["vip", "fair 2026"])
    enabled.run()
    assert enabled.person(contact)["Freshdesk_Tags__c"] == "fair 2026, vip"
    enabled.edit(contact, Freshdesk_Tags__c="vip")
    enabled.run()
    assert enabled.desk(desk)["tags"] == ["vip"]
    enabled.edit(desk, tags=[])
    enabled.run()
    assert enabled.person(contact)["Freshdesk_Tags__c"] is None
    enabled.assert_settled()


@pytest.mark.feature("FD-14")
def test_the_order_of_tags_is_no_change(enabled: World) -> None:
    contact, desk = enabled.linked_contact(Freshdesk_Tags__c="a, b")
    enabled.edit(desk, tags=["b", "a"])
    enabled.run()
    assert enabled.person(contact)["Freshdesk_Tags__c"] == "a, b"
    enabled.assert_settled()


@pytest.mark.feature("FD-14", "ALL-16", "ALL-18")
def test_tags_added_and_removed_on_both_sides_are_united(enabled: World) -> None:
    enabled.change("contact.csv", "Freshdesk_Tags__c,tags,both,tags,,", "Freshdesk_Tags__c,tags,both,tags,union,")
    contact, desk = enabled.linked_contact(Freshdesk_Tags__c="old, stays, vip")
    enabled.edit(contact, Freshdesk_Tags__c="stays, vip, from salesforce")
    enabled.edit(desk, tags=["old", "stays", "from freshdesk"])
    enabled.run()
    assert enabled.person(contact)["Freshdesk_Tags__c"] == "from freshdesk, from salesforce, stays"
    assert sorted(enabled.desk(desk)["tags"]) == ["from freshdesk", "from salesforce", "stays"]
    enabled.assert_settled()


@pytest.mark.feature("FD-14")
def test_tags_alone_are_noticed_though_lists_do_not_show_them(enabled: World) -> None:
    desk = enabled.desk_contact(name="Jon Doe", email="jon@nordwerk.example", tags=["new"])
    enabled.run()
    assert enabled.person(desk)["Freshdesk_Tags__c"] == "new"
    enabled.assert_settled()
