"""Reads ForceManager's lists: conditions in its little SQL, pages until an empty one.

Rows come in descending order of their id, which never changes: a row that is added while we page pushes others down, so that
one comes twice and none is missed. Deleted rows stay in the lists.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from connectors.answers import asked_at
from connectors.errors import PermanentError, quiet
from connectors.forcemanager_calls import ForceManagerCalls, Row, expect, problem_of
from connectors.forcemanager_shapes import ANSWERS, Listed

PAGE_ROWS = 100  # the largest page that is surely given is not known; the walk takes what comes
VALUES_LIMIT = 20  # per condition
CONDITION_CHARACTERS = 1500
STALE_PAGES_LIMIT = 3  # pages without any new row: the list does not turn its pages
STAMPS = ("dateCreated", "dateUpdated", "dateDeleted")
LITERALS = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S")  # which of them an implementation takes is not documented


log = logging.getLogger(__name__)


class ConditionError(PermanentError):
    """A condition was not understood."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one answer."""

    rows: Sequence[Row]
    server_time: datetime


@dataclass(slots=True)
class Lists:
    """Walks lists; `lang` is the language of labels."""

    calls: ForceManagerCalls
    lang: str = "en"
    _literals: list[str] = field(default_factory=lambda: list(LITERALS))

    def walk(self, path: str, where: str = "", wanted: int = 0) -> Iterator[Rows]:
        """Yield the pages of a list, each row once; ends early once `wanted` rows have come (0: there may be any number)."""
        seen: set[int] = set()
        page = stale = 0
        while True:
            window = self._page(path, where, page)
            fresh = [row for row in window.rows if row["id"] not in seen]
            seen |= {row["id"] for row in fresh}
            stale = 0 if fresh else stale + 1
            if fresh or not page:
                yield Rows(fresh, window.server_time)
            if not window.rows or (wanted and len(seen) >= wanted):
                return
            if stale >= STALE_PAGES_LIMIT:
                raise PermanentError(f"ForceManager gives the same rows of {path} on every page: tell its support.")
            page += 1

    def changed(self, path: str, since: datetime) -> Iterator[Rows]:
        """Yield what was created, edited or deleted after or shortly before `since`; the caller looks closer.

        A way of writing dates that is refused is not used again; where all are, the whole list is read.
        """
        while self._literals:
            text = (since.astimezone(UTC) - timedelta(seconds=1)).strftime(self._literals[0])
            try:
                yield from self.walk(path, " OR ".join(f"{stamp}>'{text}'" for stamp in STAMPS))
                return
            except ConditionError:
                log.warning("ForceManager refuses dates written as %s.", self._literals.pop(0))
        yield from self.walk(path)

    def matching(self, path: str, name: str, values: Sequence[str], is_number: bool) -> Iterator[Rows]:
        """Yield rows whose field `name` equals one of `values`, a few values per call."""
        for chunk in _chunks([_equal(name, value, is_number) for value in values]):
            yield from self.walk(path, " OR ".join(chunk), len(chunk) if name == "id" else 0)

    def _page(self, path: str, where: str, page: int) -> Rows:
        params = {"page": page, "order": "id", "lang": self.lang} | ({"where": where} if where else {})
        response = self.calls.send("GET", path, "read", params=params, headers={"Count": str(PAGE_ROWS)})
        if response.status_code == HTTPStatus.NOT_FOUND:
            return Rows([], asked_at(response))
        if where and response.status_code == HTTPStatus.BAD_REQUEST:
            raise ConditionError(f"ForceManager refused a condition on {path}: {quiet(problem_of(response).message)}.")
        return Rows(ANSWERS.read(expect(response), list[Listed]), asked_at(response))


def _equal(name: str, value: str, is_number: bool) -> str:
    quoted = value.replace("'", "''")
    return f"{name}={value}" if is_number else f"{name}='{quoted}'"


def _chunks(conditions: Sequence[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    for condition in conditions:
        if chunk and (len(chunk) >= VALUES_LIMIT or sum(map(len, chunk)) + len(condition) > CONDITION_CHARACTERS):
            yield chunk
            chunk = []
        chunk.append(condition)
    if chunk:
        yield chunk
