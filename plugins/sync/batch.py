"""One run of one integration: what was asked, which mapping it uses, and where its counts are kept.

Extract opens a batch; the later stages find it by the run's id, with the mapping files exactly as extract saw them.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

from connectors.contract import Connector
from connectors.errors import PermanentError
from sync import mapping
from sync.database import to_json
from sync.mapping import Integration
from sync.resting import narrow
from sync.settings import EntitySettings, Side

FINISHED = ("done", "partial")
MAPPING_SUFFIXES = (".csv", ".yaml")
IS_READ_AGAIN = (
    "(b.mode = 'sync' and b.params->'record_ids' = '[]' and b.params->>'since' is null and b.params->>'direction' = 'both')"
)


@dataclass(frozen=True, slots=True)
class Request:
    """What the run was asked to do: the trigger params, checked. Empty `entities` or `record_ids` mean all."""

    mode: str = "sync"
    entities: tuple[str, ...] = ()
    since: datetime | None = None
    record_ids: tuple[str, ...] = ()
    direction: str = "both"
    max_changes: int | None = None

    @property
    def is_whole(self) -> bool:
        """Tell whether the run covers all that changed, so that it may move the watermarks."""
        return not self.record_ids and self.direction == "both"

    @property
    def is_read_again(self) -> bool:
        """Tell whether a later run reads by itself what this one was asked for, should it break off (in SQL: `IS_READ_AGAIN`)."""
        return self.is_whole and self.mode == "sync" and not self.since


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch and what its stages need to know. Plain values and an engine; connectors are handed to the stages that call out."""

    id: int
    day: date
    integration_id: int
    engine: Engine
    integration: Integration
    request: Request
    account_ids: tuple[str, str]  # Salesforce org, app account
    state: str = "open"
    superseded_by: int | None = None
    run_id: str = ""

    @property
    def name(self) -> str:
        """The integration's name."""
        return self.integration.settings.integration

    def entities(self) -> list[EntitySettings]:
        """The entities this run works through, in dependency order."""
        asked = self.request.entities
        return [e for e in self.integration.settings.entities if e.enabled and (not asked or e.name in asked)]

    def is_open(self, entity: EntitySettings, side: str) -> bool:
        """Tell whether this run may write records of `entity` on `side`."""
        return entity.writes_to(side) and self.request.direction in ("both", f"to_{side}")  # type: ignore[arg-type]


def open_batch(engine: Engine, folder: Path, connectors: Mapping[Side, Connector], run_id: str, request: Request) -> Batch:
    """Open a batch for this run. Batches of the integration left open by killed tasks are closed as failed.

    Raises MappingError with all problems of the files, PermanentError for an unknown entity in the request.
    """
    return _insert(engine, folder, connectors, run_id, request, "open")


def open_plan(engine: Engine, folder: Path, connectors: Mapping[Side, Connector], run_id: str, request: Request) -> Batch:
    """Open a batch for a plan that is made beside the runs: it closes none of them and overtakes none. Raises as `open_batch`."""
    return _insert(engine, folder, connectors, run_id, request, "planned")


def _insert(
    engine: Engine, folder: Path, connectors: Mapping[Side, Connector], run_id: str, request: Request, state: str
) -> Batch:
    integration = mapping.load(folder)
    _check_request(integration, request)
    name = integration.settings.integration
    with engine.begin() as connection:
        connection.execute(
            text("insert into sync.mapping (digest, files) values (:digest, cast(:files as jsonb)) on conflict do nothing"),
            {"digest": integration.digest, "files": _files(folder)},
        )
        integration_id = _integration_id(connection, name, connectors)
        if state == "open":
            connection.execute(
                text("update sync.batch set state = 'failed', ended_at = now() where integration_id = :id and state = 'open'"),
                {"id": integration_id},
            )
        row = connection.execute(
            text(
                "insert into sync.batch (integration_id, run_id, mode, params, mapping_digest, state)"
                " values (:integration_id, :run_id, :mode, cast(:params as jsonb), :digest, :state) returning id, current_date"
            ),
            {
                "integration_id": integration_id,
                "run_id": run_id,
                "mode": request.mode,
                "params": to_json(asdict(request)),
                "digest": integration.digest,
                "state": state,
            },
        ).one()
    return Batch(
        row[0],
        row[1],
        integration_id,
        engine,
        integration,
        request,
        (connectors["salesforce"].account_id(), connectors["app"].account_id()),
        state,
        run_id=run_id,
    )


BATCH = """
select b.id, b.run_id, b.started_at::date as day, b.integration_id, b.params, b.state, b.counts, m.files, i.name, i.org_id, i.account_id,
  (select max(n.id) from sync.batch n where n.integration_id = b.integration_id and n.id > b.id and (n.state in ('open', 'done', 'partial')
    or n.state <> 'idle' and exists (select 1 from sync.action a where a.batch_id = b.id and a.state = 'skipped'
      and a.message like 'superseded by batch %'))) as superseded_by
from sync.batch b join sync.integration i on i.id = b.integration_id join sync.mapping m on m.digest = b.mapping_digest
where """


def find_batch(engine: Engine, name: str, run_id: str) -> Batch:
    """Return the newest batch of this run of integration `name`. Raises PermanentError when extract has not opened one."""
    query = text(f"{BATCH} b.run_id = :run_id and i.name = :name order by b.id desc limit 1")
    with engine.connect() as connection:
        row = connection.execute(query, {"run_id": run_id, "name": name}).one_or_none()
    if row is None:
        raise PermanentError(f"{name}: run {run_id} has no batch; clear its extract task so that it is opened")
    return _stored_batch(engine, row)


def find_batch_by_id(engine: Engine, batch_id: int) -> Batch:
    """Return a batch, with the mapping as it was then. Raises PermanentError where there is none."""
    with engine.connect() as connection:
        row = connection.execute(text(f"{BATCH} b.id = :id"), {"id": batch_id}).one_or_none()
    if row is None:
        raise PermanentError(f"there is no batch {batch_id}; see sync.batch")
    return _stored_batch(engine, row)


def _stored_batch(engine: Engine, row: Any) -> Batch:
    integration = narrow(load_stored(row.name, row.files), row.counts.get("drift", {}).get("rows", {}))
    request = _request(row.params)
    ids = (row.org_id, row.account_id)
    return Batch(row.id, row.day, row.integration_id, engine, integration, request, ids, row.state, row.superseded_by, row.run_id)


def is_new_mapping(batch: Batch) -> bool:
    """Tell whether no run of the integration has come through with these mapping files yet."""
    query = text(
        "select not exists (select 1 from sync.batch where integration_id = :id and mapping_digest = :digest"
        " and state not in ('open', 'failed'))"
    )
    with batch.engine.connect() as connection:
        return bool(connection.scalar(query, {"id": batch.integration_id, "digest": batch.integration.digest}))


def note_counts(connection: Connection, batch: Batch, stage: str, counts: Mapping[str, Any]) -> None:
    """Keep the counts of `stage` with the batch."""
    connection.execute(
        text(
            "update sync.batch set counts = counts || jsonb_build_object(cast(:stage as text), cast(:counts as jsonb)) where id = :id"
        ),
        {"stage": stage, "counts": to_json(counts), "id": batch.id},
    )


def close_batch(connection: Connection, batch: Batch, state: str) -> None:
    """End the batch in `state`."""
    connection.execute(
        text("update sync.batch set state = :state, ended_at = now() where id = :id"), {"state": state, "id": batch.id}
    )


def _check_request(integration: Integration, request: Request) -> None:
    known = [entity.name for entity in integration.settings.entities]
    unknown = [name for name in request.entities if name not in known]
    if unknown:
        raise PermanentError(
            f"{integration.settings.integration}: params.entities names {', '.join(unknown)}; settings.yaml has {', '.join(known)}"
        )


def _integration_id(connection: Connection, name: str, connectors: Mapping[Side, Connector]) -> int:
    """The row of this org and account; both are asked who they are only the first time."""
    values: dict[str, Any] = {
        "name": name,
        "org": connectors["salesforce"].account_id(),
        "account": connectors["app"].account_id(),
    }
    query = text("select id from sync.integration where name = :name and org_id = :org and account_id = :account")
    known = connection.scalar(query, values)
    if known is not None:
        return int(known)
    connectors["app"].ping()
    values["sandbox"] = connectors["salesforce"].ping().is_sandbox
    insert = "insert into sync.integration (name, org_id, account_id, is_sandbox) values (:name, :org, :account, :sandbox) returning id"
    return int(connection.execute(text(insert), values).scalar_one())


def _files(folder: Path) -> str:
    files = {path.name: path.read_bytes().hex() for path in sorted(folder.iterdir()) if path.suffix in MAPPING_SUFFIXES}
    return to_json(files)


def load_stored(name: str, files: Mapping[str, str]) -> Integration:
    """Return the integration `name` as its files were then. Raises MappingError where they cannot be read any more."""
    with tempfile.TemporaryDirectory(prefix="lockstep-") as folder:
        place = Path(folder) / name.removeprefix("salesforce_")
        place.mkdir()
        for file, content in files.items():
            (place / file).write_bytes(bytes.fromhex(content))
        return mapping.load(place)


def _request(params: Mapping[str, Any]) -> Request:
    since = datetime.fromisoformat(params["since"]) if params.get("since") else None
    as_tuple: Sequence[str] = ("entities", "record_ids")
    return Request(**{**params, **{key: tuple(params[key]) for key in as_tuple}, "since": since})
