"""A share of the company for `make demo`: quick to sync, and tidy but for a few records on purpose that only a person can settle.

Nobody new is known in two apps: both would make him in Salesforce at the same moment, as first runs side by side do.
"""

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any

from sandbox.company.activecampaign import activecampaign_company
from sandbox.company.cast import SALESFORCE_FIRMS, SALESFORCE_PEOPLE, Firm, firms, people
from sandbox.company.forcemanager import FIRST_USER, forcemanager_company
from sandbox.company.freshdesk import freshdesk_company
from sandbox.company.getresponse import CAMPAIGNS, getresponse_company
from sandbox.company.ids import salesforce_id
from sandbox.company.lemontaps import lemontaps_company
from sandbox.company.salesforce import DELETED_CONTACTS, USERS, salesforce_company

Row = dict[str, Any]
Rows = list[Row]

APPS = ("freshdesk", "forcemanager", "activecampaign", "getresponse")
FIRMS = range(40)
NEW_FIRMS = {"freshdesk": range(300, 304), "forcemanager": range(304, 307)}  # that Salesforce does not know
LONGEST_NAME = 100
BUSINESS = ("Opportunity", "Contract", "Order", "Task", "Event")
LEADS = 30
FAIR_VISITORS = 8
CARDS = slice(52, 66)  # people whom Lemontaps met first; after those whom Salesforce has

# What only a person can settle. Besides, a card of Lemontaps, a form of ActiveCampaign and a visitor in GetResponse lack the company.
ENTERED_TWICE = 81  # stands in Salesforce two times
WITHOUT_ADDRESS = 1007
BLOCKED_IN_FRESHDESK = 59
READ_ONLY_IN_FORCEMANAGER = 5  # a firm
CARDS_OF_KNOWN_PEOPLE = (66, 77)
SELLER, WHO_LEFT = (salesforce_id("User", number) for number in (2, len(USERS)))


@cache
def chosen_firms() -> dict[int, Firm]:
    """Return the firms that take part, by number: of each name only one."""
    names = Counter(firm.name.strip().lower() for firm in firms())
    numbers = (*FIRMS, *(number for new in NEW_FIRMS.values() for number in new))
    found = {number: firms()[number] for number in numbers}
    return {n: f for n, f in found.items() if names[f.name.strip().lower()] == 1 and len(f.name) <= LONGEST_NAME}


@cache
def chosen_people() -> dict[str, dict[str, int]]:
    """Return who takes part, address and number, by where they are known: "salesforce" or one app. No two share a telephone."""
    found: dict[str, dict[str, int]] = {place: {} for place in ("salesforce", *APPS)}
    phones: set[str] = set()
    for number, person in enumerate(people()):
        if (
            (person.firm in chosen_firms() or _is_reader(number))
            and person.phone not in phones
            and number not in DELETED_CONTACTS
        ):
            phones |= {person.phone} - {""}
            found[_place(number)][person.email] = number
    return found


def _is_reader(number: int) -> bool:
    """Tell whether the person is of no firm and reads the newsletter."""
    return people()[number].firm is None and number >= SALESFORCE_PEOPLE


def _place(number: int) -> str:
    if number < SALESFORCE_PEOPLE:
        return "salesforce"
    if _is_reader(number):
        return "getresponse"
    firm = people()[number].firm
    return next((app for app, new in NEW_FIRMS.items() if firm in new), APPS[number % 3])


def known_in(app: str) -> Collection[str]:
    """Return the addresses of the people whom an app may know: those of Salesforce, and its own."""
    return chosen_people()["salesforce"].keys() | chosen_people()[app].keys()


def demo_salesforce(now: datetime) -> dict[str, Rows]:
    """Return the share of the org: nobody is owned by who left, and business is with those who take part."""
    org = salesforce_company(now)
    contacts = [_tidy(number, org["Contact"][number]) for number in chosen_people()["salesforce"].values()]
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


def demo_freshdesk(now: datetime) -> dict[str, Rows]:
    """Return the share of the help desk."""
    desk, blocked = freshdesk_company(now), people()[BLOCKED_IN_FRESHDESK].email
    companies = [row for row in desk["companies"] if row["name"] in _names("freshdesk")]
    ids = {row["id"] for row in companies}
    contacts = [row for row in desk["contacts"] if row["email"] in known_in("freshdesk") and not row["deleted"]]
    return {
        "companies": companies,
        "contacts": [
            row | {"blocked": row["email"] == blocked, "company_id": row["company_id"] if row["company_id"] in ids else None}
            for row in contacts
        ],
    }


def _names(app: str) -> Collection[str]:
    """Return the names of the firms that an app may know."""
    return {f.name.strip() for n, f in chosen_firms().items() if n < SALESFORCE_FIRMS or n in NEW_FIRMS[app]}


def demo_forcemanager(now: datetime) -> dict[str, Rows]:
    """Return the share of what the sales people keep; the integration has a user of its own there."""
    crm, read_only = forcemanager_company(now), firms()[READ_ONLY_IN_FORCEMANAGER].name
    accounts = [row | {"readOnly": row["name"] == read_only} for row in crm["accounts"] if row["name"] in _names("forcemanager")]
    ids = {row["id"] for row in accounts}
    contacts = [row for row in crm["contacts"] if row["email"] in known_in("forcemanager") and row["accountId"] in ids]
    ids |= {row["id"] for row in contacts}
    email, first, last, *_ = USERS[0]
    users = [{"id": FIRST_USER + len(USERS), "name": first, "lastName": last, "email": email, "isActive": True}]
    share = {"accounts": accounts, "contacts": contacts}
    for kind in ("opportunities", "activities", "calendar"):
        share[kind] = [
            row for row in crm[kind] if ids >= {row[name] for name in ("accountId", "accountId1", "contactId") if name in row}
        ]
    return {"users": users} | {kind: [_sold(row) for row in rows] for kind, rows in share.items()}


def _sold(row: Row) -> Row:
    """Return the row with a seller whom Salesforce knows, too."""
    return row | {name: FIRST_USER for name in ("salesRepId", "salesRepId1") if row.get(name, 0) >= FIRST_USER + 3}


def demo_activecampaign(now: datetime) -> Rows:
    """Return the share of those whom marketing writes to."""
    return [row for row in activecampaign_company(now) if row["email"] in known_in("activecampaign") and row["lastName"]]


def demo_getresponse(now: datetime) -> Rows:
    """Return the share of both lists: readers, and visitors of the fair whom nobody else knows."""
    rows = [row for row in getresponse_company(now) if row["name"] and "state" not in row]
    taken = {address for place in chosen_people().values() for address in place}
    readers = [row for row in rows if row["campaign"] == CAMPAIGNS[0] and row["email"] in known_in("getresponse")]
    visitors = [row for row in rows if row["campaign"] == CAMPAIGNS[1] and row["email"] not in taken][:FAIR_VISITORS]
    visitors[-1] |= {"custom_fields": {**visitors[-1]["custom_fields"], "company": None}}
    return readers + visitors


def demo_lemontaps(now: datetime) -> dict[str, Rows]:
    """Return the share of the captured cards, two of people who are contacts in Salesforce already."""
    team = lemontaps_company(now)
    known = {people()[number].email for number in CARDS_OF_KNOWN_PEOPLE}
    cards = [row for row in team["contacts"] if row["email"] in known] + [r for r in team["contacts"][CARDS] if r["email"]]
    return team | {"contacts": cards}
