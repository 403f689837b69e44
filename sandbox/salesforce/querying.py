"""`/query`, `/queryAll` and their further pages."""

import re
from typing import Any

from sandbox.salesforce import recyclebin
from sandbox.salesforce.answers import Answer, ApiError, ApiRequest
from sandbox.salesforce.cursors import Cursors
from sandbox.salesforce.org import Org
from sandbox.salesforce.soql.running import Selection, select

MINIMUM_PAGE, MAXIMUM_PAGE = 200, 2000


def query(org: Org, cursors: Cursors, request: ApiRequest, with_deleted: bool) -> Answer:
    """Answer the first page of `?q=`."""
    if "q" not in request.query:
        raise ApiError(400, "MALFORMED_QUERY", "The query parameter q is required")
    if with_deleted:
        recyclebin.purge(org)
    selection = select(org, request.query["q"], request.base, with_deleted)
    return Answer(body=page(cursors, request.base, selection, 0, _page_size(org, request)))


def further(org: Org, cursors: Cursors, request: ApiRequest, locator: str) -> Answer:
    """Answer the page that `nextRecordsUrl` named."""
    cursor_id, _, start = locator.partition("-")
    cursor = cursors.find(cursor_id)
    if not start.isdigit():
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return Answer(body=page(cursors, request.base, cursor.selection, int(start), cursor.page_size, cursor_id))


def page(
    cursors: Cursors, base: str, selection: Selection, start: int, size: int, cursor_id: str | None = None
) -> dict[str, Any]:
    """Return one page of a result, with the address of the next."""
    body: dict[str, Any] = {"totalSize": selection.total}
    end = start + size
    length = len(selection.ids if selection.made is None else selection.made)
    body["done"] = end >= length
    if end < length:
        body["nextRecordsUrl"] = f"{base}/query/{cursor_id or cursors.add(selection, size)}-{end}"
    body["records"] = selection.rows(start, end)
    return body


def _page_size(org: Org, request: ApiRequest) -> int:
    asked = re.search(r"batchSize\s*=\s*(\d+)", request.headers.get("sforce-query-options", ""), re.IGNORECASE)
    usual = int(org.switch("page_size"))
    return min(max(int(asked.group(1)), MINIMUM_PAGE), MAXIMUM_PAGE, usual) if asked else usual
