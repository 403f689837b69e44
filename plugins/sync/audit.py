"""Audit: both sides read whole and compared with what the links were settled on, every difference with its reason.

What nothing explains is put right by the next run, up to a limit: its records are queued as if they had just changed, so that
planning, guard and policies hold for them as for any other. Nothing is written to either system here.
"""

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

from connectors.contract import Connector
from connectors.errors import BudgetError
from sync import settings as settings_file
from sync.audit_facts import CLASSES, Difference, Scope, class_of, compared, differences
from sync.audit_fields import name_fields
from sync.audit_reading import Reader
from sync.audit_repair import confirm_missing, fetch, requeue
from sync.batch import Batch, find_batch_by_id
from sync.changes import STAMP_MARGIN
from sync.consent import require_confirmed
from sync.database import to_json
from sync.disconnect import disconnection
from sync.history import enabled_at
from sync.settings import SIDES, EntitySettings, Settings, Side

KEPT_DAYS = 365
LISTED = 200  # differences kept by entity and class; unexplained ones all, up to KEPT
KEPT = 5000
log = logging.getLogger(__name__)

LATEST = """
select max(b.id) from sync.batch b join sync.integration i on i.id = b.integration_id
where i.name = :name and b.state in ('done', 'partial', 'idle') and (cast(:org as text) is null or (i.org_id, i.account_id) = (:org, :account))
"""
READ_TO = "select side, value from sync.watermark where integration_id = :id and entity = :entity"


@dataclass(slots=True)
class Report:
    """What an audit has found. `counts`: entity → number compared, number by class, why it was not compared whole."""

    counts: dict[str, dict[str, Any]] = field(default_factory=dict)
    found: list[Difference] = field(default_factory=list)
    requeued: int = 0
    limit: int = 0

    @property
    def unexplained(self) -> list[Difference]:
        """The differences that nothing explains."""
        return [each for each in self.found if class_of(each) == "unexplained"]

    @property
    def health(self) -> float | None:
        """The share of what was compared that has no unexplained difference; None where nothing was."""
        total = sum(count.get("compared", 0) for count in self.counts.values())
        return 1 - min(len(self.unexplained), total) / total if total else None

    @property
    def is_left(self) -> bool:
        """Tell whether there are more unexplained differences than may be put right without a person."""
        return len(self.unexplained) > self.limit

    @property
    def is_whole(self) -> bool:
        """Tell whether every entity was compared."""
        return not any("stopped" in count for count in self.counts.values())


def audit(engine: Engine, folder: Path, run_id: str, connect: Any, is_rehearsal: bool = False) -> Report | None:
    """Compare both sides of the integration in `folder`; None where it has never run, or was disconnected.

    Keeps to the audit's part of the budget: an entity for which it is not enough is reported and left out. Raises the errors of
    reading.
    """
    settings = settings_file.load(folder)
    if not has_run(engine, settings):
        return None
    require_confirmed(settings, is_rehearsal)
    began = datetime.now(UTC)
    connectors = connect(_frugal(settings))
    latest = _latest(engine, settings, (connectors["salesforce"].account_id(), connectors["app"].account_id()))
    if latest is None:
        return None
    batch = find_batch_by_id(engine, latest)
    report = Report(limit=settings.audit.repairs)
    with engine.connect() as connection:
        for entity in batch.entities():
            report.counts[entity.name] = _compare(connection, batch, entity, connectors, began, report.found)
    is_mended = 0 < len(report.unexplained) <= report.limit
    if is_mended:
        fetch(report.unexplained, batch, connectors)
    with engine.begin() as connection:
        if is_mended:
            report.requeued = requeue(connection, batch, report.unexplained)
        _keep(connection, batch, run_id, began, report)
    for name, count in report.counts.items():
        log.info("%s %s: %s", batch.name, name, count)
    return report


def has_run(engine: Engine, settings: Settings) -> bool:
    """Tell whether there is anything to compare: a run has come through, and the integration was not disconnected since."""
    return not disconnection(engine, settings.integration) and _latest(engine, settings) is not None


def _frugal(settings: Settings) -> Settings:
    """The settings with that part of the calls which is the audit's."""
    return replace(settings, budgets={side: settings.audit.within(each) for side, each in settings.budgets.items()})


def _latest(engine: Engine, settings: Settings, accounts: tuple[str | None, str | None] = (None, None)) -> int | None:
    """The newest batch that came through, whose mapping is the one in force."""
    with engine.connect() as connection:
        values = {"name": settings.integration, "org": accounts[0], "account": accounts[1]}
        found = connection.scalar(text(LATEST), values)
    return None if found is None else int(found)


def _compare(
    connection: Connection, batch: Batch, entity: EntitySettings, connectors: Mapping[Side, Connector], began: datetime,
    found: list[Difference],
) -> dict[str, Any]:  # fmt: skip
    """Add the differences of one entity to `found`; return its figures."""
    read_to = {row.side: row.value for row in connection.execute(text(READ_TO), _names(batch, entity))}
    if len(read_to) < len(SIDES):
        return {"stopped": "no run has read it yet"}
    reader = Reader(connection, batch, entity)
    try:
        for side in SIDES:
            reader.read(side, connectors[side])
        reader.finish()
        scope = Scope(
            batch, entity, began, {s: at - STAMP_MARGIN for s, at in read_to.items()}, _enabled(connection, batch, entity)
        )
        mine = list(name_fields(connection, batch, entity, differences(connection, scope)))
        mine = confirm_missing(mine, entity, connectors, scope)
    except BudgetError as error:
        connection.rollback()
        log.warning("%s %s: not compared: %s", batch.name, entity.name, error)
        return {"stopped": str(error)}
    found += mine
    counts = Counter(class_of(each) for each in mine)
    figures: dict[str, Any] = {"compared": compared(connection, scope)} | {str(name): counts[name] for name in CLASSES}
    connection.commit()
    return figures


def _enabled(connection: Connection, batch: Batch, entity: EntitySettings) -> dict[Side, datetime | None]:
    """Since when records of each side take part; None: all do."""
    takes_all = batch.integration.settings.history == "all"
    return {side: None if takes_all else enabled_at(connection, batch, entity, side) for side in SIDES}


def _names(batch: Batch, entity: EntitySettings) -> dict[str, Any]:
    return {"id": batch.integration_id, "entity": entity.name}


def _keep(connection: Connection, batch: Batch, run_id: str, began: datetime, report: Report) -> None:
    """Store the figures and the differences; forget those of a year ago."""
    insert = text(
        "insert into sync.audit (integration_id, run_id, state, health, counts, requeued, started_at) values"
        " (:integration_id, :run_id, :state, :health, cast(:counts as jsonb), :requeued, :began) returning id"
    )
    values = {
        "integration_id": batch.integration_id, "run_id": run_id, "state": "done" if report.is_whole else "partial",
        "health": report.health, "counts": to_json(report.counts), "requeued": report.requeued, "began": began,
    }  # fmt: skip
    audit_id = connection.execute(insert, values).scalar_one()
    rows = [
        {
            "audit_id": audit_id, "entity": each.entity, "side": each.side, "record_id": each.record_id, "other_id": each.other_id,
            "kind": each.kind, "class": class_of(each), "fields": list(each.fields), "is_requeued": each.is_requeued,
        }
        for each in _listed(report)
    ]  # fmt: skip
    if rows:
        connection.execute(
            text(
                "insert into sync.audit_difference (audit_id, entity, side, record_id, other_id, kind, class, fields, is_requeued)"
                " values (:audit_id, :entity, :side, :record_id, :other_id, :kind, :class, :fields, :is_requeued)"
            ),
            rows,
        )
    old = text("delete from sync.audit where integration_id = :id and ended_at < now() - make_interval(days => :days)")
    connection.execute(old, {"id": batch.integration_id, "days": KEPT_DAYS})


def _listed(report: Report) -> list[Difference]:
    """The differences that are kept one by one."""
    counts: Counter[tuple[str, str]] = Counter()
    listed = []
    for each in report.found:
        key = each.entity, class_of(each)
        counts[key] += 1
        if counts[key] <= (KEPT if key[1] == "unexplained" else LISTED):
            listed.append(each)
    return listed
