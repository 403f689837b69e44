"""Bulk API 2.0 ingest: a job, its CSV, its results in no particular order."""

import random
from collections.abc import Iterator, Mapping, Sequence
from email import message_from_bytes
from typing import Any

import msgspec

from sandbox.salesforce import jobs, saving, table
from sandbox.salesforce.answers import Answer, ApiError, ApiRequest, RowError, RowRefusedError, not_found
from sandbox.salesforce.fields import Field
from sandbox.salesforce.jobs import Job
from sandbox.salesforce.objects import BY_LOWER_NAME, SObject
from sandbox.salesforce.org import Org
from sandbox.salesforce.saving import AmbiguousError, Options

TYPE = "V2Ingest"
DATA, RESULTS = "_job_data", "_job_results"
OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
CHUNK = 200
NULL = "#N/A"
Cells = Mapping[str, str]


def create(org: Org, request: ApiRequest) -> Answer:
    """Open a job; as multipart with its CSV, which is then uploaded already."""
    content: bytes | None = None
    if "multipart/form-data" in request.headers.get("content-type", ""):
        wish, content = _parts(request)
    else:
        wish = request.json()
    found, key = _checked(org, wish)
    job = jobs.start(
        org, request, wish, operation=wish["operation"], object=found.name, state="Open", jobType=TYPE,
        **({"externalIdFieldName": key.name} if key else {}),
        **({"assignmentRuleId": wish["assignmentRuleId"]} if wish.get("assignmentRuleId") else {}),
    )  # fmt: skip
    job["contentUrl"] = f"{request.base.lstrip('/')}/jobs/ingest/{job['id']}/batches"
    job = jobs.save(org, job)
    if content is not None:
        org.store.put(DATA, job["id"], {"text": content.decode("latin-1")})
        job = _uploaded(org, job)
    return Answer(body=jobs.info(job))


def upload(org: Org, request: ApiRequest, job_id: str) -> Answer:
    """PUT the CSV, once per job."""
    job = jobs.find(org, job_id, TYPE)
    if "text/csv" not in request.headers.get("content-type", ""):
        raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", "the data of a job is text/csv")
    if job["state"] != "Open":
        raise jobs.refused("INVALIDJOBSTATE", f"Job state must be Open, it is {job['state']}")
    if org.store.get(DATA, job["id"]):
        message = f"Found multiple contents for job: <{job['id']}>, please 'Close' / 'Abort' / 'Delete' the current Job then"
        raise jobs.refused("INVALIDBATCH", message + " create a new Job and make sure you only do 'PUT' once on a given Job.")
    org.store.put(DATA, job["id"], {"text": request.body.decode("latin-1")})
    return Answer(201)


def change(org: Org, request: ApiRequest, job_id: str) -> Answer:
    """PATCH the state: UploadComplete or Aborted."""
    job = jobs.find(org, job_id, TYPE)
    state = request.json().get("state")
    if state == "UploadComplete" and job["state"] == "Open":
        return Answer(body=jobs.info(_uploaded(org, job)))
    if state == "Aborted" and job["state"] not in jobs.FINISHED:
        return Answer(body=jobs.info(_finished(org, job, "Aborted", [], _all_rows(org, job))))
    raise jobs.refused("INVALIDJOBSTATE", f"a job in state {job['state']} cannot become {state}")


def show(org: Org, request: ApiRequest, job_id: str) -> Answer:
    """GET the job; each look brings it nearer to its end."""
    job = jobs.find(org, job_id, TYPE)
    if job["state"] in ("UploadComplete", "InProgress"):
        job = _advanced(org, job)
    return Answer(body=jobs.info(job, with_counters=True))


def results(org: Org, request: ApiRequest, job_id: str, which: str) -> Answer:
    """GET successfulResults, failedResults or unprocessedrecords as CSV."""
    job = jobs.find(org, job_id, TYPE)
    if job["state"] not in jobs.FINISHED:
        raise jobs.refused("INVALIDJOBSTATE", f"results of a job in state {job['state']} are not available")
    found = (org.store.get(RESULTS, job["id"]) or {}).get(which.lower())
    if found is None:
        raise not_found()
    return jobs.text_answer(org, found)


def remove(org: Org, request: ApiRequest, job_id: str) -> Answer:
    """DELETE a finished job."""
    return jobs.remove(org, jobs.find(org, job_id, TYPE))


def listing(org: Org, request: ApiRequest) -> Answer:
    """GET all ingest jobs."""
    return jobs.listed(org, TYPE)


def _parts(request: ApiRequest) -> tuple[dict[str, Any], bytes]:
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    message = message_from_bytes(head + request.body)
    parts = {part.get_param("name", header="content-disposition"): part.get_payload(decode=True) for part in message.walk()}
    job, content = parts.get("job"), parts.get("content")
    if not isinstance(job, bytes) or not isinstance(content, bytes):
        raise jobs.refused("INVALIDJOB", "a multipart request has the parts job and content")
    return msgspec.json.decode(job, type=dict[str, Any]), content


def _checked(org: Org, wish: Mapping[str, Any]) -> tuple[SObject, Field | None]:
    found = BY_LOWER_NAME.get(str(wish.get("object", "")).lower())
    if found is None or found.is_setup:
        raise jobs.refused("INVALIDENTITY", f"Unable to find object: {wish.get('object')}")
    if wish.get("operation") not in OPERATIONS:
        raise jobs.refused("INVALIDJOB", f"operation is not valid: {wish.get('operation')}")
    if wish["operation"] == "hardDelete" and not org.switch("allow_hard_delete"):
        raise jobs.refused("FEATURENOTENABLED", "hardDelete needs the Bulk API Hard Delete permission")
    if wish["operation"] != "upsert":
        return found, None
    key = org.fields(found.name).get(str(wish.get("externalIdFieldName", "")).lower())
    if key is None or not (key.is_lookup_key or key.name == "Id"):
        raise jobs.refused("INVALIDJOB", f"External ID was blank or is no such field: {wish.get('externalIdFieldName')}")
    return found, key


def _uploaded(org: Org, job: Job) -> Job:
    job = jobs.save(org, job, state="UploadComplete")
    if job["polls"] == 0:
        _process(org, job)
    return job


def _advanced(org: Org, job: Job) -> Job:
    if job["polls"] > 0:
        return jobs.save(org, job, state="InProgress", polls=job["polls"] - 1)
    return _process(org, job)


def _process(org: Org, job: Job) -> Job:
    found = BY_LOWER_NAME[job["object"].lower()]
    data = (org.store.get(DATA, job["id"]) or {"text": ""})["text"].encode("latin-1")
    try:
        header, rows = table.read(data, job)
        _check_header(org, found, header, job)
    except table.TableError as problem:
        return _finished(org, job, "Failed", [], _all_rows(org, job), str(problem))
    kept = len(rows) - min(len(rows), org.switch("bulk_unprocessed"))
    done = [result for start in range(0, kept, CHUNK) for result in _chunk(org, job, found, header, rows[start:kept][:CHUNK])]
    problem_text = "InternalServerError : Retries exhausted" if kept < len(rows) else ""
    return _finished(org, job, "Failed" if problem_text else "JobComplete", done, [header, *rows[kept:]], problem_text)


def _all_rows(org: Org, job: Job) -> list[list[str]]:
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


class _Row:
    def __init__(self, cells: list[str], record_id: str, created: bool, error: str = "") -> None:
        self.cells = cells
        self.record_id = record_id
        self.created = created
        self.error = error


def _chunk(org: Org, job: Job, found: SObject, header: list[str], rows: list[list[str]]) -> Iterator[_Row]:
    seen: set[str] = set()
    key = str(job.get("externalIdFieldName") or "Id").lower()
    for cells in rows:
        named = {name: cell for name, cell in zip(header, cells, strict=False) if cell != ""}
        value = next((cell for name, cell in named.items() if name.lower() == key), "")
        mark = org.store.savepoint()
        try:
            if value.lower() in seen:
                raise RowRefusedError(RowError("DUPLICATE_EXTERNAL_ID", f"Duplicate external id specified: {value}"))
            if value:
                seen.add(value.lower())
            record_id, is_created = _save(org, job, found, key, value, named)
            yield _Row(cells, record_id, is_created)
        except (RowRefusedError, AmbiguousError, ApiError) as problem:
            org.store.rollback(mark)
            known_id = value if key == "id" and job["operation"] != "insert" else ""
            yield _Row(cells, known_id, False, _error(problem))


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


def _finished(org: Org, job: Job, state: str, done: list[_Row], unprocessed: list[list[str]], problem: str = "") -> Job:
    random.Random(job["id"]).shuffle(done)
    header = unprocessed[0]
    succeeded = [[row.record_id, str(row.created).lower(), *row.cells] for row in done if not row.error]
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
