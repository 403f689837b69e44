"""Outcome: what a batch leaves behind, in numbers for the run and in a few lines for its log."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from sync.batch import FINISHED, Batch
from sync.rejections import QUIET

SHOWN = 12


@dataclass(frozen=True, slots=True)
class Trouble:
    """Open rejections of a batch and actions that failed; the new ones are those that no finished run has told of yet."""

    rejected: int
    new_rejected: int
    failed: int
    new_failed: int

    @property
    def is_news(self) -> bool:
        """Tell whether there is anything that people do not know of yet."""
        return bool(self.new_rejected or self.new_failed)

    def __bool__(self) -> bool:
        return bool(self.rejected or self.failed)


def trouble_of(connection: Connection, batch: Batch) -> Trouble:
    """Count what this batch leaves behind. A refused record that an open rejection tells of is counted as new with that only."""
    rejections = text(
        "select count(*), count(*) filter (where not exists (select 1 from sync.batch b where b.integration_id = r.integration_id"
        "  and b.id >= r.first_batch_id and b.id < :id and b.state = any(:finished))) from sync.rejection r"
        " where last_batch_id = :id and closed_at is null"
        " and exists (select 1 from jsonb_array_elements(reasons) x where x->>'code' <> all(:quiet))"
    )
    values = {"id": batch.id, "quiet": list(QUIET), "finished": list(FINISHED)}
    rejected = connection.execute(rejections, values).one()
    actions = text(
        "select count(distinct a.link_id), count(distinct a.link_id) filter (where not exists (select 1 from sync.rejection r"
        "  where r.integration_id = a.integration_id and r.entity = a.entity and r.closed_at is null and r.last_batch_id = :id"
        "  and (r.side = 'salesforce' and r.record_id = a.salesforce_id or r.side = 'app' and r.record_id = a.app_id)))"
        " from sync.action a where a.batch_id = :id and a.state in ('failed', 'unknown') and a.attempts > 0"
    )
    failed = connection.execute(actions, {"id": batch.id}).one()
    return Trouble(rejected[0], rejected[1], failed[0], failed[1])


def report(batch: Batch, trouble: Trouble) -> str:
    """One record per kind of reason, new ones first; no values and no words of the systems, for logs are read by many."""
    query = text(
        "select entity, side, (array_agg(record_id order by r.id))[1], count(*), kind"
        " from sync.rejection r, lateral (select string_agg(concat_ws(' ', x->>'code', nullif(x->>'field', '')), ', ') as kind"
        "  from jsonb_array_elements(reasons) x) as why"
        " where last_batch_id = :id and closed_at is null group by entity, side, kind"
        f" order by bool_or(first_batch_id = :id) desc, count(*) desc, min(r.id) limit {SHOWN}"
    )
    with batch.engine.connect() as connection:
        lines = [
            f"  {entity} {record_id} in {side}{f' and {count - 1} more' if count > 1 else ''}: {kind}"
            for entity, side, record_id, count, kind in connection.execute(query, {"id": batch.id})
        ]
    return "\n".join(
        [
            f"{batch.name}: done, but {trouble.rejected} records are rejected ({trouble.new_rejected} new,"
            f" {trouble.failed} refused when written):",
            *lines,
            "They go by themselves once they are mended at their source; nothing needs a rerun.",
            "Why, in words: the Sync health page, or select * from sync.rejection where closed_at is null;",
        ]
    )
