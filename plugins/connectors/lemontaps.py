"""Lemontaps: the contacts that a team captures with its digital business cards.

A connection with `path` in its extra field reads export files from a folder (`lemontaps_folder`); any other speaks the assumed
interface, which can list contacts, change them and take note of their export, but neither create nor delete them.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connectors.answers import asked_at
from connectors.connection import Settings
from connectors.contract import (
    Account,
    Connector,
    Entity,
    Field,
    Known,
    NewField,
    Page,
    Record,
    Result,
    User,
    Write,
    check_entity,
)
from connectors.errors import AuthError, PermanentError, TransientError
from connectors.flat import flatten, unflatten
from connectors.lemontaps_calls import Access, LemontapsCalls, Row, problem_of
from connectors.lemontaps_fields import EXPORT, PERSONAL, fields_of
from connectors.lemontaps_folder import LemontapsFolder
from connectors.lemontaps_shapes import ANSWERS, Contact, Contacts, Live
from connectors.session import LostAnswerError, Session

ENTITIES: Mapping[str, Entity] = {
    "contact": Entity("contact", "contacts", "id", "updated_at", has_delete_feed=True, can_delete=False)
}
PAGE_LIMIT = 100
STALE = (HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED)
CHANGE_TRIES = 3
CURSOR_TRIES = 2
CANNOT = "Lemontaps contacts are captured with its app: none can be created or deleted from outside"


class LemontapsConnector:
    """Reads the captured contacts of one team, and writes what the interface allows.

    `team` names the account where several teams share the interface's address.
    """

    system = "lemontaps"
    custom_prefix = ""
    entities = ENTITIES

    def __init__(self, access: Access, session: Session, *, team: str = "", page_limit: int = PAGE_LIMIT) -> None:
        self._calls = LemontapsCalls(access, session)
        self._team = team
        self._page_limit = page_limit

    def account_id(self) -> str:
        """Return the team's name in the connection, else the host name of the interface."""
        return self._team or str(urlsplit(self._calls.access.base_url).hostname)

    def ping(self) -> Account:
        """List one contact: token, rights and capability in one call."""
        ANSWERS.read(self._calls.get("contacts", limit=1), Contacts)
        id = self.account_id()
        return Account(id, id, is_sandbox=bool(self._calls.session.loopback))

    def describe(self, entity: str) -> Sequence[Field]:
        """Return the fields of the contract: nothing describes them live."""
        self._checked(entity)
        return fields_of(can_write=True)

    def read_changes(
        self, entity: str, since: datetime | None, fields: Sequence[str], known: Known | None = None
    ) -> Iterator[Page]:
        """Yield contacts in the order of their last change, tombstones included; None: all that are not deleted."""
        self._checked(entity)
        params: dict[str, str | int] = {"limit": self._page_limit}
        if since is not None:
            params |= {"updated_since": _stamp(since), "include_deleted": "true"}
        for _ in range(CURSOR_TRIES):
            cursor: str | None = ""
            while cursor is not None:
                asked = {**params, "cursor": cursor} if cursor else params
                response = self._calls.get("contacts", (HTTPStatus.GONE,), **asked)
                if response.status_code == HTTPStatus.GONE:
                    break
                body = ANSWERS.read(response, Contacts)
                yield Page([_record(row) for row in body["data"]], asked_at(response))
                cursor = body["next_cursor"]
            else:
                return
        raise TransientError("The Lemontaps list expires faster than it can be read. The task is retried later.")

    def read(self, entity: str, ids: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Yield contacts one call each, a page per hundred."""
        self._checked(entity)
        for start in range(0, len(ids), PAGE_LIMIT):
            answers = [self._calls.get(f"contacts/{id}", (HTTPStatus.NOT_FOUND,)) for id in ids[start : start + PAGE_LIMIT]]
            yield Page([_record(ANSWERS.read(answer, Contact)) for answer in answers if answer.ok], asked_at(answers[0]))

    def find(self, entity: str, key: str, values: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Yield what one walk over the whole list finds: the interface has no search."""
        wanted = {value.casefold() for value in values if value.strip()}
        for page in self.read_changes(entity, None, fields) if wanted else ():
            found = [record for record in page.records if str(record.raw.get(key)).casefold() in wanted]
            yield Page(found, page.server_time)

    def write(self, entity: str, writes: Sequence[Write]) -> Iterator[Result]:
        """Send one change per update. Creates and deletes fail row by row: the interface has none."""
        self._checked(entity)
        for write in writes:
            if write.operation != "update" or write.id is None:
                yield Result("failed", write.id, code="not_possible", message=CANNOT)
                continue
            try:
                yield self._update(write.id, write.fields)
            except LostAnswerError as error:
                yield Result("unknown", write.id, message=str(error))
                raise

    def erase_person(self, entity: str, ids: Sequence[str]) -> Iterator[Result]:
        """Empty every field that can be written: the interface deletes nothing."""
        self._checked(entity)
        for id in ids:
            yield self._change(id, {**dict.fromkeys(PERSONAL), "images": []})

    def users(self) -> Sequence[User]:
        """Return the team's users by SCIM, known by their e-mail address as contacts name them; none without SCIM."""
        if not self._calls.access.scim_token:
            return ()
        return [_user(row) for row in self._calls.users()]

    def create_field(self, entity: str, name: str, label: str, kind: NewField = "reference") -> None:
        """Refuse: Lemontaps has no custom fields that others can make. Raises PermanentError."""
        raise PermanentError(f"Lemontaps takes no new field {name!r} for {self._checked(entity)} records from outside.")

    def _checked(self, entity: str) -> str:
        return check_entity("Lemontaps", self.entities, entity)

    def _update(self, id: str, fields: Mapping[str, Any]) -> Result:
        """Set the export status apart from the rest; the status alone is no change of the contact."""
        export = {name.removeprefix(EXPORT): value for name, value in fields.items() if name.startswith(EXPORT)}
        rest = unflatten({name: value for name, value in fields.items() if not name.startswith(EXPORT)})
        result = self._change(id, rest) if rest else Result("done", id)
        if not export or result.state != "done":
            return result
        response = self._calls.send("PUT", f"contacts/{id}/exports/salesforce", "write", json=unflatten(export))
        return Result("done", id) if response.ok else _failed(id, problem_of(response))

    def _change(self, id: str, given: Row) -> Result:
        """Change the version just read; one that is outdated by then (by our own repeat, too) is read again."""
        problem = None
        for _ in range(CHANGE_TRIES):
            read = self._calls.send("GET", f"contacts/{id}", "read")
            row = ANSWERS.read(read, Contact) if read.ok else {"deleted": True}
            if row["deleted"]:
                return Result("failed", id, code="not_found", message="There is no such contact.")
            ANSWERS.check(read, row, Live)
            if problem and all(row.get(name) == value for name, value in given.items()):
                return Result("done", id, _record(row))
            headers = {"If-Match": f'"{row["version"]}"'}
            response = self._calls.send("PATCH", f"contacts/{id}", "write", headers=headers, json=given)
            if response.ok:
                return Result("done", id, _record(ANSWERS.written(response, Contact)))
            problem = problem_of(response)
            if response.status_code not in STALE:
                return _failed(id, problem)
        return Result("failed", id, code="stale_version", message="Others keep changing the contact.", is_transient=True)


def build(settings: Settings, session: Session, options: Mapping[str, Any]) -> Connector:
    """Return the connector of an Airflow connection: the folder of `path` in its extra field, else the interface at its host."""
    if path := settings.text("path"):
        return LemontapsFolder(
            Path(path), settings.text("encoding"), settings.text("dates"), team=settings.text("team"), **options
        )
    if not settings.address:
        raise AuthError(
            'The Lemontaps connection names neither a host nor a folder: write {"path": "/folder/of/export/files"} into its '
            "extra field, or the address of the interface."
        )
    if not settings.password:
        raise AuthError("The Lemontaps connection has no token: put it into the password field.")
    scim_token = settings.text("scim_token")
    scim_url = settings.text("scim_url") or f"{settings.address}/scim/v2"
    access = Access(settings.address, settings.password, scim_url.rstrip("/"), scim_token)
    return LemontapsConnector(access, session, team=settings.text("team"), **options)


def _record(row: Row) -> Record:
    return Record(str(row["id"]), flatten(row), datetime.fromisoformat(row["updated_at"]).astimezone(UTC), bool(row["deleted"]))


def _user(row: Row) -> User:
    emails = [str(each.get("value")) for each in row.get("emails") or [] if each.get("primary")]
    email = emails[0] if emails else str(row["userName"])
    parts = row.get("name") or {}
    name = row.get("displayName") or f"{parts.get('givenName', '')} {parts.get('familyName', '')}"
    return User(email, email, str(name).strip(), bool(row.get("active", True)))


def _failed(id: str, problem: Any) -> Result:
    return Result("failed", id, code=problem.code, message=problem.message)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
