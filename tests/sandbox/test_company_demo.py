"""The demo's share of the company hangs together, and what needs a person in it is where it should be."""

from datetime import UTC, datetime
from itertools import combinations

import pytest

from sandbox.company.activecampaign_demo import demo_activecampaign
from sandbox.company.cast import firms, people
from sandbox.company.demo import ENTERED_TWICE, SELLER, WHO_LEFT, demo_salesforce, known_people
from sandbox.company.forcemanager_demo import READ_ONLY, demo_forcemanager
from sandbox.company.freshdesk_demo import BLOCKED, demo_freshdesk
from sandbox.company.getresponse_demo import demo_getresponse
from sandbox.company.lemontaps_demo import demo_lemontaps
from sandbox.running import serve
from sandbox.system import SYSTEMS

NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
ORG = demo_salesforce(NOW)
DESK, CRM, CARDS = demo_freshdesk(NOW), demo_forcemanager(NOW), demo_lemontaps(NOW)
KNOWN = {
    "freshdesk": {row["email"] for row in DESK["contacts"]},
    "forcemanager": {row["email"] for row in CRM["contacts"]},
    "getresponse": {row["email"] for row in demo_getresponse(NOW)},
    "activecampaign": {row["email"] for row in demo_activecampaign(NOW)},
    "lemontaps": {row["email"] for row in CARDS["contacts"]},
}


def test_it_is_the_same_on_every_call() -> None:
    assert (demo_salesforce(NOW), demo_freshdesk(NOW), demo_forcemanager(NOW)) == (ORG, DESK, CRM)


def test_every_reference_leads_to_somebody_who_takes_part() -> None:
    ids = {row["Id"] for rows in ORG.values() for row in rows} | {None}
    names = ("AccountId", "ContactId", "WhoId", "OpportunityId", "OwnerId")
    assert {row[name] for rows in ORG.values() for row in rows for name in names if name in row} <= ids
    assert {row["company_id"] for row in DESK["contacts"]} <= {row["id"] for row in DESK["companies"]} | {None}
    people_and_firms = {row["id"] for row in CRM["accounts"] + CRM["contacts"]}
    assert {
        row[name] for rows in CRM.values() for row in rows for name in ("accountId", "contactId") if name in row
    } <= people_and_firms


def test_nobody_is_owned_by_who_left() -> None:
    owners = [row["OwnerId"] for rows in ORG.values() for row in rows if "OwnerId" in row]
    assert SELLER in owners
    assert WHO_LEFT not in owners


@pytest.mark.parametrize(("one", "other"), [*combinations(KNOWN, 2)])
def test_nobody_is_new_in_two_apps(one: str, other: str) -> None:
    assert KNOWN[one] & KNOWN[other] <= known_people().keys()


def test_every_app_knows_people_of_salesforce_and_its_own() -> None:
    for addresses in KNOWN.values():
        assert addresses & known_people().keys()
        assert addresses - known_people().keys()


def test_a_few_records_need_a_person() -> None:
    twice, blocked = people()[ENTERED_TWICE].email, people()[BLOCKED].email
    assert [row["Email"] for row in ORG["Contact"]].count(twice) == 2
    assert twice in KNOWN["freshdesk"] & KNOWN["getresponse"]
    assert sum(row["Email"] is None for row in ORG["Contact"]) == 1
    assert [row["email"] for row in DESK["contacts"] if row["blocked"]] == [blocked]
    assert [row["name"] for row in CRM["accounts"] if row["readOnly"]] == [firms()[READ_ONLY].name]
    assert sum(not row["account"] for row in demo_activecampaign(NOW) if row["email"] not in known_people()) == 2
    assert sum(not row["custom_fields"]["company"] for row in demo_getresponse(NOW) if row["campaign"] == "trade_fair_leads") == 1
    assert sum(not row["company"] or not row["last_name"] for row in CARDS["contacts"]) == 2


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_system_can_be_seeded_with_it(system: str) -> None:
    kind = {"salesforce": "Contact"}.get(system, "contacts")
    with serve(system, seed="demo") as client:
        assert len(client.records(kind)) >= 14
