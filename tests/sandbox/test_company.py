"""The made-up company is the same on every call, consistent in itself, and as untidy as it promises."""

from collections import Counter
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pytest

from sandbox.company import freshdesk_company, generate_freshdesk, generate_salesforce, salesforce_company
from sandbox.company.ids import checksum, salesforce_id

NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
ORG = salesforce_company(NOW)
DESK = freshdesk_company(NOW)
REFERENCES = {
    "AccountId": "Account", "OwnerId": "User", "MasterRecordId": None, "ConvertedContactId": "Contact",
    "ContactId": "Contact",
    "ConvertedAccountId": "Account", "OpportunityId": "Opportunity", "WhoId": "Contact", "CreatedById": "User",
}  # fmt: skip
LENGTHS = {
    "LastName": 80,
    "FirstName": 40,
    "Email": 80,
    "Phone": 40,
    "MobilePhone": 40,
    "MailingStreet": 255,
    "Name": 255,
}


def emails(rows: list[dict[str, Any]], field: str) -> set[str]:
    return {row[field].strip().lower() for row in rows if row[field]}


@pytest.mark.parametrize(
    ("fifteen", "tail"),
    [("0015500001QdQWa", "AAN"), ("0037e00001WZ30q", "AAD"), ("750P0000006HoSQ", "IA0"), ("003P000001avB5G", "IAU")],
)
def test_checksum_of_recorded_ids(fifteen: str, tail: str) -> None:
    assert checksum(fifteen) == tail


@pytest.mark.parametrize("number", [0, 61, 62, 3843, 3844, 199_999, 14_776_335, 14_776_336, 900_000_000])
def test_every_id_has_its_checksum(number: int) -> None:
    made = salesforce_id("Contact", number)
    assert len(made) == 18
    assert made[15:] == checksum(made[:15])


def test_same_on_every_call() -> None:
    assert salesforce_company(NOW) == ORG
    assert freshdesk_company(NOW) == DESK
    assert list(generate_salesforce(50, 5)) == list(generate_salesforce(50, 5))
    assert list(generate_freshdesk(50, 5)) != list(generate_freshdesk(50, 5, seed=2))


def test_size_of_the_org() -> None:
    counts = {kind: len(rows) for kind, rows in ORG.items()}
    assert counts["Contact"] == 2000
    assert counts["Account"] == 300
    assert counts["Lead"] == 150
    assert counts["User"] == 5
    assert counts["Opportunity"] == 100


def test_references_lead_to_records() -> None:
    known = {kind: {row["Id"] for row in rows} for kind, rows in ORG.items()}
    for kind, rows in ORG.items():
        for row in rows:
            for field, target in REFERENCES.items():
                assert row.get(field) is None or row[field] in known[target or kind], (kind, field)


def test_ids_are_unique() -> None:
    ids = [row["Id"] for rows in ORG.values() for row in rows]
    assert len(set(ids)) == len(ids)


def test_values_fit_their_fields() -> None:
    for row in ORG["Contact"] + ORG["Account"] + ORG["Lead"]:
        for field, length in LENGTHS.items():
            assert len(row.get(field) or "") <= length, (field, row[field])


def test_nothing_changed_after_now_or_before_it_was_created() -> None:
    for rows in ORG.values():
        assert all(row["CreatedDate"] <= row["LastModifiedDate"] <= "2026-11-22T14:00:00.000+0000" for row in rows)
    assert all(row["created_at"] <= row["updated_at"] <= "2026-11-22T14:00:00Z" for row in DESK["contacts"])


def test_org_is_untidy() -> None:
    contacts = ORG["Contact"]
    addresses = Counter(row["Email"].strip().lower() for row in contacts if row["Email"])
    assert sum(count > 1 for count in addresses.values()) >= 15
    assert sum(row["Email"] is None for row in contacts) > 50
    assert sum(row["AccountId"] is None for row in contacts) > 50
    assert sum(row["IsDeleted"] for row in contacts) >= 30
    assert sum(row["MasterRecordId"] is not None for row in contacts) == 6
    assert any(row["LastName"] != row["LastName"].strip() for row in contacts)
    assert {"n/a", "+49 (0)151 / 555-0100 ext. 4"} <= {row["Phone"] for row in contacts}
    assert max(Counter(row["Name"] for row in ORG["Account"]).values()) == 3
    assert {"Żółć", "O'Brien", "de la Cruz", "Groß"} <= {row["LastName"] for row in contacts}


def test_converted_leads_name_their_contact() -> None:
    converted = [row for row in ORG["Lead"] if row["IsConverted"]]
    assert len(converted) == 30
    assert all(row["ConvertedContactId"] for row in converted)


def test_desk_knows_two_thirds_of_the_same_people() -> None:
    known = emails(ORG["Contact"], "Email")
    mobiles = {row["MobilePhone"] for row in ORG["Contact"] if row["MobilePhone"]}
    by_email = [row for row in DESK["contacts"] if (row["email"] or "").lower() in known]
    by_mobile = [row for row in DESK["contacts"] if row["email"] is None and row["mobile"] in mobiles]
    assert len(DESK["contacts"]) == 1200
    assert 600 < len(by_email) < 760
    assert len(by_mobile) > 30
    assert sum(row["phone"] is not None and not row["email"] and not row["mobile"] for row in DESK["contacts"]) > 20


@pytest.mark.parametrize("field", ["id", "email", "mobile", "twitter_id"])
def test_desk_keeps_its_unique_fields(field: str) -> None:
    values = [str(row[field]).lower() for row in DESK["contacts"] if row[field]]
    assert len(set(values)) == len(values)


def test_desk_has_every_kind_of_contact() -> None:
    contacts = DESK["contacts"]
    assert sum(row["twitter_id"] is not None for row in contacts) >= 15
    assert sum(row["deleted"] for row in contacts) >= 5
    assert sum(row["blocked"] for row in contacts) >= 5
    assert sum(bool(row["tags"]) for row in contacts) > 100
    assert any(row["other_emails"] for row in contacts)
    companies = {row["id"] for row in DESK["companies"]}
    assert {row["company_id"] for row in contacts} <= companies | {None}


def test_desk_companies_have_unique_names_and_are_mostly_accounts() -> None:
    names = [row["name"].lower() for row in DESK["companies"]]
    accounts = {row["Name"].strip().lower() for row in ORG["Account"]}
    assert len(set(names)) == len(names)
    assert 0.5 < len(accounts & set(names)) / len(names) < 0.75


def test_only_reserved_domains() -> None:
    rows = [*ORG["Contact"], *ORG["Lead"], *ORG["User"]]
    assert all(address.endswith(".example") for address in emails(rows, "Email") | emails(DESK["contacts"], "email"))


def test_load_people_are_the_same_on_both_sides() -> None:
    org = [row["Email"] for kind, row in generate_salesforce(300, 30) if kind == "Contact"]
    desk = [row["email"] for kind, row in generate_freshdesk(200, 30) if kind == "contacts"]
    assert org[:200] == desk
    assert len(set(org)) == 300


def test_load_stamps_are_spread() -> None:
    rows = [row for kind, row in islice(generate_freshdesk(2000, 0), 2000)]
    assert len({row["updated_at"][:7] for row in rows}) > 20
    assert all(row["created_at"] <= row["updated_at"] for row in rows)
