"""Bulk API 2.0 query jobs: a query, its result as CSV page by page."""

import base64
import binascii
from typing import Any

from sandbox.salesforce import jobs, recyclebin, table
from sandbox.salesforce.answers import Answer, ApiError, ApiRequest
from sandbox.salesforce.jobs import Job
from sandbox.salesforce.org import Org
from sandbox.salesforce.shapes import JobState, QueryJob
from sandbox.salesforce.soql.columns import Column, columns
from sandbox.salesforce.soql.running import Selection, select

TYPE = "V2Query"
PAGE = 50_000
Result = tuple[Selection, list[Column]]


class QueryJobs:
    """The query jobs of one org; the ids found are kept in memory and found anew after a restart."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self._results: dict[str, Result] = {}

    def create(self, org: Org, request: ApiRequest) -> Answer:
        """Start a job; a query it cannot run is refused at once."""
        wish = request.shaped(QueryJob)
        if wish.operation not in ("query", "queryAll") or not wish.query:
            raise jobs.refused("INVALIDJOB", "operation is query or queryAll, and query is required")
        job = jobs.start(org, request, wish, operation=wish.operation, state="UploadComplete", jobType=TYPE)
        job |= {"query": wish.query, "object": ""}
        self._results.pop(job["id"], None)  # ids begin anew after a reset
        selection, _ = self._run(job)
        job["object"] = selection.name
        jobs.save(org, job)
        return Answer(body={name: value for name, value in jobs.info(job).items() if name not in ("query", "jobType")})

    def show(self, org: Org, request: ApiRequest, job_id: str) -> Answer:
        """GET the job; each look brings it nearer to its end."""
        return Answer(body=jobs.info(self._advanced(jobs.find(org, job_id, TYPE)), with_counters=True))

    def change(self, org: Org, request: ApiRequest, job_id: str) -> Answer:
        """PATCH the state: Aborted."""
        job = jobs.find(org, job_id, TYPE)
        if request.shaped(JobState).state != "Aborted" or job["state"] in jobs.FINISHED:
            raise jobs.refused("INVALIDJOBSTATE", f"a job in state {job['state']} cannot be changed so")
        return Answer(body=jobs.info(jobs.save(org, job, state="Aborted")))

    def remove(self, org: Org, request: ApiRequest, job_id: str) -> Answer:
        """DELETE a finished job."""
        self._results.pop(job_id, None)
        return jobs.remove(org, jobs.find(org, job_id, TYPE))

    def listing(self, org: Org, request: ApiRequest) -> Answer:
        """GET all query jobs."""
        return jobs.listed(org, TYPE)

    def results(self, org: Org, request: ApiRequest, job_id: str) -> Answer:
        """GET one page of the result; the locator of the last page is the text `null`."""
        job = jobs.find(org, job_id, TYPE)
        if float(request.version) != job["apiVersion"]:
            raise ApiError(409, "API_VERSION_MISMATCH", f"the job was made with API version {job['apiVersion']}")
        if job["state"] != "JobComplete":
            return Answer(204)
        start, size = _place(request), _page_size(request)
        selection, wanted = self._result(job)
        records = [selection.get(selection.name, key) for key in selection.ids[start : start + size]]
        rows = [[column.text(record) for column in wanted] for record in records if record is not None]
        header = [[column.name for column in wanted]] if start == 0 or org.switch("bulk_header_on_pages") else []
        end = start + size
        locator = base64.b64encode(str(end).encode()).decode().rstrip("=") if end < len(selection.ids) else "null"
        headers = {"Sforce-Locator": locator, "Sforce-NumberOfRecords": str(len(rows))}
        return jobs.text_answer(org, table.write([*header, *rows], job), headers)

    def _advanced(self, job: Job) -> Job:
        if job["state"] in jobs.FINISHED:
            return job
        if job["polls"] > 0:
            return jobs.save(self.org, job, state="InProgress", polls=job["polls"] - 1)
        selection, _ = self._result(job)
        counters: dict[str, Any] = {"numberRecordsProcessed": len(selection.ids), "retries": 0, "totalProcessingTime": 1}
        return jobs.save(self.org, job, state="JobComplete", counters=counters)

    def _result(self, job: Job) -> Result:
        if job["id"] not in self._results:
            self._results[job["id"]] = self._run(job)
        return self._results[job["id"]]

    def _run(self, job: Job) -> Result:
        with_deleted = job["operation"] == "queryAll"
        if with_deleted:
            recyclebin.purge(self.org)
        wanted = columns(self.org, job["query"])
        base = f"/services/data/v{job['apiVersion']}"
        return select(self.org, job["query"], base, with_deleted), wanted


def _page_size(request: ApiRequest) -> int:
    text = request.query.get("maxRecords") or str(PAGE)
    if not text.isdigit() or not int(text):
        raise ApiError(400, "INVALID_INPUT", f"maxRecords is not a positive number: {text}")
    return int(text)


def _place(request: ApiRequest) -> int:
    locator = request.query.get("locator")
    if not locator:
        return 0
    try:
        return int(base64.b64decode(locator + "=" * (-len(locator) % 4)))
    except (binascii.Error, ValueError):
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator") from None
