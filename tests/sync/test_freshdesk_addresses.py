"""E-mail addresses that two contacts share, and contacts that have none at all."""

import pytest

from pipeline import World


@pytest.mark.feature("FD-11")
def test_a_second_contact_with_the_same_email_is_reported_and_goes_once_the_first_gives_it_up(enabled: World) -> None:
    first, desk = enabled.linked_contact()
    second = enabled.contact(FirstName="Jon", Email="MARA@nordwerk.example")
    enabled.run()
    assert (enabled.partner("contact", second), enabled.contact_totals()) == (None, (2, 1))
    assert enabled.rejections() == {second: ["not_unique"]}
    (words,) = enabled.rows("select reasons->0->>'reason' from sync.rejection")
    assert words[0].startswith(f"email is already taken by contact {first};")
    enabled.assert_settled()
    enabled.edit(second, Email="jon@nordwerk.example")
    enabled.run()
    assert enabled.desk(second)["email"] == "jon@nordwerk.example"
    assert enabled.desk(first)["id"] == desk
    assert enabled.rejections() == {}
    enabled.assert_settled()


@pytest.mark.feature("FD-11")
def test_of_two_new_contacts_with_one_email_one_goes(enabled: World) -> None:
    contacts = [enabled.contact(FirstName=name, Email="office@nordwerk.example") for name in ("Mara", "Jon")]
    enabled.run()
    assert enabled.contact_totals() == (2, 1)
    assert list(enabled.rejections().values()) == [["not_unique"]]
    assert sum(enabled.partner("contact", contact) is not None for contact in contacts) == 1
    enabled.assert_settled()


@pytest.mark.feature("FD-11")
def test_who_is_new_with_an_address_that_a_linked_contact_takes_in_the_same_run_is_not_made_beside_it(enabled: World) -> None:
    contact, _ = enabled.linked_contact()
    enabled.edit(contact, Email="office@nordwerk.example")
    newcomer = enabled.desk_contact(name="Jon Doe", email="Office@nordwerk.example")
    enabled.run()
    assert enabled.contact_totals() == (1, 2)
    assert "not_unique" in enabled.rejections()[str(newcomer)]
    enabled.edit(contact, Email="mara@nordwerk.example")
    enabled.run()
    enabled.run(record_ids=[f"app:{newcomer}"])
    enabled.run()
    assert enabled.contact_totals() == (2, 2)
    assert enabled.rejections() == {}
    enabled.assert_settled()


@pytest.mark.feature("FD-11")
def test_an_address_that_freshdesk_holds_elsewhere_is_reported_in_its_words(enabled: World) -> None:
    enabled.desk_contact(name="Jon Doe", email="jon@nordwerk.example", other_emails=["mara@nordwerk.example"])
    contact = enabled.contact(Email="mara@nordwerk.example")
    enabled.run()
    assert enabled.rejections() == {contact: ["duplicate_value"]}
    enabled.assert_settled()


@pytest.mark.feature("FD-17")
def test_a_contact_without_any_address_goes_to_salesforce_and_not_the_other_way(world: World) -> None:
    world.run()
    desk = world.desk_contact(name="Mara Lind", twitter_id="4711")
    contact = world.contact(FirstName="Jon", LastName="Doe")
    world.run()
    assert world.person(desk)["LastName"] == "Lind"
    assert world.partner("contact", contact) is None
    assert world.rejections() == {contact: ["required"]}
    world.edit(contact, Phone="+49 30 1")
    world.run()
    assert world.desk(contact)["phone"] == "+49 30 1"
    assert world.rejections() == {}
    world.assert_settled()


@pytest.mark.feature("FD-17")
def test_a_linked_contact_without_any_address_stays_in_step_both_ways(world: World) -> None:
    world.run()
    desk = world.desk_contact(name="Mara Lind", twitter_id="4711")
    world.run()
    world.salesforce.edit("Contact", world.partner("contact", desk), {"Title": "Buyer"})
    world.run()
    assert world.desk(desk)["job_title"] == "Buyer"
    world.edit(desk, job_title="Head of buying")
    world.run()
    assert world.person(desk)["Title"] == "Head of buying"
    assert world.rejections() == {}
    world.assert_settled()
