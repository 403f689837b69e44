"""JSON answers of the page, and the integration that a route is about."""

from typing import Annotated, Any

from fastapi import Depends, HTTPException, Path, Response

from health import access, queries
from health.access import Reader, Writer
from health.queries import Row
from health.state import Database
from sync.database import to_json

PRIVATE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
NOT_HERE = (
    "There is no such integration, or you may not read its DAG. Go back to all integrations, or ask an administrator for the right to"
    " read it."
)


def answer(content: Any) -> Response:
    """Return `content` as JSON that no cache keeps."""
    return Response(to_json(content), media_type="application/json", headers=PRIVATE)


def find(connection: Database, user: Any, integration_id: int) -> Row:
    """Return the integration if the user may read its DAG. Raises 404 both where there is none and where it is not theirs."""
    found = queries.known(connection, access.readable(user), integration_id)
    if not found:
        raise HTTPException(404, NOT_HERE)
    return found[0]


def shown(user: Reader, connection: Database, integration_id: Annotated[int, Path()]) -> Row:
    """The integration in the path, for reading."""
    return find(connection, user, integration_id)


def changed(user: Writer, connection: Database, integration_id: Annotated[int, Path()]) -> Row:
    """The integration in the path, for a user who may change its DAG."""
    found = find(connection, user, integration_id)
    if not access.may_edit(user, found["name"]):
        raise HTTPException(403, f"You may look at {found['name']}, but not change it: that takes the right to edit its DAG.")
    return found


Shown = Annotated[Row, Depends(shown)]
Changed = Annotated[Row, Depends(changed)]
