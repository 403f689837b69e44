"""The routes of plans: which there are, what they would write, and the same as CSV."""

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import StreamingResponse

from health import queries_plans
from health.access import Reader
from health.answers import PRIVATE, Shown, answer
from health.queries import Row
from health.spreadsheet import as_csv
from health.state import Database, engine

router = APIRouter()


@router.get("/integrations/{integration_id}/plans")
def plans(connection: Database, integration: Shown) -> Response:
    """The newest plans."""
    return answer({"rows": queries_plans.plans(connection, integration["id"])})


@router.get("/integrations/{integration_id}/plans/{batch_id}")
def plan(connection: Database, integration: Shown, batch_id: int, position: int = -1, after: int = 0) -> Response:
    """A page of the writes of one plan."""
    _require_own(connection, integration, batch_id)
    return answer({"rows": queries_plans.lines(connection, batch_id, position, after), "page": queries_plans.PAGE})


@router.get("/integrations/{integration_id}/plans/{batch_id}/csv")
def as_file(user: Reader, connection: Database, integration: Shown, batch_id: int) -> Response:
    """The whole plan as CSV, page by page, so that memory stays flat."""
    _require_own(connection, integration, batch_id)
    name = f"{integration['name']}-plan-{batch_id}.csv"
    headers = {**PRIVATE, "Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_lines(batch_id), media_type="text/csv; charset=utf-8", headers=headers)


def _lines(batch_id: int):  # type: ignore[no-untyped-def]
    with engine().connect() as connection:
        yield from as_csv(queries_plans.CSV_COLUMNS, queries_plans.table(connection, batch_id))


def _require_own(connection: Database, integration: Row, batch_id: int) -> None:
    if queries_plans.integration_of(connection, batch_id) != integration["id"]:
        raise HTTPException(404, f"{integration['name']} has no plan {batch_id}.")
