"""The believable company as its GetResponse account holds it: two lists of people, most of them known to Salesforce."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sandbox.company.cast import SALESFORCE_PEOPLE, Person, firms, people
from sandbox.company.ids import life

Row = dict[str, Any]

CAMPAIGNS = ("newsletter", "trade_fair_leads")
FIELDS: tuple[dict[str, Any], ...] = (
    {"name": "company"},
    {"name": "job_title"},
    {"name": "city"},
    {"name": "country"},
    {"name": "phone"},
    {"name": "postal_country", "type": "country", "format": "single_select"},
    {"name": "mobile_phone", "type": "phone"},
    {"name": "birthdate", "type": "date"},
    {"name": "interests", "format": "multi_select", "values": ["Tools", "Machines", "Service", "Events"]},
    {"name": "no_mails"},
)
TAG_NAMES = ("vip", "webinar", "spring_fair", "price_list")
SHARED_PEOPLE = 260
NEW_PEOPLE = 110
FAIR_PEOPLE = 60
REMOVED_EVERY = 37


def getresponse_company(now: datetime) -> list[Row]:
    """Return every contact of the account: lists, tags and custom fields by name; removed ones carry `state`."""
    dice = random.Random("nordwerk getresponse")
    shared = range(40, 40 + SHARED_PEOPLE)
    others = range(SALESFORCE_PEOPLE, SALESFORCE_PEOPLE + NEW_PEOPLE)
    rows = [_contact(dice, place, people()[place], CAMPAIGNS[0], now) for place in (*shared, *others)]
    rows += [_contact(dice, place, people()[place], CAMPAIGNS[1], now) for place in others[-FAIR_PEOPLE:]]
    return [row | gap for row, gap in zip(rows, _gaps(rows, now), strict=True)]


def _contact(dice: random.Random, place: int, person: Person, campaign: str, now: datetime) -> Row:
    created, changed = life(dice, now)
    firm = None if person.firm is None else firms()[person.firm].name.strip()[:100]
    return {
        "campaign": campaign, "email": person.email, "name": f"{person.first_name} {person.last_name}".strip(),
        "origin": dice.choice(("www", "import", "landing_page", "panel", "webinar")), "timeZone": person.country.time_zone,
        "engagementScore": dice.choice((None, 1, 2, 3, 4, 5)), "note": None,
        "tags": dice.sample(TAG_NAMES, dice.randrange(1, 3)) if dice.random() < 0.25 else [],
        "custom_fields": {
            "company": firm, "job_title": person.title if dice.random() < 0.6 else None, "city": person.town,
            "country": person.country.name if dice.random() < 0.8 else None, "phone": person.phone or None,
            "interests": dice.sample(("Tools", "Machines", "Service"), 2) if dice.random() < 0.2 else None,
        },
        "createdOn": _stamp(created), "changedOn": _stamp(changed),
    }  # fmt: skip


def _gaps(rows: list[Row], now: datetime) -> Iterator[Row]:
    """Yield what is missing or gone in each row, often nothing."""
    for number, row in enumerate(rows):
        if number % REMOVED_EVERY == 20:
            moment = _stamp(now - timedelta(days=1 + number))
            yield {"state": "removed", "reason": "unsubscribe" if number % 2 else "user", "deletedOn": moment}
        elif number % 23 == 5:
            yield {"name": None}
        elif number % 29 == 7:
            yield {"email": row["email"].title(), "name": row["name"].split()[-1] if row["name"] else None}
        else:
            yield {}


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+0000")
