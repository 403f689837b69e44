"""What the demo's runs of one integration did, as a person wants to read it: what moved, who has to look at what. All SQL is here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

from connectors.errors import shorten
from connectors.forms import label
from sync.rejections import QUIET

Rows = list[dict[str, Any]]
COLUMNS = ("created", "updated", "deleted", "linked")
MOST_REASONS = 12
LONGEST_REASON = 150

_HAS_BACKFILL = """
    select exists (select from sync.batch b join sync.integration i on i.id = b.integration_id
                   where i.name = %s and b.mode = 'backfill' and b.state in ('done', 'partial', 'idle'))
"""
_RUN = """
    select b.id, b.state,
           (select count(*) from sync.action a where a.batch_id = b.id and a.state = 'done' and a.operation <> 'agree') as written,
           (select count(*) from sync.rejection r where r.first_batch_id = b.id and r.closed_at is null
            and exists (select from jsonb_array_elements(reasons) x where x ->> 'code' <> all(%(quiet)s))) as newly_held
    from sync.batch b where b.run_id = %(run)s order by b.id desc limit 1
"""
_BATCHES = """
    select b.id, b.integration_id from sync.batch b join sync.integration i on i.id = b.integration_id
    where i.name = %s and b.run_id = any(%s)
"""
_MOVED = """
    select entity, side,
           count(*) filter (where operation = 'create') as created,
           count(*) filter (where operation = 'update' and rule <> 'cross-reference') as updated,
           count(*) filter (where operation = 'delete') as deleted,
           count(*) filter (where operation = 'update' and rule = 'cross-reference') as linked
    from sync.action where batch_id = any(%(batches)s) and state = 'done' and operation <> 'agree'
    group by entity, side order by min(position), entity, side
"""
_HELD = """
    select entity, side, reason ->> 'field' as field, min(reason ->> 'reason') as reason,
           count(distinct record_id) as records, min(record_id) as example
    from sync.rejection, jsonb_array_elements(reasons) as reason
    where integration_id = %(integration)s and closed_at is null and reason ->> 'code' <> all(%(quiet)s)
    group by entity, side, reason ->> 'field', reason ->> 'code' order by records desc, entity, side
"""
_NUMBERS = """
    select count(*) filter (where exists (select from jsonb_array_elements(reasons) x where x ->> 'code' <> all(%(quiet)s))) as held,
           count(*) filter (where not exists (select from jsonb_array_elements(reasons) x where x ->> 'code' <> all(%(quiet)s)))
             as waiting,
           (select count(*) from sync.conflict where batch_id = any(%(batches)s)) as conflicts,
           (select count(*) from sync.action where integration_id = %(integration)s
            and state in ('planned', 'approved', 'sending', 'unknown', 'accepted')) as open
    from sync.rejection where integration_id = %(integration)s and closed_at is null
"""
_EXAMPLE = """
    select salesforce_id from sync.link
    where entity = 'contact' and state = 'live' and salesforce_id is not null order by id limit 1
"""


@dataclass(frozen=True)
class Run:
    """One run of an integration; `state` is that of its batch, empty when the run stopped before there was one."""

    state: str = ""
    written: int = 0
    newly_held: int = 0

    @property
    def is_finished(self) -> bool:
        """Whether the run came to its end, even if some records could not go."""
        return self.state in ("done", "partial", "idle", "planned")


@dataclass(frozen=True)
class Report:
    """The rows behind the tables of one integration: what several runs moved, what is held back and what is open by now."""

    app: str
    moved: Rows
    held: Rows
    held_records: int = 0
    waiting: int = 0
    conflicts: int = 0
    open: int = 0


def has_backfill(connection: psycopg.Connection[Any], integration: str) -> bool:
    """Whether a backfill of the integration has come to its end in this database."""
    row = connection.execute(_HAS_BACKFILL, (integration,)).fetchone()
    return bool(row and row[0])


def read_run(connection: psycopg.Connection[Any], run_id: str) -> Run:
    """Read how the run with Airflow's `run_id` went."""
    row = connection.execute(_RUN, {"run": run_id, "quiet": list(QUIET)}).fetchone()
    return Run(*row[1:]) if row else Run()


def read(connection: psycopg.Connection[Any], app: str, run_ids: Sequence[str]) -> Report:
    """Read what these runs of an app's integration moved, and how it stands now."""
    batches = connection.execute(_BATCHES, (f"salesforce_{app}", list(run_ids))).fetchall()
    values = {"batches": [id for id, _ in batches], "integration": batches[0][1] if batches else None, "quiet": list(QUIET)}
    with connection.cursor(row_factory=dict_row) as cursor:
        moved, held, [numbers] = (cursor.execute(query, values).fetchall() for query in (_MOVED, _HELD, _NUMBERS))
    return Report(app, moved, held, numbers["held"], numbers["waiting"], numbers["conflicts"], numbers["open"])


def example_contact(connection: psycopg.Connection[Any]) -> str:
    """Return the Salesforce id of some linked contact, for a command to try; a placeholder when there is none."""
    row = connection.execute(_EXAMPLE).fetchone()
    return str(row[0]) if row else "CONTACT_ID"


def render(report: Report) -> str:
    """Return the whole report as text."""
    app = label(report.app)
    notes = [_held(report, app)] if report.held else []
    if report.waiting:
        notes.append(f"  Waiting for another record, by themselves: {report.waiting}")
    if report.conflicts:
        notes.append(f"  Conflicts decided: {report.conflicts} (the table sync.conflict keeps the values that lost)")
    if report.open:
        notes.append(f"  Writes still under way: {report.open}")
    return "\n".join([_moved(report, app), *notes])


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


def _moved(report: Report, app: str) -> str:
    if not report.moved:
        return "  Nothing moved: no write call was made."
    arrows = {"app": f"Salesforce → {app}", "salesforce": f"{app} → Salesforce"}
    rows = [[row["entity"], arrows[row["side"]], *(row[column] for column in COLUMNS)] for row in report.moved]
    return table(["entity", "direction", *COLUMNS], rows)


def _held(report: Report, app: str) -> str:
    sides = {"app": app, "salesforce": "Salesforce"}
    lines = [
        f"  {row['records']:>5} × {row['entity']} of {sides[row['side']]}: {_words(row)}  (for example {row['example']})"
        for row in report.held[:MOST_REASONS]
    ]
    more = [f"  … and more, {len(report.held)} reasons in all"] if len(report.held) > MOST_REASONS else []
    return "\n".join([f"  Records that need a person: {report.held_records}", *lines, *more])


def _words(row: dict[str, Any]) -> str:
    """Return field and reason, without saying the field twice."""
    field, reason = row["field"] or "", shorten(row["reason"] or "", LONGEST_REASON)
    return reason if not field or field in reason else f"{field}: {reason}"
