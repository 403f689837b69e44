"""Single records: `/sobjects/{S}`, `/sobjects/{S}/{id}` and `/sobjects/{S}/{key field}/{value}`."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from sandbox.salesforce import saving
from sandbox.salesforce.answers import Answer, ApiError, ApiRequest, RowError, RowRefusedError, not_found, refused
from sandbox.salesforce.ids import full_id
from sandbox.salesforce.moments import parse_moment
from sandbox.salesforce.objects import SObject
from sandbox.salesforce.org import Org
from sandbox.salesforce.saving import AmbiguousError, Options
from sandbox.salesforce.soql.paths import value_of
from sandbox.store import Record


def options_of(request: ApiRequest, **changes: Any) -> Options:
    """Return what the headers of a request say about a save."""
    words = {part.strip().lower() for part in request.headers.get("sforce-duplicate-rule-header", "").split(";")}
    auto_assign = request.headers.get("sforce-auto-assign", "true").lower() != "false"
    return Options(**{"auto_assign": auto_assign, "allow_duplicates": "allowsave=true" in words, **changes})


def create(org: Org, request: ApiRequest, name: str) -> Answer:
    """POST one record."""
    found = org.object(name)
    try:
        record_id = saving.create(org, found, request.json(), options_of(request))
    except RowRefusedError as problem:
        return refused(problem)
    org.store.calls.records_written += 1
    location = {"Location": f"{request.base}/sobjects/{found.name}/{record_id}"}
    return Answer(201, {"id": record_id, "success": True, "errors": []}, location)


def read(org: Org, request: ApiRequest, name: str, text: str) -> Answer:
    """GET one record by id."""
    found = org.object(name)
    record_id = full_id(text)
    if record_id is None:
        raise not_found(f"Provided external ID field does not exist or is not accessible: {text}")
    record = org.record(found.name, record_id)
    if record is None:
        raise not_found()
    if record["IsDeleted"]:
        raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted")
    return conditional(org, request, record) or _shown(org, found, request, record)


def read_by_key(org: Org, request: ApiRequest, name: str, key: str, value: str) -> Answer:
    """GET one record by an external id."""
    found = org.object(name)
    ids = saving.by_key(org, found, saving.lookup_key(org, found, key), value)
    if len(ids) > 1:
        return _several(request, found, ids)
    if not ids:
        raise not_found()
    return _shown(org, found, request, org.record(found.name, ids[0]) or {})


def update(org: Org, request: ApiRequest, name: str, text: str) -> Answer:
    """PATCH one record by id."""
    found = org.object(name)
    record = org.record(found.name, full_id(text) or "")
    answer = conditional(org, request, record) if record else None
    if answer is not None:
        return answer
    try:
        saving.update(org, found, text, request.json(), options_of(request))
    except RowRefusedError as problem:
        return refused(problem)
    org.store.calls.records_written += 1
    return Answer(204)


def upsert(org: Org, request: ApiRequest, name: str, key: str, value: str) -> Answer:
    """PATCH one record by an external id, creating it if there is none."""
    found = org.object(name)
    field = saving.lookup_key(org, found, key)
    fields = request.json()
    only = request.query.get("updateOnly", "").lower() == "true"
    try:
        if any(named.lower() == field.name.lower() for named in fields):
            message = f"The {field.name} field should not be specified in the sobject data."
            raise RowRefusedError(RowError("INVALID_FIELD", message))
        record_id, is_created = saving.upsert(org, found, field, value, fields, options_of(request), only)
    except AmbiguousError as problem:
        return _several(request, found, problem.ids)
    except RowRefusedError as problem:
        return refused(problem)
    org.store.calls.records_written += 1
    return _upserted(request, found, record_id, is_created)


def delete(org: Org, request: ApiRequest, name: str, text: str) -> Answer:
    """DELETE one record by id."""
    try:
        saving.delete(org, org.object(name), text, options_of(request))
    except RowRefusedError as problem:
        return refused(problem)
    org.store.calls.records_written += 1
    return Answer(204)


def delete_by_key(org: Org, request: ApiRequest, name: str, key: str, value: str) -> Answer:
    """DELETE one record by an external id."""
    found = org.object(name)
    ids = saving.by_key(org, found, saving.lookup_key(org, found, key), value)
    if len(ids) > 1:
        return _several(request, found, ids)
    if not ids:
        raise not_found()
    return delete(org, request, name, ids[0])


def conditional(org: Org, request: ApiRequest, record: Record) -> Answer | None:
    """Return 304 or 412 where a conditional header says so."""
    modified = parse_moment(record["LastModifiedDate"])
    since = _header_moment(request, "if-modified-since")
    if since and modified <= since:
        return Answer(304)
    before = _header_moment(request, "if-unmodified-since")
    if before and modified > before:
        return Answer(412, [{"message": "The resource has changed.", "errorCode": "PRECONDITION_FAILED"}])
    return None


def shown(org: Org, found: SObject, base: str, record: Record, names: list[str] | None = None) -> dict[str, Any]:
    """Return a record as the API shows it: all visible fields, or those of `names`; raises INVALID_FIELD."""
    known = org.fields(found.name)
    for name in names or ():
        if name.lower() not in known:
            raise ApiError(400, "INVALID_FIELD", f"No such column '{name}' on entity '{found.name}'.")
    fields = known.values() if names is None else [known[name.lower()] for name in names]
    attributes = {"type": found.name, "url": f"{base}/sobjects/{found.name}/{record['Id']}"}
    return {"attributes": attributes, **{field.name: value_of(field)(record) for field in fields}}


def _shown(org: Org, found: SObject, request: ApiRequest, record: Record) -> Answer:
    asked = request.query.get("fields")
    names = [name.strip() for name in asked.split(",")] if asked else None
    modified = format_datetime(parse_moment(record["LastModifiedDate"]), usegmt=True)
    return Answer(body=shown(org, found, request.base, record, names), headers={"Last-Modified": modified})


def _upserted(request: ApiRequest, found: SObject, record_id: str, is_created: bool) -> Answer:
    location = {"Location": f"{request.base}/sobjects/{found.name}/{record_id}"}
    body: Mapping[str, Any] = {"id": record_id, "success": True, "errors": [], "created": is_created}
    if float(request.version) < 46:
        return Answer(201, {name: body[name] for name in ("id", "success", "errors")}, location) if is_created else Answer(204)
    return Answer(201 if is_created else 200, body, location if is_created else {})


def _several(request: ApiRequest, found: SObject, ids: list[str]) -> Answer:
    return Answer(300, [f"{request.base}/sobjects/{found.name}/{record_id}" for record_id in ids])


def _header_moment(request: ApiRequest, name: str) -> datetime | None:
    text = request.headers.get(name)
    try:
        return parsedate_to_datetime(text) if text else None
    except ValueError:
        raise ApiError(400, "INVALID_HEADER", f"{name} is not an HTTP date") from None
