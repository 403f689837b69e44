"""Query cursors: the rest of a result, page by page, for a while."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.salesforce.answers import ApiError
from sandbox.salesforce.ids import make_id
from sandbox.salesforce.org import Org
from sandbox.salesforce.soql.running import Selection

PREFIX = "01g"


@dataclass(slots=True)
class Cursor:
    """An open result, the size of its pages, and when it was last used."""

    selection: Selection
    page_size: int
    used_at: datetime


class Cursors:
    """The open cursors of the integration user. A restart of the server closes them."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self._open: OrderedDict[str, Cursor] = OrderedDict()
        self._opened = 0

    def add(self, selection: Selection, page_size: int) -> str:
        """Keep a result; the oldest goes when too many are open. Returns the cursor's id."""
        self._opened += 1
        cursor_id = make_id(PREFIX, self._opened)
        self._open[cursor_id] = Cursor(selection, page_size, self.org.now())
        while len(self._open) > self.org.switch("cursors"):
            self._open.popitem(last=False)
        return cursor_id

    def find(self, cursor_id: str) -> Cursor:
        """Return an open cursor; raises INVALID_QUERY_LOCATOR."""
        cursor = self._open.get(cursor_id)
        idle = timedelta(seconds=self.org.switch("cursor_seconds"))
        if cursor is None or self.org.now() - cursor.used_at > idle:
            self._open.pop(cursor_id, None)
            raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        cursor.used_at = self.org.now()
        return cursor
