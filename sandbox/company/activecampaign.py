"""The believable company as its ActiveCampaign account holds it: whom marketing writes to, most of them known to sales."""

import random
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sandbox.company.cast import SALESFORCE_PEOPLE, Person, firms, people
from sandbox.company.ids import freshdesk_time, life
from sandbox.company.load import generate_salesforce

Row = dict[str, Any]

SHARED_PEOPLE = range(400, 820)
NEW_PEOPLE = range(SALESFORCE_PEOPLE, SALESFORCE_PEOPLE + 130)
TAGS = ("newsletter", "webinar", "trade-fair", "price-list", "vip")
REGIONS = ("North", "South", "East", "West")
INTERESTS = ("Machines", "Spare parts", "Training")


def activecampaign_company(now: datetime) -> list[Row]:
    """Return every contact of the account with `fields` by merge tag, `tags` and `lists`."""
    dice = random.Random("nordwerk activecampaign")
    chosen = [(number, people()[number]) for number in (*SHARED_PEOPLE, *NEW_PEOPLE)]
    dice.shuffle(chosen)
    return [_contact(dice, number, person, now) for number, person in chosen]


def _contact(dice: random.Random, number: int, person: Person, now: datetime) -> Row:
    created, changed = life(dice, now)
    row: Row = {
        "email": person.email, "firstName": person.first_name, "lastName": person.last_name,
        "phone": person.mobile or person.phone, "account": _account(number, person), "fields": _fields(dice, person),
        "tags": dice.sample(TAGS, dice.randrange(1, 3)) if dice.random() < 0.4 else [],
        "lists": {"newsletter": dice.choices(("active", "unsubscribed", "unconfirmed", "bounced"), (80, 12, 5, 3))[0]}
        if dice.random() < 0.8 else {},
        "cdate": freshdesk_time(created), "udate": freshdesk_time(changed),
    }  # fmt: skip
    return row | _oddity(number, person)


def _account(number: int, person: Person) -> str | None:
    """Return the firm's name; a few people left it out."""
    return None if person.firm is None or number % 13 == 7 else firms()[person.firm].name.strip()[:200]


def _fields(dice: random.Random, person: Person) -> Row:
    fields: Row = {"CITY": person.town} if dice.random() < 0.5 else {}
    if dice.random() < 0.4:
        fields["REGION"] = dice.choice(REGIONS)
    if dice.random() < 0.3:
        fields["INTERESTS"] = "".join(f"||{word}" for word in sorted(dice.sample(INTERESTS, 2))) + "||"
    return fields


def _oddity(number: int, person: Person) -> Row:
    """Return how marketing knows this person otherwise, often nothing: a form asks for little."""
    if number % 11 == 4:
        return {"lastName": "", "phone": ""}
    if number % 17 == 5:
        return {"firstName": "", "lastName": f"{person.first_name} {person.last_name}"}
    return {"email": person.email.upper()} if number % 23 == 6 else {}


def generate_activecampaign(contacts: int, accounts: int) -> Iterator[Row]:
    """Yield so many contacts: person `i` has the same address as in the other systems."""
    for kind, row in generate_salesforce(contacts, accounts):
        if kind == "Contact":
            yield {"email": row["Email"], "firstName": row["FirstName"], "lastName": row["LastName"], "phone": row["MobilePhone"]}
