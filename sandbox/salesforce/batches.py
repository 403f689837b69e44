"""sObject Collections: up to 200 records a call, one result per record in the order of the request."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sandbox.salesforce import saving
from sandbox.salesforce.answers import Answer, ApiError, ApiRequest, RowError, RowRefusedError, row_errors
from sandbox.salesforce.fields import Field
from sandbox.salesforce.ids import full_id
from sandbox.salesforce.objects import BY_PREFIX, SObject
from sandbox.salesforce.org import Org
from sandbox.salesforce.rows import options_of, shown
from sandbox.salesforce.saving import AmbiguousError, Options
from sandbox.salesforce.shapes import Records, Selected

LIMIT = 200
READ_LIMIT = 2000
CHUNK_LIMIT = 10
ROLLED_BACK = RowError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)
Result = dict[str, Any]
Save = Callable[[Mapping[str, Any]], Result]


def create(org: Org, request: ApiRequest) -> Answer:
    """POST records."""
    records, options = _records(request), _options(org, request)

    def save(record: Mapping[str, Any]) -> Result:
        record_id = saving.create(org, _object_of(org, record), _without(record, ()), options)
        return {"id": record_id, "success": True, "errors": []}

    return _run(org, records, save, _all_or_none(request))


def update(org: Org, request: ApiRequest) -> Answer:
    """PATCH records, each with its id."""
    records, options = _records(request), _options(org, request)
    repeated = _repeated(org, [full_id(str(_id_of(record))) for record in records])
    places = iter(range(len(records)))

    def save(record: Mapping[str, Any]) -> Result:
        place, text = next(places), _id_of(record)
        if not text:
            raise RowRefusedError(RowError("MISSING_ARGUMENT", "Id not specified in an update call"))
        if place in repeated:
            raise RowRefusedError(RowError("DUPLICATE_VALUE", f"duplicate id: {text}"))
        record_id = saving.update(org, _object_of(org, record), str(text), _without(record, ("id",)), options)
        return {"id": record_id, "success": True, "errors": []}

    return _run(org, records, save, _all_or_none(request))


def upsert(org: Org, request: ApiRequest, name: str, key: str) -> Answer:
    """PATCH records of one object by an external id."""
    records, options = _records(request), _options(org, request)
    found = org.object(name)
    field = saving.lookup_key(org, found, key)
    values = [_value(record, field.name) for record in records]
    repeated = _repeated(org, [_folded(field, value) for value in values])
    places = iter(range(len(records)))

    def save(record: Mapping[str, Any]) -> Result:
        place = next(places)
        if place in repeated:
            message = f"Duplicate external id specified: {values[place]}"
            raise RowRefusedError(RowError("DUPLICATE_EXTERNAL_ID", message, (field.name,)))
        rest = _without(record, (field.name.lower(),))
        record_id, is_created = saving.upsert(org, found, field, values[place], rest, options)
        return {"id": record_id, "success": True, "errors": [], "created": is_created}

    return _run(org, records, save, _all_or_none(request), org.switch("created_on_failed_upsert"))


def delete(org: Org, request: ApiRequest) -> Answer:
    """DELETE the records of `?ids=`."""
    ids = [text for text in request.query.get("ids", "").split(",") if text]
    _check_number(len(ids), LIMIT)
    options = options_of(request)

    def remove(record: Mapping[str, Any]) -> Result:
        found = BY_PREFIX.get(record["id"][:3])
        if found is None:
            raise RowRefusedError(RowError("MALFORMED_ID", f"malformed id {record['id']}"))
        return {"id": saving.delete(org, found, record["id"], options), "success": True, "errors": []}

    is_whole = request.query.get("allOrNone", "false").lower() == "true"
    return _run(org, [{"id": text} for text in ids], remove, is_whole)


def read(org: Org, request: ApiRequest, name: str) -> Answer:
    """POST ids and fields, or GET them; answers the records in order, null for those that are missing."""
    if request.method == "POST":
        wish = request.shaped(Selected)
    else:
        wish = Selected(*(request.query.get(part, "").split(",") for part in ("ids", "fields")))
    ids, fields = wish.ids, wish.fields
    _check_number(len(ids), READ_LIMIT)
    found = org.object(name)
    records = (org.live(found.name, full_id(text)) for text in ids)
    return Answer(body=[shown(org, found, request.base, record, fields) if record else None for record in records])


def _run(org: Org, records: Sequence[Mapping[str, Any]], save: Save, is_whole: bool, shows_created: bool = False) -> Answer:
    start = org.store.savepoint()
    results = [_one(org, save, record, shows_created) for record in records]
    failed = [result for result in results if not result["success"]]
    if is_whole and failed:
        org.store.rollback(start)
        rolled_back: Result = {"success": False, "errors": row_errors([ROLLED_BACK])}
        results = [rolled_back if result["success"] else result for result in results]
    else:
        org.store.calls.records_written += len(results) - len(failed)
    return Answer(body=results)


def _one(org: Org, save: Save, record: Mapping[str, Any], shows_created: bool) -> Result:
    mark = org.store.savepoint()
    try:
        return save(record)
    except RowRefusedError as problem:
        errors = row_errors(problem.errors)
    except ApiError as problem:
        errors = row_errors([RowError(problem.code, problem.message)])
    except AmbiguousError as problem:
        message = f"more than one record found for external id field: [{', '.join(problem.ids)}]"
        errors = row_errors([RowError("DUPLICATE_EXTERNAL_ID", message)])
    org.store.rollback(mark)
    return {"success": False, "errors": errors, **({"created": True} if shows_created else {})}


def _records(request: ApiRequest) -> Sequence[Mapping[str, Any]]:
    records = request.shaped(Records).records
    _check_number(len(records), LIMIT)
    types = [_type_of(record.get("attributes")) for record in records]
    if not all(types):
        raise ApiError(400, "INVALID_INPUT", "Must send sobject type in attributes")
    chunks = sum(1 for before, after in zip([None, *types], types, strict=False) if before != after)
    if chunks > CHUNK_LIMIT:
        raise ApiError(400, "INVALID_INPUT", f"Request contains {chunks} chunks of types, more than {CHUNK_LIMIT}")
    return records


def _type_of(attributes: Any) -> str | None:
    return str(attributes["type"]) if isinstance(attributes, dict) and attributes.get("type") else None


def _check_number(number: int, limit: int) -> None:
    if not 0 < number <= limit:
        message = f"record limit reached. cannot submit more than {limit} records into this call"
        raise ApiError(400, "EXCEEDED_ID_LIMIT" if number else "MISSING_ARGUMENT", message if number else "no records given")


def _options(org: Org, request: ApiRequest) -> Options:
    asked = options_of(request, shows_duplicates=False)
    return options_of(
        request,
        shows_duplicates=False,
        auto_assign=asked.auto_assign or not org.switch("assignment_in_collections"),
        allow_duplicates=asked.allow_duplicates and org.switch("duplicate_header_in_collections"),
    )


def _all_or_none(request: ApiRequest) -> bool:
    return request.shaped(Records).allOrNone is True


def _object_of(org: Org, record: Mapping[str, Any]) -> SObject:
    return org.object(str(record["attributes"]["type"]))


def _id_of(record: Mapping[str, Any]) -> Any:
    return _value(record, "Id")


def _value(record: Mapping[str, Any], name: str) -> Any:
    return next((value for given, value in record.items() if given.lower() == name.lower()), None)


def _without(record: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != "attributes" and name.lower() not in names}


def _folded(field: Field, value: Any) -> Any:
    text = "" if value is None else str(value).strip()
    return text if "C" in field.flags else text.lower()


def _repeated(org: Org, keys: Sequence[Any]) -> set[int]:
    return set(_repeats(keys, org.switch("duplicate_id_fails") == "both"))


def _repeats(keys: Sequence[Any], names_first: bool) -> Iterator[int]:
    seen: dict[Any, int] = {}
    for place, key in enumerate(keys):
        if key in (None, ""):
            continue
        if key in seen:
            yield from (seen[key], place) if names_first else (place,)
        seen.setdefault(key, place)
