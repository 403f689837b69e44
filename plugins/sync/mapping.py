"""The mapping of one integration, read from its folder and checked as a whole."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from connectors.errors import MappingError
from sync import settings as settings_file
from sync.files import Problem, suggest
from sync.rows import COLUMNS, HEADER, Row, read_rows
from sync.settings import SIDES, USER, EntitySettings, Settings, Side
from sync.siblings import check_creators
from sync.tables import Header, TableRow, read_table
from sync.transforms import Table

__all__ = ["Integration", "Mapping", "Row", "load", "read"]

VALUES_FILE = "values.csv"
USERS_FILE = "users.csv"
EVERY_FILE = "every.csv"  # rows that each entity has unless its own file maps one of their fields
VALUES_HEADER = Header(("field", "salesforce_value", "app_value", "note"), ("field", "salesforce_value", "app_value"))
USERS_HEADER = Header(("salesforce_user", "app_user", "note"), ("salesforce_user", "app_user"))


@dataclass(frozen=True, slots=True)
class Mapping:
    """The rows of one entity, in file order."""

    entity: str
    rows: tuple[Row, ...]
    by_name: dict[str, Row]

    def fields(self, side: Side) -> tuple[str, ...]:
        """Return every raw field to read on `side`, each once."""
        return tuple(dict.fromkeys(name for row in self.rows for name in row.fields(side)))


@dataclass(frozen=True, slots=True)
class Integration:
    """Everything the data team says about one integration. `digest` changes with the content, not with its spelling."""

    settings: Settings
    mappings: dict[str, Mapping]
    digest: str
    folder: Path
    users: dict[str, str] = field(default_factory=dict)  # Salesforce user → app user
    values: tuple[TableRow, ...] = ()
    warnings: tuple[Problem, ...] = ()


def load(folder: Path) -> Integration:
    """Return the integration described in `folder`. Raises MappingError listing every problem of all files."""
    problems: list[Problem] = []
    integration = read(folder, problems)
    errors = {str(problem): problem for problem in sorted(problems) if problem.severity == "error"}
    if errors or integration is None:
        raise MappingError(list(errors))
    return integration


def read(folder: Path, problems: list[Problem]) -> Integration | None:
    """Return the integration in `folder` as far as it can be read; every problem, warnings too, is added to `problems`."""
    settings = settings_file.read(folder, problems)
    if settings is None:
        return None
    tables = _Tables(folder, problems)
    mappings = {}
    for entity in settings.entities:
        if entity.enabled:
            rows = read_rows(tables.rows_of(entity.name), tables.values_for(entity.name), problems)
            if not rows and not any(problem.file == f"{entity.name}.csv" for problem in problems):
                problems.append(Problem(f"{entity.name}.csv", 1, 1, "", "no row maps a field; add one or disable the entity"))
            mapping = Mapping(entity.name, rows, {row.name: row for row in rows})
            problems += _check_entity(settings, entity, mapping)
            mappings[entity.name] = _without_disabled(settings, mapping)
    problems += _check_values(tables.value_rows, mappings, settings)
    problems += _check_users(tables.user_rows)
    problems += check_creators(settings)
    problems += _check_strays(folder, settings)
    return Integration(
        settings,
        mappings,
        tables.digest(settings),
        folder,
        {row["salesforce_user"]: row["app_user"] for row in tables.user_rows},
        tuple(tables.value_rows),
        tuple(problem for problem in sorted(problems) if problem.severity == "warning"),
    )


class _Tables:
    """The tables of a folder, each read once; what was read makes the digest."""

    def __init__(self, folder: Path, problems: list[Problem]) -> None:
        self.folder = folder
        self.problems = problems
        self.contents: dict[str, list[list[tuple[str, str]]]] = {}
        self.value_rows = self._read_if_there(VALUES_FILE, VALUES_HEADER)
        self.user_rows = self._read_if_there(USERS_FILE, USERS_HEADER)
        self.every_rows = self._read_if_there(EVERY_FILE, HEADER)

    def rows_of(self, entity: str) -> list[TableRow]:
        """Return the rows of an entity: those for every one that its own file does not replace, then its own."""
        own = self.read(f"{entity}.csv", HEADER)
        taken = {each for row in own for each in _fields(row)}
        return [row for row in self.every_rows if not taken & set(_fields(row))] + own

    def read(self, name: str, header: Header) -> list[TableRow]:
        """Return the rows of the file called `name`; notes do not count as content."""
        rows = read_table(self.folder / name, header, self.problems)
        self.contents[name] = [sorted((key, cell) for key, cell in row.cells.items() if key != "note") for row in rows]
        return rows

    def _read_if_there(self, name: str, header: Header) -> list[TableRow]:
        return self.read(name, header) if (self.folder / name).exists() else []

    def values_for(self, entity: str) -> Table:
        """Return the translations an entity sees; those named `entity.field` come before those named `field`."""
        general: dict[str, list[tuple[str, str]]] = {}
        own: dict[str, list[tuple[str, str]]] = {}
        for row in self.value_rows:
            prefix, dot, name = row["field"].casefold().rpartition(".")
            if prefix in ("", entity):
                table = (own if dot else general).setdefault(name, [])
                table.append((row["salesforce_value"], row["app_value"]))
        return {name: tuple(pairs) for name, pairs in {**general, **own}.items()}

    def digest(self, settings: Settings) -> str:
        """Return the SHA-256 of everything read, apart from spelling, comments and notes."""
        content = {**self.contents, settings_file.FILE: settings.content}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _without_disabled(settings: Settings, mapping: Mapping) -> Mapping:
    """Leave out references to entities that are switched off: their records have no counterparts to refer to."""
    disabled = {entity.name for entity in settings.entities if not entity.enabled}
    kept = tuple(
        row for row in mapping.rows if row.transform.common_type != "reference" or row.transform.argument not in disabled
    )
    return Mapping(mapping.entity, kept, {row.name: row for row in kept})


def _fields(row: TableRow) -> list[tuple[str, str]]:
    """Every field that a row names, with its column; capitals do not count."""
    return [(column, part.strip().casefold()) for column in COLUMNS.values() for part in row[column].split("+") if part.strip()]


def _check_entity(settings: Settings, entity: EntitySettings, mapping: Mapping) -> list[Problem]:
    problems = [*_check_duplicates(mapping.rows), *_check_references(settings, entity, mapping)]
    problems += _check_names(settings, entity, mapping) if mapping.rows else []
    for side in SIDES:
        own = {"salesforce": (entity.salesforce_reference,), "app": entity.app_references}[side]
        for row in mapping.rows:
            if set(row.fields(side)) & set(own):
                message = "this field holds the other side's id and is kept by Lockstep; take this row out"
                problems.append(_at(row, COLUMNS[side], message))
        problems += _check_made_with(settings, entity, mapping, side)
    return problems


def _check_made_with(settings: Settings, entity: EntitySettings, mapping: Mapping, side: Side) -> Iterator[Problem]:
    """The fields sent along with a create must not be mapped as well."""
    lines = {name.casefold(): row.line for row in mapping.rows if row.writes_to(side) for name in row.fields(side)}
    for name in entity.on_create.get(side, {}):
        if name.casefold() in lines:
            path = ("entities", entity.name, "on_create", side, name)
            message = (
                f"'{name[:60]}' is written by line {lines[name.casefold()]} of {entity.name}.csv already; keep one of the two"
            )
            yield _in_settings(settings, path, message)


def _at(row: Row, column: str, message: str, **facts: str) -> Problem:
    return Problem(row.file, row.line, row.columns.get(column, 1), column, message, row.name, **facts)  # type: ignore[arg-type]


def _check_duplicates(rows: Iterable[Row]) -> list[Problem]:
    problems = []
    first: dict[tuple[Side, str], Row] = {}
    for row in rows:
        for side in SIDES:
            for name in row.fields(side) if row.writes_to(side) else ():
                other = first.setdefault((side, name.casefold()), row)
                if other is not row:
                    message = f"'{name[:60]}' is written by line {other.line} already; keep one of the two rows"
                    problems.append(_at(row, COLUMNS[side], message))
    return problems


def _check_references(settings: Settings, entity: EntitySettings, mapping: Mapping) -> list[Problem]:
    names = [each.name for each in settings.entities]
    problems = []
    for row in mapping.rows:
        if row.transform.common_type != "reference":
            continue
        target = row.transform.argument
        if target == USER:
            continue
        if target not in names:
            message = f"'{target[:60]}' is no entity of settings.yaml{suggest(target, names)}; it has {', '.join(names)}"
            problems.append(_at(row, "transform", message))
        elif names.index(target) > names.index(entity.name):
            message = f"{target} must stand before {entity.name} in settings.yaml, so that it is written first; move it up"
            problems.append(_at(row, "transform", message))
    return problems


def _check_names(settings: Settings, entity: EntitySettings, mapping: Mapping) -> list[Problem]:
    wanted = {"match": entity.match, "unique": entity.unique}
    wanted |= {f"require_any.{way}": names for way, names in entity.require_any.items()}
    problems = []
    for key, names in wanted.items():
        path = ("entities", entity.name, *key.split("."))
        for name in names:
            if name not in mapping.by_name:
                known = ", ".join(mapping.by_name) or "no rows"
                message = f"'{name[:60]}' is no common field of {entity.name}.csv{suggest(name, mapping.by_name)}; it has {known}"
                problems.append(_in_settings(settings, path, message))
            elif mapping.by_name[name].transform.common_type == "list":
                problems.append(_in_settings(settings, path, f"'{name}' is a list; name a field with one value"))
    return problems


def _in_settings(settings: Settings, path: tuple[str, ...], message: str) -> Problem:
    return Problem(settings_file.FILE, *settings.place(*path), ".".join(path), message)


def _check_values(rows: Iterable[TableRow], mappings: dict[str, Mapping], settings: Settings) -> list[Problem]:
    users = [(entity, row) for entity, mapping in mappings.items() for row in mapping.rows if row.transform.name == "values"]
    used = {name for entity, row in users for name in (row.transform.argument, f"{entity}.{row.transform.argument}")}
    disabled = tuple(f"{entity.name}." for entity in settings.entities if not entity.enabled)
    problems = []
    seen: dict[tuple[str, str, str], int] = {}
    for row in rows:
        name = row["field"].casefold()
        key = (name, row["salesforce_value"], row["app_value"])
        if not name:
            problems.append(row.problem("field", "name the common field these values belong to, for example industry"))
        elif name not in used and not name.startswith(disabled):
            message = (
                f"no row of a mapping takes these values{suggest(name, used)}; write values:{name[:60]} in its transform cell"
            )
            problems.append(row.problem("field", message, "warning"))
        if seen.setdefault(key, row.line) != row.line:
            problems.append(row.problem("field", f"the same row as line {seen[key]}; keep one"))
        if key[1:] in (("", ""), ("*", "*")):
            problems.append(row.problem("salesforce_value", "neither side has a value here; fill one or take the row out"))
    return problems


def _check_users(rows: Iterable[TableRow]) -> list[Problem]:
    problems = []
    seen: dict[tuple[str, str], int] = {}
    for row in rows:
        for column in ("salesforce_user", "app_user"):
            if not row[column]:
                problems.append(row.problem(column, "this cell is empty; name the user by e-mail address or id"))
            elif seen.setdefault((column, row[column].casefold()), row.line) != row.line:
                line = seen[column, row[column].casefold()]
                problems.append(row.problem(column, f"'{row[column][:60]}' stands in line {line} already; keep one"))
    return problems


def _check_strays(folder: Path, settings: Settings) -> list[Problem]:
    known = [f"{entity.name}.csv" for entity in settings.entities] + [VALUES_FILE, USERS_FILE, EVERY_FILE]
    strays = sorted(path.name for path in folder.glob("*.csv") if path.name not in known)
    message = "this file is not used: settings.yaml has no such entity"
    return [Problem(name, 1, 1, "", message + suggest(name, known), severity="warning") for name in strays]
