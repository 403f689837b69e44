"""The account itself and its agents."""

from typing import Any

from sandbox.exchange import Answer
from sandbox.freshdesk.desk import Desk, Row
from sandbox.freshdesk.errors import not_found
from sandbox.freshdesk.exchange import Ask

ACCOUNT_ID = 720001
AGENTS = (("Ingrid Hansen", "ingrid.hansen@nordwerk.example"), ("Support Nordwerk", "support@nordwerk.example"))
FOUNDED = "2024-02-01T08:00:00Z"


def seed_agents(desk: Desk) -> None:
    """Put the agents of the account; the first is the one who owns the API key."""
    for name, email in AGENTS:
        key = desk.new_id("agents")
        desk.store.put("agents", key, {"id": key, "name": name, "email": email})


def view_account(ask: Ask) -> Answer:
    """Answer `GET /account`."""
    first = next(iter(ask.desk.store.table("agents").values()))
    first_name, last_name = str(first["name"]).split(" ", 1)
    return Answer(
        200,
        {
            "organisation_id": 72000000777, "organisation_name": "Nordwerk", "account_id": ACCOUNT_ID,
            "account_name": "Nordwerk",
            "account_domain": "nordwerk.freshdesk.com", "bundle_id": None, "bundle_name": None,
            "tier_type": str(ask.desk.switch("plan")).capitalize(), "data_center": "EU", "timezone": "Berlin",
            "hipaa_compliant": False, "total_agents": {"full_time": len(AGENTS), "occasional": 0, "field_service": 0,
            "collaborators": 0},
            "contact_person": {"firstname": first_name, "lastname": last_name, "email": first["email"]},
            "address": {"street": "Hafenweg 7", "city": "Kiel", "state": None, "country": "DE", "postalcode": "24103"},
        },
    )  # fmt: skip


def view_me(ask: Ask) -> Answer:
    """Answer `GET /agents/me`."""
    return Answer(200, _show(next(iter(ask.desk.store.table("agents").values()))))


def list_agents(ask: Ask) -> Answer:
    """Answer `GET /agents`."""
    ask.check_query("page", "per_page", "email", "mobile", "phone", "state")
    agents = [_show(agent) for agent in ask.desk.store.table("agents").values()]
    return Answer(200, agents if ask.query.get("page", "1") == "1" else [])


def view_agent(ask: Ask) -> Answer:
    """Answer `GET /agents/{id}`."""
    agent = ask.desk.get("agents", ask.id())
    if agent is None:
        raise not_found()
    return Answer(200, _show(agent))


def _show(agent: Row) -> dict[str, Any]:
    return {
        "id": agent["id"], "available": True, "occasional": False, "ticket_scope": 1, "signature": None,
        "type": "support_agent",
        "group_ids": [], "role_ids": [], "skill_ids": [], "available_since": None, "last_active_at": FOUNDED,
        "created_at": FOUNDED, "updated_at": FOUNDED,
        "contact": {
            "active": True, "email": agent["email"], "job_title": None, "language": "de", "last_login_at": FOUNDED,
            "mobile": None,
            "name": agent["name"], "phone": None, "time_zone": "Berlin", "created_at": FOUNDED, "updated_at": FOUNDED,
        },
    }  # fmt: skip
