"""The believable company as its Lemontaps team captured it: cards scanned at fairs, some of people known already."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sandbox.company.cast import SALESFORCE_FIRMS, Firm, firms, people, slug
from sandbox.company.names import COUNTRIES
from sandbox.company.salesforce import USERS, salesforce_company

Row = dict[str, Any]

KNOWN_CONTACTS = 40
KNOWN_LEADS = 12
STRANGERS = 168
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PREFIXES = (None, None, None, "Dr.", "Prof.", "Mr.", "Ms.")
ROLES = (None, "Decision maker", "Influencer", "User")
NOTES = (
    None, "Met at the fair, wants a quote.", "Interessiert an Hydraulik, bitte anrufen.", "Sample sent.",
    "Visitenkarte am Stand getauscht.\nRückruf ab Montag.",
)  # fmt: skip
POSITIONS = ("Head of Purchasing", "Einkauf", "Werksleitung", "CEO", "Service", "Konstruktion", None)
DEPARTMENTS = ("Purchasing", "Production", "Sales", None)


def lemontaps_company(now: datetime) -> dict[str, list[Row]]:
    """Return the team's users and captured contacts, raw field names."""
    dice = random.Random("nordwerk lemontaps")
    users = [_user(number, *USERS[number][:3]) for number in range(1, 4)]
    users.append(_user(4, "jonas.werner@nordwerk.example", "Jonas", "Werner"))
    contacts = [_capture(dice, number, row, users, now) for number, row in enumerate(_met(dice, now))]
    return {"users": users, "contacts": contacts}


def generate_lemontaps(contacts: int) -> Iterator[Row]:
    """Yield captured contacts for load, last changed long ago."""
    for number in range(contacts):
        country = COUNTRIES[number % len(COUNTRIES)]
        first = country.first_names[number % len(country.first_names)]
        last = country.last_names[number % len(country.last_names)]
        moment = f"2026-01-{1 + number % 28:02d}T{number % 24:02d}:00:00Z"
        yield {
            "first_name": first, "last_name": last, "company": f"Werk {number:06d}", "email": f"c{number}@werk.example",
            "created_at": moment, "updated_at": moment,
        }  # fmt: skip


def _user(number: int, email: str, first: str, last: str) -> Row:
    return {"id": f"lu_{70 + number}", "email": email, "first_name": first, "last_name": last, "active": True}


def _met(dice: random.Random, now: datetime) -> Iterator[Row]:
    """Yield who was met: people Salesforce has as contacts, as leads, and strangers."""
    org = salesforce_company(now)
    for person in people()[40 : 40 + KNOWN_CONTACTS]:
        firm = firms()[person.firm if person.firm is not None else 0]
        yield _card(dice, firm, person.first_name, person.last_name, person.email, person.mobile)
    leads = [row for row in org["Lead"] if row["Email"] and not row["IsDeleted"] and not row["IsConverted"]]
    for lead in leads[:KNOWN_LEADS]:
        firm = next(firm for firm in firms() if firm.name.strip()[:255] == lead["Company"])
        yield _card(dice, firm, lead["FirstName"], lead["LastName"], lead["Email"].upper(), "")
    for number in range(STRANGERS):
        firm = firms()[dice.randrange(SALESFORCE_FIRMS, len(firms()))]
        first, last = dice.choice(firm.country.first_names), dice.choice(firm.country.last_names)
        mobile = firm.country.mobile.format(700 + number)
        yield _card(dice, firm, first, last, f"{slug(last)}.fair{number}@{firm.domain}", mobile) | _gap(number)


def _card(dice: random.Random, firm: Firm, first: str, last: str, email: str, mobile: str) -> Row:
    return {
        "name_prefix": dice.choice(PREFIXES), "first_name": first or None, "last_name": last, "position": dice.choice(POSITIONS),
        "role": dice.choice(ROLES), "department": dice.choice(DEPARTMENTS), "company": firm.name.strip(), "email": email,
        "phone_work": firm.phone if dice.random() < 0.7 else None, "phone_mobile": mobile or None,
        "website": f"https://www.{firm.domain}" if dice.random() < 0.6 else None, "address_line_1": firm.street,
        "postal_code": firm.postal_code, "city": firm.town, "country": firm.country.code,
        "language": firm.country.language[:2], "notes": dice.choice(NOTES),
    }  # fmt: skip


def _gap(number: int) -> Row:
    """Return what the scan missed, often nothing."""
    if number % 14 == 3:
        return {"company": None}
    if number % 21 == 5:
        return {"first_name": None, "last_name": None}
    if number % 17 == 6:
        return {"email": None}
    if number % 29 == 8:
        return {"email": None, "email_work": f"office{number}@werk.example"}
    return {"first_name": None} if number % 31 == 9 else {}


def _capture(dice: random.Random, number: int, card: Row, users: list[Row], now: datetime) -> Row:
    met = now - timedelta(seconds=dice.randrange(3600, 200 * 86400))
    user = dice.choice(users)
    has_consent = dice.random() < 0.7
    return card | {
        "id": "lt_01HV" + "".join(dice.choice(ALPHABET) for _ in range(6)) + f"{number:03d}",
        "met_on": met.date().isoformat(),
        "met_by": {"id": user["id"], "name": f"{user['first_name']} {user['last_name']}", "email": user["email"]},
        "gdpr_consent": True if has_consent else dice.choice((None, False)),
        "gdpr_consent_at": f"{met:%Y-%m-%dT%H:%M:%SZ}" if has_consent else None,
        "images": [f"https://cards.lemontaps.example/{number:04d}.jpg"] if dice.random() < 0.5 else [],
        "created_at": f"{met:%Y-%m-%dT%H:%M:%SZ}", "updated_at": f"{met:%Y-%m-%dT%H:%M:%SZ}",
    }  # fmt: skip
