"""Reads a list that is cut into pages and sorted by name, while people rename, add and delete rows in it: none is missed.

Rows shift between two answers, so the windows read overlap. Where two neighbouring windows share a row that kept its name,
every row that kept its own name and stood behind the first window stands in or behind the second: nothing fell between.
Where they share none, the walk steps back, a little at first, so that it gets ahead even where many rows have one name. Rows
whose name did change carry a new `updated_at`: the caller asks for what changed since the walk began. The overlap costs about
one call in six, by page sizes that are not all alike.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.errors import PermanentError, TransientError

LARGEST_SIZE = 100  # rows per page, the API's limit
SMALLEST_SIZE = 50
PAGE_LIMIT = 500  # the vendor asks not to go beyond
OVERLAP_ROWS = 3
WIDE_OVERLAP_ROWS = 48  # the widest at which the smallest page still reaches beyond the last window
WINDOW_LIMIT = 2000

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Window:
    """The rows of one answer; `has_more` says that others follow."""

    rows: Sequence[Row]
    has_more: bool
    server_time: datetime


def walk(fetch: Callable[[int, int], Window]) -> Iterator[Window]:
    """Yield the windows of a list; `fetch(page, size)` reads one. The windows overlap, a single one is a consistent view.

    A full page that claims to be the last is not believed: the API ends its list so at its page limit, and says no more.
    Raises PermanentError where the list is longer than the API lets us read, TransientError where it never stands still.
    """
    first, end, overlap = 0, 0, OVERLAP_ROWS
    before = Window((), True, datetime.min)  # noqa: DTZ901 - never read
    for _ in range(WINDOW_LIMIT):
        page, size = choose_page(first)
        window = fetch(page, size)
        if first and not is_continuous(before.rows, window.rows, is_strict=overlap < WIDE_OVERLAP_ROWS):
            overlap *= 2
            first = max(0, end - overlap)
            continue
        yield window
        if not window.has_more and len(window.rows) < size:
            return
        end, overlap, before = page * size, OVERLAP_ROWS, window
        first = end - overlap
    raise TransientError("The list changes faster than it can be read. The task is retried later.")


def choose_page(first: int) -> tuple[int, int]:
    """Return the page and page size that begin at or just before row `first` and reach furthest."""
    sizes = range(SMALLEST_SIZE, LARGEST_SIZE + 1)
    choices = [(first // size + 1, size) for size in sizes if first // size < PAGE_LIMIT]
    if not choices:
        raise PermanentError(
            f"The list has more rows than {PAGE_LIMIT} pages hold, the API gives no more. "
            "Narrow it with a later start date, or load it once by the vendor's CSV export."
        )
    return max(choices, key=lambda choice: (choice[0] * choice[1], choice[1]))


def is_continuous(before: Sequence[Row], after: Sequence[Row], is_strict: bool = True) -> bool:
    """Tell whether two windows share a row that kept its name.

    A row with the very name of the last row says little, since equal names have no order that is promised: it counts only
    where there is no other, or when it need not be strict.
    """
    last = _name(before[-1]) if before else ""
    anchors = ([row for row in before if _name(row) != last] if is_strict else []) or before
    known = {(row["id"], row.get("name")) for row in anchors}
    return any((row["id"], row.get("name")) in known for row in after)


def _name(row: Row) -> str:
    return str(row.get("name") or "").casefold()
