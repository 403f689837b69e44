"""Plans: what a run with mode=plan, or one that the guard holds, would write, field by field."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, text

from health.queries import Row, rows

PLANS = """
select b.id, b.run_id, b.mode, b.state, b.started_at, b.counts->'reconcile' as counts,
  exists (select 1 from sync.action a where a.batch_id = b.id and a.state in ('planned', 'approved')) as is_open,
  case when p.batch_id is not null then jsonb_build_object('state', p.state, 'reasons', p.reasons, 'expires_at', p.expires_at,
    'decided_by', p.decided_by, 'decided_at', p.decided_at) end as approval,
  case when p.state = 'applied' then coalesce((b.counts->'load'->'rejected')::int, 0) else 0 end as rejected,
  case when p.state = 'applied' then (select count(distinct a.link_id) from sync.action a where a.batch_id = b.id and a.attempts > 0
    and a.state in ('failed', 'unknown')) else 0 end as refused
from sync.batch b left join sync.approval p on p.batch_id = b.id
where b.integration_id = :id and (b.mode = 'plan' or b.state = 'held' or p.batch_id is not null)
order by b.id desc limit :limit
"""

WAITING = """
select count(*) from sync.approval p join sync.batch b on b.id = p.batch_id
where p.state = 'waiting' and p.expires_at > now() and b.integration_id = :id
"""

ACTIONS = """
select a.id, a.position, a.entity, a.side, a.operation, a.state, a.salesforce_id, a.app_id, a.link_id, a.fields, a.extra, a.rule,
  a.settles, l.base, l.app_base
from sync.action a left join sync.link l on l.id = a.link_id
where a.batch_id = :batch_id and a.operation <> 'agree' and (a.position, a.id) > (:position, :after)
order by a.position, a.id limit :limit
"""

CONFLICTS = """
select link_id, field, base, salesforce_value, app_value, decision, rule from sync.conflict
where batch_id = :batch_id and link_id = any(:link_ids)
"""

PAGE = 100
CSV_PAGE = 1000
CSV_COLUMNS = (
    "entity", "operation", "written_to", "salesforce_id", "app_id", "field", "base", "salesforce_value", "app_value", "new_value",
    "decision", "rule", "state",
)  # fmt: skip
OTHER = {"salesforce": "app", "app": "salesforce"}


def plans(connection: Connection, integration_id: int, limit: int = 30) -> list[Row]:
    """The newest plans, with what they count and whether they can still be carried out."""
    return rows(connection, PLANS, id=integration_id, limit=limit)


def waiting(connection: Connection, integration_id: int) -> int:
    """How many plans wait for a person."""
    return int(connection.scalar(text(WAITING), {"id": integration_id}) or 0)


def lines(connection: Connection, batch_id: int, position: int = -1, after: int = 0, limit: int = PAGE) -> list[Row]:
    """The writes of a plan in the order of sending, each with its fields: base, both values, the new one, decision and rule.

    `position` and `after` (an id) are those of the last write of the page before.
    """
    found = rows(connection, ACTIONS, batch_id=batch_id, position=position, after=after, limit=limit)
    link_ids = [row["link_id"] for row in found if row["link_id"] is not None]
    decided = {(row["link_id"], row["field"]): row for row in rows(connection, CONFLICTS, batch_id=batch_id, link_ids=link_ids)}
    return [_line(row, decided) for row in found]


def _line(row: Row, decided: dict[tuple[Any, Any], Row]) -> Row:
    changes = [_change(row, name, pair, decided.get((row["link_id"], name))) for name, pair in row["fields"].items()]
    shown = {name: value for name, value in row.items() if name not in ("fields", "settles", "base", "app_base")}
    return {**shown, "changes": changes}


def _change(row: Row, name: str, pair: list[Any], conflict: Row | None) -> Row:
    """One field of one write. The side written holds the old value; the other one's is what it settles on."""
    old, new = pair
    side, other = row["side"], OTHER[row["side"]]
    values = {side: old, other: row["settles"].get(other, {}).get(name, new)}
    base, decision, rule = (row["base"] or {}).get(name), other, row["rule"]
    if conflict:
        values = {"salesforce": conflict["salesforce_value"], "app": conflict["app_value"]}
        base, decision, rule = conflict["base"], conflict["decision"], conflict["rule"]
    return {
        "field": name, "base": base, "salesforce": values["salesforce"], "app": values["app"], "new": new, "decision": decision,
        "rule": rule,
    }  # fmt: skip


def table(connection: Connection, batch_id: int) -> Iterator[list[Any]]:
    """Yield the plan as rows of CSV_COLUMNS, one per field (one without a field where nothing but the record itself changes)."""
    position, after = -1, 0
    while page := lines(connection, batch_id, position, after, CSV_PAGE):
        for line in page:
            head = [line["entity"], line["operation"], line["side"], line["salesforce_id"], line["app_id"]]
            for change in line["changes"] or [{}]:
                values = [change.get(key) for key in ("field", "base", "salesforce", "app", "new", "decision")]
                yield [*head, *values, change.get("rule", line["rule"]), line["state"]]
        position, after = page[-1]["position"], page[-1]["id"]


def integration_of(connection: Connection, batch_id: int) -> int | None:
    """The integration that a batch belongs to."""
    value: Any = connection.scalar(text("select integration_id from sync.batch where id = :id"), {"id": batch_id})
    return None if value is None else int(value)
