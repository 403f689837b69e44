"""The help desk's share of the demo's company; one contact is blocked there, which only a person can take back."""

from datetime import datetime

from sandbox.company.cast import people
from sandbox.company.demo import NEW_FIRMS, Rows, firm_names, known_people, new_people
from sandbox.company.freshdesk import freshdesk_company

SHARE, FIRMS = 0, NEW_FIRMS[:4]
BLOCKED = 59


def demo_freshdesk(now: datetime) -> dict[str, Rows]:
    """Return companies and contacts, as stored."""
    desk, blocked = freshdesk_company(now), people()[BLOCKED].email
    companies = [row for row in desk["companies"] if row["name"] in firm_names(FIRMS)]
    ids = {row["id"] for row in companies}
    known = known_people() | new_people(SHARE, FIRMS)
    contacts = [
        row | {"blocked": row["email"] == blocked, "company_id": row["company_id"] if row["company_id"] in ids else None}
        for row in desk["contacts"]
        if row["email"] in known and not row["deleted"]
    ]
    return {"companies": companies, "contacts": contacts}
