"""The sales people's share of the demo's company; one account is read-only there, which only a person can change."""

from datetime import datetime

from sandbox.company.cast import firms
from sandbox.company.demo import NEW_FIRMS, Row, Rows, firm_names, known_people, new_people
from sandbox.company.forcemanager import FIRST_USER, forcemanager_company
from sandbox.company.salesforce import USERS

SHARE, FIRMS = 1, NEW_FIRMS[4:]
READ_ONLY = 5
ACTIVE_SELLERS = range(FIRST_USER, FIRST_USER + 3)
PARTNERS = {"accountId", "accountId1", "contactId"}


def demo_forcemanager(now: datetime) -> dict[str, Rows]:
    """Return everything that is kept, as stored; the integration has a user of its own there."""
    crm, known = forcemanager_company(now), known_people() | new_people(SHARE, FIRMS)
    accounts = [row for row in crm["accounts"] if row["name"] in firm_names(FIRMS)]
    accounts = [row | {"readOnly": row["name"] == firms()[READ_ONLY].name} for row in accounts]
    ids = {row["id"] for row in accounts}
    contacts = [row for row in crm["contacts"] if row["email"] in known and row["accountId"] in ids]
    ids |= {row["id"] for row in contacts}
    share = {"accounts": accounts, "contacts": contacts}
    for kind in ("opportunities", "activities", "calendar"):
        share[kind] = [row for row in crm[kind] if ids >= {row[name] for name in PARTNERS & row.keys()}]
    email, first, last, *_ = USERS[0]
    users = [{"id": FIRST_USER + len(USERS), "name": first, "lastName": last, "email": email, "isActive": True}]
    return {"users": users} | {kind: [_sold(row) for row in rows] for kind, rows in share.items()}


def _sold(row: Row) -> Row:
    """Return the row with a seller whom Salesforce knows, too."""
    return row | {name: FIRST_USER for name in ("salesRepId", "salesRepId1") if name in row and row[name] not in ACTIVE_SELLERS}
