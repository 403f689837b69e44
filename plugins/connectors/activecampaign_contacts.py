"""Contacts of ActiveCampaign as flat records: plain fields, custom fields, tags by name, list status, the account.

Nothing tells of deletions. A change of a list status does not move `udate`, so whoever unsubscribed or bounced is looked at
apart, where a list status is wanted. The filter by time is vague (days, in a zone nobody names): it is asked two days wide.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from requests import Response

from connectors.activecampaign_calls import LARGEST_PAGE, ActiveCampaignCalls, Row, read
from connectors.activecampaign_fields import LIST_PREFIX, OPTED_OUT, PREFIX, STATUSES
from connectors.activecampaign_parts import Parts
from connectors.activecampaign_shapes import ANSWERS, single
from connectors.answers import asked_at
from connectors.contract import Known, Page, Record
from connectors.errors import PermanentError

FILTER_MARGIN = timedelta(days=2)
IDS_PER_CALL = 50
FILTER_VALUES_LIMIT = 50  # above, one walk over everything may cost less
STOPPED = ("2", "3")  # unsubscribed, bounced
PLAIN = ("id", "email", "phone", "firstName", "lastName", "orgname", "cdate", "udate", "bounced_hard", "bounced_soft", "hash")
NESTED = {"contactTags": "contactTags.tag", "accountContacts": "accountContacts.account"}
SUBSCRIBED = "1"
UNSUBSCRIBED = "2"

Related = Mapping[str, list[Row]]  # kind → rows of one contact
Test = Callable[[datetime], bool]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a reading is for: these fields, of the contacts on a list or of all."""

    fields: Sequence[str]
    list_id: str = ""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of related rows that the fields are made of."""
        names = {name.partition(".")[0] for name in self.fields}
        wanted = {"fieldValues": {"fields"}, "contactTags": {"tags"}, "accountContacts": {"account", "account_name"}}
        kinds = [kind for kind, made_of in wanted.items() if names & made_of]
        return (*kinds, "contactLists") if names & {"lists", OPTED_OUT} else tuple(kinds)

    @property
    def params(self) -> list[tuple[str, str | int]]:
        """The query parameters that every list of this reading has."""
        include = [("include", ",".join(NESTED.get(kind, kind) for kind in self.kinds))] if self.kinds else []
        return [("limit", LARGEST_PAGE), *include, *([("listid", self.list_id)] if self.list_id else [])]


@dataclass(slots=True)
class ContactReader:
    """Reads contacts, with the parts that several answers need."""

    calls: ActiveCampaignCalls
    parts: Parts

    def changes(self, wish: Wish, since: datetime | None, known: Known | None) -> Iterator[Page]:
        """Yield what changed at or after `since`, or all."""
        floor = since.astimezone(UTC).replace(microsecond=0) if since else None
        after = (floor - FILTER_MARGIN).date().isoformat() if floor else ""
        seen: set[str] = set()
        for response in self._walk(wish, [("filters[updated_after]", after)] if after else []):
            rows = [row for row in read(response, "contacts")["contacts"] if floor is None or moved_at(row) >= floor]
            seen |= {str(row["id"]) for row in rows}
            yield self._page(response, wish, rows, known)
        if floor is not None and "contactLists" in wish.kinds:
            yield from self._stopped(wish, floor, seen)

    def read(self, wish: Wish, ids: Sequence[str]) -> Iterator[Page]:
        """Yield contacts by id. One that a list does not show is asked for by itself before it counts as gone."""
        for start in range(0, len(ids), IDS_PER_CALL):
            wanted = dict.fromkeys(ids[start : start + IDS_PER_CALL])
            params: list[tuple[str, str | int]] = [("ids[]", id) for id in wanted]
            response = self.calls.get("contacts", [*Wish(wish.fields).params, *params])
            page = self._page(response, wish, [row for row in read(response, "contacts")["contacts"] if str(row["id"]) in wanted])
            missing = wanted.keys() - {record.id for record in page.records}
            page.records.extend(record for id in sorted(missing) if (record := self._one(wish, id)))
            yield page

    def find(self, wish: Wish, key: str, values: Sequence[str]) -> Iterator[Page]:
        """Yield contacts whose field has one of `values`."""
        wanted = {value.strip().casefold(): value.strip() for value in values if value.strip()}
        if not wanted:
            return
        if key.startswith(PREFIX):
            yield from self._by_custom_field(wish, key, wanted)
        elif key == "email" and len(wanted) <= FILTER_VALUES_LIMIT:
            for value in wanted.values():
                response = self.calls.get("contacts", [*Wish(wish.fields).params, ("email", value)])
                yield self._matching(response, wish, key, wanted)
        elif key in PLAIN:
            for response in self._walk(Wish(wish.fields)):
                yield self._matching(response, wish, key, wanted)
        else:
            raise PermanentError(f"ActiveCampaign contacts cannot be found by {key!r}.")

    def _matching(self, response: Response, wish: Wish, key: str, wanted: Mapping[str, str]) -> Page:
        rows = [row for row in read(response, "contacts")["contacts"] if str(row.get(key) or "").strip().casefold() in wanted]
        return self._page(response, wish, rows)

    def _by_custom_field(self, wish: Wish, key: str, wanted: Mapping[str, str]) -> Iterator[Page]:
        field = self.parts.contact_fields().named(key)
        if field is None:
            raise PermanentError(f"ActiveCampaign has no contact field {key!r}: the preflight makes it.")
        filters: list[tuple[str, str | int]] = [("filters[fieldid]", field.id)]
        questions = [[*filters, ("filters[val]", value)] for value in wanted.values()]
        found: dict[str, None] = {}
        for question in questions if len(questions) <= FILTER_VALUES_LIMIT else [filters]:
            rows = self.calls.rows("fieldValues", question)
            matching = (row for row in rows if str(row["field"]) == field.id and str(row["value"]).casefold() in wanted)
            found |= dict.fromkeys(str(row["contact"]) for row in matching)
        yield from self.read(wish, list(found))

    def _walk(self, wish: Wish, params: Sequence[tuple[str, str | int]] = ()) -> Iterator[Response]:
        """Yield the pages of a list in the order of ids, each beginning behind the last id seen."""
        last = 0
        while True:
            place: list[tuple[str, str | int]] = [("orders[id]", "ASC"), ("id_greater", last)]
            response = self.calls.get("contacts", [*wish.params, *params, *place])
            ids = [int(row["id"]) for row in read(response, "contacts")["contacts"]]
            if ids and min(ids) <= last:
                raise PermanentError("ActiveCampaign's list of contacts does not go on by id: the reading would never end.")
            yield response
            if len(ids) < LARGEST_PAGE:
                return
            last = max(ids)

    def _stopped(self, wish: Wish, floor: datetime, seen: set[str]) -> Iterator[Page]:
        """Yield who unsubscribed or bounced at or after `floor`, though `udate` may not tell."""
        for status in STOPPED:
            for response in self._walk(wish, [("status", status)]):
                body = read(response, "contacts")
                if body["contacts"] and "contactLists" not in body:
                    yield from self._stopped_by_rows(wish, floor, seen)
                    return
                moved = {str(row["contact"]) for row in body.get("contactLists") or () if stamp_of(row) >= floor} - seen
                seen |= moved
                yield self._page(response, wish, [row for row in body["contacts"] if str(row["id"]) in moved])

    def _stopped_by_rows(self, wish: Wish, floor: datetime, seen: set[str]) -> Iterator[Page]:
        rows = self.calls.rows("contactLists")
        moved = {str(row["contact"]) for row in rows if str(row["status"]) in STOPPED and stamp_of(row) >= floor} - seen
        yield from self.read(wish, sorted(moved))

    def _one(self, wish: Wish, id: str) -> Record | None:
        response = self.calls.view(f"contacts/{id}") if id.isdecimal() else None
        if response is None or not response.ok:
            return None
        row = ANSWERS.read(response, single("contact"))["contact"]
        return self._record(wish, row, self._asked(wish, id))

    def _page(self, response: Response, wish: Wish, rows: Sequence[Row], known: Known | None = None) -> Page:
        body = read(response, "contacts")
        missing = [kind for kind in wish.kinds if kind not in body]
        beside = {kind: _by_contact(body[kind]) for kind in wish.kinds if kind in body}
        self.parts.note_tags(body.get("tags") or ())
        self.parts.note_accounts(body.get("accounts") or ())
        records = []
        for row in rows:
            id = str(row["id"])
            if missing and known and known(id, moved_at(row)):
                continue
            related = {kind: groups.get(id, []) for kind, groups in beside.items()}
            asked = self._asked(wish, id, missing)
            if asked is not None and (record := self._record(wish, row, {**related, **asked})):
                records.append(record)
        return Page(records, asked_at(response))

    def _asked(self, wish: Wish, id: str, kinds: Sequence[str] | None = None) -> dict[str, list[Row]] | None:
        """Ask for related rows one kind at a time, None when the contact is gone meanwhile."""
        related = {}
        for kind in wish.kinds if kinds is None else kinds:
            response = self.calls.view(f"contacts/{id}/{kind}")
            if not response.ok:
                return None
            related[kind] = read(response, kind)[kind]
        return related

    def _record(self, wish: Wish, row: Row, related: Related | None) -> Record | None:
        if related is None or (wish.list_id and not _is_on(related, wish.list_id)):
            return None
        raw: dict[str, Any] = {name: row.get(name) for name in PLAIN}
        if "fieldValues" in related:
            raw |= self.parts.contact_fields().values({str(each["field"]): each["value"] for each in related["fieldValues"]})
        if "contactTags" in related:
            raw["tags"] = sorted(self.parts.tag_name(str(each["tag"])) for each in related["contactTags"])
        if "accountContacts" in related:
            account = next((str(each["account"]) for each in related["accountContacts"]), None)
            raw |= {"account": account, "account_name": self.parts.account_name(account) if account else None}
        stamps = [moved_at(row)]
        if "contactLists" in related:
            raw |= self._statuses(related["contactLists"])
            stamps += [stamp_of(each) for each in related["contactLists"]]
        return Record(str(row["id"]), raw, max(stamps))

    def _statuses(self, rows: Sequence[Row]) -> dict[str, Any]:
        by_list = {str(row["list"]): str(row["status"]) for row in rows}
        names = {f"{LIST_PREFIX}{name}": by_list.get(id) for id, name in self.parts.lists().items()}
        words = {name: None if status is None else STATUSES[int(status)] for name, status in names.items()}
        return {OPTED_OUT: is_opted_out(by_list.values()), **words}


def is_opted_out(statuses: Any) -> bool:
    """Tell whether somebody left a list and is active on none."""
    return UNSUBSCRIBED in statuses and SUBSCRIBED not in statuses


def moved_at(row: Row) -> datetime:
    """Return when a contact was changed. Never by the keys with `utc` in their names: these hold US Central time."""
    return datetime.fromisoformat(row.get("udate") or row["cdate"]).astimezone(UTC)


def stamp_of(row: Row) -> datetime:
    """Return when a list status was changed."""
    stamps = [datetime.fromisoformat(row[name]) for name in ("sdate", "udate") if row.get(name)]
    return max(stamps).astimezone(UTC) if stamps else datetime.min.replace(tzinfo=UTC)


def is_gone(response: Response) -> bool:
    """Tell whether an answer says that there is no such record."""
    return response.status_code == HTTPStatus.NOT_FOUND


def _by_contact(rows: Sequence[Row]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(str(row["contact"]), []).append(row)
    return groups


def _is_on(related: Related, list_id: str) -> bool:
    return "contactLists" not in related or any(str(row["list"]) == list_id for row in related["contactLists"])
