"""Guard: a plan that would change far more than a run usually does is held for a person, before the first write.

`exceeded` is pure; `measure` counts the plan in Postgres.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, text

from sync.batch import FINISHED, Batch
from sync.guard_settings import Guard

FORMER_RUNS = 20
FEWEST_FORMER_RUNS = 5  # a median of fewer says nothing
KIND = "case when settles->>'state' = 'tombstone' then 'delete' else operation end"  # a deletion may also tick a box
EMPTY = "('null'::jsonb, '\"\"'::jsonb, '[]'::jsonb)"


@dataclass(frozen=True, slots=True)
class Measure:
    """One kind of write in a plan: `count` of them, against `links` live links and the median of former runs."""

    entity: str
    side: str
    operation: str  # or "empty": an update that empties `field`
    count: int
    links: int
    median: float | None = None
    field: str = ""


@dataclass(frozen=True, slots=True)
class Excess:
    """A limit that a plan passes. `rule` is the key of the setting, `limit` how many would have passed."""

    entity: str
    side: str
    operation: str
    field: str
    rule: str
    count: int
    limit: int

    def __str__(self) -> str:
        """Return the line that people read."""
        what = f"{self.operation} {self.field}".strip()
        return f"{self.entity} to_{self.side} {what}: {self.count}, and guard.{self.rule} lets {self.limit} pass"

    def document(self) -> dict[str, object]:
        """Return it as plain values, with the words."""
        return {**asdict(self), "words": str(self)}


def exceeded(measures: Sequence[Measure], guard: Guard) -> list[Excess]:
    """Return every limit that the plan passes. No I/O, no clock."""
    return [excess for measure in measures if measure.count > guard.minimum for excess in _exceeded(measure, guard)]


def _exceeded(measure: Measure, guard: Guard) -> Iterator[Excess]:
    limits: dict[str, int] = {}
    if measure.operation == "empty":
        if measure.links:  # there is no share of nothing: the first plan of an integration or entity has a rule of its own
            limits["emptied_share"] = int(guard.emptied_share * measure.links)
    else:
        limit = guard.limits[measure.operation]
        if limit.most:
            limits[f"{measure.operation}.most"] = limit.most
        if limit.share and measure.links:
            limits[f"{measure.operation}.share"] = int(limit.share * measure.links)
        if guard.median_factor and measure.median:
            limits["median_factor"] = int(guard.median_factor * measure.median)
    for rule, most in limits.items():
        passing = max(most, guard.minimum)
        if measure.count > passing:
            yield Excess(measure.entity, measure.side, measure.operation, measure.field, rule, measure.count, passing)


def measure(connection: Connection, batch: Batch) -> list[Measure]:
    """Count the batch's plan by entity, side and operation, and by field that would go empty."""
    values = {"id": batch.id, "integration_id": batch.integration_id}
    links = {
        row.entity: row.live
        for row in connection.execute(
            text(
                "select entity, count(*) as live from sync.link where integration_id = :integration_id and state = 'live' group by 1"
            ),
            values,
        )
    }
    medians = _medians(connection, batch)
    counted = connection.execute(
        text(
            f"select entity, side, {KIND} as operation, count(*) as n from sync.action where batch_id = :id and state = 'planned'"
            f" and operation <> 'agree' and ({KIND} <> 'update' or fields <> '{{}}') group by 1, 2, 3 order by 1, 2, 3"
        ),
        values,
    )
    found = [
        Measure(r.entity, r.side, r.operation, r.n, links.get(r.entity, 0), medians.get((r.entity, r.side, r.operation)))
        for r in counted
    ]
    emptied = connection.execute(
        text(
            "select entity, side, f.key as field, count(*) as n from sync.action a, jsonb_each(a.fields) f where batch_id = :id"
            f" and state = 'planned' and operation = 'update' and f.value->1 in {EMPTY} and f.value->0 not in {EMPTY}"
            " group by 1, 2, 3 order by 1, 2, 3"
        ),
        values,
    )
    return found + [Measure(r.entity, r.side, "empty", r.n, links.get(r.entity, 0), field=r.field) for r in emptied]


def _medians(connection: Connection, batch: Batch) -> Mapping[tuple[str, str, str], float]:
    """The median of what former scheduled runs wrote, by entity, side and operation; none where there were too few."""
    query = text(
        "with runs as (select id from sync.batch where integration_id = :integration_id and id < :id and mode = 'sync'"
        "  and state = any(:finished) order by id desc limit :most),"
        f" counted as (select entity, side, {KIND} as operation, batch_id, count(*) as n from sync.action"
        "  where batch_id in (select id from runs) and state = 'done' and operation <> 'agree' group by 1, 2, 3, 4)"
        " select entity, side, operation, percentile_cont(0.5) within group (order by n) as median from counted"
        " group by 1, 2, 3 having count(*) >= :fewest"
    )
    values = {
        "integration_id": batch.integration_id, "id": batch.id, "finished": list(FINISHED), "most": FORMER_RUNS,
        "fewest": FEWEST_FORMER_RUNS,
    }  # fmt: skip
    return {(r.entity, r.side, r.operation): float(r.median) for r in connection.execute(query, values)}
