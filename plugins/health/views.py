"""The routes that only read: overview, history, search, what waits, the mapping in force."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Response

from health import access, contacts, queries, queries_audit, queries_plans, queries_records, queries_waiting
from health.access import Reader
from health.answers import Shown, answer
from health.budget import budget
from health.in_force import in_force
from health.state import Database

router = APIRouter()
DAYS = (1, 7, 30, 90)
PAGE_ROWS = 100

Words = Annotated[str, Query(max_length=200)]
Many = Annotated[list[str], Query(max_length=30)]
After = Annotated[int, Query(ge=0)]


@router.get("/integrations")
def integrations(user: Reader, connection: Database, dag_id: Words = "") -> Response:
    """The integrations whose DAG the user may read (only that of `dag_id`), with state and what waits."""
    names = [name for name in access.readable(user) if dag_id in ("", name)]
    found = queries.integrations(connection, names)
    for row in found:
        row["latest"] = queries.latest_states(connection, row["id"], 30)
        row["last_day"] = queries.over_time(connection, row["id"], 1)
    return answer({"integrations": found, "can_see_none": not names})


@router.get("/integrations/{integration_id}")
def overview(user: Reader, connection: Database, integration: Shown, days: int = 7) -> Response:
    """One integration: runs, counts over time, watermarks, budget, what waits, and what the user may do."""
    key, dag_id = integration["id"], integration["name"]
    return answer(
        {
            "integration": queries.integrations(connection, [dag_id], key)[0],
            "may": {
                "edit": access.may_edit(user, dag_id),
                "trigger": access.may_trigger(user, dag_id),
                "undo": access.may_operate(user, "lockstep_undo"),
            },
            "entities": queries.entities(connection, key),
            "runs": queries.runs(connection, key, 12),
            "latest": queries.latest_states(connection, key),
            "over_time": queries.over_time(connection, key, days if days in DAYS else 7),
            "watermarks": queries.watermarks(connection, key),
            "reasons": queries_waiting.reasons(connection, key),
            "budget": budget(connection, dag_id),
            "plans_waiting": queries_plans.waiting(connection, key),
            "has_exports": contacts.is_only_read(connection, key),
        }
    )


@router.get("/integrations/{integration_id}/runs")
def runs(connection: Database, integration: Shown, before: After = 0, with_idle: bool = False) -> Response:
    """A page of runs."""
    return answer({"rows": queries.runs(connection, integration["id"], 50, before, with_idle)})


@router.get("/integrations/{integration_id}/records")
def records(
    connection: Database,
    integration: Shown,
    entity: Many = [],  # noqa: B006 (FastAPI copies it)
    side: Many = [],  # noqa: B006
    operation: Many = [],  # noqa: B006
    state: Many = [],  # noqa: B006
    within: int = 0,
    batch: After = 0,
    before: After = 0,
) -> Response:
    """The last 100 writes, or the 100 before `before`; `within`: of the last days, `batch`: of one run."""
    known = queries.entities(connection, integration["id"])
    found = queries_records.history(
        connection,
        integration["id"],
        [each for each in known if not entity or each in entity],
        _chosen(side, queries_records.SIDES),
        _chosen(operation, queries_records.OPERATIONS),
        _chosen(state, queries_records.STATES),
        before,
        PAGE_ROWS,
        within if within in DAYS else 0,
        batch,
    )
    return answer({"rows": found, "entities": known})


def _chosen(asked: list[str], known: tuple[str, ...]) -> list[str]:
    return [each for each in known if not asked or each in asked]


@router.get("/integrations/{integration_id}/record")
def record(connection: Database, integration: Shown, entity: Words, side: Words, record_id: Words) -> Response:
    """All that is known of one record."""
    if side not in queries_records.SIDES:
        raise HTTPException(422, "side is salesforce or app")
    return answer(queries_records.record(connection, integration["id"], entity, side, record_id))


@router.get("/search")
def search(user: Reader, connection: Database, q: Words = "", dag_id: Words = "") -> Response:
    """Records by id or by the beginning of their e-mail address, in every integration that the user may read."""
    names = [name for name in access.readable(user) if dag_id in ("", name)]
    ids = [row["id"] for row in queries.known(connection, names)]
    entities = sorted({each for key in ids for each in queries.entities(connection, key)})
    return answer({"rows": queries_records.search(connection, ids, entities, q)})


@router.get("/integrations/{integration_id}/rejections")
def rejections(
    connection: Database,
    integration: Shown,
    entity: Words = "",
    side: Words = "",
    stage: Words = "",
    code: Words = "",
    batch: After = 0,
    before: After = 0,
) -> Response:
    """A page of the quarantine, and how many records wait for which reason."""
    key = integration["id"]
    found = queries_waiting.rejections(connection, key, entity, side, stage, code, batch, before, PAGE_ROWS)
    return answer({"rows": found, "reasons": queries_waiting.reasons(connection, key)})


@router.get("/integrations/{integration_id}/conflicts")
def conflicts(connection: Database, integration: Shown, entity: Words = "", decision: Words = "", before: After = 0) -> Response:
    """A page of conflicts."""
    return answer({"rows": queries_waiting.conflicts(connection, integration["id"], entity, decision, before, PAGE_ROWS)})


@router.get("/integrations/{integration_id}/ambiguous")
def ambiguous(connection: Database, integration: Shown, before: After = 0) -> Response:
    """A page of records that match more than one."""
    return answer({"rows": queries_waiting.ambiguous(connection, integration["id"], before)})


@router.get("/integrations/{integration_id}/audits")
def audits(connection: Database, integration: Shown) -> Response:
    """The latest audits and their figures."""
    return answer({"rows": queries_audit.audits(connection, integration["id"])})


@router.get("/integrations/{integration_id}/audits/{audit_id}")
def differences(connection: Database, integration: Shown, audit_id: int, name: Words = "", after: After = 0) -> Response:
    """A page of the differences that one audit found; `name`: of this class only."""
    found = queries_audit.differences(connection, integration["id"], audit_id, name, after, PAGE_ROWS)
    return answer({"rows": found, "page": PAGE_ROWS})


@router.get("/integrations/{integration_id}/mapping")
def mapping(connection: Database, integration: Shown) -> Response:
    """The mapping that the last run used, its rows, and whether the files have been edited since."""
    content: Any = in_force(connection, integration)
    return answer(content)


@router.get("/integrations/{integration_id}/exports")
def exports(connection: Database, integration: Shown, state: Words = "", q: Words = "") -> Response:
    """The app's records and how the export of each stands."""
    return answer({"rows": contacts.contacts(connection, integration["id"], state, q)})
