"""A share of the company for `make demo`: quick to sync, and tidy but for a few records on purpose that only a person can settle.

Here is who takes part and what Salesforce has; each app's own share is in its `_demo` module. Nobody new is known in two apps:
both would make him in Salesforce at the same moment, as first runs side by side do.
"""

from collections import Counter
from datetime import datetime
from functools import cache
from typing import Any

from sandbox.company.cast import SALESFORCE_FIRMS, SALESFORCE_PEOPLE, Firm, firms, people
from sandbox.company.ids import salesforce_id
from sandbox.company.salesforce import DELETED_CONTACTS, USERS, salesforce_company

Row = dict[str, Any]
Rows = list[Row]

KNOWN_FIRMS = range(40)
NEW_FIRMS = range(SALESFORCE_FIRMS, SALESFORCE_FIRMS + 7)  # that only an app knows
LONGEST_NAME = 100
SHARES = 3  # of the new people
BUSINESS = ("Opportunity", "Contract", "Order", "Task", "Event")
LEADS = 30
ENTERED_TWICE = 81  # a person who stands in Salesforce two times
WITHOUT_ADDRESS = 1007
SELLER, WHO_LEFT = (salesforce_id("User", number) for number in (2, len(USERS)))


@cache
def chosen_firms() -> dict[int, Firm]:
    """Return the firms that take part, by number: of each name only one."""
    names = Counter(firm.name.strip().lower() for firm in firms())
    found = {number: firms()[number] for number in (*KNOWN_FIRMS, *NEW_FIRMS)}
    return {n: f for n, f in found.items() if names[f.name.strip().lower()] == 1 and len(f.name) <= LONGEST_NAME}


@cache
def chosen_people() -> dict[str, int]:
    """Return who takes part, address and number: no two share a telephone."""
    found: dict[str, int] = {}
    phones: set[str] = set()
    for number, person in enumerate(people()):
        is_reader = person.firm is None and number >= SALESFORCE_PEOPLE
        if (person.firm in chosen_firms() or is_reader) and person.phone not in phones and number not in DELETED_CONTACTS:
            phones |= {person.phone} - {""}
            found[person.email] = number
    return found


def known_people() -> dict[str, int]:
    """Return those whom Salesforce knows."""
    return {address: number for address, number in chosen_people().items() if number < SALESFORCE_PEOPLE}


def new_people(share: int, new_firms: range = range(0)) -> dict[str, int]:
    """Return those whom one app alone knows: its share at the known firms, and everybody at its own `new_firms`."""
    new = {address: number for address, number in chosen_people().items() if number >= SALESFORCE_PEOPLE}
    firm = {number: people()[number].firm for number in new.values()}
    return {a: n for a, n in new.items() if firm[n] in new_firms or (firm[n] in KNOWN_FIRMS and n % SHARES == share)}


def readers() -> dict[str, int]:
    """Return people of no firm whom nobody knows but for a newsletter."""
    return {address: number for address, number in chosen_people().items() if people()[number].firm is None}


def firm_names(new_firms: range = range(0)) -> set[str]:
    """Return the names of the firms that Salesforce knows, and of an app's own."""
    return {firm.name.strip() for number, firm in chosen_firms().items() if number in KNOWN_FIRMS or number in new_firms}


def demo_salesforce(now: datetime) -> dict[str, Rows]:
    """Return the share of the org: nobody is owned by who left, and business is with those who take part."""
    org = salesforce_company(now)
    contacts = [_tidy(number, org["Contact"][number]) for number in known_people().values()]
    twin = next(row for row in contacts if row["Email"] == people()[ENTERED_TWICE].email)
    share = {
        "Account": [row for number, row in enumerate(org["Account"]) if number in chosen_firms()],
        "Contact": [*contacts, {**twin, "Id": salesforce_id("Contact", SALESFORCE_PEOPLE + 100), "Title": None, "Phone": None}],
        "Lead": [row for row in org["Lead"] if row["Email"] and not (row["IsDeleted"] or row["IsConverted"])][:LEADS],
    }
    ids = {row["Id"] for rows in share.values() for row in rows} - {twin["Id"]} | {None}
    for kind in BUSINESS:
        share[kind] = [row for row in org[kind] if ids >= {row.get(name) for name in ("AccountId", "ContactId", "WhoId")}]
    ids = {row["Id"] for row in share["Opportunity"]}
    share["OpportunityContactRole"] = [row for row in org["OpportunityContactRole"] if row["OpportunityId"] in ids]
    return {"User": org["User"]} | {kind: [_owned(row) for row in rows] for kind, rows in share.items()}


def _tidy(number: int, row: Row) -> Row:
    person = people()[number]
    return row | {
        "Email": None if number == WITHOUT_ADDRESS else person.email, "LastName": person.last_name, "Phone": person.phone or None,
        "MailingStreet": person.street, "Description": None,
    }  # fmt: skip


def _owned(row: Row) -> Row:
    return row | {"OwnerId": SELLER} if row.get("OwnerId") == WHO_LEFT else row
