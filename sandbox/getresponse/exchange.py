"""A request as the handlers see it, their answer, and how a collection is filtered, sorted and cut into pages."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.exchange import Answer
from sandbox.getresponse.account import Account, Row, stamp
from sandbox.getresponse.errors import Refusal, bad_query, invalid
from sandbox.getresponse.shapes import View

DEFAULT_PER_PAGE = 100
MAXIMUM_PER_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: `words` are the parts of the path that vary."""

    account: Account
    words: Mapping[str, str]
    query: Mapping[str, str]
    body: Any

    def fields(self) -> dict[str, Any]:
        """Return the JSON body, which must be an object."""
        if not isinstance(self.body, dict):
            raise Refusal(1021, "The request body is not a JSON object")
        return self.body


Handler = Callable[[Ask], Answer]


@dataclass(frozen=True, slots=True)
class Collection:
    """What a collection can be asked: `like` matches part of a text, `exact` all of it, `ranges` from and to, `sorts` its order."""

    view: View
    like: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    ranges: tuple[str, ...] = ()
    sorts: tuple[str, ...] = ()
    id_name: str = ""

    def answer(self, ask: Ask, rows: Iterable[Row], page_cap: int = 0) -> Answer:
        """Return one page of the rows that the query asks for, with the three counts."""
        is_exact = "exactMatch" in ask.query.get("additionalFlags", "").split(",")
        for name, value in ask.query.items():
            if name.startswith("query["):
                rows = list(filter(self._test(ask, name, value, is_exact), rows))
        found = self._sorted(ask, list(rows))
        page, count = _number(ask, "page", 1), min(_number(ask, "perPage", DEFAULT_PER_PAGE), MAXIMUM_PER_PAGE)
        pages = math.ceil(len(found) / count)
        count = min(count, page_cap) if page_cap else count
        shown = [self._projected(ask, self.view(ask.account, row)) for row in found[(page - 1) * count : page * count]]
        return Answer(200, shown, {"TotalCount": str(len(found)), "TotalPages": str(pages), "CurrentPage": str(page)})

    def _test(self, ask: Ask, name: str, value: str, is_exact: bool) -> Callable[[Row], bool]:
        parts = name.removeprefix("query").strip("[]").split("][")
        if len(parts) == 2 and parts[0] in self.ranges and parts[1] in ("from", "to"):
            return _range(ask, parts[0], parts[1], value)
        if len(parts) == 1 and parts[0] in self.like:
            wanted = value.casefold()
            if is_exact:
                return lambda row: str(row[parts[0]] or "").casefold() == wanted
            return lambda row: wanted in str(row[parts[0]] or "").casefold()
        if len(parts) == 1 and parts[0] in self.exact:
            return lambda row: (
                str(row[parts[0]]).lower() in value.lower().split(",")
                if parts[0] == "isDefault"
                else (row[parts[0]] in value.split(","))
            )
        raise bad_query(name)

    def _sorted(self, ask: Ask, rows: list[Row]) -> list[Row]:
        wishes = [(name, order) for name, order in ask.query.items() if name.startswith("sort[")]
        for name, order in reversed(wishes):
            key = name[len("sort[") : -1]
            if key not in self.sorts:
                raise bad_query(name)
            rows.sort(key=lambda row: str(row[key] or "").casefold(), reverse=order.upper() == "DESC")
        return rows

    def _projected(self, ask: Ask, shown: dict[str, Any]) -> dict[str, Any]:
        wanted = [name.strip() for name in ask.query.get("fields", "").split(",") if name.strip()]
        return {name: value for name, value in shown.items() if name in (self.id_name, *wanted)} if wanted else shown


def _range(ask: Ask, name: str, end: str, value: str) -> Callable[[Row], bool]:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise invalid(f"query[{name}][{end}]", "It is not a date", 1003) from None
    if len(value) == 10 or not ask.account.switch("range_time"):
        day = value[:10]
        return lambda row: row[name][:10] >= day if end == "from" else row[name][:10] <= day
    bound = stamp(moment.astimezone(UTC) if moment.tzinfo else moment)
    return lambda row: row[name] >= bound if end == "from" else row[name] <= bound


def _number(ask: Ask, name: str, default: int) -> int:
    text = ask.query.get(name, "")
    return int(text) if text.isdecimal() and int(text) > 0 else default
