"""Lists: filters, pages of a hundred at most, links to the next page, each page cut from the names of the moment."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from sandbox.company.ids import freshdesk_time
from sandbox.exchange import Answer
from sandbox.freshdesk.contacts import address_owner
from sandbox.freshdesk.desk import Desk, Row
from sandbox.freshdesk.errors import UNEXPECTED, invalid
from sandbox.freshdesk.exchange import Ask
from sandbox.freshdesk.order import BLOCKED, DELETED, LIVE, by_name, state_of
from sandbox.freshdesk.shapes import company_view, contact_row

DEFAULT_PER_PAGE = 30
MAXIMUM_PER_PAGE = 100
PAGING = ("page", "per_page")
SINCE_NAMES = ("updated_since", "_updated_since")
INDEXED = ("email", "mobile", "phone", "company_id", "unique_external_id")
FEW = 5  # a fifth of all is few
STATES = ("blocked", "deleted", "unverified", "verified")
CONTACT_QUERY = (*PAGING, *SINCE_NAMES, "email", "mobile", "phone", "company_id", "state", "contact_type")

Filter = tuple[str, Any]


def list_contacts(ask: Ask) -> Answer:
    """Answer `GET /contacts`."""
    extra = ("unique_external_id",) if ask.desk.switch("external_id_filter") else ()
    ask.check_query(*CONTACT_QUERY, *extra)
    state = ask.query.get("state")
    if state not in (None, *STATES):
        raise invalid("state", f"It should be one of these values: '{','.join(STATES)}'")
    wanted = [*_since(ask), *_equalities(ask, extra)]
    wanted += [("active", state == "verified")] if state in ("verified", "unverified") else []
    names = ask.desk.custom_names("contacts")
    place = {"blocked": BLOCKED, "deleted": DELETED}.get(state or "", LIVE)
    return _paged(ask, "contacts", place, wanted, lambda record: contact_row(record, names))


def list_companies(ask: Ask) -> Answer:
    """Answer `GET /companies`."""
    ask.check_query(*PAGING, *SINCE_NAMES)
    names, has_offset = ask.desk.custom_names("companies"), ask.desk.switch("company_offset")
    return _paged(ask, "companies", LIVE, _since(ask), lambda record: company_view(record, names, has_offset))


def page_of(query: Mapping[str, str], last: int = 0) -> int:
    """Return the page asked for, from 1 to `last` (0: no limit)."""
    return _number(query, "page", 1, last)


def _since(ask: Ask) -> list[Filter]:
    accepted = ask.desk.switch("updated_since")
    given = [name for name in SINCE_NAMES if name in ask.query]
    for name in given:
        if accepted in SINCE_NAMES and name != accepted:
            raise invalid(name, UNEXPECTED, "invalid_field")
    test = "after" if ask.desk.switch("updated_since_exclusive") else "since"
    return [(test, _moment(name, ask.query[name])) for name in given if accepted != "none"]


def _moment(name: str, text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(name, "It should be in the 'combined date and time ISO8601' format") from None
    return freshdesk_time(moment.astimezone(UTC) if moment.tzinfo else moment)


def _equalities(ask: Ask, extra: tuple[str, ...]) -> list[Filter]:
    query = ask.query
    wanted: list[Filter] = [(name, query[name]) for name in ("mobile", "phone", *extra) if name in query]
    if "email" in query:
        name = "any_email" if ask.desk.switch("email_filter_others") else "email"
        wanted.append((name, query["email"].lower()))
    if "company_id" in query:
        wanted.append(("company_id", _number(query, "company_id", 0, 0)))
    if "contact_type" in query:
        wanted.append(("contact_type", query["contact_type"]))
    return wanted


def _number(query: Mapping[str, str], name: str, default: int, last: int) -> int:
    text = query.get(name, str(default))
    upper = f" less than or equal to {last}" if last else ""
    if not text.isdecimal() or int(text) < 1 or (last and int(text) > last):
        raise invalid(name, f"It should be a Positive Integer{upper}")
    return int(text)


def _paged(ask: Ask, kind: str, state: str, wanted: list[Filter], show: Callable[[Row], Any]) -> Answer:
    desk, last = ask.desk, ask.desk.switch("page_limit")
    page = page_of(ask.query, last)
    count = _number(ask.query, "per_page", DEFAULT_PER_PAGE, MAXIMUM_PER_PAGE)
    start = (page - 1) * count
    ids = _ids(desk, kind, state, wanted, start, count + 1)
    table = desk.store.table(kind)
    has_more = len(ids) > count and page != last
    headers = {"link": _link(ask, page + 1)} if has_more else {}
    return Answer(200, [show(table[key]) for key in ids[:count]], headers)


def _ids(desk: Desk, kind: str, state: str, wanted: list[Filter], start: int, count: int) -> list[int]:
    if not wanted:
        return desk.page(kind, state, start, count)
    ids = desk.remembered(kind, (state, *wanted), lambda: _matching(desk, kind, state, wanted))
    return ids[start : start + count]


def _matching(desk: Desk, kind: str, state: str, wanted: list[Filter]) -> list[int]:
    tests = [_test(desk, name, value) for name, value in wanted]
    table = desk.store.table(kind)
    few = _few(desk, kind, state, wanted)
    rows = [table[key] for key in (desk.page(kind, state, 0, len(table)) if few is None else few)]
    found = [row for row in rows if state_of(row) == state and all(test(row) for test in tests)]
    return [row["id"] for row in (found if few is None else sorted(found, key=by_name))]


def _few(desk: Desk, kind: str, state: str, wanted: list[Filter]) -> list[int] | None:
    """Return the few ids that can match, by an index; None when there may be many."""
    for name, value in wanted:
        if name in INDEXED:
            return [int(key) for key in desk.store.find(kind, name, value)]
        if name in ("since", "after"):
            ids = desk.changed_since(kind, state, value)
            return ids if len(ids) < len(desk.store.table(kind)) // FEW else None
    return None


def _test(desk: Desk, name: str, value: Any) -> Callable[[Row], bool]:
    if name == "since":
        return lambda record: record["updated_at"] >= value
    if name == "after":
        return lambda record: record["updated_at"] > value
    if name == "email":
        return lambda record: record.get("email", "").lower() == value
    if name == "any_email":
        owner = address_owner(desk, value, None)
        return lambda record: record["id"] == owner
    defaults = {"active": False, "contact_type": "contact"}
    return lambda record: record.get(name, defaults.get(name)) == value


def _link(ask: Ask, page: int) -> str:
    words = {**ask.query, "page": page}
    blank = " " if ask.desk.switch("link_space") else ""
    return f'<{blank}{ask.base}{ask.path}?{urlencode(words)}>;rel="next"'
