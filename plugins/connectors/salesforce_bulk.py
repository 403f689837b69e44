"""Bulk API 2.0: writes and queries of many records in few calls.

Results come in no order, so every row is found again by what it sent: its id, its external id, else its whole content. A row
that none of the three result files names is `unknown`.
"""

import csv
import io
import logging
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from requests import Response

from connectors.answers import server_time
from connectors.contract import Result, Write
from connectors.errors import AuthError, SyncError, TransientError
from connectors.flat import to_json
from connectors.salesforce_calls import ApiError, SalesforceCalls
from connectors.salesforce_collections import Way, packets, refusal
from connectors.salesforce_shapes import ANSWERS, Done, Job, Jobs, Made, Refused, Whoami
from connectors.salesforce_soql import long_id

NULL = "#N/A"
JOB_ROWS = 100_000
JOB_BYTES = 90_000_000  # the API takes 100 MB
QUERY_PAGE_ROWS = 50_000
FIRST_POLL_SECONDS = 1.0
LONGEST_POLL_SECONDS = 20.0
JOB_SECONDS = 3600.0
FINAL_STATES = frozenset({"JobComplete", "Failed", "Aborted"})
UPLOADED_STATES = FINAL_STATES | {"UploadComplete", "InProgress"}
RUNNING_STATES = frozenset({"UploadComplete", "InProgress"})
STARTING = timedelta(minutes=10)  # an open job that is older was given up by whoever made it, and never begins
UNPROCESSED = "UNPROCESSED"
HAS_ROWS = "Found multiple contents"
ENCODING = {"contentType": "CSV", "lineEnding": "LF", "columnDelimiter": "COMMA"}

Row = dict[str, str]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one job as text cells."""

    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]

    def encode(self) -> bytes:
        """Return the CSV: UTF-8 without a byte order mark, LF."""
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows)
        return out.getvalue().encode()


class BulkJobs:
    """Writes and queries one object by jobs."""

    def __init__(self, calls: SalesforceCalls, source: str) -> None:
        self._calls = calls
        self._source = source

    def write(self, way: Way, writes: Sequence[Write]) -> Iterator[Result]:
        """Yield one result per write, in order, job by job."""
        for packet in packets(way, writes, JOB_ROWS):
            yield from self._write_job(way, packet)

    def query(self, soql: str, verb: str = "query", page_rows: int = QUERY_PAGE_ROWS) -> Iterator[tuple[list[Row], Response]]:
        """Yield pages of rows as text; an empty cell is null or empty."""
        body = {"operation": verb, "query": soql, **ENCODING}
        made = ANSWERS.read(self._calls.call("POST", "jobs/query", "read", is_safe=True, json=body), Made)
        job = f"jobs/query/{made['id']}"
        state = self._wait(job)
        if state["state"] != "JobComplete":
            raise TransientError(f"The bulk query of {self._source} ended as {state['state']}: {state.get('errorMessage', '')}")
        locator, header = "", None
        while locator != "null":
            params = {"maxRecords": str(page_rows)} | ({"locator": locator} if locator else {})
            response = self._results(f"{job}/results", params)
            header, rows = parse(response.content, header)
            if str(len(rows)) != response.headers.get("Sforce-NumberOfRecords", str(len(rows))):
                raise TransientError(f"A page of the bulk query of {self._source} ends in the middle. The task is retried later.")
            yield rows, response
            locator = response.headers.get("Sforce-Locator", "null")

    def require_finished(self) -> None:
        """Raise TransientError while a job of our user waits or runs that writes this object, or has only just been opened."""
        jobs = list(self._unfinished())
        user = self._user_id() if jobs else ""
        for job in jobs:
            if not user or long_id(job["createdById"]) == user:
                raise TransientError(
                    f"Salesforce still has bulk job {job['id']} on {self._source} in state {job['state']}: what was sent with it is"
                    " looked up once it has ended, and nothing is sent again before. The task is retried later."
                )

    def _unfinished(self) -> Iterator[Mapping[str, Any]]:
        path: str | None = "jobs/ingest"
        while path:
            response = self._calls.call("GET", path, "read")
            body = ANSWERS.read(response, Jobs)
            opened = server_time(response) - STARTING
            for job in body["records"]:
                is_starting = job["state"] == "Open" and datetime.fromisoformat(job["createdDate"]) >= opened
                if job.get("object") == self._source and (job["state"] in RUNNING_STATES or is_starting):
                    yield job
            path = body.get("nextRecordsUrl")

    def _user_id(self) -> str:
        """Return who we are, blank where the login's scope does not let us ask."""
        try:
            response = self._calls.call("GET", "/services/oauth2/userinfo", "read")
        except (AuthError, ApiError):
            return ""
        return long_id(str(ANSWERS.read(response, Whoami)["user_id"]))

    def _write_job(self, way: Way, packet: Sequence[Write]) -> Iterator[Result]:
        table = table_of(way, packet)
        content = table.encode()
        if len(content) > JOB_BYTES and len(packet) > 1:
            middle = len(packet) // 2
            yield from chain(self._write_job(way, packet[:middle]), self._write_job(way, packet[middle:]))
            return
        job = self._upload(way, content)
        results: dict[int, Result] = {}
        stop: SyncError | None = None
        has_begun = False
        try:
            self._start(job)
            has_begun = True
            self._collect(job, way, packet, table, results)
        except SyncError as error:
            if not has_begun and isinstance(error, ApiError):
                self._give_up(job)
                raise  # nothing was written
            stop = error
        lost = "The bulk job's results do not name this record."
        for place, write in enumerate(packet):
            yield results.get(place) or Result("unknown", write.id, message=str(stop or lost))
        if stop:
            raise stop

    def _upload(self, way: Way, content: bytes) -> str:
        """Return the path of a job that holds the rows and has not begun: whatever fails here, nothing was written."""
        body = {"object": self._source, "operation": way.verb, **ENCODING}
        body |= {"externalIdFieldName": way.key} if way.key else {}
        made = ANSWERS.read(self._calls.call("POST", "jobs/ingest", "write", is_safe=True, json=body), Made)
        job = f"jobs/ingest/{made['id']}"
        headers = {"Content-Type": "text/csv; charset=UTF-8"}
        try:
            self._calls.call("PUT", f"{job}/batches", "write", data=content, headers=headers)
        except SyncError as error:
            # A repeat after a lost answer is refused because the rows are there already.
            if not (isinstance(error, ApiError) and HAS_ROWS in error.words):
                self._give_up(job)
                raise
        return job

    def _give_up(self, job: str) -> None:
        """Abort a job that is not to begin any more, lest later runs wait for it."""
        try:
            self._calls.call("PATCH", job, "write", json={"state": "Aborted"})
        except SyncError as error:
            log.warning("%s was given up and could not be aborted: %s", job, error)

    def _start(self, job: str) -> None:
        try:
            self._calls.call("PATCH", job, "write", json={"state": "UploadComplete"})
        except ApiError:
            # A repeat after a lost answer is refused because the job runs already.
            if self._state(job) not in UPLOADED_STATES:
                raise

    def _state(self, job: str) -> str:
        try:
            return str(ANSWERS.read(self._calls.call("GET", job, "read"), Job)["state"])
        except ApiError as error:
            raise TransientError(f"It is not known whether {job} has begun: {error}") from None

    def _collect(self, job: str, way: Way, packet: Sequence[Write], table: Table, results: dict[int, Result]) -> None:
        """Fill `results` by place, file by file, as far as the answers come."""
        state = self._wait(job)
        waiting = Waiting(way, table)
        for row in self._file(job, "successfulResults", Done):
            if (place := waiting.take(row)) is not None:
                results[place] = Result("done", long_id(row["sf__Id"] or packet[place].id or ""))
        for row in self._file(job, "failedResults", Refused):
            if (place := waiting.take(row)) is not None:
                results[place] = refusal(way, packet[place], *split_error(row["sf__Error"]))
        for row in self._file(job, "unprocessedrecords", Row):
            if (place := waiting.take(row)) is not None:
                results[place] = _unprocessed(packet[place], state)

    def _file(self, job: str, name: str, shape: Any) -> list[Row]:
        response = self._results(f"{job}/{name}", {})
        return list(ANSWERS.check(response, parse(response.content)[1], list[shape]))

    def _results(self, path: str, params: Mapping[str, str]) -> Response:
        return self._calls.call("GET", path, "read", params=params, headers={"Accept": "text/csv"}, media="csv")

    def _wait(self, job: str) -> dict[str, Any]:
        """Return the job's description once it has ended."""
        spent, pause = 0.0, FIRST_POLL_SECONDS
        while spent < JOB_SECONDS:
            state: dict[str, Any] = ANSWERS.read(self._calls.call("GET", job, "read"), Job)
            if state["state"] in FINAL_STATES:
                return state
            self._calls.session.pause(pause)
            spent, pause = spent + pause, min(pause * 1.5, LONGEST_POLL_SECONDS)
        raise TransientError(f"Salesforce has not finished {job} within {JOB_SECONDS / 60:.0f} minutes.")


class Waiting:
    """The rows of a job that no result names yet."""

    def __init__(self, way: Way, table: Table) -> None:
        self._identity = _identity_of(way, table.columns)
        self._places: dict[object, deque[int]] = defaultdict(deque)
        for place, row in enumerate(table.rows):
            self._places[self._identity(dict(zip(table.columns, row, strict=True)))].append(place)

    def take(self, row: Row) -> int | None:
        """Return the place of the row that a result echoes, each once; None if there is none."""
        places = self._places.get(self._identity(row))
        return places.popleft() if places else None


def table_of(way: Way, writes: Sequence[Write]) -> Table:
    """Return the rows as text; a field that a write does not name is left empty, which Salesforce leaves unchanged."""
    names = sorted({name for write in writes for name in write.fields})
    if way.verb in ("insert", "upsert"):
        return Table(tuple(names), [tuple(_cell(write.fields, name) for name in names) for write in writes])
    rows = [(str(write.id), *(_cell(write.fields, name) for name in names)) for write in writes]
    return Table(("Id", *names), rows)


def has_literal_null(writes: Sequence[Write]) -> bool:
    """Tell whether a value is the very text by which CSV says null, so that the writes cannot go by CSV."""
    return any(value == NULL for write in writes for value in write.fields.values())


def parse(content: bytes, header: list[str] | None = None) -> tuple[list[str], list[Row]]:
    """Return the header and the whole rows of a CSV answer; `header` is that of the pages before, which a page may repeat on top."""
    lines = [line for line in csv.reader(io.StringIO(content.decode().replace("\0", ""), newline="")) if line]
    names = header or (lines[0] if lines else [])
    rows = lines[lines[:1] == [names] :]
    return names, [dict(zip(names, line, strict=False)) for line in rows if len(line) >= len(names)]


def split_error(text: str) -> tuple[str, str]:
    """Return code and message of `CODE:message:FIELD --`."""
    code, _, rest = text.partition(":")
    return code, rest.removesuffix("--").rstrip(" :")


def _cell(fields: Mapping[str, Any], name: str) -> str:
    if name not in fields:
        return ""
    value = to_json(fields[name])
    if value is None or value == "":
        return NULL
    if isinstance(value, bool):
        return str(value).lower()
    return ";".join(map(str, value)) if isinstance(value, list) else str(value)


def _identity_of(way: Way, columns: Sequence[str]) -> Callable[[Row], object]:
    if way.verb == "upsert":
        return lambda row: row.get(way.key, "").casefold()
    if way.verb != "insert":
        return lambda row: long_id(row.get("Id") or row.get("sf__Id", ""))
    return lambda row: tuple(" ".join(row.get(name, "").split()) for name in columns)


def _unprocessed(write: Write, state: Mapping[str, Any]) -> Result:
    """A job that failed as a whole says why, and would fail again; an interrupted one may be repeated."""
    if reason := str(state.get("errorMessage") or ""):
        code, _, message = reason.partition(":")
        return Result("failed", write.id, code=code.strip(), message=message.strip())
    message = "Salesforce stopped the bulk job before this record."
    return Result("failed", write.id, code=UNPROCESSED, message=message, is_transient=True)
