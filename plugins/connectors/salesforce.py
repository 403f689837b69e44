"""Salesforce REST API: accounts, contacts, leads, opportunities, events, tasks. Cheap by design: one call per 2,000 records
read, one per 1,000 looked up, one per 200 written, a few for any number above.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby, islice
from typing import Any

from requests import Response

from connectors import salesforce_activities as activities
from connectors import salesforce_related as related
from connectors.answers import asked_at
from connectors.connection import Settings
from connectors.contract import Account, Entity, Field, Known, NewField, Page, Record, Result, User, Write, check_entity
from connectors.errors import TransientError
from connectors.flat import flatten
from connectors.salesforce_bulk import BulkJobs, has_literal_null
from connectors.salesforce_calls import QUERIES_PER_CALL, VERSION, ApiError, Login, SalesforceCalls, is_busy
from connectors.salesforce_collections import Collections, Way, way_of
from connectors.salesforce_fields import create_custom_field, field_of
from connectors.salesforce_login import Credentials, sign_in
from connectors.salesforce_shapes import ANSWERS, DeleteLog, Describe, Read
from connectors.salesforce_soql import VALUES_LIMIT, in_clauses, is_id, select, since_clause
from connectors.session import Session

BULK_WRITES = 2_000  # above, a bulk job costs fewer calls
BULK_ROWS = 50_000
RESTARTS = 3  # of a query whose cursor the server dropped
DELETE_LOG_REACH = timedelta(days=15)
DELETE_LOG_MARGIN = timedelta(hours=1)
MODIFIED = "SystemModstamp"
AUTO_ASSIGN = "Sforce-Auto-Assign"
NO_HARD_DELETE = frozenset({"FEATURENOTENABLED", "INSUFFICIENT_ACCESS", "FeatureNotEnabled"})
IN_BIN = "In the recycle bin for 15 days, for the user lacks the right Bulk API Hard Delete; an administrator can empty it."


def _entity(name: str, path: str) -> Entity:
    return Entity(name, path, "Id", MODIFIED, has_delete_feed=True, ids_per_call=VALUES_LIMIT * QUERIES_PER_CALL)


ENTITIES: Mapping[str, Entity] = {
    "account": _entity("account", "Account"),
    "contact": _entity("contact", "Contact"),
    "lead": _entity("lead", "Lead"),
    "opportunity": _entity("opportunity", "Opportunity"),
    "event": _entity("event", "Event"),
    "task": _entity("task", "Task"),
    "call": _entity("call", "Task"),  # tasks again, for an app that keeps what was done apart from what is to do
}
MERGEABLE = frozenset({"account", "contact", "lead"})


class SalesforceConnector:
    """Reads and writes one org. `login()` gives (access token, instance URL).

    `external_id_fields` (`{"contact": ["FDCONTACTID__c"]}`): a create that names one of these is an upsert by it, so that a repeat
    makes no twin. `assigned` entities leave their owners to the org's active assignment rules, whenever they are written, and never
    go as a bulk job, which would need the id of a rule. `allows_duplicates` leaves duplicate alerts to the org's rules.
    `shows` chooses what is shown of contracts, orders … in the texts of `salesforce_related`.
    `reads_delete_log` also finds what was deleted for good, one more call per entity. Bulk jobs know no duplicate rule.
    """

    system = "salesforce"
    custom_prefix = ""
    entities = ENTITIES

    def __init__(
        self,
        login: Login,
        session: Session,
        *,
        version: str = VERSION,
        external_id_fields: Mapping[str, str | Sequence[str]] | None = None,
        assigned: Collection[str] = (),
        shows: Mapping[str, Sequence[str]] | None = None,
        allows_duplicates: bool = False,
        reads_delete_log: bool = False,
        bulk_writes: int = BULK_WRITES,
        bulk_rows: int = BULK_ROWS,
    ) -> None:
        headers = {AUTO_ASSIGN: "FALSE"}
        headers |= {"Sforce-Duplicate-Rule-Header": "allowSave=true"} if allows_duplicates else {}
        self._calls = SalesforceCalls(login, session, version, headers)
        self._assigned = frozenset(assigned)
        self._related = related.RelatedTexts(self._calls, shows or {})
        given = (external_id_fields or {}).items()
        self._external_id_fields = {entity: (names,) if isinstance(names, str) else tuple(names) for entity, names in given}
        self._reads_delete_log = reads_delete_log
        self._bulk_writes = bulk_writes
        self._bulk_rows = bulk_rows

    def account_id(self) -> str:
        """Return the org id, which the login tells."""
        return self._calls.org_id()

    def ping(self) -> Account:
        """Log in and ask for the organization's name."""
        names = ("Id", "Name", "IsSandbox")
        row = next(iter(self._calls.rows(select(names, "Organization"), *names)), None)
        if row is None:
            raise TransientError("Salesforce shows no organization, which every org has. The task is retried later.")
        return Account(row["Id"], row["Name"], row["IsSandbox"])

    def describe(self, entity: str) -> Sequence[Field]:
        """Return the fields the integration user may see: a hidden field and a missing one look the same."""
        answer = ANSWERS.read(self._calls.call("GET", f"sobjects/{self._path(entity)}/describe", "read"), Describe)
        fields = [field_of(row) for row in answer["fields"]]
        return [*(activities.fields_of(fields) if entity in activities.ENTITIES else fields), *related.fields_of(entity)]

    def read_changes(
        self, entity: str, since: datetime | None, fields: Sequence[str], known: Known | None = None
    ) -> Iterator[Page]:
        """Yield what changed at or after `since`, deleted and merged records included; None: all live records.

        `raw` has `MasterRecordId` of the record that a deleted one was merged into. A walk whose cursor the server drops
        begins anew, so that records come twice; so do those of which a shown contract or the like has changed.
        """
        plain, shown = related.split(entity, fields)
        yield from self._related.fill(self._changes(entity, since, plain), shown)
        for each in shown.values() if since else ():
            moved = self._related.moved(each, since)  # type: ignore[arg-type]
            yield from self._related.fill(self._look_up(entity, each.parent_key, sorted(moved), plain, "query"), shown)

    def _changes(self, entity: str, since: datetime | None, fields: Sequence[str]) -> Iterator[Page]:
        where = since_clause(MODIFIED, since) if since else ""
        soql = select(self._names(entity, fields), self._path(entity), where)
        seen: set[str] = set()
        clock: datetime | None = None
        for page in self._restarted(entity, soql, "queryAll" if since else "query", fields):
            seen |= {record.id for record in page.records}
            clock = page.server_time
            yield page
        if self._reads_delete_log and since and clock:
            yield from self._delete_log(entity, since, clock, seen)

    def read(self, entity: str, ids: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Yield records by id, 1,000 a call, deleted ones too."""
        plain, shown = related.split(entity, fields)
        return self._related.fill(self._look_up(entity, "Id", [id for id in ids if is_id(id)], plain, "queryAll"), shown)

    def find(self, entity: str, key: str, values: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Yield live records by any field, 1,000 values a call; text compares without regard to case."""
        known = [value for value in values if is_id(value)] if key.casefold() == "id" else values
        plain, shown = related.split(entity, fields)
        return self._related.fill(self._look_up(entity, key, known, plain, "query"), shown)

    def write(self, entity: str, writes: Sequence[Write]) -> Iterator[Result]:
        """Send consecutive writes of one kind together: 200 a call, above `bulk_writes` as a bulk job."""
        source, keys = self._path(entity), self._external_id_fields.get(entity, ())
        for way, group in groupby(writes, key=lambda write: way_of(write, keys)):
            run = [activities.united(write) if entity in activities.ENTITIES else write for write in group]
            if entity in self._assigned:
                yield from Collections(self._calls, source, {AUTO_ASSIGN: "TRUE"}).write(way, run)
            elif len(run) > self._bulk_writes and not has_literal_null(run):
                yield from BulkJobs(self._calls, source).write(way, run)
            else:
                yield from Collections(self._calls, source).write(way, run)

    def require_finished(self, entity: str) -> None:
        """Raise TransientError while a bulk job of ours may still write records of `entity`: a look would not find them yet."""
        BulkJobs(self._calls, self._path(entity)).require_finished()

    def find_person(self, entity: str, key: str, values: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Yield records by any field, those in the recycle bin too."""
        return self._look_up(entity, key, values, fields, "queryAll")

    def erase_person(self, entity: str, ids: Sequence[str]) -> Iterator[Result]:
        """Delete past the recycle bin where the user may; else into it, which a message says."""
        writes = [Write("delete", id) for id in ids]
        try:
            results = list(BulkJobs(self._calls, self._path(entity)).write(Way("hardDelete"), writes))
        except ApiError as error:
            if error.code not in NO_HARD_DELETE:
                raise
            results = [Result("failed", id) for id in ids]
        for write, result in zip(writes, results, strict=True):
            if result.state == "done":
                yield result
            else:
                yield from (replace(each, message=each.message or IN_BIN) for each in self.write(entity, [write]))

    def users(self) -> Sequence[User]:
        """Return the people with a licence of their own; those of portals and platforms own nothing here."""
        names = ("Id", "Email", "Name", "IsActive")
        rows = self._calls.rows(f"{select(names, 'User')} WHERE UserType = 'Standard'", *names)
        return [User(row["Id"], row["Email"] or "", row["Name"], bool(row["IsActive"])) for row in rows]

    def create_field(self, entity: str, name: str, label: str, kind: NewField = "reference") -> None:
        """Create a custom field, a reference as a unique external id, visible through the permission set `Lockstep_Sync` alone."""
        create_custom_field(self._calls, self._path(entity), name, label, kind)

    def _path(self, entity: str) -> str:
        return self.entities[check_entity("Salesforce", self.entities, entity)].path

    def _names(self, entity: str, fields: Sequence[str]) -> list[str]:
        return [*activities.asked(fields), "Id", MODIFIED, "IsDeleted", *(["MasterRecordId"] if entity in MERGEABLE else [])]

    def _restarted(self, entity: str, soql: str, verb: str, fields: Sequence[str]) -> Iterator[Page]:
        for attempt in range(RESTARTS + 1):
            try:
                yield from self._walk(entity, soql, verb, fields)
                return
            except ApiError as error:
                if error.code != "INVALID_QUERY_LOCATOR" or attempt == RESTARTS:
                    raise

    def _walk(self, entity: str, soql: str, verb: str, fields: Sequence[str]) -> Iterator[Page]:
        for response, body in self._calls.pages(soql, verb):
            if body["totalSize"] > self._bulk_rows:
                yield from self._bulk_walk(entity, soql, verb, fields, asked_at(response))
                return
            yield _page(response, body["records"], fields)

    def _bulk_walk(self, entity: str, soql: str, verb: str, fields: Sequence[str], begun: datetime) -> Iterator[Page]:
        """Walk the results of a job that is begun after `begun`: what they show is as old as its query, not as their answers."""
        kinds = {field.name: field.type for field in self.describe(entity)}
        for rows, response in BulkJobs(self._calls, self._path(entity)).query(soql, verb):
            typed = [{name: _typed(kinds.get(name), text) for name, text in row.items()} for row in rows]
            yield replace(_page(response, typed, fields), server_time=begun)

    def _delete_log(self, entity: str, since: datetime, clock: datetime, seen: set[str]) -> Iterator[Page]:
        start = max(since, clock - DELETE_LOG_REACH + DELETE_LOG_MARGIN)
        if clock - start < timedelta(minutes=1):
            return
        params = {"start": start.isoformat(timespec="seconds"), "end": clock.isoformat(timespec="seconds")}
        response = self._calls.call("GET", f"sobjects/{self._path(entity)}/deleted/", "read", params=params)
        log = ANSWERS.read(response, DeleteLog)["deletedRecords"]
        rows = [row for row in log if row["id"] not in seen]
        records = [Record(row["id"], {}, datetime.fromisoformat(row["deletedDate"]), is_deleted=True) for row in rows]
        yield Page(records, asked_at(response))

    def _look_up(self, entity: str, key: str, values: Sequence[str], fields: Sequence[str], verb: str) -> Iterator[Page]:
        names, source = self._names(entity, fields), self._path(entity)
        queries = (select(names, source, clause) for clause in in_clauses(key, values))
        while together := list(islice(queries, QUERIES_PER_CALL)):
            response, rows = self._calls.together(together, verb)
            yield _page(response, rows, fields)


def _page(response: Response, rows: Sequence[Mapping[str, Any]], fields: Sequence[str]) -> Page:
    return Page([_record(row, fields) for row in ANSWERS.check(response, rows, list[Read])], asked_at(response))


def _record(row: Mapping[str, Any], fields: Sequence[str]) -> Record:
    """Parents are flattened (`Account.Name`); of one that is not set every field asked for is None."""
    of_parents = [name for name in fields if "." in name]
    parents = {name.partition(".")[0] for name in of_parents} | {"attributes"}
    raw: dict[str, Any] = dict.fromkeys(of_parents)
    flat = flatten(row)
    raw |= {name: flat[name] for name in flat if name not in parents and "attributes" not in name.split(".")}
    raw |= activities.divided(raw, fields)
    return Record(row["Id"], raw, datetime.fromisoformat(row[MODIFIED]), row["IsDeleted"])


def _typed(kind: str | None, text: str) -> str | bool | int | float | None:
    """Return a cell of a bulk query as REST would give it."""
    if text == "":
        return None
    if kind == "boolean":
        return text == "true"
    if kind == "integer":
        return int(text)
    if kind == "datetime":
        return text.removesuffix("Z") + "+0000" if text.endswith("Z") else text
    return float(text) if kind == "number" else text


def build(settings: Settings, session: Session, options: Mapping[str, Any]) -> SalesforceConnector:
    """Return the connector of an Airflow connection of the Salesforce provider."""
    session.is_busy = is_busy
    credentials = Credentials(
        username=settings.login,
        password=settings.password,
        domain=settings.text("domain") or settings.text("instance_url") or _salesforce_host(settings) or "login",
        consumer_key=settings.text("consumer_key"),
        consumer_secret=settings.text("consumer_secret"),
        private_key=settings.text("private_key"),
        private_key_file=settings.text("private_key_file_path"),
        security_token=settings.text("security_token"),
        organization_id=settings.text("organization_id"),
    )
    version = {"version": settings.text("version")} if settings.text("version") else {}
    return SalesforceConnector(partial(sign_in, credentials, session), session, **{**version, **options})


def _salesforce_host(settings: Settings) -> str:
    return "" if settings.loopback else settings.host
