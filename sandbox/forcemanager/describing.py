"""What the API says about its own fields: `/{resource}/schema` and the extra fields."""

from typing import Any

from sandbox.forcemanager.crm import Crm
from sandbox.forcemanager.fields import AUDIT, Rule
from sandbox.forcemanager.shapes import RENAMED

_JSON_TYPES = {"bool": "boolean", "int": "integer", "user": "integer", "number": "number"}


def schema(crm: Crm, resource: str, only_extra: bool = False) -> dict[str, Any]:
    """Return the JSON schema of a resource."""
    rules = [rule for rule in crm.rules(resource).values() if rule.is_extra or not only_extra]
    properties = {RENAMED.get(rule.name, rule.name): _property(rule) for rule in rules}
    if not only_extra:
        fixed = {"type": ["string", "null"], "readOnly": True, "description": ""}
        properties |= dict.fromkeys(("id", *AUDIT), fixed)
    return {"properties": properties}


def extra_fields(crm: Crm, resource: str) -> list[dict[str, Any]]:
    """Return the extra fields of a resource as rows."""
    return [
        {"key": rule.name, "label": rule.name.removeprefix("Z_"), "type": rule.type, "required_via_api": rule.is_required}
        for rule in crm.extra(resource)
    ]


def _property(rule: Rule) -> dict[str, Any]:
    found: dict[str, Any] = {"readOnly": False, "description": ""}
    if rule.type == "ref":
        inner = {"id": {"type": "integer"}, "value": {"type": ["string", "null"]}}
        return found | {"type": ["object", "null"], "required": ["id"], "properties": inner, "table": rule.table}
    found["type"] = [_JSON_TYPES.get(rule.type, "string"), "null"]
    if rule.type == "moment":
        found["format"] = "date-time"
    if rule.is_extra:
        found["required_via_api"] = rule.is_required
    return found | ({"maxLength": rule.length} if rule.length else {})
