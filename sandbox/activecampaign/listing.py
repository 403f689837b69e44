"""Lists: filters that work, filters that are ignored, pages, and related rows beside the main ones."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sandbox.activecampaign import contacts
from sandbox.activecampaign.exchange import Ask
from sandbox.activecampaign.moments import CENTRAL, parsed
from sandbox.activecampaign.panel import Panel, Row
from sandbox.activecampaign.records import show
from sandbox.activecampaign.resources import RESOURCES, Resource
from sandbox.exchange import Answer

Test = Callable[[Row], bool]
PAGE_INPUT = {"segmentid": 0, "formid": 0, "listid": 0, "tagid": 0, "limit": 20, "offset": 0, "search": None, "sort": None,
              "seriesid": 0, "waitid": 0, "status": -1, "forceQuery": 0, "cacheid": "0" * 32}  # fmt: skip
# A filter that a switch may turn off: kind, its words → switch.
DOUBTED = {"fieldValues": "filter_field_values", "dealCustomFieldData": "filter_deal_data", "tags": "filter_tags"}
EXACT = {"fieldValues": {"fieldid": "field", "val": "value"}, "dealCustomFieldData": {"dealId": "dealId"}}
SIDELOADED = ("fieldValues", "contactTags", "contactLists", "accountContacts")


def list_plain(resource: Resource, ask: Ask) -> Answer:
    """Answer `GET /{kind}`; words of `filters` that the kind does not know are ignored."""
    rows = [row for row in _candidates(ask, resource) if all(test(row) for test in _plain_tests(ask, resource))]
    offset, limit = ask.window(resource.limit)
    shown = [show(resource, row, ask.base) for row in rows[offset : offset + limit]]
    return Answer(200, {resource.kind: shown, "meta": {"total": str(len(rows))}})


def list_contacts(ask: Ask) -> Answer:
    """Answer `GET /contacts`."""
    panel = ask.panel
    offset, limit = ask.window()
    tests = list(_contact_tests(ask))
    records = [record for record in _contact_candidates(ask) if all(test(record) for test in tests)]
    records = _ordered(ask, records)
    page = records[offset : offset + limit]
    shown = [contacts.show(panel, record, ask.base) for record in page]
    body: dict[str, Any] = {"scoreValues": [], "contacts": shown}
    meta = {"total": str(len(records)), "sortable": True, "page_input": {**PAGE_INPUT, "limit": limit, "offset": offset}}
    if panel.switch("list_sideloading"):
        body |= sideload(ask, shown)
    return Answer(200, body | {"meta": meta})


def sideload(ask: Ask, shown: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the related rows that `include` names, and note their ids in the contacts shown."""
    wanted = [word.partition(".") for word in ask.param("include").split(",") if word]
    beside: dict[str, Any] = {}
    for kind, _, inner in wanted:
        if kind not in SIDELOADED:
            continue
        rows = {each["id"]: ask.panel.of(kind, "contact", each["id"]) for each in shown}
        for each in shown:
            each[kind] = [str(row["id"]) for row in rows[each["id"]]]
        beside[kind] = [show(RESOURCES[kind], row, ask.base) for group in rows.values() for row in group]
        if inner in ("tag", "list", "account"):
            beside[f"{inner}s"] = _related(ask, f"{inner}s", {row[inner] for group in rows.values() for row in group})
    return beside


def _related(ask: Ask, kind: str, keys: set[str]) -> list[dict[str, Any]]:
    records = (ask.panel.get(kind, key) for key in sorted(keys, key=int))
    return [show(RESOURCES[kind], record, ask.base) for record in records if record]


def _candidates(ask: Ask, resource: Resource) -> Iterator[Row]:
    panel = ask.panel
    for word, attribute in EXACT.get(resource.kind, {}).items():
        value = ask.param(f"filters[{word}]")
        if value and panel.switch(DOUBTED[resource.kind]):
            return iter(sorted(panel.of(resource.kind, attribute, value), key=lambda row: int(row["id"])))
    table = panel.store.table(resource.kind)
    return (table[key] for key in panel.ids(resource.kind))


def _plain_tests(ask: Ask, resource: Resource) -> Iterator[Test]:
    if resource.kind in DOUBTED and not ask.panel.switch(DOUBTED[resource.kind]):
        return
    for word, attribute in EXACT.get(resource.kind, {}).items():
        value = ask.param(f"filters[{word}]")
        if value:
            yield partial(_is, attribute, value.casefold())
    for word, attribute in resource.filters.items():
        for operation in ("", "[eq]", "[contains]"):
            value = ask.param(f"filters[{word}]{operation}").casefold()
            is_exact = operation == "[eq]" or (not operation and attribute not in ("title", "tag"))
            if value:
                yield partial(_is if is_exact else _has, attribute, value)
    search = ask.param("search").casefold()
    if search:
        name = resource.unique or "name"
        yield lambda row: search in str(row.get(name)).casefold()


def _contact_candidates(ask: Ask) -> list[Row]:
    panel = ask.panel
    table: Mapping[Any, Row] = panel.store.table("contacts")
    if ask.param("email"):
        return panel.of("contacts", "email", ask.param("email"))
    if ask.all("ids[]"):
        found = (panel.get("contacts", key) for key in ask.all("ids[]"))
        return [record for record in found if record]
    after = ask.param("id_greater")
    return [table[key] for key in panel.ids("contacts", int(after) if after.isdecimal() else 0)]


def _contact_tests(ask: Ask) -> Iterator[Test]:
    panel = ask.panel
    below = ask.param("id_less")
    if below.isdecimal():
        yield lambda record: record["id"] < int(below)
    for name, test in (("phone", _begins), ("email_like", _has)):
        value = ask.param(name).casefold()
        if value:
            yield partial(test, name.removesuffix("_like"), value)
    search = ask.param("search").casefold()
    if search:
        yield lambda record: any(search in str(record.get(name) or "").casefold() for name in contacts.ATTRIBUTES)
    if ask.param("tagid"):
        yield lambda record: any(
            row["tag"] == ask.param("tagid") for row in panel.of("contactTags", "contact", str(record["id"]))
        )
    yield from _list_tests(ask)
    yield from _stamp_tests(ask)


def _list_tests(ask: Ask) -> Iterator[Test]:
    panel, of_list, status = ask.panel, ask.param("listid"), ask.param("status", "-1")
    if of_list or status in ("0", "1", "2", "3"):
        yield lambda record: any(
            (not of_list or row["list"] == of_list) and status in ("-1", str(row["status"]))
            for row in panel.of("contactLists", "contact", str(record["id"]))
        )


def _stamp_tests(ask: Ask) -> Iterator[Test]:
    granularity = ask.panel.switch("updated_after")
    for name, attribute in (("created", "cdate"), ("updated", "udate")):
        for side, sign in (("after", 1), ("before", -1)):
            moment = parsed(ask.param(f"filters[{name}_{side}]"))
            if moment is not None and granularity != "ignored":
                yield partial(_beyond, attribute, sign, granularity, _grain(moment, granularity))


def _grain(moment: datetime, granularity: str) -> Any:
    return moment.astimezone(CENTRAL).date() if granularity == "date" else moment


def _beyond(attribute: str, sign: int, granularity: str, limit: Any, record: Row) -> bool:
    value = _grain(datetime.fromisoformat(record[attribute]), granularity)
    return bool(value > limit if sign > 0 else value < limit)


def _is(attribute: str, value: str, row: Row) -> bool:
    return _folded(row, attribute) == value


def _has(attribute: str, value: str, row: Row) -> bool:
    return value in _folded(row, attribute)


def _begins(attribute: str, value: str, row: Row) -> bool:
    return _folded(row, attribute).startswith(value)


def _folded(row: Row, attribute: str) -> str:
    return str(row.get(attribute) or "").casefold()


def _ordered(ask: Ask, records: list[Row]) -> list[Row]:
    for key, value in ask.query:
        name = key.removeprefix("orders[").removesuffix("]")
        if key.startswith("orders[") and name in ("id", "cdate", "email", "first_name", "last_name"):
            attribute = {"first_name": "firstName", "last_name": "lastName"}.get(name, name)
            return sorted(records, key=lambda record: _sortable(record, attribute), reverse=value.upper() == "DESC")
    return records


def _sortable(record: Row, attribute: str) -> Any:
    return record["id"] if attribute == "id" else (str(record.get(attribute) or "").casefold(), record["id"])


def sub_rows(panel: Panel, kind: str, contact: int, base: str) -> list[dict[str, Any]]:
    """Return the rows of a kind that belong to a contact."""
    return [show(RESOURCES[kind], row, base) for row in panel.of(kind, "contact", str(contact))]
