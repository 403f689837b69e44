"""What a person says of a record that matches more than one is carried out by the next run, also when nothing else has changed."""

import pytest

from health import queries_waiting
from pipeline import World

PHONE = {"phone": "+49 30 1"}


@pytest.fixture
def unsure(enabled: World) -> tuple[str, str, str]:
    """One contact in Salesforce that shares its telephone number with two in Freshdesk."""
    contact = enabled.contact(Phone="+49 30 1", Email="mara@nordwerk.example")
    desks = [str(enabled.desk_contact(name=name, **PHONE)) for name in ("Mara L.", "Max L.")]
    enabled.run()
    assert enabled.partner("contact", contact) is None
    return (contact, *desks)


def waiting(world: World, record_id: str) -> dict[str, object]:
    """The record as the page lists it."""
    with world.engine.connect() as connection:
        found = queries_waiting.ambiguous(connection, 1)
    return next(row for row in found if row["record_id"] == record_id)


def settle(world: World, record_id: str, other_id: str | None) -> None:
    """Say on the page to which record this one belongs."""
    with world.engine.begin() as connection:
        queries_waiting.decide(connection, 1, waiting(world, record_id), other_id, "mara")


@pytest.mark.feature("ALL-30")
def test_an_ambiguous_record_is_listed_with_its_candidates(enabled: World, unsure: tuple[str, str, str]) -> None:
    contact, *desks = unsure
    row = waiting(enabled, contact)
    assert {(each["record_id"], each["fields"]["name"]) for each in row["candidates"]} == {
        (desks[0], "Mara L."),
        (desks[1], "Max L."),
    }
    assert row["fields"]["email"] == "mara@nordwerk.example"
    assert [each["record_id"] for each in waiting(enabled, desks[0])["candidates"]] == [contact]
    words = dict(map(tuple, enabled.rows("select record_id, reasons->0->>'reason' from sync.rejection where closed_at is null")))
    assert words[contact].startswith("it fits more than one record by ")
    assert words[desks[0]].startswith("others fit the same record by ")


@pytest.mark.feature("ALL-30", "ALL-12")
def test_the_chosen_candidate_is_linked_by_an_idle_run(enabled: World, unsure: tuple[str, str, str]) -> None:
    contact, mara, max_ = unsure
    settle(enabled, contact, mara)
    enabled.run()
    assert enabled.partner("contact", contact) == mara
    assert enabled.rows("select 1 from sync.rejection where closed_at is null and record_id = :id", id=contact) == []
    enabled.run(mode="backfill")
    assert enabled.partner("contact", contact) == mara
    assert enabled.person(int(max_))["Phone"] == "+49 30 1"
    enabled.assert_settled()


@pytest.mark.feature("ALL-30")
def test_none_of_them_makes_a_new_one(enabled: World, unsure: tuple[str, str, str]) -> None:
    contact, *desks = unsure
    settle(enabled, contact, None)
    enabled.run()
    partner = enabled.partner("contact", contact)
    assert partner is not None
    assert partner not in desks
    enabled.assert_settled()


@pytest.mark.feature("ALL-30")
def test_a_record_that_no_key_finds_can_be_chosen_by_its_id(enabled: World, unsure: tuple[str, str, str]) -> None:
    contact, *_ = unsure
    enabled.app.switches(rate_limit=False)
    other = str(enabled.desk_contact(name="Quite another", email="other@nordwerk.example"))
    settle(enabled, contact, other)
    enabled.run()
    assert enabled.partner("contact", contact) == other


@pytest.mark.feature("ALL-30")
def test_of_two_choices_for_one_candidate_the_later_counts(enabled: World, unsure: tuple[str, str, str]) -> None:
    contact, mara, _ = unsure
    second = enabled.contact(LastName="Second", Phone="+49 30 1")
    enabled.run()
    settle(enabled, contact, mara)
    settle(enabled, second, mara)
    enabled.run()
    assert enabled.partner("contact", second) == mara
    assert enabled.partner("contact", contact) != mara


@pytest.mark.feature("ALL-30")
def test_a_decision_can_be_taken_back(enabled: World, unsure: tuple[str, str, str]) -> None:
    contact, mara, _ = unsure
    settle(enabled, contact, mara)
    with enabled.engine.begin() as connection:
        assert queries_waiting.withdraw_decision(connection, 1, waiting(enabled, contact)) == 1
    enabled.run()
    assert enabled.partner("contact", contact) is None


@pytest.mark.feature("ALL-12")
def test_retry_brings_any_record_back_with_the_next_run(enabled: World, unsure: tuple[str, str, str]) -> None:
    contact, *_ = unsure
    tries = "select attempts from sync.rejection where closed_at is null and record_id = :id"
    enabled.run()
    assert enabled.rows(tries, id=contact) == [(1,)]
    with enabled.engine.begin() as connection:
        assert queries_waiting.retry(connection, 1, [waiting(enabled, contact)["id"]]) == 1
    enabled.run()
    assert enabled.rows(tries, id=contact) == [(2,)]
