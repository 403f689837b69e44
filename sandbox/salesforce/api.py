"""The REST API: which request goes where, and what every answer carries."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from sandbox.salesforce import (
    batches,
    composite,
    describing,
    ingest,
    limits,
    querying,
    replication,
    rows,
    sessions,
    tooling,
)
from sandbox.salesforce.answers import Answer, ApiError, ApiRequest, RowRefusedError, not_found, refused
from sandbox.salesforce.cursors import Cursors
from sandbox.salesforce.org import Org
from sandbox.salesforce.queryjobs import QueryJobs

Handler = Callable[..., Answer]
URL_TOO_LONG = Answer(414, "<html><body><h1>414 URI Too Long</h1></body></html>", media="text/html")
_NAME, _REST = r"(\w+)", r"([^/]+)"


class Api:
    """The REST resources of one org below `/services/data/vNN.0`."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.cursors = Cursors(org)
        self.query_jobs = QueryJobs(org)
        self._routes = [
            (method, re.compile(pattern + "/?$", re.IGNORECASE), handler) for method, pattern, handler in self._table()
        ]

    def _table(self) -> list[tuple[str, str, Handler]]:
        return [
            ("GET", "", describing.resources),
            ("GET", "/sobjects", describing.all_objects),
            ("GET", "/query", lambda org, request: querying.query(org, self.cursors, request, False)),
            ("GET", "/queryAll", lambda org, request: querying.query(org, self.cursors, request, True)),
            ("GET", f"/query(?:All)?/{_REST}", lambda org, request, key: querying.further(org, self.cursors, request, key)),
            ("GET", "/limits", limits.show),
            ("GET", "/limits/recordCount", limits.record_count),
            ("POST", "/composite", lambda org, request: composite.composite(org, self.dispatch, request)),
            ("POST", "/composite/batch", lambda org, request: composite.batch(org, self.dispatch, request, self.count)),
            ("POST", "/composite/sobjects", batches.create),
            ("PATCH", "/composite/sobjects", batches.update),
            ("DELETE", "/composite/sobjects", batches.delete),
            ("GET", f"/composite/sobjects/{_NAME}", batches.read),
            ("POST", f"/composite/sobjects/{_NAME}", batches.read),
            ("PATCH", f"/composite/sobjects/{_NAME}/{_NAME}", batches.upsert),
            ("GET", "/jobs/ingest", ingest.listing),
            ("POST", "/jobs/ingest", ingest.create),
            ("GET", f"/jobs/ingest/{_NAME}", ingest.show),
            ("PATCH", f"/jobs/ingest/{_NAME}", ingest.change),
            ("DELETE", f"/jobs/ingest/{_NAME}", ingest.remove),
            ("PUT", f"/jobs/ingest/{_NAME}/batches", ingest.upload),
            ("GET", f"/jobs/ingest/{_NAME}/{_NAME}", ingest.results),
            ("GET", "/jobs/query", self.query_jobs.listing),
            ("POST", "/jobs/query", self.query_jobs.create),
            ("GET", f"/jobs/query/{_NAME}", self.query_jobs.show),
            ("PATCH", f"/jobs/query/{_NAME}", self.query_jobs.change),
            ("DELETE", f"/jobs/query/{_NAME}", self.query_jobs.remove),
            ("GET", f"/jobs/query/{_NAME}/results", self.query_jobs.results),
            ("GET", "/tooling/query", lambda org, request: tooling.query(org, self.cursors, request)),
            ("POST", "/tooling/sobjects/CustomField", tooling.create),
            ("GET", f"/tooling/sobjects/CustomField/{_NAME}", tooling.read),
            ("PATCH", f"/tooling/sobjects/CustomField/{_NAME}", tooling.change),
            ("DELETE", f"/tooling/sobjects/CustomField/{_NAME}", tooling.remove),
            ("GET", f"/sobjects/{_NAME}", describing.about),
            ("POST", f"/sobjects/{_NAME}", rows.create),
            ("GET", f"/sobjects/{_NAME}/describe", describing.describe),
            ("GET", f"/sobjects/{_NAME}/updated", replication.updated),
            ("GET", f"/sobjects/{_NAME}/deleted", replication.deleted),
            ("GET", f"/sobjects/{_NAME}/{_REST}", rows.read),
            ("PATCH", f"/sobjects/{_NAME}/{_REST}", rows.update),
            ("DELETE", f"/sobjects/{_NAME}/{_REST}", rows.delete),
            ("GET", f"/sobjects/{_NAME}/{_NAME}/{_REST}", rows.read_by_key),
            ("PATCH", f"/sobjects/{_NAME}/{_NAME}/{_REST}", rows.upsert),
            ("DELETE", f"/sobjects/{_NAME}/{_NAME}/{_REST}", rows.delete_by_key),
        ]

    def answer(self, request: ApiRequest) -> Answer:
        """Authenticate, count and answer one request."""
        try:
            sessions.user_of(self.org, request.headers.get("authorization", ""))
            headers = limits.count_call(self.org)
        except ApiError as problem:
            return Answer(problem.status, problem.body())
        answer = self.dispatch(request)
        body = answer.body if self.org.switch("empty_fields_on_errors") else without_empty_fields(answer.body)
        return Answer(answer.status, body, {**answer.headers, **headers}, answer.media)

    def count(self) -> None:
        """Count one more call."""
        limits.count_call(self.org)

    def dispatch(self, request: ApiRequest) -> Answer:
        """Answer one request of a known user, be it a request of its own or part of a composite."""
        try:
            handler, arguments = self._find(request)
            return handler(self.org, request, *arguments)
        except ApiError as problem:
            return Answer(problem.status, problem.body())
        except RowRefusedError as problem:
            return refused(problem)

    def _find(self, request: ApiRequest) -> tuple[Handler, list[str]]:
        is_known = False
        for method, pattern, handler in self._routes:
            match = pattern.match(request.path)
            if match and method == request.method:
                return handler, [unquote(group) for group in match.groups()]
            is_known = is_known or bool(match)
        if is_known:
            raise ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{request.method}' not allowed.")
        raise not_found()


def without_empty_fields(body: Any) -> Any:
    """Return a body whose errors have no `fields` when there are none to name."""
    if isinstance(body, list):
        return [without_empty_fields(part) for part in body]
    if not isinstance(body, dict):
        return body
    is_error = "errorCode" in body or "statusCode" in body
    kept = {name: value for name, value in body.items() if not (is_error and name == "fields" and not value)}
    return {name: without_empty_fields(value) if isinstance(value, list) else value for name, value in kept.items()}
