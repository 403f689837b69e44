"""Works through the CSV of an ingest job: row by row, each for itself, with results in no particular order."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.salesforce import jobs, saving, table
from sandbox.salesforce.answers import ApiError, RowError, RowRefusedError
from sandbox.salesforce.jobs import Job
from sandbox.salesforce.objects import BY_LOWER_NAME, SObject
from sandbox.salesforce.org import Org
from sandbox.salesforce.saving import AmbiguousError, Options

DATA, RESULTS = "_job_data", "_job_results"
CHUNK = 200
NULL = "#N/A"
Cells = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the file and what became of it; `error` is empty when it was written."""

    cells: list[str]
    record_id: str
    is_created: bool
    error: str = ""


def process(org: Org, job: Job) -> Job:
    """Write the rows of the job; returns the finished job."""
    found = BY_LOWER_NAME[job["object"].lower()]
    data = (org.store.get(DATA, job["id"]) or {"text": ""})["text"].encode("latin-1")
    try:
        header, rows = table.read(data, job)
        _check_header(org, found, header, job)
    except table.TableError as problem:
        return finish(org, job, "Failed", [], all_rows(org, job), str(problem))
    kept = len(rows) - min(len(rows), org.switch("bulk_unprocessed"))
    done = [result for start in range(0, kept, CHUNK) for result in _chunk(org, job, found, header, rows[start:kept][:CHUNK])]
    problem_text = "InternalServerError : Retries exhausted" if kept < len(rows) else ""
    return finish(org, job, "Failed" if problem_text else "JobComplete", done, [header, *rows[kept:]], problem_text)


def all_rows(org: Org, job: Job) -> list[list[str]]:
    """Return header and rows of the job's file, as far as it can be read."""
    data = (org.store.get(DATA, job["id"]) or {"text": ""})["text"].encode("latin-1")
    try:
        header, rows = table.read(data, job)
    except table.TableError:
        return [[]]
    return [header, *rows]


def _check_header(org: Org, found: SObject, header: Sequence[str], job: Job) -> None:
    known = org.fields(found.name)
    relations = {field.relationship.lower() for field in known.values() if field.relationship}
    for name in header:
        relation, _, rest = name.lower().partition(".")
        if name.lower() not in known and not (rest and relation in relations):
            raise table.TableError(f"InvalidBatch : Field name not found : {name}")
    key = job.get("externalIdFieldName") or (None if job["operation"] == "insert" else "Id")
    if key and key.lower() not in (name.lower() for name in header):
        raise table.TableError(f"InvalidBatch : Field name not found : {key}")


def _chunk(org: Org, job: Job, found: SObject, header: list[str], rows: list[list[str]]) -> Iterator[Row]:
    seen: set[str] = set()
    key = str(job.get("externalIdFieldName") or "Id").lower()
    known = org.fields(found.name).get(key)
    is_exact = known is not None and "C" in known.flags
    for cells in rows:
        named = {name: cell for name, cell in zip(header, cells, strict=False) if cell != ""}
        value = next((cell for name, cell in named.items() if name.lower() == key), "")
        mark = org.store.savepoint()
        try:
            folded = value if is_exact else value.lower()
            if folded in seen:
                raise RowRefusedError(RowError("DUPLICATE_EXTERNAL_ID", f"Duplicate external id specified: {value}"))
            if value:
                seen.add(folded)
            record_id, is_created = _save(org, job, found, key, value, named)
            yield Row(cells, record_id, is_created)
        except (RowRefusedError, AmbiguousError, ApiError) as problem:
            org.store.rollback(mark)
            known_id = value if key == "id" and job["operation"] != "insert" else ""
            yield Row(cells, known_id, False, _error(problem))


def _save(org: Org, job: Job, found: SObject, key: str, value: str, named: Cells) -> tuple[str, bool]:
    auto_assign = org.switch("assignment_in_bulk") or "assignmentRuleId" in job
    options = Options(auto_assign=bool(auto_assign), shows_duplicates=False, is_text=True)
    operation = job["operation"]
    if operation == "insert":
        return saving.create(org, found, _fields(named), options), True
    rest = _fields({name: cell for name, cell in named.items() if name.lower() != key})
    if operation == "upsert":
        return saving.upsert(org, found, saving.lookup_key(org, found, key), value or None, rest, options)
    if not value:
        raise RowRefusedError(RowError("MISSING_ARGUMENT", "Id not specified"))
    if operation == "update":
        return saving.update(org, found, value, rest, options), False
    record_id = saving.delete(org, found, value, options)
    if operation == "hardDelete":
        org.store.remove(found.name, record_id)
    return record_id, False


def _fields(named: Cells) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, cell in named.items():
        relation, _, rest = name.partition(".")
        value = None if cell == NULL else cell
        fields[relation] = {rest: value} if rest else value
    return fields


def _error(problem: RowRefusedError | AmbiguousError | ApiError) -> str:
    if isinstance(problem, RowRefusedError):
        return problem.errors[0].as_csv()
    if isinstance(problem, AmbiguousError):
        return RowError("DUPLICATE_EXTERNAL_ID", "more than one record found for external id field").as_csv()
    return RowError(problem.code, problem.message).as_csv()


def finish(org: Org, job: Job, state: str, done: list[Row], unprocessed: list[list[str]], problem: str = "") -> Job:
    """Store the results and end the job in `state`."""
    random.Random(job["id"]).shuffle(done)
    header = unprocessed[0]
    succeeded = [[row.record_id, str(row.is_created).lower(), *row.cells] for row in done if not row.error]
    failed = [[row.record_id, row.error, *row.cells] for row in done if row.error]
    tables = {
        "successfulresults": [["sf__Id", "sf__Created", *header], *succeeded],
        "failedresults": [["sf__Id", "sf__Error", *header], *failed],
        "unprocessedrecords": unprocessed,
    }
    org.store.put(RESULTS, job["id"], {name: table.write(rows, job) for name, rows in tables.items()})
    org.store.calls.records_written += len(succeeded)
    counters = {
        "numberRecordsProcessed": len(done),
        "numberRecordsFailed": len(failed),
        "retries": 0,
        "totalProcessingTime": len(done),
        "apiActiveProcessingTime": len(done),
        "apexProcessingTime": 0,
    }
    message = {"errorMessage": problem} if problem else {}
    return jobs.save(org, job, state=state, counters=counters, **message)
