"""The fields of contacts and companies: listing, creating, changing and dropping custom ones (administrators only)."""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.exchange import Answer
from sandbox.freshdesk import checks
from sandbox.freshdesk.desk import Desk, Row
from sandbox.freshdesk.errors import UNIQUE, not_found, plain, problem, refuse_if
from sandbox.freshdesk.exchange import Ask
from sandbox.freshdesk.shapes import CUSTOM

TYPES = (*checks.custom_checks, "custom_dropdown")
AGENT_FLAGS = {"required_for_agents": False, "agents_can_edit": True, "displayed_for_agents": True}
CUSTOMER_FLAGS = {
    "editable_in_signup": False, "customers_can_edit": False, "required_for_customers": False,
    "displayed_for_customers": False,
    "quick_add_for_agent": False,
}  # fmt: skip


def list_fields(ask: Ask) -> Answer:
    """Answer `GET /contact_fields` and `GET /company_fields`."""
    return Answer(200, ask.desk.fields(_kind(ask)))


def view_field(ask: Ask) -> Answer:
    """Answer `GET /contact_fields/{id}` and its like."""
    return Answer(200, _found(ask, _kind(ask)))


def create_field(ask: Ask) -> Answer:
    """Answer `POST /contact_fields` and its like."""
    kind = _kind(ask)
    return Answer(201, add(ask.desk, kind, ask.fields()))


def update_field(ask: Ask) -> Answer:
    """Answer `PUT /contact_fields/{id}` and its like."""
    kind = _kind(ask)
    old, given = _found(ask, kind), _with_choices(ask.fields())
    refuse_if(checks.check_all(given, _checks(kind)))
    if given.get("type", old["type"]) != old["type"]:
        refuse_if([problem("type", "readonly_field", "It should not be modified")])
    record = {**old, **given, "updated_at": ask.desk.now()}
    ask.desk.store.put(kind, old["id"], record)
    return Answer(200, record)


def delete_field(ask: Ask) -> Answer:
    """Answer `DELETE /contact_fields/{id}` and its like: the field goes with all its values."""
    kind = _kind(ask)
    field = _found(ask, kind)
    if field["default"]:
        raise plain(403, "access_denied", "Default fields cannot be deleted")
    drop(ask.desk, kind, field)
    return Answer(204)


def add(desk: Desk, kind: str, given: Mapping[str, Any]) -> Row:
    """Check and create a custom field; its name comes from its label."""
    given = _with_choices(given)
    mandatory = ("label", "type") if kind == "company_fields" else ("label", "label_for_customers", "type")
    problems = [problem(name, "missing_field", "It should be a/an String") for name in mandatory if not given.get(name)]
    problems += checks.check_all(given, _checks(kind))
    if given.get("type") == "custom_dropdown" and not given.get("choices"):
        problems.append(problem("choices", "missing_field", "It should be a/an Array"))
    refuse_if(problems)
    name = re.sub(r"\W+", "_", given["label"].lower()).strip("_")
    if any(field["name"] == name for field in desk.fields(kind)):
        refuse_if([problem("label", "duplicate_value", UNIQUE)], desk.switch("duplicate_status"))
    flags = AGENT_FLAGS | ({} if kind == "company_fields" else CUSTOMER_FLAGS)
    now = desk.now()
    position = max((field["position"] for field in desk.fields(kind)), default=0) + 1
    record = {
        "id": desk.new_id(kind), "name": name, "label": given["label"], "position": position, "default": False,
        "unique": False,
        **flags, **given, "created_at": now, "updated_at": now,
    }  # fmt: skip
    desk.store.put(kind, record["id"], record)
    return record


def drop(desk: Desk, kind: str, field: Row) -> None:
    """Remove a custom field and its values."""
    desk.store.remove(kind, field["id"])
    records = "contacts" if kind == "contact_fields" else "companies"
    stored = CUSTOM + field["name"]
    for record in list(desk.store.table(records).values()):
        if stored in record:
            desk.put(records, {name: value for name, value in record.items() if name != stored})


def with_places(texts: list[Any]) -> list[dict[str, Any]]:
    """Return dropdown choices, given as texts or as objects, in the form the API shows them."""
    labels = [text["label"] if isinstance(text, dict) else str(text) for text in texts]
    return [{"id": place, "label": label, "value": label, "position": place} for place, label in enumerate(labels, 1)]


def _with_choices(given: Mapping[str, Any]) -> dict[str, Any]:
    return {**given, "choices": with_places(given["choices"])} if isinstance(given.get("choices"), list) else dict(given)


def _checks(kind: str) -> dict[str, checks.Check]:
    flags = AGENT_FLAGS | ({} if kind == "company_fields" else CUSTOMER_FLAGS) | {"unique": False}
    texts = ("label",) if kind == "company_fields" else ("label", "label_for_customers")
    return {
        **{name: checks.text() for name in texts},
        **dict.fromkeys(flags, checks.boolean),
        "type": checks.one_of(TYPES),
        "position": checks.integer,
        "choices": checks.each(checks.typed(dict, "key/value pair")),
    }


def _kind(ask: Ask) -> str:
    if not ask.desk.switch("admin_key"):
        raise plain(403, "access_denied", "You are not authorized to perform this action.")
    return ask.words["kind"]


def _found(ask: Ask, kind: str) -> Row:
    field = ask.desk.get(kind, ask.id())
    if field is None:
        raise not_found()
    return field
