"""The first state of an account: its fields, its agents, and the records of the seed."""

from collections.abc import Mapping
from typing import Any

from sandbox.company import freshdesk_company, generate_freshdesk
from sandbox.company.freshdesk import ACCOUNT_TIERS, HEALTH_SCORES, INDUSTRY_CHOICES, REGIONS
from sandbox.company.freshdesk_demo import demo_freshdesk
from sandbox.freshdesk.account import FOUNDED, seed_agents
from sandbox.freshdesk.desk import Desk
from sandbox.freshdesk.fields import AGENT_FLAGS, CUSTOMER_FLAGS, add, with_places
from sandbox.freshdesk.shapes import pack

CONTACT_FIELDS = (
    "name", "job_title", "email", "phone", "mobile", "twitter_id", "company_name", "address", "time_zone", "language",
    "tag_names",
    "description", "unique_external_id", "twitter_profile_status", "twitter_followers_count",
)  # fmt: skip
COMPANY_FIELDS = ("name", "description", "note", "domains", "health_score", "account_tier", "renewal_date", "industry")
SEEDS = {"company": freshdesk_company, "demo": demo_freshdesk}
CHOICES = {"health_score": HEALTH_SCORES, "account_tier": ACCOUNT_TIERS, "industry": INDUSTRY_CHOICES}
CUSTOM_FIELDS: Mapping[str, tuple[dict[str, Any], ...]] = {
    "contact_fields": (
        {"label": "Region", "type": "custom_dropdown", "choices": list(REGIONS)},
        {"label": "Newsletter", "type": "custom_checkbox"},
        {"label": "Loyalty points", "type": "custom_number"},
        {"label": "Customer since", "type": "custom_date"},
    ),
    "company_fields": ({"label": "Website", "type": "custom_url"}, {"label": "Orders", "type": "custom_paragraph"}),
}
CROSS_REFERENCES = {"contact_fields": "SFCONTACTID", "company_fields": "SFACCOUNTID"}


def fill(desk: Desk, seed: str, generate: Mapping[str, Any]) -> None:
    """Fill a cleared account; `generate` may hold `contacts`, `accounts` or `companies`, and `cross_references`."""
    desk.forget()
    desk.meter.reset()
    seed_agents(desk)
    for kind in ("contact_fields", "company_fields"):
        _seed_fields(desk, kind, bool(generate.get("cross_references")))
    if seed in SEEDS:
        for kind, rows in SEEDS[seed](desk.store.clock.now()).items():
            put_all(desk, kind, rows)
    contacts, companies = generate.get("contacts") or 0, generate.get("companies") or generate.get("accounts") or 0
    if contacts or companies:
        _generate(desk, int(contacts), int(companies))


def _generate(desk: Desk, contacts: int, companies: int) -> None:
    made: dict[str, list[dict[str, Any]]] = {"companies": [], "contacts": []}
    for kind, row in generate_freshdesk(contacts, companies):
        made[kind].append(row)
    for kind, rows in made.items():
        put_all(desk, kind, rows)


def put_all(desk: Desk, kind: str, rows: list[dict[str, Any]]) -> None:
    """Put records in the API's shape, ids and stamps included, without any rule."""
    if len(rows) > 1000:
        desk.forget()
    for row in rows:
        desk.put(kind, pack(row))
    desk.note_ids(kind, (row["id"] for row in rows))


def _seed_fields(desk: Desk, kind: str, has_cross_reference: bool) -> None:
    for position, name in enumerate(CONTACT_FIELDS if kind == "contact_fields" else COMPANY_FIELDS, 1):
        field = _default_field(desk, kind, name, position)
        desk.store.put(kind, field["id"], field)
    for given in CUSTOM_FIELDS[kind]:
        _add(desk, kind, given)
    if has_cross_reference:
        _add(desk, kind, {"label": CROSS_REFERENCES[kind], "type": "custom_text", "unique": True})


def _add(desk: Desk, kind: str, given: Mapping[str, Any]) -> None:
    customers = {"label_for_customers": given["label"]} if kind == "contact_fields" else {}
    add(desk, kind, {**given, **customers})


def _default_field(desk: Desk, kind: str, name: str, position: int) -> dict[str, Any]:
    label = name.replace("_", " ").capitalize()
    field = {"id": desk.new_id(kind), "name": name, "label": label, "type": f"default_{name}", "default": True} | AGENT_FLAGS
    if kind == "contact_fields":
        field |= CUSTOMER_FLAGS | {"label_for_customers": label, "unique": name in ("email", "twitter_id", "unique_external_id")}
    if name in CHOICES and kind == "company_fields":
        field["choices"] = with_places(list(CHOICES[name]))
    return field | {
        "position": position, "required_for_agents": name == "name", "created_at": FOUNDED, "updated_at": FOUNDED,
    }  # fmt: skip
