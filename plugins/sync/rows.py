"""The rows of an entity's CSV: which fields hold the same thing, and how they are kept in step."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sync.entity_settings import DIRECTIONS, TOWARDS, Side
from sync.files import Problem, one_of, suggest
from sync.naming import Fields, name_rows
from sync.tables import Header, TableRow, fold
from sync.transforms import Table, Transform, parse

HEADER = Header(
    (
        "salesforce_field", "app_field", "direction", "transform", "on_conflict", "on_empty", "overwrite", "default",
        "required", "note",
    ),
    ("salesforce_field", "app_field"),
)  # fmt: skip
COLUMNS: dict[Side, str] = {"salesforce": "salesforce_field", "app": "app_field"}
ON_CONFLICT = ("salesforce", "app", "newest", "non_empty", "union", "ratchet", "ask")
ON_EMPTY = ("clear", "skip", "default", "salesforce", "app")
OVERWRITE = ("always", "if_empty", "never")
REQUIRED = {
    "": "", "no": "", "n": "", "false": "", "0": "", "nein": "", "falsch": "",
    "yes": "yes", "y": "yes", "true": "yes", "1": "yes", "x": "yes", "ja": "yes", "wahr": "yes",
    "salesforce": "salesforce", "app": "app",
}  # fmt: skip
_PATTERNS: dict[Side, re.Pattern[str]] = {
    "salesforce": re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)*$", re.ASCII),
    "app": re.compile(r"[^\s;,\"'+]{1,255}$"),
}
_WANTED: dict[Side, str] = {
    "salesforce": "write it as Setup shows it, for example FirstName or Region__c",
    "app": "write for example job_title or custom_fields.region",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an entity's CSV."""

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
    columns: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)  # header → cell number

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
        """The default as a common value, None without one. A one-way row states it as the written side has it."""
        if self.default is None:
            return None
        is_written_to_app = self.direction == "to_app" and not self.transform.is_invertible
        return self.transform.read("app" if is_written_to_app else "salesforce")(self.default)


def read_rows(table: Sequence[TableRow], values: Table, problems: list[Problem]) -> tuple[Row, ...]:
    """Return the mapping rows of one entity's table; what is wrong in them is added to `problems`."""
    fields = [(_read_fields(row, "salesforce", problems), _read_fields(row, "app", problems)) for row in table]
    rows = []
    for line, name, pair in zip(table, name_rows(fields), fields, strict=True):
        found: list[Problem] = []
        row = _read_row(line, name, pair, values, found)
        rows.append(row)
        problems += found or _check_row(row, line)
    return tuple(rows)


def _read_fields(row: TableRow, side: Side, problems: list[Problem]) -> tuple[str, ...]:
    column = COLUMNS[side]
    parts = [part.strip() for part in row[column].split("+")] if row[column] else []
    for part in parts:
        if not _PATTERNS[side].match(part):
            problems.append(row.problem(column, f"'{part[:60]}' is not an API name; {_WANTED[side]}"))
        elif parts.count(part) > 1:
            problems.append(row.problem(column, f"'{part[:60]}' stands here twice; name each field once"))
    return tuple(dict.fromkeys(parts))


def _read_row(row: TableRow, name: str, fields: Fields, values: Table, problems: list[Problem]) -> Row:
    direction = _choice(row, "direction", DIRECTIONS, "both", problems)
    return Row(
        name=name,
        salesforce_fields=fields[0],
        app_fields=fields[1],
        transform=_read_transform(row, name, fields, direction, values, problems),
        direction=direction,
        on_conflict=_choice(row, "on_conflict", ON_CONFLICT, "", problems),
        on_empty=_choice(row, "on_empty", ON_EMPTY, "default" if row["default"] else "clear", problems),
        overwrite=_choice(row, "overwrite", OVERWRITE, "always", problems),
        default=row["default"] or None,
        required=_read_required(row, problems),
        note=row["note"],
        file=row.file,
        line=row.line,
        columns=row.columns,
    )


def _read_transform(
    row: TableRow, name: str, fields: Fields, direction: str, values: Table, problems: list[Problem]
) -> Transform:
    text = row["transform"] or ("values" if name in values else "")
    try:
        return parse(text, values, name=name, direction=direction, salesforce_count=len(fields[0]), app_count=len(fields[1]))
    except ValueError as error:
        column = _empty_column(fields) if not row["transform"] else "transform"
        problems.append(row.problem(column, str(error)))
        return parse("")


def _empty_column(fields: Fields) -> str:
    return next((COLUMNS[side] for side, names in zip(COLUMNS, fields, strict=True) if not names), "transform")


def _choice(row: TableRow, column: str, words: Sequence[str], default: str, problems: list[Problem]) -> str:
    word = fold(row[column])
    if not word or word in words:
        return word or default
    usual = f", or nothing for {default}" if default else ", or nothing"
    message = f"'{row[column][:60]}' is not known{suggest(word, words)}; write {one_of(words)}{usual}"
    problems.append(row.problem(column, message))
    return default


def _read_required(row: TableRow, problems: list[Problem]) -> str:
    word = row["required"].casefold()
    if word not in REQUIRED:
        message = f"'{row['required'][:60]}' is not known; write yes, salesforce, app or nothing"
        problems.append(row.problem("required", message))
    return REQUIRED.get(word, "")


def _check_row(row: Row, line: TableRow) -> list[Problem]:
    problems = []
    if row.on_conflict == "union" and row.transform.common_type != "list":
        problems.append(line.problem("on_conflict", "union is for lists such as tags; choose another word"))
    if row.on_conflict == "ratchet" and row.transform.common_type != "boolean":
        problems.append(line.problem("on_conflict", "ratchet is for check boxes (transform boolean or not); choose another word"))
    if row.on_empty == "default" and row.default is None:
        problems.append(line.problem("default", "on_empty is default, but no default is given; fill this cell"))
    if row.on_empty != "default" and row.default is not None:
        problems.append(
            line.problem("on_empty", f"a default is given, but on_empty is {row.on_empty}; write default or empty this cell")
        )
    if row.required in TOWARDS and not row.writes_to(row.required):
        message = f"required for {row.required}, but the direction {row.direction} never writes there; change one of them"
        problems.append(line.problem("required", message))
    if row.writes_to("salesforce") and any("." in name for name in row.salesforce_fields):
        message = "a field of another record can be read only; write to_app in the direction column"
        problems.append(line.problem("salesforce_field", message))
    return problems + _check_default(row, line)


def _check_default(row: Row, line: TableRow) -> list[Problem]:
    if row.default is None:
        return []
    if row.transform.name == "constant" or row.transform.common_type == "reference":
        return [line.problem("default", f"{row.transform.name} takes no default; empty this cell")]
    try:
        return [] if row.default_value is not None else [line.problem("default", "this default comes to nothing; change it")]
    except ValueError as error:
        return [line.problem("default", f"{error}; write a default that {row.transform.name} can read")]
