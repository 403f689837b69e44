"""What one run did, as a person wants to read it: what moved, what was turned back and why. All SQL of the report is here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

from connectors.errors import shorten

Rows = list[dict[str, Any]]
COLUMNS = ("created", "updated", "deleted", "alike", "skipped", "failed")
MOST_REASONS = 12
LONGEST_REASON = 150

_HAS_BACKFILL = """
    select exists (select from sync.batch b join sync.integration i on i.id = b.integration_id
                   where i.name = %s and b.mode = 'backfill' and b.state in ('done', 'partial', 'idle'))
"""
_BATCH = """
    select b.id, b.mode, b.state, b.reads, initcap(replace(i.name, 'salesforce_', '')) as app
    from sync.batch b join sync.integration i on i.id = b.integration_id where b.run_id = %s order by b.id desc limit 1
"""
_MOVED = """
    select entity, side,
           count(*) filter (where state = 'done' and operation = 'create') as created,
           count(*) filter (where state = 'done' and operation = 'update') as updated,
           count(*) filter (where state = 'done' and operation = 'delete') as deleted,
           count(*) filter (where state = 'done' and operation = 'agree') as alike,
           count(*) filter (where state = 'skipped') as skipped,
           count(*) filter (where state in ('failed', 'unknown')) as failed,
           count(*) filter (where state in ('planned', 'approved', 'sending')) as open
    from sync.action where batch_id = %s group by entity, side order by min(position), entity, side
"""
_FAILED = """
    select entity, side, code as field, message as reason, count(*) as records,
           min(coalesce(salesforce_id, app_id)) as example
    from sync.action where batch_id = %s and state in ('failed', 'unknown')
    group by entity, side, code, message order by records desc
"""
_REJECTED = """
    select entity, side, reason ->> 'field' as field, min(reason ->> 'reason') as reason,
           count(distinct record_id) as records, min(record_id) as example
    from sync.rejection, jsonb_array_elements(reasons) as reason
    where last_batch_id = %s and closed_at is null and stage <> 'load'
    group by entity, side, reason ->> 'field', reason ->> 'code' order by records desc, entity, side
"""
_CONFLICTS = "select count(*) as n from sync.conflict where batch_id = %s"
_EXAMPLE = """
    select salesforce_id from sync.link
    where entity = 'contact' and state = 'live' and salesforce_id is not null order by id limit 1
"""


@dataclass(frozen=True)
class Report:
    """The rows behind the tables; `batch` is None when the run stopped before it wrote anything."""

    batch: dict[str, Any] | None
    moved: Rows
    rejected: Rows
    failed: Rows
    conflicts: int = 0

    @property
    def written(self) -> int:
        """How many records were created, updated or deleted."""
        return sum(row["created"] + row["updated"] + row["deleted"] for row in self.moved)

    @property
    def is_finished(self) -> bool:
        """Whether the run came to its end, even if some records could not go."""
        return self.batch is not None and self.batch["state"] in ("done", "partial", "idle", "planned")


def has_backfill(connection: psycopg.Connection[Any], integration: str) -> bool:
    """Whether a backfill of the integration has come to its end in this database."""
    row = connection.execute(_HAS_BACKFILL, (integration,)).fetchone()
    return bool(row and row[0])


def read(connection: psycopg.Connection[Any], run_id: str) -> Report:
    """Read what the run with Airflow's `run_id` did."""
    with connection.cursor(row_factory=dict_row) as cursor:
        batch = cursor.execute(_BATCH, (run_id,)).fetchone()
        if batch is None:
            return Report(None, [], [], [])
        moved, rejected, failed, conflicts = (
            cursor.execute(query, (batch["id"],)).fetchall() for query in (_MOVED, _REJECTED, _FAILED, _CONFLICTS)
        )
    return Report(batch, moved, rejected, failed, conflicts[0]["n"])


def example_contact(connection: psycopg.Connection[Any]) -> str:
    """Return the Salesforce id of some linked contact, for a command to try; a placeholder when there is none."""
    row = connection.execute(_EXAMPLE).fetchone()
    return str(row[0]) if row else "CONTACT_ID"


def render(report: Report) -> str:
    """Return the whole report as text."""
    if report.batch is None:
        return "The run stopped in extract, before it read anything."
    app = report.batch["app"]
    parts = [_moved(report, report.batch), _unread(report.batch)]
    parts.append(_reasons("Held back before writing, as a whole or in one field", report.rejected, app))
    parts.append(_reasons("Refused by the other system", report.failed, app))
    if report.conflicts:
        parts.append(f"Conflicts decided: {report.conflicts} (table sync.conflict keeps the losing values)")
    return "\n\n".join(part for part in parts if part)


def table(head: Sequence[str], rows: Sequence[Sequence[Any]], left: int = 2) -> str:
    """Return an aligned text table: the first `left` columns flush left, the others right."""
    cells = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if i < left else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]
    return "\n".join("  " + line.rstrip() for line in (lines[0], "  ".join("-" * width for width in widths), *lines[1:]))


def _moved(report: Report, batch: dict[str, Any]) -> str:
    title = f"What moved (batch {batch['id']}, mode {batch['mode']}, {batch['state']})"
    if not report.moved:
        agrees = report.is_finished and not _unread(batch)
        return f"{title}\n  {'Nothing: both systems agree, no write call was made.' if agrees else 'Nothing.'}"
    if not any(row[column] for row in report.moved for column in (*COLUMNS, "open") if column != "alike"):
        alike = sum(row["alike"] for row in report.moved)
        return f"{title}\n  Nothing: no write call was made; {alike} records were looked at again and are alike on both sides."
    columns = [*COLUMNS, *(["open"] if any(row["open"] for row in report.moved) else [])]
    arrows = {"app": f"Salesforce → {batch['app']}", "salesforce": f"{batch['app']} → Salesforce"}
    rows = [[row["entity"], arrows[row["side"]], *(row[column] for column in columns)] for row in report.moved]
    return f"{title}\n{table(['entity', 'direction', *columns], rows)}"


def _unread(batch: dict[str, Any]) -> str:
    errors = {entity: read["error"] for entity, read in (batch["reads"] or {}).items() if "error" in read}
    return "\n".join(["Not read", *(f"  {entity}: {words}" for entity, words in errors.items())]) if errors else ""


def _reasons(title: str, rows: Rows, app: str) -> str:
    if not rows:
        return ""
    sides = {"app": app, "salesforce": "Salesforce"}
    lines = [
        f"  {row['records']:>5} × {row['entity']} of {sides[row['side']]}: {_words(row)}  (for example {row['example']})"
        for row in rows[:MOST_REASONS]
    ]
    more = [f"  … and more, {len(rows)} reasons in all"] if len(rows) > MOST_REASONS else []
    return "\n".join([title, *lines, *more])


def _words(row: dict[str, Any]) -> str:
    """Return field and reason, without saying the field twice."""
    field, reason = row["field"] or "", shorten(row["reason"] or "", LONGEST_REASON)
    return reason if not field or reason.startswith(field) else f"{field}: {reason}"
