"""The believable company as its sales people keep it in ForceManager: most of the accounts Salesforce knows, and others."""

import random
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sandbox.company.cast import SALESFORCE_FIRMS, SALESFORCE_PEOPLE, Firm, Person, firms, people
from sandbox.company.ids import life
from sandbox.company.load import generate_freshdesk
from sandbox.company.names import COUNTRIES
from sandbox.company.salesforce import USERS
from sandbox.company.trade import GOODS, STAGES, SUBJECTS

Row = dict[str, Any]

FIRST_USER = 310
FIRST_ACCOUNT = 1701
FIRST_CONTACT = 2001
FIRST_OPPORTUNITY = 5001
FIRST_ACTIVITY = 6001
FIRST_CALENDAR = 7001
SHARED_FIRMS = 120
NEW_FIRMS = 30
SHARED_PEOPLE = 900  # of whom those at a known firm are there
NEW_PEOPLE = 60
OPPORTUNITIES = 60
ACTIVITIES = 80
ENTRIES = 80
LOAD_ACCOUNT = 200_001
LOAD_CONTACT = 300_001
_COUNTRY_IDS = {country.code: number for number, country in enumerate(COUNTRIES, 1)}
_CURRENCY = 1
_BRANCH = 1


def forcemanager_users() -> list[Row]:
    """Return the sales people: one known by e-mail in capitals, one by name only, one who left, one whom Salesforce lacks."""
    mails = {"tomasz.zielinski@nordwerk.example": "tz@nordwerk-sales.example"}
    rows: list[Row] = [
        {"id": FIRST_USER + place, "name": first, "lastName": last, "email": mails.get(email, email), "isActive": is_active}
        for place, (email, first, last, _, is_active) in enumerate(USERS[1:])
    ]
    rows[2]["email"] = rows[2]["email"].upper()
    jonas = {"name": "Jonas", "lastName": "Feld", "email": "jonas.feld@nordwerk.example", "isActive": True}
    return [*rows, {"id": FIRST_USER + len(rows), **jonas}]


def forcemanager_company(now: datetime) -> dict[str, list[Row]]:
    """Return every account, contact, opportunity, activity and calendar entry, as stored."""
    dice = random.Random("nordwerk forcemanager")
    accounts = list(_accounts(dice, now))
    known = {row.pop("_firm"): row["id"] for row in accounts}
    contacts = [_contact(dice, number, person, known, now) for number, person in enumerate(_chosen(known))]
    book = _Book(dice, now, contacts)
    opportunities = [book.opportunity(number) for number in range(OPPORTUNITIES)]
    return {
        "accounts": accounts, "contacts": contacts, "opportunities": opportunities,
        "activities": [book.activity(number) for number in range(ACTIVITIES)],
        "calendar": [book.entry(number) for number in range(ENTRIES)],
    }  # fmt: skip


def _accounts(dice: random.Random, now: datetime) -> Iterator[Row]:
    numbers = [*range(SHARED_FIRMS), *range(SALESFORCE_FIRMS, SALESFORCE_FIRMS + NEW_FIRMS)]
    for place, number in enumerate(numbers):
        yield _account(dice, number, firms()[number], now) | {"id": FIRST_ACCOUNT + place}


def _account(dice: random.Random, number: int, firm: Firm, now: datetime) -> Row:
    return {
        "_firm": number, "name": firm.name.strip()[:255], "phone": firm.phone or None,
        "website": f"www.{firm.domain}" if dice.random() < 0.6 else None,
        "address1": firm.street if dice.random() < 0.7 else None, "city": firm.town, "postcode": firm.postal_code,
        "countryId": _COUNTRY_IDS[firm.country.code], "branchId": _BRANCH, "typeId": dice.choice((None, 1, 2, 2, 3)),
        "statusId": dice.choice((1, 1, 1, 2)), "salesRepId1": _seller(dice),
        "comment": "Bitte vor dem Besuch anrufen." if dice.random() < 0.1 else None,
        "vatNumber": None, "readOnly": number % 41 == 40,
    } | _stamps(dice, now)  # fmt: skip


def _chosen(known: Mapping[int, int]) -> list[Person]:
    others = range(SALESFORCE_PEOPLE, SALESFORCE_PEOPLE + NEW_PEOPLE)
    everybody = (people()[number] for number in (*range(SHARED_PEOPLE), *others))
    return [person for person in everybody if person.firm in known]


def _contact(dice: random.Random, number: int, person: Person, known: Mapping[int, int], now: datetime) -> Row:
    return {
        "id": FIRST_CONTACT + number, "firstName": person.first_name or "-", "lastName": person.last_name,
        "accountId": known[person.firm or 0], "email": person.email if number % 17 else None,
        "phone1": person.phone or None, "phone2": person.mobile or None,
        "address1": person.street if dice.random() < 0.3 else None, "city": person.town, "postcode": person.postal_code,
        "countryId": _COUNTRY_IDS[person.country.code], "typeId": dice.choice((None, 1, 2, 3)), "salesRepId": _seller(dice),
        "Z_Title": person.title if dice.random() < 0.5 else None,
    } | _stamps(dice, now)  # fmt: skip


class _Book:
    """Draws what the sales people do with their contacts."""

    def __init__(self, dice: random.Random, now: datetime, contacts: list[Row]) -> None:
        self._dice = dice
        self._now = now
        self._contacts = contacts

    def opportunity(self, number: int) -> Row:
        """Return a deal."""
        someone, status = self._dice.choice(self._contacts), self._dice.randrange(1, 11)
        return {
            "id": FIRST_OPPORTUNITY + number, "reference": f"{self._dice.choice(GOODS)} / {someone['lastName']}",
            "type_id": self._dice.choice((None, 1, 2)), "statusId": status, "total": self._dice.choice((950, 12400.5, 48000)),
            "currencyId": _CURRENCY, "accountId1": someone["accountId"], "salesForecastDate": self._moment(-100, 200),
            "salesProbability": STAGES[status - 1][1], "salesRepId": someone["salesRepId"],
        } | _stamps(self._dice, self._now)  # fmt: skip

    def activity(self, number: int) -> Row:
        """Return a call or visit that took place."""
        someone = self._dice.choice(self._contacts)
        return {
            "id": FIRST_ACTIVITY + number, "typeId": self._dice.randrange(1, 5), "date": self._moment(-90, 0),
            "accountId": someone["accountId"], "contactId": someone["id"], "salesRepId": someone["salesRepId"],
            "comment": self._dice.choice((*SUBJECTS, "Will ein Angebot bis Freitag.", None)), "checkin": number % 3 == 0,
        } | _stamps(self._dice, self._now)  # fmt: skip

    def entry(self, number: int) -> Row:
        """Return an appointment, every third time a task."""
        someone, start = self._dice.choice(self._contacts), self._moment(-60, 60)
        hour, is_task = self._dice.randrange(8, 17), number % 3 == 0
        return {
            "id": FIRST_CALENDAR + number, "subject": self._dice.choice(SUBJECTS), "task": is_task,
            "completed": is_task and number % 2 == 0, "allDay": False, "startDate": start[:10], "endDate": start[:10],
            "startHour": f"{hour:02d}:00", "endHour": f"{hour + 1:02d}:00", "accountId": someone["accountId"],
            "contactId": someone["id"], "salesRepId": someone["salesRepId"],
        } | _stamps(self._dice, self._now)  # fmt: skip

    def _moment(self, earliest: int, latest: int) -> str:
        return _text(self._now + timedelta(days=self._dice.randrange(earliest, latest)))


def generate_forcemanager(contacts: int, accounts: int) -> Iterator[tuple[str, Row]]:
    """Yield `(kind, row)`: accounts, then contacts spread over them, the same people as the other systems have."""
    first: dict[int, int] = {}
    for kind, row in generate_freshdesk(contacts, accounts):
        stamps = {"dateCreated": _stored(row["created_at"]), "dateUpdated": _stored(row["updated_at"])}
        if kind == "companies":
            first[row["id"]] = LOAD_ACCOUNT + len(first)
            fields = {"id": first[row["id"]], "name": row["name"], "branchId": _BRANCH, "salesRepId1": FIRST_USER}
            yield "accounts", fields | stamps
            continue
        given, _, family = row["name"].rpartition(" ")
        yield "contacts", {
            "id": LOAD_CONTACT + row["id"] % 10_000_000, "firstName": given or "-", "lastName": family, "email": row["email"],
            "phone2": row["mobile"], "accountId": first.get(row["company_id"]), "salesRepId": FIRST_USER,
        } | stamps  # fmt: skip


def _seller(dice: random.Random) -> int:
    return FIRST_USER + dice.choice((0, 0, 1, 2, 3, 4))


def _stamps(dice: random.Random, now: datetime) -> Row:
    created, changed = life(dice, now)
    is_edited = dice.random() < 0.6
    by = FIRST_USER if is_edited else None
    return {"dateCreated": _text(created), "dateUpdated": _text(changed) if is_edited else None, "salesRepIdUpdated": by}


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _stored(text: str) -> str:
    return text.replace("Z", ".000Z")
