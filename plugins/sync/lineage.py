"""Lineage: what a stage has read and written, and how much, for OpenLineage. Names of tables and objects and figures, never a record.

A task notes it on its operator, which Airflow's OpenLineage provider asks for it. Where OpenLineage is not set up, or its provider is
not installed, nothing of it is loaded.
"""

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from sync.settings import SIDES, Settings

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage
    from openlineage.client.event_v2 import Dataset

Names = tuple[str, ...]
TABLES: dict[str, tuple[Names, Names]] = {  # what a stage reads and writes of our own
    "extract": ((), ("staging.raw",)),
    "map": (("staging.raw",), ("staging.record", "sync.rejection")),
    "validate": (("staging.record",), ("staging.record", "sync.rejection")),
    "reconcile": (("staging.record", "sync.link"), ("sync.action", "sync.conflict", "sync.rejection")),
    "load": (("sync.action",), ("sync.link", "sync.rejection")),
}
FACET = "lockstep_counts"
BATCH = """
select b.id, coalesce(b.counts->:stage, '{}') as counts, i.org_id, i.account_id
from sync.batch b join sync.integration i on i.id = b.integration_id
where i.name = :name and (b.run_id = :which or b.id::text = :which) order by b.id desc limit 1
"""
log = logging.getLogger(__name__)


def note_lineage(operator: Any, engine: Engine, settings: Settings, stage: str, which: str) -> None:
    """Leave on the operator, as `told`, what `stage` of a batch (its run id or number) has read, written and counted.

    Never raises: a task is not to fail for it, nor to hide the error that it fails with.
    """
    if not is_wanted():
        return
    try:
        operator.told = lineage_of(engine, settings, stage, which)
    except SQLAlchemyError as error:
        log.warning("%s: OpenLineage is not told of %s: %s", settings.integration, stage, type(error).__name__)


def lineage_of(engine: Engine, settings: Settings, stage: str, which: str) -> "OperatorLineage | None":
    """Return the datasets and the figures of a stage, None where there is no such batch."""
    from airflow.providers.openlineage.extractors import OperatorLineage
    from openlineage.client.facet_v2 import RunFacet

    with engine.connect() as connection:
        batch: Any = connection.execute(text(BATCH), {"name": settings.integration, "which": which, "stage": stage}).one_or_none()
    if batch is None:
        return None
    reads, writes = (list(_tables(engine, names)) for names in TABLES[stage])
    if stage == "extract":
        reads += _objects(settings, batch, is_write=False)
    if stage == "load":
        writes += _objects(settings, batch, is_write=True)
    facet = RunFacet().with_additional_properties(
        integration=settings.integration, stage=stage, batch=batch.id, counts=figures(batch.counts)
    )
    return OperatorLineage(inputs=reads, outputs=writes, run_facets={FACET: facet})


def figures(counts: Any) -> dict[str, Any]:
    """Return the counts of a stage without anything that is not a number."""
    nested = {key: figures(value) if isinstance(value, dict) else value for key, value in counts.items()}
    return {key: value for key, value in nested.items() if isinstance(value, dict | int | float)}


def _tables(engine: Engine, names: Names) -> Iterator["Dataset"]:
    """Our own tables, named as OpenLineage names those of Postgres."""
    from openlineage.client.event_v2 import Dataset

    namespace = f"postgres://{engine.url.host or 'localhost'}:{engine.url.port or 5432}"
    yield from (Dataset(namespace, f"{engine.url.database}.{name}") for name in names)


def _objects(settings: Settings, batch: Any, is_write: bool) -> list["Dataset"]:
    """What the entities are in the two systems, by org and account."""
    from openlineage.client.event_v2 import Dataset

    places = {"salesforce": f"salesforce://{batch.org_id}", "app": f"{settings.app}://{batch.account_id}"}
    found = {
        (places[side], entity.reads_as(side))
        for entity in settings.entities
        if entity.enabled
        for side in SIDES
        if not is_write or entity.writes_to(side)
    }
    return [Dataset(*each) for each in sorted(found)]


def is_wanted() -> bool:
    """Tell whether OpenLineage is set up and its provider is there."""
    try:
        from airflow.providers.openlineage import conf
    except ImportError:
        return False
    return not conf.is_disabled()
