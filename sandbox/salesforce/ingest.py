"""Bulk API 2.0 ingest: a job, its CSV, its results in no particular order."""

from email import message_from_bytes

from sandbox.salesforce import jobs, loading
from sandbox.salesforce.answers import Answer, ApiError, ApiRequest, not_found
from sandbox.salesforce.fields import Field
from sandbox.salesforce.jobs import Job
from sandbox.salesforce.objects import BY_LOWER_NAME, SObject
from sandbox.salesforce.org import Org
from sandbox.salesforce.shapes import IngestJob, JobState

TYPE = "V2Ingest"
OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")


def create(org: Org, request: ApiRequest) -> Answer:
    """Open a job; as multipart with its CSV, which is then uploaded already."""
    content: bytes | None = None
    if "multipart/form-data" in request.headers.get("content-type", ""):
        wish, content = _parts(request)
    else:
        wish = request.shaped(IngestJob)
    found, key = _checked(org, wish)
    job = jobs.start(
        org, request, wish, operation=wish.operation, object=found.name, state="Open", jobType=TYPE,
        **({"externalIdFieldName": key.name} if key else {}),
        **({"assignmentRuleId": wish.assignmentRuleId} if wish.assignmentRuleId else {}),
    )  # fmt: skip
    job["contentUrl"] = f"{request.base.lstrip('/')}/jobs/ingest/{job['id']}/batches"
    job = jobs.save(org, job)
    if content is not None:
        org.store.put(loading.DATA, job["id"], {"text": content.decode("latin-1")})
        job = _uploaded(org, job)
    return Answer(body=jobs.info(job))


def upload(org: Org, request: ApiRequest, job_id: str) -> Answer:
    """PUT the CSV, once per job."""
    job = jobs.find(org, job_id, TYPE)
    if "text/csv" not in request.headers.get("content-type", ""):
        raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", "the data of a job is text/csv")
    if job["state"] != "Open":
        raise jobs.refused("INVALIDJOBSTATE", f"Job state must be Open, it is {job['state']}")
    if org.store.get(loading.DATA, job["id"]):
        message = f"Found multiple contents for job: <{job['id']}>, please 'Close' / 'Abort' / 'Delete' the current Job then"
        raise jobs.refused("INVALIDBATCH", message + " create a new Job and make sure you only do 'PUT' once on a given Job.")
    org.store.put(loading.DATA, job["id"], {"text": request.body.decode("latin-1")})
    return Answer(201)


def change(org: Org, request: ApiRequest, job_id: str) -> Answer:
    """PATCH the state: UploadComplete or Aborted."""
    job = jobs.find(org, job_id, TYPE)
    state = request.shaped(JobState).state
    if state == "UploadComplete" and job["state"] == "Open":
        return Answer(body=jobs.info(_uploaded(org, job)))
    if state == "Aborted" and job["state"] not in jobs.FINISHED:
        return Answer(body=jobs.info(loading.finish(org, job, "Aborted", [], loading.all_rows(org, job))))
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
    found = (org.store.get(loading.RESULTS, job["id"]) or {}).get(which.lower())
    if found is None:
        raise not_found()
    return jobs.text_answer(org, found)


def remove(org: Org, request: ApiRequest, job_id: str) -> Answer:
    """DELETE a finished job."""
    return jobs.remove(org, jobs.find(org, job_id, TYPE))


def listing(org: Org, request: ApiRequest) -> Answer:
    """GET all ingest jobs."""
    return jobs.listed(org, TYPE)


def _parts(request: ApiRequest) -> tuple[IngestJob, bytes]:
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    message = message_from_bytes(head + request.body)
    parts = {part.get_param("name", header="content-disposition"): part.get_payload(decode=True) for part in message.walk()}
    job, content = parts.get("job"), parts.get("content")
    if not isinstance(job, bytes) or not isinstance(content, bytes):
        raise jobs.refused("INVALIDJOB", "a multipart request has the parts job and content")
    shaped = ApiRequest("POST", request.path, headers={"content-type": "application/json"}, body=job).shaped(IngestJob)
    return shaped, content


def _checked(org: Org, wish: IngestJob) -> tuple[SObject, Field | None]:
    found = BY_LOWER_NAME.get(wish.object.lower())
    if found is None or found.is_setup:
        raise jobs.refused("INVALIDENTITY", f"Unable to find object: {wish.object}")
    if wish.operation not in OPERATIONS:
        raise jobs.refused("INVALIDJOB", f"operation is not valid: {wish.operation}")
    if wish.operation == "hardDelete" and not org.switch("allow_hard_delete"):
        raise jobs.refused("FEATURENOTENABLED", "hardDelete needs the Bulk API Hard Delete permission")
    if wish.operation != "upsert":
        return found, None
    key = org.fields(found.name).get(str(wish.externalIdFieldName).lower())
    if key is None or not (key.is_lookup_key or key.name == "Id"):
        raise jobs.refused("INVALIDJOB", f"External ID was blank or is no such field: {wish.externalIdFieldName}")
    return found, key


def _uploaded(org: Org, job: Job) -> Job:
    job = jobs.save(org, job, state="UploadComplete")
    if job["polls"] == 0:
        loading.process(org, job)
    return job


def _advanced(org: Org, job: Job) -> Job:
    if job["polls"] > 0:
        return jobs.save(org, job, state="InProgress", polls=job["polls"] - 1)
    return loading.process(org, job)
