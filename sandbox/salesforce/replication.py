"""getUpdated and getDeleted."""

from datetime import datetime, timedelta
from typing import TypeVar

from sandbox.salesforce.answers import Answer, ApiError, ApiRequest
from sandbox.salesforce.moments import parse_moment, stamp
from sandbox.salesforce.org import DELETED, Org

UPDATED_DAYS, DELETED_DAYS = 30, 15
ID_LIMIT = 600_000
T = TypeVar("T")


def updated(org: Org, request: ApiRequest, name: str) -> Answer:
    """Answer the ids of live records changed in the window."""
    found = org.object(name)
    start, end = _window(org, request, UPDATED_DAYS)
    records = org.store.table(found.name).values()
    ids = [record["Id"] for record in records if start <= record["SystemModstamp"] < end and not record["IsDeleted"]]
    return Answer(body={"ids": _limited(ids), "latestDateCovered": _covered(org, end)})


def deleted(org: Org, request: ApiRequest, name: str) -> Answer:
    """Answer the ids and times of records deleted in the window and not restored."""
    found = org.object(name)
    start, end = _window(org, request, DELETED_DAYS)
    earliest = max(stamp(org.now() - timedelta(days=DELETED_DAYS)), org.store.value("delete_log_start", ""))
    if start < org.store.value("delete_log_start", ""):
        raise _refused(f"startDate before org's replication enabled date: {earliest}")
    entries = [entry for entry in org.store.table(DELETED).values() if entry["object"] == found.name]
    records = [
        {"id": entry["id"], "deletedDate": entry["deletedDate"]} for entry in entries if start <= entry["deletedDate"] < end
    ]
    return Answer(
        body={
            "deletedRecords": _limited(records),
            "earliestDateAvailable": earliest,
            "latestDateCovered": _covered(org, end),
        }
    )


def _window(org: Org, request: ApiRequest, days: int) -> tuple[str, str]:
    start, end = (_moment(request, name) for name in ("start", "end"))
    if start < org.now() - timedelta(days=days):
        raise _refused(f"startDate cannot be more than {days} days ago")
    if not start < end:
        raise _refused("endDate must be chronologically greater than startDate")
    return stamp(start), stamp(end)


def _moment(request: ApiRequest, name: str) -> datetime:
    try:
        return parse_moment(request.query[name].replace(" ", "+")).replace(microsecond=0)
    except KeyError:
        raise ApiError(400, "MISSING_ARGUMENT", f"{name} is required") from None
    except ValueError:
        raise ApiError(400, "INVALID_REPLICATION_DATE", f"{name} is not a valid date: {request.query[name]}") from None


def _covered(org: Org, end: str) -> str:
    return min(end, stamp(org.now() - timedelta(seconds=org.switch("covered_lag_seconds"))))


def _limited(found: list[T]) -> list[T]:
    if len(found) > ID_LIMIT:
        raise ApiError(400, "EXCEEDED_ID_LIMIT", f"more than {ID_LIMIT} ids")
    return found


def _refused(message: str) -> ApiError:
    return ApiError(400, "INVALID_REPLICATION_DATE", message)
