"""An opt-out goes on at once, although other values hold its record back or something takes it back each time."""

import pytest

from pipeline import QUICK, World

pytestmark = pytest.mark.feature("ALL-26")


@pytest.fixture
def consent(world: World) -> World:
    """A world after its first run, in which a box of both systems is consent."""
    world.add_rows("Is_Vip__c,custom_fields.newsletter,both,boolean,ratchet")
    world.run()
    return world


def is_out(world: World, desk: int) -> bool:
    return bool(world.desk(desk)["custom_fields"]["newsletter"])


def test_a_tick_leaves_a_rejected_record_of_salesforce(consent: World) -> None:
    contact, desk = consent.linked_contact(Title="Buyer")
    consent.edit(contact, LastName=None, FirstName=None, Title="Head of sales", Is_Vip__c=True)
    consent.run()
    assert consent.rejections()[contact] == ["required"]
    assert is_out(consent, desk)
    assert consent.desk(desk)["job_title"] == "Buyer", "nothing else of it goes"
    before = consent.writes()
    consent.edit(desk, description="of a person there")
    consent.run()
    assert consent.writes() == before, "it goes once"
    consent.edit(contact, LastName="Lind")
    consent.run()
    assert consent.rejections() == {}
    assert (consent.desk(desk)["job_title"], is_out(consent, desk)) == ("Head of sales", True)
    assert consent.person(contact)["Description"] == "of a person there"
    consent.assert_settled()


def test_a_tick_reaches_a_rejected_record_and_keeps_its_other_edits_open(consent: World) -> None:
    contact, desk = consent.linked_contact(Title="Buyer")
    consent.edit(desk, name=" ", job_title="Head of sales")
    consent.edit(contact, Is_Vip__c=True, Description="of a person here")
    consent.run()
    assert consent.rejections() == {str(desk): ["required"], contact: ["waits"]}
    assert is_out(consent, desk)
    assert (consent.person(contact)["Title"], consent.desk(desk)["description"]) == ("Buyer", None)
    consent.edit(desk, name="Mara Lind")
    consent.run()
    assert consent.rejections() == {}
    assert (consent.person(contact)["Title"], consent.desk(desk)["description"]) == ("Head of sales", "of a person here")
    consent.assert_settled()


def test_a_box_that_is_not_ticked_waits_with_its_record(consent: World) -> None:
    contact, desk = consent.linked_contact()
    consent.edit(contact, LastName=None, FirstName=None)
    consent.run()
    assert consent.rejections()[contact] == ["required"]
    assert not is_out(consent, desk)


def test_a_tick_is_written_again_however_often_it_is_taken_back_and_told(consent: World) -> None:
    consent.stages = QUICK
    contact, desk = consent.linked_contact(Is_Vip__c=True)
    for _ in range(5):
        consent.app.edit("contacts", desk, {"custom_fields": {"newsletter": False}})
        consent.run()
        assert is_out(consent, desk)
    assert list(consent.rejections().values()) == [["flip_flop"]]
    [row] = consent.rows("select reasons from sync.rejection where closed_at is null")
    assert "written again all the same" in row.reasons[0]["reason"]
    consent.edit(contact, Title="Head of sales")
    consent.run()
    assert consent.desk(desk)["job_title"] == "Head of sales"


def test_a_tick_leaves_a_record_that_is_held_for_another_value(consent: World) -> None:
    consent.stages = QUICK
    consent.change("settings.yaml", "master: merge", "master: salesforce")
    contact, desk = consent.linked_contact(Title="Buyer")
    for _ in range(4):
        consent.edit(desk, job_title="buyer (old)")
        consent.run()
    assert list(consent.rejections().values()) == [["flip_flop"]]
    consent.edit(contact, Is_Vip__c=True)
    consent.run()
    assert is_out(consent, desk)
    for n in range(2):
        consent.contact(Email=f"other{n}@nordwerk.example")
        consent.run()
    assert consent.desk(desk)["job_title"] == "buyer (old)", "still held"
    consent.later()
    consent.edit(contact, Title="Head of sales")
    consent.run()
    assert (consent.desk(desk)["job_title"], consent.rejections()) == ("Head of sales", {})
    consent.assert_settled()


def test_a_tick_goes_although_the_system_refuses_another_value(consent: World) -> None:
    consent.stages = QUICK
    contact, desk = consent.linked_contact()
    taken = consent.desk_contact(name="Jon Doe", mobile="+49 151 1")
    consent.edit(contact, MobilePhone="+49 151 1", Is_Vip__c=True)
    consent.run()
    assert is_out(consent, desk)
    assert consent.desk(desk)["mobile"] is None
    refused = consent.rejections()
    assert refused[contact] not in ([], ["waits"])
    consent.contact(Email="other@nordwerk.example")
    consent.run()
    assert (is_out(consent, desk), consent.rejections()[contact]) == (True, refused[contact]), "it waits on"
    consent.later()
    consent.edit(taken, mobile=None, phone="+49 151 2")
    consent.edit(contact, Title="Head of sales")
    consent.run()
    assert (consent.desk(desk)["mobile"], consent.rejections()) == ("+49 151 1", {})
    consent.assert_settled()
