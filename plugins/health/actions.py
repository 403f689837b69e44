"""The routes that change something, for users who may edit the DAG: retry, settle. Nothing here writes to either system."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, Field

from health import access, queries_waiting
from health.access import Writer
from health.answers import Changed, answer
from health.queries import Row
from health.state import Database

router = APIRouter()
Id = Annotated[str, Field(min_length=1, max_length=100)]


class Retry(BaseModel):
    """Which rejections: those with these ids, or all that the filter names."""

    ids: list[int] = Field(default=[], max_length=1000)
    entity: str = ""
    side: str = ""
    stage: str = ""
    code: str = ""
    batch: int = 0


class Settlement(BaseModel):
    """What a person says of an ambiguous record: it belongs to `other_id`, or (None) to none, so that a new one is made."""

    rejection_id: int
    other_id: Id | None = None


class Withdrawal(BaseModel):
    """The record whose decision is taken back."""

    rejection_id: int


@router.post("/integrations/{integration_id}/retry")
def retry(integration: Changed, connection: Database, asked: Retry) -> Response:
    """Let records come back with the next run."""
    if asked.ids:
        count = queries_waiting.retry(connection, integration["id"], asked.ids)
    else:
        count = queries_waiting.retry_all(
            connection, integration["id"], asked.entity, asked.side, asked.stage, asked.code, asked.batch
        )
    return answer({"count": count})


@router.post("/integrations/{integration_id}/settle")
def settle(user: Writer, integration: Changed, connection: Database, asked: Settlement) -> Response:
    """Keep what a person decided of an ambiguous record; the next run carries it out."""
    rejection = _open_rejection(connection, integration, asked.rejection_id)
    if asked.other_id is not None:
        other = queries_waiting.OTHER[rejection["side"]]
        taken = queries_waiting.linked_to(connection, integration["id"], rejection["entity"], other, asked.other_id)
        if taken is not None:
            raise HTTPException(
                409, f"{asked.other_id} is linked to {taken or 'another record'} by now. Choose another, or make a new one."
            )
    queries_waiting.decide(connection, integration["id"], rejection, asked.other_id, access.name_of(user))
    return answer({"count": 1})


@router.post("/integrations/{integration_id}/unsettle")
def unsettle(integration: Changed, connection: Database, asked: Withdrawal) -> Response:
    """Take a decision back that no run has carried out yet."""
    rejection = _open_rejection(connection, integration, asked.rejection_id)
    return answer({"count": queries_waiting.withdraw_decision(connection, integration["id"], rejection)})


def _open_rejection(connection: Database, integration: Row, rejection_id: int) -> Row:
    found = queries_waiting.ambiguous(connection, integration["id"], only=rejection_id)
    if not found:
        raise HTTPException(404, "This record does not wait for a decision any more. Reload the list.")
    return found[0]
