"""What ingest and query jobs of Bulk API 2.0 have in common: their info, states and CSV answers."""

from collections.abc import Mapping
from typing import Any

from sandbox.salesforce.answers import Answer, ApiError, ApiRequest, not_found
from sandbox.salesforce.ids import INTEGRATION_USER_ID, full_id, make_id
from sandbox.salesforce.org import Org
from sandbox.salesforce.shapes import IngestJob, QueryJob
from sandbox.salesforce.table import DELIMITERS, LINE_ENDINGS

KIND = "_job"
PREFIX = "750"
FINISHED = ("JobComplete", "Failed", "Aborted")
Job = dict[str, Any]
_HIDDEN = ("polls", "counters")


def start(org: Org, request: ApiRequest, wish: IngestJob | QueryJob, **own: Any) -> Job:
    """Return a new job with what `wish` says of its format; raises INVALIDJOB."""
    delimiter, ending = wish.columnDelimiter, wish.lineEnding
    if delimiter not in DELIMITERS or ending not in LINE_ENDINGS or wish.contentType != "CSV":
        raise refused("INVALIDJOB", "columnDelimiter, lineEnding or contentType is not valid")
    now = org.stamp()
    return {
        "id": make_id(PREFIX, org.store.next_number(KIND)),
        **own,
        "createdById": INTEGRATION_USER_ID,
        "createdDate": now,
        "systemModstamp": now,
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(request.version),
        "lineEnding": ending,
        "columnDelimiter": delimiter,
        "polls": org.switch("bulk_polls"),
        "counters": {},
    }


def find(org: Org, text: str, kind: str) -> Job:
    """Return the job of this id and kind of job; raises 404."""
    job = org.store.get(KIND, full_id(text) or "")
    if job is None or job["jobType"] != kind:
        raise not_found()
    return dict(job)


def save(org: Org, job: Job, **changes: Any) -> Job:
    """Store the job with changes; returns it."""
    changed = {**job, **changes, "systemModstamp": org.stamp()}
    org.store.put(KIND, job["id"], changed)
    return changed


def info(job: Job, with_counters: bool = False) -> dict[str, Any]:
    """Return the job as the API shows it; counters only on a GET of one job."""
    shown = {name: value for name, value in job.items() if name not in _HIDDEN}
    if job["state"] != "Open":
        shown.pop("contentUrl", None)
    return {**shown, **job["counters"]} if with_counters else shown


def listed(org: Org, kind: str) -> Answer:
    """Answer all jobs of a kind."""
    jobs = [info(dict(job)) for job in org.store.table(KIND).values() if job["jobType"] == kind]
    return Answer(body={"done": True, "nextRecordsUrl": None, "records": jobs})


def text_answer(org: Org, text: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer CSV."""
    media = "text/csv; charset=UTF-8" if org.switch("bulk_charset") else "text/csv"
    return Answer(200, text.encode(), headers or {}, media)


def remove(org: Org, job: Job) -> Answer:
    """Delete a finished job."""
    if job["state"] not in FINISHED:
        raise refused("INVALIDJOBSTATE", f"a job in state {job['state']} cannot be deleted")
    for kind in (KIND, "_job_data", "_job_results"):
        org.store.remove(kind, job["id"])
    return Answer(204)


def refused(code: str, message: str) -> ApiError:
    """Return a 400 of the bulk API."""
    return ApiError(400, code, message)
