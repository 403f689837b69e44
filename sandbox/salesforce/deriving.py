"""What the platform works out itself when a record is saved, and what goes with a record that is deleted."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from sandbox.salesforce import customfields
from sandbox.salesforce.answers import RowError, RowRefusedError
from sandbox.salesforce.moments import parse_moment, stamp
from sandbox.salesforce.objects import OBJECTS, SObject
from sandbox.salesforce.org import Org
from sandbox.store import Record

STAGE_PROBABILITY = {
    "Prospecting": 10, "Qualification": 10, "Needs Analysis": 20, "Value Proposition": 50, "Id. Decision Makers": 60,
    "Perception Analysis": 70, "Proposal/Price Quote": 75, "Negotiation/Review": 90, "Closed Won": 100, "Closed Lost": 0,
}  # fmt: skip
CASCADE = {
    "Account": (("Contact", "AccountId"), ("Opportunity", "AccountId"), ("Contract", "AccountId"), ("Order", "AccountId")),
    "Contact": (("OpportunityContactRole", "ContactId"), ("CampaignMember", "ContactId")),
    "Lead": (("CampaignMember", "LeadId"),),
    "Opportunity": (("OpportunityContactRole", "OpportunityId"),),
    "Campaign": (("CampaignMember", "CampaignId"),),
}


def derive(org: Org, found: SObject, record: dict[str, Any], changes: Mapping[str, Any], old: Record | None) -> None:
    """Complete `record` in place; raises RowRefusedError where values do not fit each other."""
    if found.is_person:
        record["Name"] = person_name(record)
    if found.name in _DERIVE:
        _DERIVE[found.name](org, record, changes, old)


def person_name(record: Mapping[str, Any]) -> str | None:
    """Return first and last name as one."""
    return " ".join(part for part in (record.get("FirstName"), record.get("LastName")) if part) or None


def cascade(org: Org, found: SObject, record_id: str, remove: Callable[[SObject, str], Any]) -> None:
    """Call `remove` for every live record that goes with the deleted one."""
    for name, field in CASCADE.get(found.name, ()):
        for child_id in org.store.find(name, field, record_id):
            if org.live(name, str(child_id)):
                remove(OBJECTS[name], str(child_id))


def _opportunity(org: Org, record: dict[str, Any], changes: Mapping[str, Any], old: Record | None) -> None:
    stage = record["StageName"]
    if "StageName" in changes:
        record["IsClosed"] = stage.startswith("Closed")
        record["IsWon"] = stage == "Closed Won"
        record["ForecastCategory"] = _forecast(stage)
        record["ForecastCategoryName"] = _forecast(stage)
        if "Probability" not in changes:
            record["Probability"] = STAGE_PROBABILITY.get(stage, 10)
        if old is not None:
            record["LastStageChangeDate"] = org.stamp()
    if record.get("Amount") is not None:
        record["ExpectedRevenue"] = round(record["Amount"] * record.get("Probability", 0) / 100, 2)
    closing = date.fromisoformat(record["CloseDate"])
    record |= {"FiscalYear": closing.year, "FiscalQuarter": (closing.month + 2) // 3}
    record["Fiscal"] = f"{closing.year} {record['FiscalQuarter']}"


def _forecast(stage: str) -> str:
    return {"Closed Won": "Closed", "Closed Lost": "Omitted"}.get(stage, "Pipeline")


def _task(org: Org, record: dict[str, Any], changes: Mapping[str, Any], old: Record | None) -> None:
    record["IsClosed"] = record.get("Status") == "Completed"
    record["IsHighPriority"] = record.get("Priority") == "High"
    _account_of(org, record)


def _event(org: Org, record: dict[str, Any], changes: Mapping[str, Any], old: Record | None) -> None:
    starts = {changes[name] for name in ("StartDateTime", "ActivityDateTime") if changes.get(name)}
    if len(starts) > 1:
        raise _refused("FIELD_INTEGRITY_EXCEPTION", "Activity Date Time and Start Date Time must be equal", "StartDateTime")
    start = starts.pop() if starts else record.get("StartDateTime")
    if not start and record.get("IsAllDayEvent") and record.get("ActivityDate"):
        start = f"{record['ActivityDate']}T00:00:00.000+0000"
        record.setdefault("DurationInMinutes", 1440)
    if not start:
        raise _refused("REQUIRED_FIELD_MISSING", "Required fields are missing: [ActivityDateTime]", "ActivityDateTime")
    end = None if "DurationInMinutes" in changes and "EndDateTime" not in changes else record.get("EndDateTime")
    if end is None and record.get("DurationInMinutes") is None:
        raise _refused("REQUIRED_FIELD_MISSING", "Required fields are missing: [DurationInMinutes]", "DurationInMinutes")
    end = end or stamp(parse_moment(start) + timedelta(minutes=record["DurationInMinutes"]))
    minutes = round((parse_moment(end) - parse_moment(start)).total_seconds() / 60)
    if minutes < 0:
        raise _refused("FIELD_INTEGRITY_EXCEPTION", "Event duration cannot be negative", "DurationInMinutes")
    record |= {"StartDateTime": start, "ActivityDateTime": start, "ActivityDate": start[:10]}
    record |= {"EndDateTime": end, "EndDate": end[:10], "DurationInMinutes": minutes}
    _account_of(org, record)


def _account_of(org: Org, record: dict[str, Any]) -> None:
    what, who = str(record.get("WhatId", "")), str(record.get("WhoId", ""))
    if who.startswith("00Q") and what:
        raise _refused("FIELD_INTEGRITY_EXCEPTION", "WhatId cannot be set when WhoId is a lead", "WhatId")
    if what.startswith("001"):
        record["AccountId"] = what
    elif what.startswith("006"):
        record["AccountId"] = (org.record("Opportunity", what) or {}).get("AccountId")
    elif who.startswith("003"):
        record["AccountId"] = (org.record("Contact", who) or {}).get("AccountId")


def _contract(org: Org, record: dict[str, Any], changes: Mapping[str, Any], old: Record | None) -> None:
    if old is None and record.get("Status") == "Activated":
        raise _refused("FIELD_INTEGRITY_EXCEPTION", "Choose a valid contract status and save your changes.", "Status")
    record["StatusCode"] = {"In Approval Process": "InApproval"}.get(record["Status"], record["Status"])
    record.setdefault("ContractNumber", f"{org.store.next_number('ContractNumber'):08}")
    if record["StatusCode"] == "Activated":
        record.setdefault("ActivatedDate", org.stamp())
    if record.get("StartDate") and record.get("ContractTerm"):
        record["EndDate"] = _months_later(date.fromisoformat(record["StartDate"]), record["ContractTerm"]).isoformat()


def _months_later(start: date, months: int) -> date:
    years, month = divmod(start.month - 1 + months, 12)
    first = date(start.year + years, month + 1, 1)
    following = (first + timedelta(days=32)).replace(day=1)
    return min(first + timedelta(days=start.day - 1), following - timedelta(days=1)) - timedelta(days=1)


def _order(org: Org, record: dict[str, Any], changes: Mapping[str, Any], old: Record | None) -> None:
    record["StatusCode"] = record["Status"]
    record.setdefault("OrderNumber", f"{org.store.next_number('OrderNumber'):08}")
    record.setdefault("TotalAmount", 0.0)
    if old and old.get("AccountId") != record.get("AccountId") and old["Status"] != "Draft":
        raise _refused("FIELD_INTEGRITY_EXCEPTION", "the account can only be changed while the order is a draft", "AccountId")


def _contact_role(org: Org, record: dict[str, Any], changes: Mapping[str, Any], old: Record | None) -> None:
    if not changes.get("IsPrimary"):
        return
    for other_id in org.store.find("OpportunityContactRole", "OpportunityId", record["OpportunityId"]):
        other = org.live("OpportunityContactRole", str(other_id))
        if other and other["Id"] != record["Id"] and other.get("IsPrimary"):
            org.store.put("OpportunityContactRole", other_id, {**other, "IsPrimary": False, "SystemModstamp": org.stamp()})


def _campaign_member(org: Org, record: dict[str, Any], changes: Mapping[str, Any], old: Record | None) -> None:
    if record.get("ContactId"):
        record["LeadId"] = None
    link = "ContactId" if record.get("ContactId") else "LeadId"
    if not record.get(link):
        raise _refused("REQUIRED_FIELD_MISSING", "Required fields are missing: [ContactId]", "ContactId")
    members = (org.live("CampaignMember", str(key)) for key in org.store.find("CampaignMember", link, record[link]))
    if any(member and member["CampaignId"] == record["CampaignId"] and member["Id"] != record["Id"] for member in members):
        raise _refused("DUPLICATE_VALUE", "Already a campaign member.")
    person = org.record("Contact" if link == "ContactId" else "Lead", record[link]) or {}
    record |= {name: person.get(name) for name in ("Name", "FirstName", "LastName", "Email", "Phone")}
    record["HasResponded"] = record.get("Status") == "Responded"


def _permission(org: Org, record: dict[str, Any], changes: Mapping[str, Any], old: Record | None) -> None:
    custom = customfields.find(org.store, record["Field"])
    if custom is None or custom["TableEnumOrId"] != customfields.home(record["SobjectType"]):
        raise _refused("FIELD_INTEGRITY_EXCEPTION", f"Field: bad value: {record['Field']}", "Field")
    for key in org.store.find(customfields.PERMISSIONS, "Field", record["Field"]):
        other = org.live(customfields.PERMISSIONS, str(key))
        if other and other["Id"] != record["Id"] and other["ParentId"] == record["ParentId"]:
            message = f"duplicate value found: <unknown> duplicates value on record with id: {other['Id'][:15]}"
            raise _refused("DUPLICATE_VALUE", message)
    _setup(org, record, changes, old)


def _setup(org: Org, record: dict[str, Any], changes: Mapping[str, Any], old: Record | None) -> None:
    if not org.switch("allow_setup"):
        raise _refused("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
    customfields.touch(org.store)
    org.store.set_value("schema_changed", org.stamp())


_DERIVE: dict[str, Callable[[Org, dict[str, Any], Mapping[str, Any], Record | None], None]] = {
    "Opportunity": _opportunity,
    "Task": _task,
    "Event": _event,
    "Contract": _contract,
    "Order": _order,
    "OpportunityContactRole": _contact_role,
    "CampaignMember": _campaign_member,
    "FieldPermissions": _permission,
    "PermissionSet": _setup,
    "PermissionSetAssignment": _setup,
}


def _refused(code: str, message: str, *fields: str) -> RowRefusedError:
    return RowRefusedError(RowError(code, message, fields))
