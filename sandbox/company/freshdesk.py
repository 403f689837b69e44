"""The believable company as its Freshdesk account holds it: most of the people Salesforce knows, and others."""

import random
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sandbox.company.cast import SALESFORCE_FIRMS, SALESFORCE_PEOPLE, Firm, Person, firms, people
from sandbox.company.ids import freshdesk_time, life
from sandbox.company.names import COUNTRIES, TAGS

Row = dict[str, Any]

FIRST_COMPANY = 72000009001
FIRST_CONTACT = 72000400001
SHARED_FIRMS = 147
SHARED_PEOPLE = 800
NEW_PEOPLE = 400
REGIONS = ("North", "South", "East", "West")
HEALTH_SCORES = ("At risk", "Doing okay", "Happy")
ACCOUNT_TIERS = ("Basic", "Premium", "Enterprise")
INDUSTRY_CHOICES = (
    "Automotive", "Consumer", "Financial Services", "Chemicals", "Construction", "Engineering", "Food & Beverage",
    "Machinery",
    "Manufacturing", "Retail", "Transportation",
)  # fmt: skip


def freshdesk_company(now: datetime) -> dict[str, list[Row]]:
    """Return every company and contact of the account, raw field names; blocked contacts carry `blocked`."""
    dice = random.Random("nordwerk freshdesk")
    companies = list(_companies(dice, now))
    known = {row.pop("_firm"): row["id"] for row in companies}
    contacts = [_contact(dice, number, person, known, now) for number, person in enumerate(_chosen(dice))]
    return {"companies": companies, "contacts": contacts}


def _companies(dice: random.Random, now: datetime) -> Iterator[Row]:
    names: set[str] = set()
    numbers = [*range(SHARED_FIRMS), *range(SALESFORCE_FIRMS, len(firms()))]
    for number in numbers:
        row = _company(dice, number, firms()[number], now)
        if row["name"].lower() not in names:
            names.add(row["name"].lower())
            yield row | {"id": FIRST_COMPANY + len(names) - 1}


def _company(dice: random.Random, number: int, firm: Firm, now: datetime) -> Row:
    created, changed = life(dice, now)
    return {
        "_firm": number, "name": _variant(number, firm.name.strip())[:255], "description": None,
        "note": dice.choice((None, None, "Stammkunde")),
        "domains": [firm.domain] if dice.random() < 0.7 else [], "health_score": dice.choice((None, *HEALTH_SCORES)),
        "account_tier": dice.choice((None, *ACCOUNT_TIERS)),
        "renewal_date": f"2027-{dice.randrange(1, 13):02d}-01T00:00:00Z" if dice.random() < 0.3 else None,
        "industry": firm.industry if dice.random() < 0.8 else None,
        "custom_fields": {"website": f"https://www.{firm.domain}" if dice.random() < 0.5 else None},
        "created_at": freshdesk_time(created), "updated_at": freshdesk_time(changed),
    }  # fmt: skip


def _variant(number: int, name: str) -> str:
    """Return the name as the help desk wrote it, here and there otherwise than the sales people."""
    if number % 12 == 5:
        return name.upper()
    return name.removesuffix(" GmbH") if number % 12 == 9 else name


def _chosen(dice: random.Random) -> list[tuple[int, Person]]:
    others = range(SALESFORCE_PEOPLE, SALESFORCE_PEOPLE + NEW_PEOPLE)
    chosen = [(number, people()[number]) for number in (*range(SHARED_PEOPLE), *others)]
    dice.shuffle(chosen)
    return chosen


def _contact(dice: random.Random, number: int, chosen: tuple[int, Person], known: dict[int, int], now: datetime) -> Row:
    place, person = chosen
    created, changed = life(dice, now)
    row: Row = {
        "id": FIRST_CONTACT + number, "name": f"{person.first_name} {person.last_name}".strip(), "email": person.email,
        "phone": person.phone or None, "mobile": person.mobile or None, "twitter_id": None,
        "active": dice.random() < 0.4,
        "job_title": person.title if dice.random() < 0.6 else dice.choice((None, "Support contact", "Buyer")),
        "address": f"{person.street}, {person.postal_code} {person.town}" if dice.random() < 0.5 else None,
        "company_id": None if person.firm is None else known.get(person.firm), "language": person.country.language,
        "time_zone": person.country.time_zone, "description": None, "view_all_tickets": False,
        "tags": dice.sample(TAGS, dice.randrange(1, 4)) if dice.random() < 0.2 else [], "other_emails": [],
        "custom_fields": _custom(dice), "deleted": place % 89 == 50, "blocked": place % 89 == 60,
        "created_at": freshdesk_time(created), "updated_at": freshdesk_time(changed),
    }  # fmt: skip
    return row | _oddity(place, person)


def _custom(dice: random.Random) -> Row:
    return {
        "region": dice.choice((None, *REGIONS)), "newsletter": dice.random() < 0.3,
        "loyalty_points": dice.choice((None, 0, 15, 240)), "customer_since": dice.choice((None, "2019-04-01",
        "2024-11-30")),
    }  # fmt: skip


def _oddity(place: int, person: Person) -> Row:
    """Return how the help desk knows this person otherwise than by the usual e-mail, often nothing."""
    twitter = {"email": None, "phone": None, "mobile": None, "twitter_id": str(880000000000 + place)}
    if place >= SALESFORCE_PEOPLE:
        if place % 20 == 3:
            return twitter
        return {"email": None, "mobile": None, "phone": COUNTRIES[0].landline.format(place % 1000)} if place % 20 == 7 else {}
    if place % 12 == 4 and person.mobile and place > 20:
        return {"email": None}
    if place % 23 == 6 and person.phone and place > 20:
        return {"email": None, "mobile": None}
    if place % 31 == 9:
        return {"email": f"{person.email.split('@')[0]}@privat.example", "other_emails": [person.email]}
    if place % 37 == 11:
        return {"name": f"{person.last_name}, {person.first_name}".strip(", "), "phone": None}
    return {"name": f"{person.first_name} {'Maria ' * 40}{person.last_name}"} if place == 330 else {}
