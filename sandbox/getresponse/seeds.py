"""The first state of an account: its lists and custom fields, and the contacts of the seed."""

from collections.abc import Mapping
from typing import Any

from sandbox.company.getresponse import CAMPAIGNS, FIELDS, getresponse_company
from sandbox.company.getresponse_demo import demo_getresponse
from sandbox.getresponse import people
from sandbox.getresponse.account import Account
from sandbox.getresponse.catalogue import add_campaign, add_field

SEEDS = {"company": getresponse_company, "demo": demo_getresponse}
CROSS_REFERENCES = ("sf_contact_id", "sf_lead_id")


def fill(account: Account, seed: str, generate: Mapping[str, Any]) -> None:
    """Fill a cleared account; `generate` may hold `contacts`, a number, and `cross_references`."""
    account.meter.reset()
    for name in CAMPAIGNS:
        add_campaign(account, {"name": name})
    for field in FIELDS:
        add_field(account, field)
    if generate.get("cross_references"):
        for name in CROSS_REFERENCES:
            add_field(account, {"name": name, "hidden": True})
    rows = SEEDS[seed](account.store.clock.now()) if seed in SEEDS else []
    rows += [{"name": f"Person {n:06d}", "email": f"person.{n}@post.example"} for n in range(int(generate.get("contacts") or 0))]
    for row in rows:
        people.put(account, row)
