"""What the nightly audit found: a figure per night, and the differences of one audit."""

from typing import Any

from sqlalchemy import Connection

from health.queries import Row, rows

AUDITS = """
select id, run_id, state, health::float as health, counts, requeued, started_at, ended_at from sync.audit
where integration_id = :id order by id desc limit :limit
"""
DIFFERENCES = """
select d.id, d.entity, d.side, d.record_id, d.other_id, d.kind, d.class, d.fields, d.is_requeued from sync.audit_difference d
join sync.audit a on a.id = d.audit_id
where a.integration_id = :id and d.audit_id = :audit and (:class = '' or d.class = :class) and d.id > :after
order by d.id limit :limit
"""


def audits(connection: Connection, integration_id: int, limit: int = 90) -> list[Row]:
    """The latest audits, the newest first."""
    return rows(connection, AUDITS, id=integration_id, limit=limit)


def differences(connection: Connection, integration_id: int, audit_id: int, name: str, after: int, limit: int) -> list[Row]:
    """A page of the differences of one audit, of one class or of all."""
    asked: dict[str, Any] = {"id": integration_id, "audit": audit_id, "class": name, "after": after, "limit": limit}
    return rows(connection, DIFFERENCES, **asked)
