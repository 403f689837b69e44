"""What tests of held plans share."""

from typing import Any

from connectors.memory import MemoryConnector
from pipeline import Pipeline
from sync.apply import apply

LIMITED = "guard: {first_run: go, minimum: 3, delete: {most: 3}, update: {share: 0.5}}"


def people(salesforce: MemoryConnector, count: int) -> list[str]:
    """Put contacts into Salesforce; return their ids."""
    return [salesforce.put("contact", LastName=f"P{n:02d}", Email=f"p{n}@nordwerk.example", Title="old") for n in range(count)]


def approve(pipeline: Pipeline, batch_id: int) -> dict[str, Any]:
    """Carry a plan out as the approval's task does."""
    return apply(pipeline.engine, batch_id, "operator", lambda _: pipeline.connectors)


def held(pipeline: Pipeline) -> int:
    """The number of the one plan that waits."""
    [(batch_id,)] = pipeline.rows("select batch_id from sync.approval where state = 'waiting'")
    return int(batch_id)


def six_of_ten(pipeline: Pipeline, salesforce: MemoryConnector) -> tuple[list[str], int]:
    """Let six of ten people who are in step be edited, which the guard holds; return all ids and the number of the plan."""
    ids = people(salesforce, 10)
    pipeline.run(mode="backfill")
    for each in ids[:6]:
        salesforce.edit("contact", each, Title="new")
    pipeline.run()
    return ids, held(pipeline)
