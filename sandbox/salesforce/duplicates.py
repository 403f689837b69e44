"""The duplicate rule: no two contacts, and no two leads, of one e-mail address."""

from collections.abc import Mapping
from typing import Any

from sandbox.salesforce.answers import RowError, RowRefusedError
from sandbox.salesforce.objects import SObject
from sandbox.salesforce.org import Org

GUARDED = ("Contact", "Lead")
MESSAGE = "Use one of these records?"


def check(org: Org, found: SObject, record: Mapping[str, Any], changes: Mapping[str, Any], is_allowed: bool, shows: bool) -> None:
    """Refuse a duplicate; `is_allowed` overrides a rule that only alerts; `shows` adds the matches to the error."""
    mode = org.switch("duplicate_rule")
    email = changes.get("Email")
    if mode == "off" or found.name not in GUARDED or not email or (mode == "alert" and is_allowed):
        return
    matches = [str(key) for key in org.store.find(found.name, "Email", email) if org.live(found.name, str(key))]
    matches = [record_id for record_id in matches if record_id != record["Id"]]
    if matches:
        extra = {org.switch("duplicate_key"): _details(found.name, matches, mode)} if shows else {}
        raise RowRefusedError(RowError("DUPLICATES_DETECTED", MESSAGE, extra=extra))


def _details(name: str, ids: list[str], mode: str) -> dict[str, Any]:
    return {
        "allowSave": mode == "alert",
        "duplicateRule": f"Standard_{name}_Duplicate_Rule",
        "duplicateRuleEntityType": name,
        "errorMessage": MESSAGE,
        "matchResults": [
            {
                "entityType": name,
                "errors": [],
                "matchEngine": "ExactMatchEngine",
                "rule": f"Standard_{name}_Match_Rule_v1_1",
                "size": len(ids),
                "success": True,
                "matchRecords": [_match(name, record_id) for record_id in ids],
            }
        ],
    }


def _match(name: str, record_id: str) -> dict[str, Any]:
    attributes = {"type": name, "url": f"/services/data/v59.0/sobjects/{name}/{record_id}"}
    record = {"attributes": attributes, "Id": record_id}
    return {"additionalInformation": [], "fieldDiffs": [], "matchConfidence": 100.0, "record": record}
