"""Freshdesk REST API v2: contacts and companies. The account's key carries the rights of one agent.

Lists are sorted by name and hold thinner rows than a record read by id; `freshdesk_list` tells how none is missed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from requests import Response

from connectors.contract import Account, Entity, Field, Page, Record, Result, Write
from connectors.errors import AuthError, PermanentError, shorten
from connectors.flat import flatten, unflatten
from connectors.freshdesk_fields import fields_of, is_custom, new_text_field
from connectors.freshdesk_list import Row, Window, walk
from connectors.session import Kind, LostAnswerError, Session, server_time, words_of

ENTITIES: Mapping[str, Entity] = {
    "account": Entity("account", "companies", "id", "updated_at", has_delete_feed=False),
    "contact": Entity("contact", "contacts", "id", "updated_at", has_delete_feed=True),
}
FIELD_PATHS = {"account": "company_fields", "contact": "contact_fields"}
# The plain list leaves blocked and deleted contacts out. Companies know no states.
STATES: Mapping[str, tuple[str, ...]] = {"account": ("",), "contact": ("", "blocked", "deleted")}
FILTERS = {"account": (), "contact": ("email", "mobile", "phone")}
NOT_IN_LISTS = {
    "account": frozenset[str](),
    "contact": frozenset({"tags", "other_emails", "view_all_tickets", "other_companies", "avatar"}),
}
FILTER_VALUES_LIMIT = 50  # above, one walk over the whole list costs less
READ_PAGE_ROWS = 100
WALKS_LIMIT = 10  # what moves after so many comes with the next run
WALK_MARGIN = timedelta(seconds=2)  # stamps are whole seconds
LOST_ANSWERS_LIMIT = 3  # in a row: the server hangs, stop
DUPLICATE = "duplicate_value"


@dataclass(slots=True)
class FreshdeskConnector:
    """Reads and writes one Freshdesk account at `base_url` (`https://acme.freshdesk.com`).

    `needs_details`: wanted fields that lists leave out (tags …) cost one call per record; without it they are missing.
    `restores_deleted`: an update of a deleted contact brings it back first.
    """

    base_url: str
    api_key: str = field(repr=False)
    session: Session
    needs_details: bool = True
    restores_deleted: bool = False
    system: str = "freshdesk"
    entities: Mapping[str, Entity] = field(default_factory=lambda: ENTITIES)
    _since_name: str = field(default="updated_since", init=False)  # "_updated_since" in the older reference

    def ping(self) -> Account:
        """Ask who the key belongs to. The account's id is its host name."""
        self._get("agents/me")
        host = str(urlsplit(self.base_url).hostname)
        return Account(host, host, is_sandbox=bool(self.session.loopback))

    def describe(self, entity: str) -> Sequence[Field]:
        """Return the live fields; options of dropdowns are asked for one by one where the list leaves them out."""
        return fields_of(entity, [self._with_choices(entity, row) for row in self._field_rows(entity)])

    def read_changes(self, entity: str, since: datetime | None, fields: Sequence[str]) -> Iterator[Page]:
        """Yield what changed at or after `since`, blocked and deleted contacts included; None: all that is not deleted.

        A record comes once, as it stood at the first sight; one that changes during the walk changes after the first
        page's `server_time` and so comes again the next time.
        """
        seen: set[str] = set()
        for state in STATES[entity]:
            if state == "deleted" and since is None:
                continue
            yield from self._read_state(entity, since, state, fields, seen if state != "deleted" else set())

    def read(self, entity: str, ids: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Yield records one call each, a page per hundred."""
        for start in range(0, len(ids), READ_PAGE_ROWS):
            answers = [self._view(entity, id) for id in ids[start : start + READ_PAGE_ROWS]]
            found = [self._record(answer.json()) for answer in answers if answer.ok]
            yield Page(found, server_time(answers[0]))

    def find(self, entity: str, key: str, values: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Yield live records by any field: few values by a list filter, others by one walk over the whole list.

        The search API is not used: its index lags by minutes. Text compares without regard to case.
        """
        wanted = {value.casefold() for value in values if value.strip()}
        if not wanted:
            return
        for page in self._candidates(entity, key, sorted(wanted), fields):
            matches = [record for record in page.records if str(record.raw.get(key)).casefold() in wanted]
            yield Page([record for record in matches if not record.is_deleted], page.server_time)

    def write(self, entity: str, writes: Sequence[Write]) -> Iterator[Result]:
        """Send one call per write. A deleted contact can be restored (`restores_deleted`), a deleted company cannot."""
        lost = 0
        for write in writes:
            try:
                yield self._write_one(entity, write)
                lost = 0
            except LostAnswerError as error:
                lost += 1
                yield Result("unknown", write.id, message=str(error))
                if write.operation != "create" or lost >= LOST_ANSWERS_LIMIT:
                    raise

    def create_field(self, entity: str, name: str, label: str) -> None:
        """Create a hidden, unique text field, unless it is there. `name` is with or without `custom_fields.`."""
        name = name.removeprefix("custom_fields.")
        if any(row["name"] == name for row in self._field_rows(entity) if is_custom(row)):
            return
        body = new_text_field(entity, name, label)
        made = self._expect(self._call("POST", FIELD_PATHS[entity], "write", is_safe=True, json=body)).json()["name"]
        if made != name:
            raise PermanentError(
                f"Freshdesk named the new {entity} field {made!r}, not {name!r}: write custom_fields.{made} in the settings."
            )

    def _call(self, method: str, path: str, kind: Kind, **arguments: Any) -> Response:
        url = f"{self.base_url}/api/v2/{path}"
        return self.session.call(method, url, kind, auth=(self.api_key, "X"), **arguments)

    def _expect(self, response: Response) -> Response:
        if response.ok:
            return response
        path = urlsplit(response.url).path
        raise PermanentError(f"Freshdesk refused {path}: {response.status_code} {words_of(response)}.")

    def _get(self, path: str, **params: str | int) -> Response:
        return self._expect(self._call("GET", path, "read", params=params))

    def _view(self, entity: str, id: str) -> Response:
        response = self._call("GET", f"{self.entities[entity].path}/{id}", "read")
        return response if response.status_code == HTTPStatus.NOT_FOUND else self._expect(response)

    # -- lists

    def _read_state(
        self, entity: str, since: datetime | None, state: str, fields: Sequence[str], seen: set[str]
    ) -> Iterator[Page]:
        """Walk a list, then again what changed since the walk began, until that shows no record of before it."""
        filters = {"state": state} if state else {}
        begin: datetime | None = None
        for _ in range(WALKS_LIMIT):
            starts: list[datetime] = []
            found = 0
            for window in walk(partial(self._fetch, entity, filters, since)):
                starts.append(window.server_time)
                begin = begin or window.server_time
                found += sum(_created(row) < begin for row in window.rows if str(row["id"]) not in seen)
                yield self._page(window, fields, entity, seen, is_deleted=state == "deleted")
            if len(starts) == 1 or not found:
                return
            since = starts[0] - WALK_MARGIN

    def _fetch(self, entity: str, filters: Mapping[str, str], since: datetime | None, page: int, size: int) -> Window:
        params: dict[str, str | int] = {**filters, "page": page, "per_page": size}
        response = self._list(entity, params, since)
        return Window(response.json(), "next" in response.links, server_time(response))

    def _list(self, entity: str, params: Mapping[str, str | int], since: datetime | None) -> Response:
        if since is None:
            return self._get(self.entities[entity].path, **params)
        stamp = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        names = [self._since_name, *({"updated_since", "_updated_since"} - {self._since_name})]
        path = self.entities[entity].path
        response = self._call("GET", path, "read", params={**params, names[0]: stamp})
        if response.status_code == HTTPStatus.BAD_REQUEST and problem_of(response).code == "invalid_field":
            self._since_name = names[1]
            response = self._call("GET", path, "read", params={**params, names[1]: stamp})
        return self._expect(response)

    def _page(self, window: Window, fields: Sequence[str], entity: str, seen: set[str], is_deleted: bool) -> Page:
        rows = [row for row in window.rows if str(row["id"]) not in seen]
        seen |= {str(row["id"]) for row in rows}
        if not is_deleted:
            rows = [self._detailed(entity, row, fields) for row in rows]
        return Page([self._record(row, is_deleted) for row in rows], window.server_time)

    def _detailed(self, entity: str, row: Row, fields: Sequence[str]) -> Row:
        if not self.needs_details or NOT_IN_LISTS[entity].isdisjoint(fields):
            return row
        response = self._view(entity, str(row["id"]))
        return response.json() if response.ok else row

    def _record(self, row: Row, is_deleted: bool = False) -> Record:
        return Record(
            str(row["id"]), flatten(row, ("custom_fields",)), _moment(row["updated_at"]), is_deleted or bool(row.get("deleted"))
        )

    # -- find

    def _candidates(self, entity: str, key: str, values: list[str], fields: Sequence[str]) -> Iterator[Page]:
        if key == "id":
            return self.read(entity, values, fields)
        if key in FILTERS[entity] and len(values) <= FILTER_VALUES_LIMIT:
            return self._filtered(entity, key, values, fields)
        return self._read_state(entity, None, "", fields, set())

    def _filtered(self, entity: str, key: str, values: list[str], fields: Sequence[str]) -> Iterator[Page]:
        seen: set[str] = set()
        for value in values:
            for window in walk(partial(self._fetch, entity, {key: value}, None)):
                yield self._page(window, fields, entity, seen, is_deleted=False)

    # -- write

    def _write_one(self, entity: str, write: Write) -> Result:
        path = self.entities[entity].path
        if write.operation == "create":
            return self._result(write, self._call("POST", path, "write", json=_body(write.fields)))
        sends: dict[str, Callable[[str], Result]] = {
            "update": partial(self._update, write),
            "delete": partial(self._delete, write, entity),
        }
        return sends[write.operation](f"{path}/{write.id}")

    def _update(self, write: Write, path: str) -> Result:
        body = _body(write.fields)
        response = self._call("PUT", path, "write", json=body)
        is_deleted = response.status_code == HTTPStatus.METHOD_NOT_ALLOWED
        if is_deleted and self.restores_deleted and self._call("PUT", f"{path}/restore", "write").ok:
            response = self._call("PUT", path, "write", json=body)
        return self._result(write, response)

    def _delete(self, write: Write, entity: str, path: str) -> Result:
        response = self._call("DELETE", path, "write")
        if response.ok or response.status_code == HTTPStatus.NOT_FOUND:
            return Result("done", write.id)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and self._is_gone(entity, str(write.id)):
            return Result("done", write.id)
        return self._result(write, response)

    def _is_gone(self, entity: str, id: str) -> bool:
        response = self._view(entity, id)
        return not response.ok or bool(response.json().get("deleted"))

    def _result(self, write: Write, response: Response) -> Result:
        if response.ok:
            record = self._record(response.json())
            return Result("done", record.id, record)
        problem = problem_of(response)
        return Result("failed", problem.owner_id or write.id, code=problem.code, message=problem.message)

    # -- fields

    def _field_rows(self, entity: str) -> list[Row]:
        response = self._call("GET", FIELD_PATHS[entity], "read", answers=(HTTPStatus.FORBIDDEN,))
        if response.status_code == HTTPStatus.FORBIDDEN:
            raise AuthError(
                f"Freshdesk shows its {entity} fields to administrators only: give the connection an administrator's "
                "API key for the preflight. Reading and writing records works without."
            )
        return list(self._expect(response).json())

    def _with_choices(self, entity: str, row: Row) -> Row:
        is_dropdown = str(row.get("type") or row.get("field_type")).endswith("dropdown")
        if not is_dropdown or row.get("choices"):
            return row
        return dict(self._get(f"{FIELD_PATHS[entity]}/{row['id']}").json())


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _body(fields: Mapping[str, Any]) -> Row:
    """Return the JSON to send; ids are text with us, but Freshdesk takes the id of a company as a number only."""
    body = unflatten(fields)
    if str(body.get("company_id")).isdecimal():
        body["company_id"] = int(body["company_id"])
    return body


def _created(row: Row) -> datetime:
    return _moment(row["created_at"])


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a write was refused; `owner_id` is the record that holds the value already, where the API names it."""

    code: str
    message: str
    owner_id: str | None = None


def problem_of(response: Response) -> Problem:
    """Read any of the API's error shapes: `errors[]`, else code and message, else the status alone."""
    if response.status_code == HTTPStatus.NOT_FOUND:
        return Problem("not_found", "There is no such record.")
    try:
        body = response.json() if response.content else {}
    except ValueError:
        body = {}
    errors = [error for error in body.get("errors") or [body] if isinstance(error, Mapping)]
    chosen = next((error for error in errors if error.get("code") == DUPLICATE), errors[0])
    owner = (chosen.get("additional_info") or {}).get("user_id")
    message = "; ".join(f"{error.get('field', '')} {error.get('message', '')}".strip() for error in errors)
    code = str(chosen.get("code") or response.status_code)
    return Problem(code, shorten(message or f"status {response.status_code}"), str(owner) if owner else None)
