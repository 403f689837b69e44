"""GetResponse API v3: the contacts of one list. An entity is `contact@<name of the list>`; bare `contact` is the default list.

A contact is one membership: an address on two lists is two contacts. Creates are taken with 202 and appear later or never; lists
leave tags and custom values out; who left a list is seen by a search only. `getresponse_writes` tells how updates keep the rest.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from threading import RLock
from typing import Any

from requests import Response

from connectors import getresponse_shapes as shapes
from connectors.abreast import one_at_a_time, send_abreast
from connectors.answers import asked_at
from connectors.connection import Settings
from connectors.contract import Account, Entity, Field, Known, NewField, Page, Record, Result, User, Write, check_entity
from connectors.errors import AuthError, PermanentError, TransientError
from connectors.getresponse_calls import GetResponseCalls, Row, expect
from connectors.getresponse_fields import CUSTOM, fields_of, new_field, raw_of
from connectors.getresponse_lists import by_custom, campaign_id, exact, left, moment, walk
from connectors.getresponse_shapes import ANSWERS, Listed
from connectors.getresponse_writes import RefusedError, Writer, done
from connectors.pace import Allowance
from connectors.session import Session

HOST = "https://api.getresponse.com"
ENTITIES: Mapping[str, Entity] = {"contact": Entity("contact", "contacts", "contactId", "changedOn", has_delete_feed=True)}
FILTERS = ("email", "name")
FILTER_VALUES_LIMIT = 50  # above, one walk over the whole list costs less
READ_PAGE_ROWS = 100
WRITERS = 10  # calls that may be under way at a time
ALLOWANCE = Allowance(calls=30_000, seconds=600, burst=20)  # and no second has more than eighty
BEGINNING = datetime.min.replace(tzinfo=UTC)


class GetResponseConnector:
    """Reads and writes the lists of one account; `domain` is that of a MAX account."""

    system = "getresponse"
    custom_prefix = CUSTOM
    entities = ENTITIES

    def __init__(self, base_url: str, api_key: str, session: Session, *, domain: str = "") -> None:
        self._calls = GetResponseCalls(base_url, api_key, session, domain)
        self._writer = Writer(self._calls)
        self._campaigns: dict[str, str] = {}
        self._account: Account | None = None
        self.lock = RLock()

    def account_id(self) -> str:
        """Return the account's id, asked once; that call counts as signing in."""
        return (self._account or self.ping()).id

    def ping(self) -> Account:
        """Ask whose key this is."""
        row = ANSWERS.read(self._calls.get("accounts", kind="auth"), shapes.Account)
        name = str(row.get("companyName") or row.get("email") or row["accountId"])
        self._account = Account(str(row["accountId"]), name, is_sandbox=bool(self._calls.session.loopback))
        return self._account

    def users(self) -> Sequence[User]:
        """Return none: contacts have no owners here."""
        return ()

    def describe(self, entity: str) -> Sequence[Field]:
        """Return the fields of contacts; custom fields belong to the account, so all lists have the same."""
        self._list_name(entity)
        return fields_of(self._field_rows())

    def read_changes(
        self, entity: str, since: datetime | None, fields: Sequence[str], known: Known | None = None
    ) -> Iterator[Page]:
        """Yield what changed at or after `since`, and who left the list since then; None: all that are on it.

        Custom values and tags cost a call for each contact, but for those that `known` vouches for.
        """
        campaign, seen = self._campaign(entity), dict[str, datetime]()
        for rows, response in walk(self._calls, campaign, since):
            fresh = [row for row in rows if row["contactId"] not in seen and moment(row["changedOn"]) >= (since or BEGINNING)]
            seen |= {row["contactId"]: moment(row["changedOn"]) for row in fresh}
            wanted = [row for row in fresh if not (known and known(row["contactId"], moment(row["changedOn"])))]
            yield Page(self._records(wanted if _costs_details(fields) else fresh, fields), asked_at(response))
        if since is not None:
            yield from self._removed(campaign, since, seen)

    def read(self, entity: str, ids: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Yield contacts one call each, a page per hundred; one that left the list, or moved to another, is told as deleted."""
        missing: set[str] = set()
        for start in range(0, len(ids), READ_PAGE_ROWS):
            part = ids[start : start + READ_PAGE_ROWS]
            answers = [self._view(id) for id in part]
            missing |= {id for id, answer in zip(part, answers, strict=True) if not answer.ok}
            campaign = self._campaign(entity)
            rows = [ANSWERS.read(answer, Listed) for answer in answers if answer.ok]
            records = [_record(row, is_deleted=row["campaign"]["campaignId"] != campaign) for row in rows]
            yield Page(records, asked_at(answers[0]))
        if missing:
            for rows, response in left(self._calls, self._campaign(entity)):
                yield Page([_departed(row) for row in rows if row["contactId"] in missing], asked_at(response))

    def find(self, entity: str, key: str, values: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Yield contacts of the list: few addresses or names by a filter, custom values by a search, others by one walk."""
        wanted = sorted({value.strip().casefold() for value in values if value.strip()})
        if not wanted:
            return
        for rows, response in self._candidates(self._campaign(entity), key, wanted):
            shown = [*fields, key]
            found = self._records(rows, shown) if "changedOn" in (rows or [{}])[0] else self._viewed(rows)
            yield Page([each for each in found if _holds(each.raw.get(key), wanted)], asked_at(response))

    def write(self, entity: str, writes: Sequence[Write]) -> Iterator[Result]:
        """Send the writes, a few at a time. A create that the list does not show at once is `accepted`."""
        yield from send_abreast(partial(self._write_one, entity), writes, WRITERS)

    def find_person(self, entity: str, key: str, values: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Yield contacts with an address on whatever list."""
        for value in values:
            query = {f"query[{key}]": value, "additionalFlags": "exactMatch"}
            for rows, response in self._calls.pages("contacts", query, Listed):
                found = [_record(row) for row in rows if str(row.get(key) or "").casefold() == value.casefold()]
                yield Page(found, asked_at(response))

    def view_person(self, entity: str, ids: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Yield contacts that are there, on whatever list."""
        for id in ids:
            response = self._view(id)
            yield Page([_record(ANSWERS.read(response, Listed))] if response.ok else [], asked_at(response))

    def create_field(self, entity: str, name: str, label: str, kind: NewField = "reference") -> None:
        """Create a custom field, unless it is there; the API has no unique ones. `name` is with or without `custom_fields.`."""
        name = name.removeprefix(CUSTOM)
        body = new_field(name, kind)
        if not any(row["name"] == name for row in self._field_rows()):
            expect(self._calls.send("POST", "custom-fields", "write", is_safe=True, json=body))
            self._writer.names.forget()

    # -- lists and fields

    def _list_name(self, entity: str) -> str:
        kind, _, name = entity.partition("@")
        check_entity("GetResponse", self.entities, kind)
        return name

    @one_at_a_time
    def _campaign(self, entity: str) -> str:
        name = self._list_name(entity)
        if name not in self._campaigns:
            self._campaigns[name] = campaign_id(self._calls, name)
        return self._campaigns[name]

    def _field_rows(self) -> list[Row]:
        return [row for rows, _ in self._calls.pages("custom-fields", {}, shapes.CustomField) for row in rows]

    # -- contacts

    def _removed(self, campaign: str, since: datetime, seen: Mapping[str, datetime]) -> Iterator[Page]:
        for rows, response in left(self._calls, campaign):
            gone = [_departed(row) for row in rows]
            fresh = [record for record in gone if record.modified_at >= max(since, seen.get(record.id, BEGINNING))]
            yield Page(fresh, asked_at(response))

    def _candidates(self, campaign: str, key: str, wanted: Sequence[str]) -> Iterator[tuple[list[Row], Response]]:
        if key in FILTERS and len(wanted) <= FILTER_VALUES_LIMIT:
            return (exact(self._calls, campaign, key, value) for value in wanted)
        if key.startswith(CUSTOM):
            try:
                return by_custom(self._calls, campaign, self._writer.names.field_id(key.removeprefix(CUSTOM)), wanted)
            except RefusedError as error:
                raise PermanentError(f"{error}: contacts cannot be found by it.") from None
        return walk(self._calls, campaign, None)

    def _records(self, rows: Iterable[Row], fields: Sequence[str]) -> list[Record]:
        return self._viewed(rows) if _costs_details(fields) else [_record(row) for row in rows]

    def _viewed(self, rows: Iterable[Row]) -> list[Record]:
        """The whole contacts; one that left the list meanwhile is not among them."""
        answers = [self._view(row["contactId"]) for row in rows]
        return [_record(ANSWERS.read(answer, Listed)) for answer in answers if answer.ok]

    def _view(self, id: str) -> Response:
        response = self._calls.send("GET", f"contacts/{id}", "read")
        return response if response.status_code == HTTPStatus.NOT_FOUND else expect(response)

    # -- writes

    def _write_one(self, entity: str, write: Write) -> Result:
        try:
            if write.operation == "create":
                return self._create(entity, write)
            if write.operation == "delete":
                self._writer.delete(write)
                return done(write)
            row = self._writer.update(write)
            return done(write, _record(row) if row else None)
        except RefusedError as refused:
            return refused.result(self._owner(entity, write) if refused.is_taken else write.id)

    def _create(self, entity: str, write: Write) -> Result:
        """Ask for the contact, then look once: what is not there yet is accepted, whatever the look came to."""
        self._writer.create(write, self._campaign(entity))
        try:
            id = self._owner(entity, write)
        except TransientError:
            id = None
        return Result("done", id) if id else Result("accepted", message="taken by GetResponse, not on the list yet")

    def _owner(self, entity: str, write: Write) -> str | None:
        rows, _ = exact(self._calls, self._campaign(entity), "email", str(write.fields.get("email") or "").strip())
        return next((str(row["contactId"]) for row in rows), None)


def _costs_details(fields: Sequence[str]) -> bool:
    return any(name == "tags" or name.startswith(CUSTOM) for name in fields)


def _holds(value: Any, wanted: Sequence[str]) -> bool:
    listed = value if isinstance(value, list) else [value]
    return any(str(each).casefold() in wanted for each in listed if each is not None)


def _record(row: Row, is_deleted: bool = False) -> Record:
    return Record(str(row["contactId"]), raw_of(row), moment(row["changedOn"]), is_deleted)


def _departed(row: Row) -> Record:
    """A contact that is no longer on the list; where the API does not tell since when, since it was made."""
    raw = {name: row.get(name) for name in ("contactId", "email", "name", "reason")}
    return Record(str(row["contactId"]), raw, moment(row.get("deletedOn") or row["createdOn"]), is_deleted=True)


def build(settings: Settings, session: Session, options: Mapping[str, Any]) -> GetResponseConnector:
    """Return the connector of an Airflow connection: the API key as its password; MAX accounts name host and extra `domain`."""
    key = settings.password or settings.text("api_key")
    if not key:
        raise AuthError("The GetResponse connection has no API key: put it into the password field.")
    address = HOST if settings.loopback or not settings.host else settings.address
    return GetResponseConnector(address, key.removeprefix("api-key "), session, domain=settings.text("domain"), **options)
