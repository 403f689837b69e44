"""The mapping in force: the files as the last run kept them, held against what the live systems said of their fields."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, text

from connectors.contract import Field
from connectors.errors import PermanentError
from health.queries import Row, rows
from sync import lint, mapping
from sync.files import Problem
from sync.settings import SIDES, Side

STORED = """
select b.mapping_digest as digest, m.files, m.first_used_at, b.run_id from sync.batch b
join sync.mapping m on m.digest = b.mapping_digest where b.integration_id = :id order by b.id desc limit 1
"""
FIELDS = "select entity, side, fields from sync.schema where integration_id = :id"
SHOWN = ("transform", "direction", "on_conflict", "on_empty", "overwrite", "default", "required", "note")


def in_force(connection: Connection, integration: Row) -> Row:
    """Return the rows of the mapping in force with their problems, and the state of the files on disk if those differ."""
    stored = connection.execute(text(STORED), {"id": integration["id"]}).mappings().one_or_none()
    if stored is None:
        return {"digest": None, "entities": [], "problems": [], "edited": None}
    name = integration["name"].removeprefix("salesforce_")
    with tempfile.TemporaryDirectory(prefix="lockstep-") as folder:
        place = Path(folder) / name
        place.mkdir()
        for file, content in stored["files"].items():
            (place / file).write_bytes(bytes.fromhex(content))
        read, problems = _checked(place, _live(connection, integration["id"]))
    return {
        "digest": stored["digest"], "first_used_at": stored["first_used_at"], "run_id": stored["run_id"],
        "entities": _entities(read), "problems": [_problem(each) for each in problems],
        "edited": _edited(name, stored["digest"], _live(connection, integration["id"])),
    }  # fmt: skip


def _checked(folder: Path, live: Mapping[Side, Mapping[str, list[Field]]]) -> tuple[mapping.Integration | None, list[Problem]]:
    problems: list[Problem] = []
    read = mapping.read(folder, problems)
    if read and not any(problem.severity == "error" for problem in problems):
        problems += lint.check(read, live["salesforce"], live["app"])
    return read, sorted(set(problems))


def _live(connection: Connection, integration_id: int) -> Mapping[Side, Mapping[str, list[Field]]]:
    live: dict[Side, dict[str, list[Field]]] = {side: {} for side in SIDES}
    for row in rows(connection, FIELDS, id=integration_id):
        live[row["side"]][row["entity"]] = msgspec.convert(row["fields"], list[Field])
    return live


def _entities(read: mapping.Integration | None) -> list[Row]:
    if read is None:
        return []
    return [{"name": name, "rows": [_row(row) for row in each.rows]} for name, each in read.mappings.items()]


def _row(row: mapping.Row) -> Row:
    named = {name: getattr(row, name) for name in SHOWN if name != "transform"}
    fields = {"salesforce": " + ".join(row.salesforce_fields), "app": " + ".join(row.app_fields)}
    return {"name": row.name, "line": row.line, "transform": str(row.transform.name), **fields, **named}


def _problem(problem: Problem) -> Row:
    return {"severity": problem.severity, "words": str(problem), "file": problem.file, "line": problem.line}


def _edited(name: str, digest: str, live: Any) -> Row | None:
    """The files as they are now, if they are not those of the last run."""
    from sync.connections import mapping_folder

    folder = mapping_folder(name)
    if not folder.is_dir():
        return {"is_readable": False, "problems": []}
    try:
        read, problems = _checked(folder, live)
    except (OSError, PermanentError) as error:
        return {"is_readable": False, "problems": [{"severity": "error", "words": str(error)}]}
    if read and read.digest == digest:
        return None
    return {"is_readable": True, "problems": [_problem(each) for each in problems]}
