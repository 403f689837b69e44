"""ForceManager (Sage Sales Management) REST API v4: accounts, contacts, opportunities, activities, events and tasks.

The API writes one record a call, answers a create with the id alone and knows no field-creating call. Deleted rows stay in its
lists, which is how deletions are told. Value lists (types, statuses, countries …) are read and written by their labels.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.abreast import send_abreast
from connectors.connection import Settings
from connectors.contract import Account, Field, Known, NewField, Page, Record, Result, User, Write, check_entity
from connectors.erasing import BLANK
from connectors.errors import AuthError, PermanentError
from connectors.forcemanager_calls import NO_SUCH_RECORD, ForceManagerCalls, is_busy, problem_of
from connectors.forcemanager_fields import ENTITIES, IS_TASK, LISTS, MADE_UP, REQUIRED, fields_of, is_number
from connectors.forcemanager_list import Lists, Rows
from connectors.forcemanager_shapes import ANSWERS, Made, Schema
from connectors.forcemanager_values import Calendar, Labels, body_of, record_of
from connectors.pace import Allowance
from connectors.session import Session

HOST = "api.forcemanager.com"
VERSION_PATH = "/api/v4"
ALLOWANCE = Allowance(calls=3, seconds=1)  # the smaller plans allow four; `calls_per_second` of the connection says otherwise
FIND_VALUES_LIMIT = 400  # above, one walk over the whole list costs less
WRITERS = 4  # at 300 ms a call they use up the larger plan's allowance
NOT_FOUND = "not_found"
PERSONAL = frozenset({"text", "email", "phone", "url", "datetime", "date"})
DATE_FORMATS = {"yyyy-mm-dd": "%Y-%m-%d", "yy/mm/dd": "%y/%m/%d", "dd/mm/yyyy": "%d/%m/%Y"}


class ForceManagerConnector:
    """Reads and writes one implementation. `account` is a name for it that outlives its API keys."""

    system = "forcemanager"
    custom_prefix = "Z_"
    entities = ENTITIES

    def __init__(self, calls: ForceManagerCalls, account: str, *, lang: str = "en", calendar: Calendar | None = None) -> None:
        self._calls = calls
        self._account = account
        self._lists = Lists(calls, lang)
        self._labels = Labels(self._lists)
        self._calendar = calendar or Calendar()

    def account_id(self) -> str:
        """Return the name that the connection gives the implementation; the API tells none."""
        return self._account

    def ping(self) -> Account:
        """Log in and ask for one page of users."""
        next(self._lists.walk("users"))
        return Account(self._account, self._account, is_sandbox=bool(self._calls.session.loopback))

    def describe(self, entity: str) -> Sequence[Field]:
        """Return the fields of the live schema, with the labels of value lists as options."""
        path = self._path(entity)
        properties = self._properties(path)
        options = {name: self._labels.options(table) for name, table in LISTS[path].items() if name in properties}
        return fields_of(entity, properties, options)

    def read_changes(
        self, entity: str, since: datetime | None, fields: Sequence[str], known: Known | None = None
    ) -> Iterator[Page]:
        """Yield what was created, edited or deleted at or after `since`; None: all that lives."""
        path = self._path(entity)
        for window in self._lists.walk(path) if since is None else self._lists.changed(path, since):
            records = self._records(entity, window)
            kept = [r for r in records if (not r.is_deleted if since is None else r.modified_at >= since)]
            yield Page(kept, window.server_time)

    def read(self, entity: str, ids: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Yield records by id, twenty a call, deleted ones too."""
        return self._matching(entity, "id", ids)

    def find(self, entity: str, key: str, values: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Yield live records by any field: some values by conditions, many by one walk over the whole list."""
        wanted = {value.casefold(): value for value in values if value.strip()}
        if not wanted:
            return
        path = self._path(entity)
        is_by_label = key in LISTS[path] or key in MADE_UP.get(entity, {})
        is_walk = len(wanted) > FIND_VALUES_LIMIT or is_by_label
        for page in self.read_changes(entity, None, fields) if is_walk else self._matching(entity, key, list(wanted.values())):
            found = [r for r in page.records if not r.is_deleted and str(r.raw.get(key)).casefold() in wanted]
            yield Page(found, page.server_time)

    def write(self, entity: str, writes: Sequence[Write]) -> Iterator[Result]:
        """Send one call per write, a few at a time."""
        yield from send_abreast(partial(self._write_one, entity, self._path(entity)), writes, WRITERS)

    def erase_person(self, entity: str, ids: Sequence[str]) -> Iterator[Result]:
        """Empty the texts, then delete: a deleted row stays in ForceManager's lists as it was."""
        needed = REQUIRED.get(entity, ())
        blank = {
            field.name: BLANK if field.name in needed else None
            for field in self.describe(entity)
            if field.type in PERSONAL and field.is_updateable
        }
        for id in ids:
            list(self.write(entity, [Write("update", id, blank)]))
            yield from self.write(entity, [Write("delete", id)])

    def users(self) -> Sequence[User]:
        """Return everybody who was not deleted, inactive people too."""
        rows = [row for window in self._lists.walk("users") for row in window.rows if not row.get("deleted")]
        return [User(str(row["id"]), row.get("email") or "", _full_name(row), bool(row.get("isActive", True))) for row in rows]

    def create_field(self, entity: str, name: str, label: str, kind: NewField = "reference") -> None:
        """Do nothing if the field is there; the API cannot make one, so say what to click."""
        path = self._path(entity)
        if name in self._properties(path):
            return
        raise PermanentError(
            f"ForceManager's API makes no fields: in ForceManager, Settings, Extra fields, {path}, add a text field "
            f"{name.removeprefix('Z_')!r} ({label}) and see that its API name is {name}."
        )

    def _properties(self, path: str) -> Mapping[str, Any]:
        return dict(ANSWERS.read(self._calls.get(f"{path}/schema"), Schema)["properties"])

    def _path(self, entity: str) -> str:
        return self.entities[check_entity("ForceManager", self.entities, entity)].path

    # -- reading

    def _matching(self, entity: str, key: str, values: Sequence[str]) -> Iterator[Page]:
        path = self._path(entity)
        is_bare = is_number(path, key)
        asked = [value for value in dict.fromkeys(values) if not is_bare or value.isdecimal()]
        for window in self._lists.matching(path, key, asked, is_bare):
            yield Page(self._records(entity, window), window.server_time)

    def _records(self, entity: str, window: Rows) -> list[Record]:
        path = self.entities[entity].path
        rows = (row for row in window.rows if entity not in IS_TASK or bool(row.get("task")) == IS_TASK[entity])
        return [record_of(entity, path, row, self._calendar) for row in rows]

    # -- writing

    def _write_one(self, entity: str, path: str, write: Write) -> Result:
        if write.operation == "delete":
            return self._delete(path, str(write.id))
        try:
            body = body_of(entity, path, write.fields, self._labels, self._calendar)
        except ValueError as error:
            return Result("failed", write.id, code="invalid_value", message=str(error))
        if write.operation == "update":
            return self._update(path, str(write.id), body)
        response = self._calls.send("POST", path, "write", json=body | ({"task": IS_TASK[entity]} if entity in IS_TASK else {}))
        if response.ok:
            return Result("done", str(ANSWERS.written(response, Made)["id"]))
        problem = problem_of(response)
        return Result("failed", code=problem.code, message=problem.message)

    def _update(self, path: str, id: str, body: Mapping[str, Any]) -> Result:
        response = self._calls.send("PUT", f"{path}/{id}", "write", json=body)
        if response.ok:
            return Result("done", id)
        problem = problem_of(response)
        is_gone = problem.code == NO_SUCH_RECORD or self._is_gone(path, id)
        return Result("failed", id, code=NOT_FOUND if is_gone else problem.code, message=problem.message)

    def _delete(self, path: str, id: str) -> Result:
        response = self._calls.send("DELETE", f"{path}/{id}", "write")
        if response.ok or self._is_gone(path, id):
            return Result("done", id)
        problem = problem_of(response)
        return Result("failed", id, code=problem.code, message=problem.message)

    def _is_gone(self, path: str, id: str) -> bool:
        """Tell a record that is missing or deleted from one that refuses a write; both answer 400."""
        if not id.isdecimal():
            return True
        return not any(not row.get("deleted") for window in self._lists.matching(path, "id", [id], True) for row in window.rows)


def _full_name(row: Mapping[str, Any]) -> str:
    parts = (row.get("firstName") or row.get("name"), row.get("lastName"))
    return " ".join(str(part).strip() for part in parts if part)


def build(settings: Settings, session: Session, options: Mapping[str, Any]) -> ForceManagerConnector:
    """Return the connector of an Airflow connection: the public API key as login, the private one as password.

    Extras: `account` (a name for the implementation), `calls_per_second`, `lang`, `time_zone`, `date_format`.
    """
    public, private = settings.login or settings.text("public_key"), settings.password or settings.text("private_key")
    if not public or not private:
        raise AuthError(
            "The ForceManager connection lacks an API key: write the public key as login and the private key as password."
        )
    session.is_busy = is_busy
    if rate := settings.text("calls_per_second"):
        session.allow(Allowance(float(rate), seconds=1))
    host = "" if settings.loopback else urlsplit(settings.address).hostname
    calls = ForceManagerCalls(f"https://{host or HOST}{VERSION_PATH}", public, private, session)
    chosen: dict[str, Any] = {"lang": settings.text("lang") or "en", "calendar": _calendar(settings)}
    return ForceManagerConnector(calls, settings.text("account") or public, **{**chosen, **options})


def _calendar(settings: Settings) -> Calendar:
    zone, shape = settings.text("time_zone") or "UTC", settings.text("date_format") or "yyyy-mm-dd"
    try:
        return Calendar(ZoneInfo(zone), DATE_FORMATS[shape])
    except ZoneInfoNotFoundError:
        raise PermanentError(
            f"The ForceManager connection names no time zone: {zone!r}. Write for example Europe/Madrid."
        ) from None
    except KeyError:
        known = ", ".join(DATE_FORMATS)
        raise PermanentError(f"The ForceManager connection has no date format {shape!r}: write one of {known}.") from None
