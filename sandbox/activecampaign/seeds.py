"""The first state of an account: its users, list, fields and pipeline, and the records of the seed."""

from collections.abc import Mapping
from typing import Any

from sandbox.activecampaign import deals, pages, people, records
from sandbox.activecampaign.panel import Panel
from sandbox.activecampaign.resources import DEAL_GROUPS, DEAL_STAGES, FIELD_OPTIONS, LISTS, USERS
from sandbox.company.activecampaign import activecampaign_company, generate_activecampaign
from sandbox.company.activecampaign_demo import demo_activecampaign
from sandbox.company.salesforce import USERS as STAFF
from sandbox.company.trade import STAGES

FIELDS: tuple[Mapping[str, Any], ...] = (
    {"title": "Region", "type": "dropdown", "options": ("North", "South", "East", "West")},
    {"title": "Interests", "type": "listbox", "options": ("Machines", "Spare parts", "Training")},
    {"title": "Customer since", "type": "date"},
    {"title": "City", "type": "text"},
)
SEEDS = {"company": activecampaign_company, "demo": demo_activecampaign}
REFERENCES = ("SFCONTACTID", "SFLEADID")
DEAL_REFERENCE = "SFOPPORTUNITYID"


def fill(panel: Panel, seed: str, generate: Mapping[str, Any]) -> None:
    """Fill a cleared account; `generate` may hold `contacts`, `accounts` and `cross_references`."""
    panel.forget()
    panel.meter.reset()
    for email, first, last, name, _ in STAFF:
        records.create(panel, USERS, {"username": name, "firstName": first, "lastName": last, "email": email})
    reminder = "You asked for news of Nordwerk."
    given = {"name": "Newsletter", "stringid": "newsletter", "sender_url": people.BASE, "sender_reminder": reminder}
    records.create(panel, LISTS, given)
    _add_fields(panel)
    _add_pipeline(panel)
    if generate.get("cross_references"):
        add_references(panel)
    if seed in SEEDS:
        people.put_contacts(panel, SEEDS[seed](panel.store.clock.now()))
    if generate.get("contacts"):
        people.put_contacts(panel, generate_activecampaign(int(generate["contacts"]), int(generate.get("accounts") or 0)))


def add_references(panel: Panel) -> None:
    """Make the fields that hold ids of Salesforce, as a preflight would."""
    for name in REFERENCES:
        pages.add_field(panel, {"title": name, "type": "text"})
    deals.add_field(panel, {"fieldLabel": DEAL_REFERENCE, "fieldType": "text"})


def _add_fields(panel: Panel) -> None:
    for given in FIELDS:
        field = pages.add_field(panel, given)
        for order, label in enumerate(given.get("options", ()), 1):
            records.create(panel, FIELD_OPTIONS, {"field": field["id"], "label": label, "value": label, "orderid": order})


def _add_pipeline(panel: Panel) -> None:
    group = records.create(panel, DEAL_GROUPS, {"title": "Sales", "currency": "eur"})
    for order, (title, _) in enumerate(STAGES, 1):
        records.create(panel, DEAL_STAGES, {"title": title, "group": group["id"], "order": order})
    deals.add_field(panel, {"fieldLabel": "Close date", "fieldType": "date"})
