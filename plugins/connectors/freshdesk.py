"""Freshdesk REST API v2: contacts and companies. The account's key carries the rights of one agent.

Lists are sorted by name and hold thinner rows than a record read by id; `freshdesk_list` tells how none is missed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from requests import Response

from connectors.abreast import send_abreast
from connectors.answers import asked_at
from connectors.connection import Settings
from connectors.contract import Account, Entity, Field, Known, NewField, Page, Record, Result, User, Write, check_entity
from connectors.errors import AuthError, PermanentError
from connectors.flat import flatten
from connectors.freshdesk_calls import FreshdeskCalls, Row, expect, problem_of
from connectors.freshdesk_fields import body_of, fields_of, is_custom, new_field
from connectors.freshdesk_list import Window, walk
from connectors.freshdesk_shapes import ANSWERS, Agent, Described, Read
from connectors.pace import Allowance
from connectors.session import Session
from connectors.shapes import having

ENTITIES: Mapping[str, Entity] = {
    "account": Entity("account", "companies", "id", "updated_at", has_delete_feed=False),
    "contact": Entity("contact", "contacts", "id", "updated_at", has_delete_feed=True, can_restore=True),
}
FIELD_PATHS = {"account": "company_fields", "contact": "contact_fields"}
# The plain list leaves blocked and deleted contacts out. Companies know no states.
STATES: Mapping[str, tuple[str, ...]] = {"account": ("",), "contact": ("", "blocked", "deleted")}
FILTERS = {"account": (), "contact": ("email", "mobile", "phone")}
NOT_IN_LISTS = {
    "account": frozenset[str](),
    "contact": frozenset({"tags", "other_emails", "view_all_tickets", "other_companies", "avatar"}),
}
DOMAIN = ".freshdesk.com"
FILTER_VALUES_LIMIT = 50  # above, one walk over the whole list costs less
READ_PAGE_ROWS = 100
WALKS_LIMIT = 10  # what moves after so many comes with the next run
WALK_MARGIN = timedelta(seconds=2)  # stamps are whole seconds
WRITERS = 4  # at 150 ms a call they use up the largest allowance
ALLOWANCE = Allowance(calls=200, seconds=60, burst=6)  # of the smallest paid plan, until the headers tell of a larger one


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a reading is for."""

    entity: str
    fields: Sequence[str]
    is_wanted: Callable[[Row], bool] = lambda _: True


CLOSED = "the contact is blocked or deleted in Freshdesk, which refuses writes; unblock or restore it there"


class FreshdeskConnector:
    """Reads and writes one Freshdesk account at `base_url` (`https://acme.freshdesk.com`).

    `needs_details`: wanted fields that lists leave out (tags …) cost one call per record; without it they are missing.
    `restores_deleted`: an update of a deleted contact brings it back first.
    """

    system = "freshdesk"
    custom_prefix = "custom_fields."
    entities = ENTITIES

    def __init__(
        self, base_url: str, api_key: str, session: Session, *, needs_details: bool = True, restores_deleted: bool = False
    ) -> None:
        self._calls = FreshdeskCalls(base_url, api_key, session)
        self._needs_details = needs_details
        self._restores_deleted = restores_deleted

    def account_id(self) -> str:
        """Return the host name of the account."""
        return str(urlsplit(self._calls.base_url).hostname)

    def ping(self) -> Account:
        """Ask who the key belongs to. The account's id is its host name."""
        ANSWERS.read(self._calls.get("agents/me"), Agent)
        host = self.account_id()
        return Account(host, host, is_sandbox=bool(self._calls.session.loopback))

    def describe(self, entity: str) -> Sequence[Field]:
        """Return the live fields; options of dropdowns are asked for one by one where the list leaves them out."""
        return fields_of(entity, [self._with_choices(entity, row) for row in self._field_rows(entity)])

    def read_changes(
        self, entity: str, since: datetime | None, fields: Sequence[str], known: Known | None = None
    ) -> Iterator[Page]:
        """Yield what changed at or after `since`, blocked and deleted contacts included; None: all that is not deleted.

        A record comes once, as it stood at the first sight; one that changes during the walk changes after the first
        page's `server_time` and so comes again the next time. A deletion is told besides.
        """
        wish, seen = _Wish(self._checked(entity), fields), set[str]()
        if known and self._costs_details(wish):
            wish = _Wish(entity, fields, lambda row: not known(str(row["id"]), _moment(row["updated_at"])))
        for state in STATES[entity]:
            if state == "deleted" and since is None:
                continue
            yield from self._read_state(wish, since, state, seen if state != "deleted" else set())

    def read(self, entity: str, ids: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Yield records one call each, a page per hundred."""
        path = self.entities[self._checked(entity)].path
        for start in range(0, len(ids), READ_PAGE_ROWS):
            answers = [self._calls.view(path, id) for id in ids[start : start + READ_PAGE_ROWS]]
            yield Page([_record(ANSWERS.read(answer, Read)) for answer in answers if answer.ok], asked_at(answers[0]))

    def find(self, entity: str, key: str, values: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Yield live records by any field: few values by a list filter, others by one walk over the whole list.

        The search API is not used: its index lags by minutes. Text compares without regard to case.
        """
        if key in NOT_IN_LISTS[self._checked(entity)]:
            raise PermanentError(f"Freshdesk's lists do not show {key!r}: {entity} records cannot be found by it.")
        wanted = {value.casefold() for value in values if value.strip()}
        if not wanted:
            return
        wish = _Wish(entity, fields, lambda row: str(flatten(row).get(key)).casefold() in wanted)
        if key in FILTERS[entity] and len(wanted) <= FILTER_VALUES_LIMIT:
            seen = set[str]()
            for value in sorted(wanted):
                for window in self._walk(entity, {key: value}, None):
                    yield self._page(window, wish, seen)
        else:
            yield from self._read_state(wish, None, "", set())

    def write(self, entity: str, writes: Sequence[Write]) -> Iterator[Result]:
        """Send one call per write, a few at a time. A deleted contact can be restored (`restores_deleted`), a deleted company cannot."""
        path = self.entities[self._checked(entity)].path
        yield from send_abreast(partial(self._write_one, path), writes, WRITERS)

    def find_person(self, entity: str, key: str, values: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Yield contacts with an address, blocked and deleted ones too: these stay until they are deleted for good."""
        yield from self.find(entity, key, values, fields)
        wanted = {value.casefold() for value in values}
        wish = _Wish(self._checked(entity), fields, lambda row: str(row.get(key)).casefold() in wanted)
        for state in filter(None, STATES[entity]):
            yield from self._read_state(wish, None, state, set())

    def erase_person(self, entity: str, ids: Sequence[str]) -> Iterator[Result]:
        """Delete for good, with all tickets of the contact; nobody can restore it."""
        path = self.entities[self._checked(entity)].path
        for id in ids:
            response = self._calls.send("DELETE", f"{path}/{id}/hard_delete", "write", params={"force": "true"})
            is_gone = response.ok or response.status_code == HTTPStatus.NOT_FOUND
            yield Result("done", id) if is_gone else _result(Write("delete", id), response)

    def users(self) -> Sequence[User]:
        """Return nobody: contacts and companies have no owners."""
        return ()

    def create_field(self, entity: str, name: str, label: str, kind: NewField = "reference") -> None:
        """Create a field, a reference hidden and unique, unless it is there. `name` is with or without `custom_fields.`."""
        name = name.removeprefix("custom_fields.")
        if any(row["name"] == name for row in self._field_rows(entity) if is_custom(row)):
            return
        body = new_field(entity, name, label, kind)
        answer = expect(self._calls.send("POST", FIELD_PATHS[entity], "write", is_safe=True, json=body))
        made = ANSWERS.read(answer, having("name"))["name"]
        if made != name:
            raise PermanentError(
                f"Freshdesk named the new {entity} field {made!r}, not {name!r}: write custom_fields.{made} in the settings."
            )

    def _checked(self, entity: str) -> str:
        return check_entity("Freshdesk", self.entities, entity)

    # -- lists

    def _read_state(self, wish: _Wish, since: datetime | None, state: str, seen: set[str]) -> Iterator[Page]:
        """Walk a list, then again what changed since the walk began, until that shows no record of before it."""
        filters = {"state": state} if state else {}
        begin: datetime | None = None
        for _ in range(WALKS_LIMIT):
            starts: list[datetime] = []
            found = 0
            for window in self._walk(wish.entity, filters, since):
                starts.append(window.server_time)
                begin = begin or window.server_time
                found += sum(_moment(row["created_at"]) < begin for row in window.rows if str(row["id"]) not in seen)
                yield self._page(window, wish, seen, is_deleted=state == "deleted")
            if len(starts) == 1 or not found:
                return
            since = starts[0] - WALK_MARGIN

    def _walk(self, entity: str, filters: Mapping[str, str], since: datetime | None) -> Iterator[Window]:
        return walk(partial(self._fetch, self.entities[entity].path, filters, since))

    def _fetch(self, path: str, filters: Mapping[str, str], since: datetime | None, page: int, size: int) -> Window:
        response = self._calls.list(path, {**filters, "page": page, "per_page": size}, since)
        return Window(ANSWERS.read(response, list[Read]), "next" in response.links, asked_at(response))

    def _page(self, window: Window, wish: _Wish, seen: set[str], is_deleted: bool = False) -> Page:
        fresh = [row for row in window.rows if str(row["id"]) not in seen]
        seen |= {str(row["id"]) for row in fresh}
        rows = [row for row in fresh if wish.is_wanted(row)]
        if not is_deleted and self._costs_details(wish):
            rows = [detailed for row in rows if (detailed := self._detailed(wish.entity, row))]
        return Page([_record(row, is_deleted) for row in rows], window.server_time)

    def _costs_details(self, wish: _Wish) -> bool:
        return self._needs_details and not NOT_IN_LISTS[wish.entity].isdisjoint(wish.fields)

    def _detailed(self, entity: str, row: Row) -> Row | None:
        """The whole record, None when it is gone meanwhile: half a record would look like a person's clearing of fields."""
        response = self._calls.view(self.entities[entity].path, str(row["id"]))
        return dict(ANSWERS.read(response, Read)) if response.ok else None

    # -- writes

    def _write_one(self, path: str, write: Write) -> Result:
        if write.operation == "create" and write.id:
            return self._restore(path, write)
        if write.operation == "create":
            return _result(write, self._calls.send("POST", path, "write", json=body_of(write.fields)))
        send = self._update if write.operation == "update" else self._delete
        return send(path, write)

    def _restore(self, path: str, write: Write) -> Result:
        response = self._calls.send("PUT", f"{path}/{write.id}/restore", "write")
        return self._update(path, write) if response.ok else _result(write, response)

    def _update(self, path: str, write: Write) -> Result:
        one, body = f"{path}/{write.id}", body_of(write.fields)
        response = self._calls.send("PUT", one, "write", json=body)
        is_deleted = response.status_code == HTTPStatus.METHOD_NOT_ALLOWED
        if is_deleted and self._restores_deleted and self._calls.send("PUT", f"{one}/restore", "write").ok:
            response = self._calls.send("PUT", one, "write", json=body)
        return _result(write, response)

    def _delete(self, path: str, write: Write) -> Result:
        response = self._calls.send("DELETE", f"{path}/{write.id}", "write")
        if response.ok or response.status_code == HTTPStatus.NOT_FOUND:
            return Result("done", write.id)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and self._is_gone(path, str(write.id)):
            return Result("done", write.id)
        return _result(write, response)

    def _is_gone(self, path: str, id: str) -> bool:
        """Tell a deleted contact from a blocked one; both refuse writes alike."""
        response = self._calls.view(path, id)
        return not response.ok or bool(ANSWERS.read(response, Read).get("deleted"))

    # -- fields

    def _field_rows(self, entity: str) -> list[Row]:
        path = FIELD_PATHS[self._checked(entity)]
        response = self._calls.send("GET", path, "read", answers=(HTTPStatus.FORBIDDEN,))
        if response.status_code == HTTPStatus.FORBIDDEN:
            raise AuthError(
                f"Freshdesk shows its {entity} fields to administrators only: give the connection an administrator's "
                "API key for the preflight. Reading and writing records works without."
            )
        return list(ANSWERS.read(expect(response), list[Described]))

    def _with_choices(self, entity: str, row: Row) -> Row:
        is_dropdown = str(row.get("type") or row.get("field_type")).endswith("dropdown")
        if not is_dropdown or row.get("choices"):
            return row
        return dict(ANSWERS.read(self._calls.get(f"{FIELD_PATHS[entity]}/{row['id']}"), Described))


def _record(row: Row, is_deleted: bool = False) -> Record:
    raw = flatten(row, ("custom_fields",))
    return Record(str(row["id"]), raw, _moment(row["updated_at"]), is_deleted or bool(row.get("deleted")))


def _result(write: Write, response: Response) -> Result:
    if response.ok:
        record = _record(ANSWERS.written(response, Read))
        return Result("done", record.id, record)
    problem = problem_of(response)
    if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return Result("failed", write.id, code=problem.code, message=CLOSED)
    return Result("failed", problem.owner_id or write.id, code=problem.code, message=problem.message)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def build(settings: Settings, session: Session, options: Mapping[str, Any]) -> FreshdeskConnector:
    """Return the connector of an Airflow connection: host or domain, the API key as its password."""
    key = settings.password or settings.text("api_key")
    if not key:
        raise AuthError("The Freshdesk connection has no API key: put it into the password field.")
    return FreshdeskConnector(freshdesk_address(settings), key, session, **options)


def freshdesk_address(settings: Settings) -> str:
    """Return the account's address."""
    address = settings.account_address(DOMAIN)
    if not address:
        raise AuthError("The Freshdesk connection has no host: write https://<your domain>.freshdesk.com.")
    return address
