"""The first state of an implementation: value lists, users, extra fields, and the records of the seed."""

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.company.forcemanager import forcemanager_company, forcemanager_users, generate_forcemanager
from sandbox.company.forcemanager_demo import demo_forcemanager
from sandbox.company.names import COUNTRIES
from sandbox.company.trade import STAGES
from sandbox.forcemanager.crm import API_USER, Crm, Row
from sandbox.forcemanager.fields import AUDIT

SEEDS = {"company": forcemanager_company, "demo": demo_forcemanager}
FOUNDED = "2021-01-02T10:00:00.000Z"
VALUES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "branches": (("Main unit", "Hauptsitz"), ("South", "Süd")),
    "accountTypes": (("Prospect", "Interessent"), ("Customer", "Kunde"), ("Partner", "Partner"), ("Other", "Sonstige")),
    "accountStatuses": (("Active", "Aktiv"), ("Inactive", "Inaktiv")),
    "accountSegments": (("A", "A"), ("B", "B"), ("C", "C")),
    "contactTypes": (("Purchasing", "Einkauf"), ("Management", "Geschäftsleitung"), ("Technology", "Technik")),
    "opportunityTypes": (("New Business", "Neugeschäft"), ("Existing Business", "Bestandsgeschäft")),
    "opportunityStatuses": (*((stage, "") for stage, _ in STAGES if not stage.startswith("Closed")), ("Won", ""), ("Lost", "")),
    "activityTypes": (("Call", "Anruf"), ("Visit", "Besuch"), ("Email", "E-Mail"), ("Meeting", "Termin")),
}  # fmt: skip
CURRENCIES = (("Euro", "EUR"), ("US dollar", "USD"), ("Pound sterling", "GBP"), ("Złoty", "PLN"))
EXTRA_FIELDS = (("accounts", "Z_CustomerNumber", "text", 255), ("contacts", "Z_Title", "text", 255))


def fill(crm: Crm, seed: str, generate: Mapping[str, Any]) -> None:
    """Fill a cleared implementation; `generate` may hold `contacts` and `accounts`."""
    _fill_lists(crm)
    users = forcemanager_users()
    put_all(crm, "users", [{"id": API_USER, "name": "Lockstep", "lastName": "API", "isActive": True}, *users])
    for resource, name, kind, length in EXTRA_FIELDS:
        crm.add_extra(resource, name, kind, length)
    if seed in SEEDS:
        for kind, rows in SEEDS[seed](crm.store.clock.now()).items():
            put_all(crm, kind, rows)
    contacts, accounts = int(generate.get("contacts") or 0), int(generate.get("accounts") or 0)
    made: dict[str, list[dict[str, Any]]] = {"accounts": [], "contacts": []}
    for kind, row in generate_forcemanager(contacts, accounts):
        made[kind].append(row)
    for kind, rows in made.items():
        put_all(crm, kind, rows)


def put_all(crm: Crm, kind: str, given: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Put rows without any rule; ids and stamps they lack are added. Returns them as stored."""
    now = crm.now()
    rows: list[Row] = []
    for wish in given:
        audit = dict.fromkeys(AUDIT) | {"deleted": False, "dateCreated": now, "salesRepIdCreated": API_USER}
        row = {**audit, **wish, "id": wish["id"] if "id" in wish else crm.new_id(kind)}
        crm.put(kind, row)
        rows.append(row)
    crm.note_ids(kind, (row["id"] for row in rows))
    return rows


def _fill_lists(crm: Crm) -> None:
    for table, labels in VALUES.items():
        put_all(crm, table, [_value(number, *pair) for number, pair in enumerate(labels, 1)])
    countries = [_value(number, country.name, None) | {"iso2": country.code} for number, country in enumerate(COUNTRIES, 1)]
    put_all(crm, "countries", countries)
    put_all(
        crm, "currencies", [_value(number, name, None) | {"isoCode": code} for number, (name, code) in enumerate(CURRENCIES, 1)]
    )


def _value(number: int, english: str, german: str | None) -> dict[str, Any]:
    texts = {"descriptionEN": english, "descriptionDE": german, "descriptionES": None}
    return {"id": number, "order": number, **texts, "internal": False, "dateCreated": FOUNDED, "salesRepIdCreated": 1}
