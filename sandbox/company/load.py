"""Any number of records for load: person `i` is the same human being, by e-mail and mobile, in both systems."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.company.cast import slug
from sandbox.company.ids import LOAD_BLOCK, SalesforceIds, freshdesk_time, salesforce_id, salesforce_time
from sandbox.company.names import COUNTRIES, TITLES

FIRST_COMPANY = 72200000001
FIRST_CONTACT = 72100000001
NEWEST = datetime(2026, 1, 1, tzinfo=UTC)
SPREAD_DAYS = 730
STAMPS = 17519  # a prime, so that neighbours in the list are far apart in time

_FIRST_NAMES = [name for country in COUNTRIES for name in country.first_names]
_LAST_NAMES = [name for country in COUNTRIES for name in country.last_names]
_FIRST_SLUGS = [slug(name) for name in _FIRST_NAMES]
_LAST_SLUGS = [slug(name) for name in _LAST_NAMES]


def generate_salesforce(contacts: int, accounts: int, seed: int = 1) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield `(kind, record)`: accounts, then contacts spread over them; fields without a value are left out."""
    stamps = [salesforce_time(moment) for moment in _moments()]
    owner = salesforce_id("User", 2)
    account_ids, contact_ids = SalesforceIds("Account", LOAD_BLOCK), SalesforceIds("Contact", LOAD_BLOCK)
    for number in range(accounts):
        stamp = stamps[number * 7919 % STAMPS]
        yield "Account", {
            "Id": account_ids[number], "Name": f"Werk {number:06d} {TITLES[number % 3]}",
            "Website": f"https://www.{_domain(number)}",
            "OwnerId": owner, "IsDeleted": False, "CreatedDate": stamps[0], "LastModifiedDate": stamp,
            "SystemModstamp": stamp,
        }  # fmt: skip
    for number in range(contacts):
        first, last = _name(number, seed)
        stamp = stamps[number * 104729 % STAMPS]
        yield "Contact", {
            "Id": contact_ids[number], "FirstName": _FIRST_NAMES[first], "LastName": _LAST_NAMES[last],
            "Email": _email(number, first, last, accounts), "MobilePhone": _mobile(number),
            "Title": TITLES[number % 14],
            "AccountId": account_ids[number % accounts] if accounts else None, "OwnerId": owner, "IsDeleted": False,
            "CreatedDate": stamps[0], "LastModifiedDate": stamp, "SystemModstamp": stamp,
        }  # fmt: skip


def generate_freshdesk(contacts: int, companies: int, seed: int = 1) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield `(kind, record)`: companies, then contacts spread over them; fields without a value are left out."""
    stamps = [freshdesk_time(moment) for moment in _moments()]
    for number in range(companies):
        yield "companies", {
            "id": FIRST_COMPANY + number, "name": f"Werk {number:06d} {TITLES[number % 3]}",
            "domains": [_domain(number)],
            "created_at": stamps[0], "updated_at": stamps[number * 7919 % STAMPS],
        }  # fmt: skip
    for number in range(contacts):
        first, last = _name(number, seed)
        yield "contacts", {
            "id": FIRST_CONTACT + number, "name": f"{_FIRST_NAMES[first]} {_LAST_NAMES[last]}",
            "email": _email(number, first, last, companies), "mobile": _mobile(number),
            "job_title": TITLES[number % 14],
            "company_id": FIRST_COMPANY + number % companies if companies else None,
            "created_at": stamps[0], "updated_at": stamps[number * 104729 % STAMPS],
        }  # fmt: skip


def _moments() -> Iterator[datetime]:
    step = timedelta(days=SPREAD_DAYS) / STAMPS
    return (NEWEST - step * (STAMPS - number) for number in range(STAMPS))


def _name(number: int, seed: int) -> tuple[int, int]:
    mixed = number * 31 + seed * 17
    return mixed % len(_FIRST_NAMES), mixed // len(_FIRST_NAMES) % len(_LAST_NAMES)


def _email(number: int, first: int, last: int, firms: int) -> str:
    domain = _domain(number % firms) if firms else "post.example"
    return f"{_FIRST_SLUGS[first]}.{_LAST_SLUGS[last]}.{number}@{domain}"


def _domain(number: int) -> str:
    return f"werk{number:06d}.example"


def _mobile(number: int) -> str:
    return f"+999 100 {number:07d}"
