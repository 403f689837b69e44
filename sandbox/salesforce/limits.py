"""The daily allowance of calls, `/limits` and `/limits/recordCount`."""

from collections.abc import Mapping
from typing import Any

from sandbox.salesforce.answers import Answer, ApiError, ApiRequest
from sandbox.salesforce.objects import BY_LOWER_NAME
from sandbox.salesforce.org import Org

_VALUE = "api_usage"
OTHERS = {
    "DailyBulkApiBatches": 15_000,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DailyBulkV2QueryJobs": 10_000,
    "DataStorageMB": 1024,
    "FileStorageMB": 1024,
    "HourlyTimeBasedWorkflow": 1000,
}


def count_call(org: Org) -> Mapping[str, str]:
    """Count one call and return its header; raises 403 when the allowance is spent."""
    used, limit = used_today(org) + 1, org.switch("daily_api_requests")
    if used > limit:
        raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    org.store.set_value(_VALUE, {"day": org.now().date().isoformat(), "used": used})
    usage = f"api-usage={used}/{limit}"
    if org.switch("per_app_usage"):
        usage += f"; per-app-api-usage={used}/{limit}(appName=sync)"
    return {"Sforce-Limit-Info": usage}


def used_today(org: Org) -> int:
    """Return the number of calls counted today."""
    usage = org.store.value(_VALUE, {"day": "", "used": 0})
    return int(usage["used"]) if usage["day"] == org.now().date().isoformat() else 0


def show(org: Org, request: ApiRequest) -> Answer:
    """Answer `/limits`."""
    limit = org.switch("daily_api_requests")
    calls = {"Max": limit, "Remaining": max(0, limit - used_today(org))}
    others = {name: {"Max": number, "Remaining": number} for name, number in OTHERS.items()}
    return Answer(body={"DailyApiRequests": calls, **others})


def record_count(org: Org, request: ApiRequest) -> Answer:
    """Answer `/limits/recordCount`; objects without records are left out."""
    names = [name.strip().lower() for name in request.query.get("sObjects", "").split(",") if name.strip()]
    counted: list[dict[str, Any]] = []
    for found in BY_LOWER_NAME.values():
        count = sum(1 for record in org.store.table(found.name).values() if not record.get("IsDeleted"))
        if count and (not names or found.name.lower() in names):
            counted.append({"count": count, "name": found.name})
    return Answer(body={"sObjects": counted})
