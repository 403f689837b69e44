"""Values of custom fields: one row per contact and field."""

from typing import Any

from sandbox.activecampaign.errors import invalid
from sandbox.activecampaign.panel import Panel, Row


def set_value(panel: Panel, contact: int, field: str, value: Any) -> Row | None:
    """Keep a value, in the row that is there or a new one; None where the field does not exist and that is let pass."""
    if panel.get("fields", field) is None:
        if panel.switch("unknown_field") == "refuse":
            raise invalid("field", f"Field id {field} not valid")
        return None
    now, text = panel.now(), "" if value is None else str(value)
    old = next((row for row in panel.of("fieldValues", "contact", str(contact)) if row["field"] == field), None)
    if old is None:
        old = {"id": panel.new_id("fieldValues"), "contact": str(contact), "field": field, "cdate": now}
    record = {**old, "value": text, "udate": now}
    panel.put("fieldValues", record)
    return record
