"""The demo's share of the captured cards: two of people whom Salesforce has, one without a firm, one without a name."""

from datetime import datetime

from sandbox.company.cast import people
from sandbox.company.demo import Rows
from sandbox.company.lemontaps import KNOWN_CONTACTS, KNOWN_LEADS, lemontaps_company

KNOWN = (66, 77)
STRANGERS = slice(KNOWN_CONTACTS + KNOWN_LEADS, KNOWN_CONTACTS + KNOWN_LEADS + 14)


def demo_lemontaps(now: datetime) -> dict[str, Rows]:
    """Return the team's users and cards."""
    team = lemontaps_company(now)
    known = {people()[number].email for number in KNOWN}
    cards = [row for row in team["contacts"] if row["email"] in known]
    return team | {"contacts": cards + [row for row in team["contacts"][STRANGERS] if row["email"]]}
