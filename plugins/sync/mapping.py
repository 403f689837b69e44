"""The mapping of one integration: which fields belong together, read from its folder and checked as a whole."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.errors import MappingError
from sync import settings as settings_file
from sync.files import Header, Problem, TableRow, one_of, read_table, suggest
from sync.settings import DIRECTIONS, TOWARDS, EntitySettings, Settings, Side
from sync.transforms import Table, Transform, parse

FIELD_HEADER = Header(
    (
        "salesforce_field", "app_field", "direction", "transform", "on_conflict", "on_empty", "overwrite", "default",
        "required", "note",
    ),
    ("salesforce_field", "app_field"),
)  # fmt: skip
VALUES_HEADER = Header(("field", "salesforce_value", "app_value", "note"), ("field", "salesforce_value", "app_value"))
USERS_HEADER = Header(("salesforce_user", "app_user", "note"), ("salesforce_user", "app_user"))

ON_CONFLICT = ("salesforce", "app", "newest", "non_empty", "union", "ratchet", "ask")
ON_EMPTY = ("clear", "skip", "default")
OVERWRITE = ("always", "if_empty", "never")
REQUIRED = {
    "": "", "no": "", "n": "", "false": "", "0": "", "nein": "", "falsch": "",
    "yes": "yes", "y": "yes", "true": "yes", "1": "yes", "x": "yes", "ja": "yes", "wahr": "yes",
    "salesforce": "salesforce", "app": "app",
}  # fmt: skip
NAME_LENGTH = 60
FIXED_COLUMNS = ("id", "side", "batch_id", "digest", "modified_at", "verdict")
SQL_WORDS = (
    "all", "and", "any", "array", "as", "asc", "both", "case", "cast", "check", "column", "create", "default", "desc",
    "distinct", "do", "else", "end", "except", "false", "fetch", "for", "from", "grant", "group", "having", "in", "into",
    "limit", "not", "null", "offset", "on", "only", "or", "order", "primary", "references", "select", "some", "table",
    "then", "to", "true", "union", "unique", "user", "using", "when", "where", "window", "with",
)  # fmt: skip
_SALESFORCE_FIELD = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)*$", re.ASCII)
_APP_FIELD = re.compile(r"[^\s;,\"'+]{1,255}$")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an entity's CSV: the fields that hold the same thing, and how they are kept in step."""

    name: str  # the common field
    salesforce_fields: tuple[str, ...]
    app_fields: tuple[str, ...]
    transform: Transform
    direction: str = "both"
    on_conflict: str = ""
    on_empty: str = "clear"
    overwrite: str = "always"
    default: str | None = None
    required: str = ""
    note: str = ""
    file: str = ""
    line: int = 0
    columns: MappingOf[str, int] = field(default_factory=dict, compare=False, repr=False)  # header → cell number

    def fields(self, side: Side) -> tuple[str, ...]:
        """Return the raw field names on `side`."""
        return self.salesforce_fields if side == "salesforce" else self.app_fields

    def writes_to(self, side: Side) -> bool:
        """Tell whether this row is written to `side`."""
        return self.direction in ("both", TOWARDS[side])

    def is_required_for(self, side: Side) -> bool:
        """Tell whether a record that goes to `side` must have this field."""
        return self.required in ("yes", side)

    @property
    def default_value(self) -> Any:
        """The default as a common value, None without one."""
        return None if self.default is None else self.transform.read("salesforce")(self.default)


@dataclass(frozen=True, slots=True)
class Mapping:
    """The rows of one entity, in file order."""

    entity: str
    rows: tuple[Row, ...]

    @property
    def by_name(self) -> dict[str, Row]:
        """The rows by common field."""
        return {row.name: row for row in self.rows}

    def fields(self, side: Side) -> tuple[str, ...]:
        """Return every raw field to read on `side`, each once."""
        return tuple(dict.fromkeys(name for row in self.rows for name in row.fields(side)))


@dataclass(frozen=True, slots=True)
class Integration:
    """Everything the data team says about one integration. `digest` changes with the content only, not with its spelling."""

    settings: Settings
    mappings: dict[str, Mapping]
    digest: str
    folder: Path
    users: dict[str, str] = field(default_factory=dict)  # Salesforce user → app user
    warnings: tuple[Problem, ...] = ()


def load(folder: Path) -> Integration:
    """Return the integration described in `folder`. Raises MappingError listing every problem of all files."""
    problems: list[Problem] = []
    integration = read(folder, problems)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors or integration is None:
        raise MappingError([str(problem) for problem in sorted(set(errors))])
    return integration


def read(folder: Path, problems: list[Problem]) -> Integration | None:
    """Return the integration in `folder` as far as it can be read; every problem, warnings too, is added to `problems`."""
    settings = settings_file.read(folder, problems)
    if settings is None:
        return None
    tables = _Tables(folder, problems)
    entities = [entity for entity in settings.entities if entity.enabled]
    mappings = {entity.name: _read_mapping(folder, entity, tables, problems) for entity in entities}
    for entity in entities:
        _check_names(settings, entity, mappings[entity.name], problems)
    digest = _digest(settings, tables)
    warnings = tuple(problem for problem in sorted(set(problems)) if problem.severity == "warning")
    return Integration(settings, mappings, digest, folder, tables.users, warnings)


class _Tables:
    """The tables of a folder, each read once; what was read makes the digest."""

    def __init__(self, folder: Path, problems: list[Problem]) -> None:
        self.folder = folder
        self.problems = problems
        self.contents: dict[str, list[dict[str, str]]] = {}
        self.value_rows = self.read("values.csv", VALUES_HEADER, is_optional=True)
        self.users = {row["salesforce_user"]: row["app_user"] for row in self.read("users.csv", USERS_HEADER, is_optional=True)}

    def read(self, name: str, header: Header, is_optional: bool = False) -> list[TableRow]:
        """Return the rows of the file called `name`."""
        if is_optional and not (self.folder / name).exists():
            return []
        rows = read_table(self.folder / name, header, self.problems)
        self.contents[name] = [
            {key: cell for key, cell in sorted(row.cells.items()) if key not in header.multiline} for row in rows
        ]
        return rows

    def values_for(self, entity: str) -> Table:
        """Return the translations an entity sees; those named `entity.field` come before those named `field`."""
        general: dict[str, list[tuple[str, str]]] = {}
        own: dict[str, list[tuple[str, str]]] = {}
        for row in self.value_rows:
            prefix, dot, name = row["field"].rpartition(".")
            if prefix in ("", entity):
                table = (own if dot else general).setdefault(name.casefold(), [])
                table.append((row["salesforce_value"], row["app_value"]))
        return {name: tuple(pairs) for name, pairs in {**general, **own}.items()}


def _read_mapping(folder: Path, entity: EntitySettings, tables: _Tables, problems: list[Problem]) -> Mapping:
    rows = tables.read(f"{entity.name}.csv", FIELD_HEADER)
    values = tables.values_for(entity.name)
    fields = [(_salesforce_fields(row, problems), _app_fields(row, problems)) for row in rows]
    names = name_rows(fields)
    made = [_read_row(row, name, pair, values, problems) for row, name, pair in zip(rows, names, fields, strict=True)]
    return Mapping(entity.name, tuple(row for row in made if row is not None))


def _salesforce_fields(row: TableRow, problems: list[Problem]) -> tuple[str, ...]:
    parts = _parts(row["salesforce_field"])
    for part in parts:
        if not _SALESFORCE_FIELD.match(part):
            message = f"'{part[:60]}' is not an API name; write it as Setup shows it, for example FirstName or Region__c"
            problems.append(row.problem("salesforce_field", message))
    return parts


def _app_fields(row: TableRow, problems: list[Problem]) -> tuple[str, ...]:
    parts = _parts(row["app_field"])
    for part in parts:
        if not _APP_FIELD.match(part):
            message = f"'{part[:60]}' is not an API name; write for example job_title or custom_fields.region"
            problems.append(row.problem("app_field", message))
    return parts


def _parts(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split("+")) if cell else ()


def _read_row(
    row: TableRow, name: str, fields: tuple[tuple[str, ...], tuple[str, ...]], values: Table, problems: list[Problem]
) -> Row | None:
    direction = _choice(row, "direction", DIRECTIONS, "both", problems)
    text = row["transform"] or ("values" if name in values else "")
    counts = {"salesforce_count": len(fields[0]), "app_count": len(fields[1])}
    try:
        transform = parse(text, values, name=name, direction=direction, **counts)
    except ValueError as error:
        problems.append(row.problem("transform", str(error)))
        return None
    default = row["default"] or None
    return Row(
        name=name,
        salesforce_fields=fields[0],
        app_fields=fields[1],
        transform=transform,
        direction=direction,
        on_conflict=_choice(row, "on_conflict", ON_CONFLICT, "", problems),
        on_empty=_choice(row, "on_empty", ON_EMPTY, "default" if default else "clear", problems),
        overwrite=_choice(row, "overwrite", OVERWRITE, "always", problems),
        default=default,
        required=_required(row, problems),
        note=row["note"],
        file=row.file,
        line=row.line,
        columns=row.columns,
    )


def _choice(row: TableRow, header: str, words: Sequence[str], default: str, problems: list[Problem]) -> str:
    written = row[header]
    word = re.sub(r"[\s_-]+", "_", written).casefold()
    if not word or word in words:
        return word or default
    message = (
        f"'{written[:60]}' is not known{suggest(word, words)}; write {one_of(words)}, or nothing for {default or 'the usual'}"
    )
    problems.append(row.problem(header, message))
    return default


def _required(row: TableRow, problems: list[Problem]) -> str:
    word = row["required"].casefold()
    if word in REQUIRED:
        return REQUIRED[word]
    problems.append(row.problem("required", f"'{row['required'][:60]}' is not known; write yes, salesforce, app or nothing"))
    return ""


def name_rows(fields: Sequence[tuple[tuple[str, ...], tuple[str, ...]]]) -> list[str]:
    """Return one common field name per row, each different, whatever the order of the rows."""
    names = [""] * len(fields)
    taken: set[str] = set()
    order = sorted(range(len(fields)), key=lambda n: (sum(part.count(".") for part in fields[n][1]), fields[n][1], fields[n][0]))
    for number in order:
        salesforce_fields, app_fields = fields[number]
        short = snake_case([part.rpartition(".")[2] for part in app_fields] or salesforce_fields)
        long = snake_case([short, *salesforce_fields])
        numbered = (f"{long[: NAME_LENGTH - 6]}_{n}" for n in range(2, len(fields) + 3))
        names[number] = next(name for name in (short, long, *numbered) if name not in taken)
        taken.add(names[number])
    return names


def snake_case(words: Iterable[str]) -> str:
    """Return the words as one SQL column name that needs no quotes."""
    text = "_".join(word.removesuffix("__c") for word in words).replace("ß", "ss")
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", plain)
    name = re.sub(r"[^a-z0-9]+", "_", spaced.casefold()).strip("_")[:NAME_LENGTH].strip("_")
    if not name or not name[0].isalpha():
        name = f"field_{name}".rstrip("_")[:NAME_LENGTH]
    return f"{name}_field" if name in FIXED_COLUMNS or name in SQL_WORDS else name


def _check_names(settings: Settings, entity: EntitySettings, mapping: Mapping, problems: list[Problem]) -> None:
    known = mapping.by_name
    wanted = {"match": entity.match, "unique": entity.unique}
    wanted |= {f"require_any.{way}": names for way, names in entity.require_any.items()}
    for key, names in wanted.items():
        for name in names:
            if name not in known:
                keys = ("entities", entity.name, *key.split("."))
                message = (
                    f"'{name[:60]}' is no common field of {entity.name}.csv{suggest(name, known)}; it has {', '.join(known)}"
                )
                problems.append(Problem(settings_file.FILE, *settings.place(*keys), field=".".join(keys), message=message))


def _digest(settings: Settings, tables: _Tables) -> str:
    content = {"settings": settings.content, **tables.contents}
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
