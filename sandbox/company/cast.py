"""The firms and people of the believable company, before either system has written them down in its own way."""

import random
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from sandbox.company.names import CELEBRATED, COUNTRIES, DEPARTMENTS, INDUSTRIES, TITLES, Country

FIRMS = 380
PEOPLE = 2360
SALESFORCE_FIRMS = 300
SALESFORCE_PEOPLE = 1960

_COUNTRY_WEIGHTS = (30, 12, 10, 12, 9, 6, 6, 6, 3, 3, 3, 3)
_ASCII = str.maketrans({"ł": "l", "ø": "o", "ß": "ss", "æ": "ae", "ð": "d", "þ": "th", "ı": "i", "'": None, "’": None})


@dataclass(frozen=True, slots=True)
class Firm:
    """A customer of Nordwerk. `name` need not be unique."""

    name: str
    domain: str
    country: Country
    street: str
    town: str
    postal_code: str
    phone: str
    industry: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at a customer; `firm` is the firm's number, None for people without one; empty text means not known."""

    first_name: str
    last_name: str
    country: Country
    firm: int | None
    title: str
    department: str
    email: str
    phone: str
    mobile: str
    street: str
    town: str
    postal_code: str


@cache
def firms() -> tuple[Firm, ...]:
    """Return all firms; the first `SALESFORCE_FIRMS` are known in Salesforce."""
    dice = random.Random("nordwerk firms")
    taken: Counter[str] = Counter()
    made = [_firm(dice, taken) for _ in range(FIRMS)]
    for copy, original in ((40, 0), (41, 0), (75, 3), (110, 7), (222, 50)):
        made[copy] = replace(made[copy], name=made[original].name)
    made[12] = replace(made[12], name="Vereinigte " * 20 + "Nord- und Ostsee-Werkzeug")
    made[13] = replace(made[13], name=f"  {made[13].name} ")
    made[14] = replace(made[14], name='"Die 3 Brüder" Schrauben, Muttern & Co. KG')
    return tuple(made)


def _firm(dice: random.Random, taken: Counter[str]) -> Firm:
    country = dice.choices(COUNTRIES, _COUNTRY_WEIGHTS)[0]
    name = f"{dice.choice(country.last_names)} {dice.choice(country.trades)}"
    taken[name] += 1
    number = taken[name]
    town, postal_code = dice.choice(country.towns)
    label = f"{name} {town}" if number > 1 else name
    return Firm(
        name=f"{label} {dice.choice(country.legal_forms)}" if number < 3 else f"{label} {number}",
        domain=f"{slug(name)}{number if number > 1 else ''}.{country.code.lower()}.example",
        country=country,
        street=f"{dice.choice(country.streets)} {dice.randrange(1, 140)}",
        town=town,
        postal_code=postal_code,
        phone=country.landline.format(dice.randrange(1000)),
        industry=dice.choice(INDUSTRIES),
    )


@cache
def people() -> tuple[Person, ...]:
    """Return all people; the first `SALESFORCE_PEOPLE` are known in Salesforce. E-mails and mobiles are unique."""
    return tuple(_people())


def _people() -> Iterator[Person]:
    dice = random.Random("nordwerk people")
    taken: Counter[str] = Counter()
    mobiles: Counter[str] = Counter()
    for number in range(PEOPLE):
        person = _person(dice, number, mobiles)
        if number < len(CELEBRATED):
            first, last, local = CELEBRATED[number]
            person = replace(person, first_name=first, last_name=last)
        else:
            local = f"{slug(person.first_name)}.{slug(person.last_name)}"
        yield replace(person, email=_address(person, local, taken))


def _person(dice: random.Random, number: int, mobiles: Counter[str]) -> Person:
    known = SALESFORCE_FIRMS if number < SALESFORCE_PEOPLE else FIRMS
    firm = dice.randrange(known) if dice.random() < 0.93 else None
    country = dice.choices(COUNTRIES, _COUNTRY_WEIGHTS)[0] if firm is None else firms()[firm].country
    town, postal_code = dice.choice(country.towns)
    mobiles[country.code] += 1
    has_mobile = dice.random() < 0.7 and (country.code != "GB" or mobiles["GB"] < 1000)
    return Person(
        first_name=dice.choice(country.first_names),
        last_name=dice.choice(country.last_names),
        country=country,
        firm=firm,
        title=dice.choice(TITLES),
        department=dice.choice(DEPARTMENTS),
        email="",
        phone=country.landline.format(dice.randrange(1000)) if dice.random() < 0.8 else "",
        mobile=country.mobile.format(mobiles[country.code]) if has_mobile else "",
        street=f"{dice.choice(country.streets)} {dice.randrange(1, 140)}{dice.choice(('', '', '', 'a', ' bis'))}",
        town=town,
        postal_code=postal_code,
    )


def _address(person: Person, local: str, taken: Counter[str]) -> str:
    domain = f"post.{person.country.code.lower()}.example" if person.firm is None else firms()[person.firm].domain
    taken[f"{local}@{domain}"] += 1
    number = taken[f"{local}@{domain}"]
    return f"{local}{number if number > 1 else ''}@{domain}"


def slug(text: str) -> str:
    """Return `text` as it would stand in an address: ASCII letters and digits, words joined by a hyphen."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_ASCII)).encode("ascii", "ignore").decode()
    return "-".join("".join(char if char.isalnum() else " " for char in plain).split())
