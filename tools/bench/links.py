"""Live links for the incremental measurement: as a finished history would have left them, right digests included."""

from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
from sqlalchemy import text

from sync import mapping
from sync.database import connect, copy_lines, to_json
from sync.map import compile_reader, digest
from tools.bench.data import GeneratedConnector, make_rows
from tools.bench.job import FOLDER, SIDES

COLUMNS = ("integration_id", "entity", "salesforce_id", "app_id", "base", "salesforce_digest", "app_digest", "state")
UNDO = (
    "truncate sync.action, sync.conflict, sync.rejection, staging.raw, staging.record",
    "delete from sync.batch where state = 'planned'",
)


def make_links(url: str, count: int) -> None:
    """Fill a fresh database: the integration, its watermarks, and one live link per person, both sides settled on the same."""
    engine = connect(url)
    with engine.begin() as connection:
        integration_id = connection.scalar(
            text("insert into sync.integration (name, org_id, account_id) values ('salesforce_bench', :org, :app) returning id"),
            {side: GeneratedConnector(name, ()).account_id() for side, name in (("org", SIDES[0]), ("app", SIDES[1]))},
        )
        batch_id = connection.scalar(
            text(
                "insert into sync.batch (integration_id, run_id, mode, mapping_digest, state)"
                " values (:id, 'history', 'sync', '', 'done') returning id"
            ),
            {"id": integration_id},
        )
        for side in SIDES:
            connection.execute(
                text("insert into sync.watermark values (:id, 'contact', :side, :value, :batch_id)"),
                {"id": integration_id, "side": side, "value": datetime.now(UTC), "batch_id": batch_id},
            )
        copy_lines(connection, "sync.link", COLUMNS, _lines(integration_id, count))
    engine.dispose()
    _vacuum(url)


def take_back(url: str) -> None:
    """Remove the plan and the staged rows of a measurement; the links were only read."""
    with psycopg.connect(url) as connection:
        for statement in UNDO:
            connection.execute(statement.encode())
    _vacuum(url)


def _lines(integration_id: int, count: int) -> Iterator[str]:
    read = compile_reader(mapping.load(FOLDER).mappings["contact"].rows, "salesforce")
    for number, (record_id, raw) in enumerate(make_rows("salesforce", range(count))):
        document = to_json(read(raw)[0])
        mark = digest(document)
        yield f"{integration_id}\tcontact\t{record_id}\tapp-{number:09d}\t{document}\t{mark}\t{mark}\tlive"


def _vacuum(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("vacuum (analyze) sync.link")
