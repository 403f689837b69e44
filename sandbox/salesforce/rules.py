"""The org's own rules: validation rules, the lead assignment rule, and triggers that fail on demand."""

from collections.abc import Mapping
from typing import Any

from sandbox.salesforce.answers import RowError, RowRefusedError
from sandbox.salesforce.ids import ADMIN_USER_ID, make_id
from sandbox.salesforce.objects import SObject
from sandbox.salesforce.org import Org

ROW_FAULTS = frozenset({"row_lock", "bad_record"})
ASSIGNMENT_RULE_ID = make_id("01Q", 1)
ASSIGNED_OWNER_ID = ADMIN_USER_ID


def validate(org: Org, found: SObject, record: Mapping[str, Any]) -> None:
    """Apply the validation rules of the switch `validation_rules`; every broken rule is reported."""
    broken = [
        RowError("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule["message"], tuple(rule.get("fields", ())))
        for rule in org.switch("validation_rules")
        if rule["object"] == found.name and record.get(rule["field"]) == rule["equals"]
    ]
    if broken:
        raise RowRefusedError(*broken)


def trigger(org: Org, record_id: str | None, record: Mapping[str, Any]) -> None:
    """Refuse the record when an injected row fault strikes it, by its id or any of its text values."""
    if not org.store.faults.is_armed:
        return
    keys = [record_id, *(value for value in record.values() if isinstance(value, str))]
    lock = org.store.faults.take_row("row_lock", *keys)
    if lock is not None:
        message = f"unable to obtain exclusive access to this record or 1 records: {record_id or record['Id']}"
        raise RowRefusedError(RowError("UNABLE_TO_LOCK_ROW", message))
    bad = org.store.faults.take_row("bad_record", *keys)
    if bad is not None:
        code = bad.options.get("code", "FIELD_CUSTOM_VALIDATION_EXCEPTION")
        message = bad.options.get("message", "refused on demand")
        raise RowRefusedError(RowError(code, message, tuple(bad.options.get("fields", ()))))


def assign(org: Org, found: SObject, record: dict[str, Any]) -> None:
    """Let the active lead assignment rule choose the owner."""
    if found.name == "Lead" and org.switch("assignment_rule"):
        record["OwnerId"] = ASSIGNED_OWNER_ID
