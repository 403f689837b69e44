"""`/composite`: up to 25 requests in one, later ones may use answers of earlier ones; and `/composite/batch`, without that."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from sandbox.salesforce.answers import Answer, ApiError, ApiRequest, not_found
from sandbox.salesforce.org import Org
from sandbox.salesforce.shapes import Batch, Composite, Part

LIMIT, READ_LIMIT = 25, 5
_REFERENCE = re.compile(r"@\{(\w+)((?:\.\w+|\[\d+\])*)\}")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_DATA = re.compile(r"/services/data/v(\d+\.0)(/[^?]*)(?:\?(.*))?$", re.IGNORECASE | re.DOTALL)
HALTED = "The transaction was rolled back since another operation in the same transaction failed."
_REFUSED_HEADERS = ("accept", "authorization", "content-type")
Dispatch = Callable[[ApiRequest], Answer]


class UnresolvedError(Exception):
    """A placeholder names nothing that was answered."""


def composite(org: Org, dispatch: Dispatch, request: ApiRequest) -> Answer:
    """Run dependent sub-requests in order; with allOrNone a failure undoes and halts all."""
    wish = request.shaped(Composite)
    parts = _checked(wish.compositeRequest)
    start, written = org.store.savepoint(), org.store.calls.records_written
    answered: dict[str, Any] = {}
    results: list[dict[str, Any]] = []
    for part in parts:
        answer = _answer(dispatch, part, answered)
        if answer.status < 400:
            answered[part.referenceId] = answer.body
        results.append(_result(part, answer))
        if wish.allOrNone and answer.status >= 400:
            org.store.rollback(start)
            org.store.calls.records_written = written
            results = [_halted(each) for each in parts]
            results[parts.index(part)] = _result(part, answer)
            break
    return Answer(body={"compositeResponse": results})


def batch(org: Org, dispatch: Dispatch, request: ApiRequest, count: Callable[[], Any]) -> Answer:
    """Run independent sub-requests; `count` is called for every one but the first, for each is a call of its own."""
    parts = request.shaped(Batch).batchRequests
    if not 0 < len(parts) <= LIMIT:
        raise ApiError(400, "LIMIT_EXCEEDED", f"between 1 and {LIMIT} subrequests are allowed")
    results = []
    for place, part in enumerate(parts):
        if place:
            count()
        url = "/services/data/" + part.url.removeprefix("/services/data/").lstrip("/")
        answer = dispatch(_sub_request(part.method, url, {}, part.richInput))
        results.append({"statusCode": answer.status, "result": answer.body})
    return Answer(body={"hasErrors": any(result["statusCode"] >= 400 for result in results), "results": results})


def _checked(parts: list[Part]) -> list[Part]:
    reads = [part for part in parts if re.search(r"/(query|queryAll|composite/sobjects)\b", part.url)]
    if not parts or len(parts) > LIMIT or len(reads) > READ_LIMIT:
        message = f"at most {LIMIT} subrequests are allowed, {READ_LIMIT} of them queries or collections"
        raise ApiError(400, "LIMIT_EXCEEDED", message)
    names = [part.referenceId for part in parts]
    if len(set(names)) != len(names) or not all(re.fullmatch(r"[A-Za-z]\w*", name) for name in names):
        raise ApiError(400, "INVALID_INPUT", "every subrequest needs a referenceId of its own: letters, digits, underscore")
    return parts


def _answer(dispatch: Dispatch, part: Part, answered: Mapping[str, Any]) -> Answer:
    headers = {name.lower(): value for name, value in (part.httpHeaders or {}).items()}
    refused = [name for name in _REFUSED_HEADERS if name in headers]
    try:
        if refused:
            raise ApiError(400, "INVALID_INPUT", f"header not allowed in a subrequest: {refused[0]}")
        url, body = str(_filled(part.url, answered)), _filled(part.body, answered)
        return dispatch(_sub_request(part.method, url, headers, body))
    except UnresolvedError as problem:
        return Answer(400, [{"errorCode": "PROCESSING_HALTED", "message": str(problem)}])
    except ApiError as problem:
        return Answer(problem.status, problem.body())


def _sub_request(method: str, url: str, headers: Mapping[str, str], body: Any) -> ApiRequest:
    match = _DATA.match(url)
    if match is None or match.group(2).rstrip("/") in ("/composite", "/composite/batch"):
        raise not_found()
    query = dict(parse_qsl(match.group(3) or "", keep_blank_values=True))
    return ApiRequest(method.upper(), match.group(2), query, headers, body, match.group(1))


def _filled(value: Any, answered: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        whole = _REFERENCE.fullmatch(value)
        if whole:
            return _resolved(whole, answered)
        return _REFERENCE.sub(lambda match: str(_resolved(match, answered)), value)
    if isinstance(value, dict):
        return {name: _filled(part, answered) for name, part in value.items()}
    return [_filled(part, answered) for part in value] if isinstance(value, list) else value


def _resolved(match: re.Match[str], answered: Mapping[str, Any]) -> Any:
    found = answered.get(match.group(1))
    for name, place in _STEP.findall(match.group(2)):
        if name and isinstance(found, Mapping):
            found = next((value for key, value in found.items() if key.lower() == name.lower()), None)
        elif place and isinstance(found, Sequence) and int(place) < len(found):
            found = found[int(place)]
        else:
            found = None
    if found is None:
        reference = match.group(0)[2:-1]
        raise UnresolvedError(f"Invalid reference specified. No value for {reference} found in {match.group(1)}")
    return found


def _result(part: Part, answer: Answer) -> dict[str, Any]:
    return {
        "body": answer.body,
        "httpHeaders": dict(answer.headers),
        "httpStatusCode": answer.status,
        "referenceId": part.referenceId,
    }


def _halted(part: Part) -> dict[str, Any]:
    return _result(part, Answer(400, [{"errorCode": "PROCESSING_HALTED", "message": HALTED}]))
