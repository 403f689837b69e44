"""The lists' share of the demo's company: readers, and visitors of a fair whom nobody else knows, one of them without a firm."""

from datetime import datetime

from sandbox.company.demo import Rows, chosen_people, known_people, readers
from sandbox.company.getresponse import CAMPAIGNS, getresponse_company

VISITORS = 8


def demo_getresponse(now: datetime) -> Rows:
    """Return the contacts of both lists, in the handy form of the company."""
    newsletter, fair = CAMPAIGNS
    rows = [row for row in getresponse_company(now) if row["name"] and "state" not in row]
    known = known_people() | readers()
    visitors = [row for row in rows if row["campaign"] == fair and row["email"].lower() not in chosen_people()][:VISITORS]
    visitors[-1] |= {"custom_fields": {**visitors[-1]["custom_fields"], "company": None}}
    return [row for row in rows if row["campaign"] == newsletter and row["email"] in known] + visitors
