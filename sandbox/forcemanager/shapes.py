"""Rows as the API shows them: references as objects, fractions of seconds trimmed, every key there."""

from typing import Any

from sandbox.forcemanager.crm import Crm, Row
from sandbox.forcemanager.fields import AUDIT, LISTS, Rule

RENAMED = {"useCompanyAddress": "UseCompanyAddress"}  # the API reads and writes this one in two spellings


def show(crm: Crm, resource: str, row: Row, language: str = "en") -> dict[str, Any]:
    """Return one row as lists and single views show it."""
    if resource in LISTS:
        return {name: _moment(value) if name.startswith("date") else value for name, value in row.items()}
    shown: dict[str, Any] = {"id": row["id"]}
    for rule in crm.rules(resource).values():
        shown[RENAMED.get(rule.name, rule.name)] = _value(crm, rule, row.get(rule.name), language)
    shown |= {name: _moment(row.get(name)) if name.startswith("date") else row.get(name) for name in AUDIT}
    return shown | {"deleted": bool(row.get("deleted"))} | _defaults(resource, row)


def _value(crm: Crm, rule: Rule, value: Any, language: str) -> Any:
    if value is None:
        return False if rule.type == "bool" else None
    if rule.type == "ref":
        return {"id": value, "value": crm.label(rule.table, value, language)}
    if rule.type == "moment":
        return _moment(value)
    if rule.type == "day" and crm.switch("calendar_dates") == "yy/mm/dd":
        return f"{value[2:4]}/{value[5:7]}/{value[8:10]}"
    return value


def _defaults(resource: str, row: Row) -> dict[str, Any]:
    if resource == "users":
        return {"isActive": row.get("isActive", True), "branches": {"id": 1, "description": "Main unit"}}
    return {"permissionLevel": row.get("permissionLevel", 2)}


def _moment(value: Any) -> Any:
    """Return a stored moment as .NET writes it: no zeros at the end of the fraction."""
    return value[:-1].rstrip("0").removesuffix(".") + "Z" if isinstance(value, str) and value.endswith("Z") else value
