"""Whether one mapping row fits the fields that the two live systems describe: existence, type, rights, length, options."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.contract import Field
from connectors.forms import label
from sync.files import Problem, Severity, nearest, suggest
from sync.rows import COLUMNS, Row
from sync.settings import EntitySettings, Side

OTHER: Mapping[Side, Side] = {"salesforce": "app", "app": "salesforce"}
FITTING = {
    "text": "text", "email": "email", "phone": "phone", "url": "url", "picklist": "text", "integer": "integer",
    "number": "number", "boolean": "boolean", "date": "date", "datetime": "datetime", "tags": "tags",
}  # fmt: skip
LISTED = 10


@dataclass(frozen=True, slots=True)
class Live:
    """What the two systems describe for one entity, raw name → field."""

    entity: EntitySettings
    app: str
    fields: Mapping[Side, Mapping[str, Field]]

    def what(self, side: Side) -> str:
        """Return system and entity as people say it: "Salesforce contact"."""
        system = "Salesforce" if side == "salesforce" else label(self.app)
        return f"{system} {self.entity.reads_as(side)}"

    def lacks(self, side: Side, name: str) -> str:
        """Say that the field is not there, why that may be, and which one was perhaps meant."""
        hidden = ", or the integration user may not see it (field-level security)" if side == "salesforce" else ""
        return f"{self.what(side)} has no field '{name[:60]}'{self._meant(side, name)}{hidden}"

    def _meant(self, side: Side, name: str) -> str:
        by_word = {field.label: field.name for field in self.fields[side].values()}
        by_word |= {_last_part(field): field for field in self.fields[side]}
        found = by_word.get(nearest(_last_part(name), by_word))
        return f" (did you mean '{found}'?)" if found else ""

    def reaches(self, side: Side, name: str) -> bool:
        """Tell whether `name` is a field of a record that a Salesforce look-up leads to, which a describe does not list."""
        parent, dot, _ = name.partition(".")
        look_up = parent.removesuffix("__r") + "__c" if parent.endswith("__r") else f"{parent}Id"
        field = self.fields[side].get(look_up)
        return bool(dot) and side == "salesforce" and field is not None and field.type == "reference"

    def of(self, row: Row, side: Side) -> list[Field]:
        """Return the described fields of `row`."""
        return [self.fields[side][name] for name in row.fields(side) if name in self.fields[side]]

    def is_written(self, row: Row, side: Side) -> bool:
        """Tell whether the row is ever written to `side`."""
        return self.entity.writes_to(side) and row.writes_to(side)


def _last_part(name: str) -> str:
    return name.rpartition(".")[2]


def check_row(row: Row, live: Live) -> list[Problem]:
    """Return what keeps `row` from working; lengths and options are looked at once the fields themselves are right."""
    problems = [problem for side in COLUMNS for name in row.fields(side) for problem in _check_field(row, live, side, name)]
    if not any(problem.severity == "error" for problem in problems):
        for side in COLUMNS:
            if live.is_written(row, side):
                problems += [*_check_length(row, live, side), *_check_options(row, live, side)]
                problems += [*_check_fraction(row, live, side), *_check_form(row, live, side)]
    return problems


def problem_at(row: Row, column: str, message: str, severity: Severity = "error") -> Problem:
    """Return a problem that points at a cell of `row`."""
    return Problem(row.file, row.line, row.columns.get(column, 1), column, message, row.name, severity)


def _check_field(row: Row, live: Live, side: Side, name: str) -> Iterator[Problem]:
    found = live.fields[side].get(name)
    if found is None and live.reaches(side, name):
        return
    if found is None:
        yield problem_at(row, COLUMNS[side], f"{live.lacks(side, name)}; correct the name or create the field")
        return
    refusal = _refusal(row, found)
    if refusal:
        yield problem_at(row, COLUMNS[side], f"'{name}' in {live.what(side)} is {refusal}")
    elif found.type not in row.transform.types(side):
        yield problem_at(row, "transform", f"{row.transform.name} cannot read '{name}' ({found.type}); {_advice(found)}")
    elif live.is_written(row, side):
        yield from _check_written(row, live, side, found)


def _refusal(row: Row, found: Field) -> str:
    if found.type == "id":
        return "the system's own id; Lockstep keeps the cross-references itself, take this row out"
    if found.type == "reference" and row.transform.common_type != "reference":
        return "a look-up to another record; map it with reference:account or the like, or take this row out"
    if found.type == "multipicklist" and row.transform.name != "list":
        return "a multi-select field; map a text field in its place, or use list where the other side is a list"
    if found.is_calculated:
        return "calculated; its changes are not seen as changes of the record, map the fields it is made of"
    return ""


def _advice(found: Field) -> str:
    fitting = FITTING.get(found.type)
    return f"use {fitting}" if fitting else "choose a field of another type"


def _check_written(row: Row, live: Live, side: Side, found: Field) -> Iterator[Problem]:
    what = f"'{found.name}' in {live.what(side)}"
    back = f"write to_{OTHER[side]} as direction"
    if not found.is_createable and not found.is_updateable:
        yield problem_at(row, "direction", f"{what} is read-only, but this row writes it; {_way_out(found, back)}")
    elif not found.is_updateable and row.overwrite != "never":
        message = f"{what} can be set only while a record is created; {back}, or never in the overwrite column"
        yield problem_at(row, "overwrite", message)
    elif not found.is_createable:
        message = f"{what} cannot be set while a record is created; it is filled by the next change after that"
        yield problem_at(row, COLUMNS[side], message, "warning")
    if found.type not in row.transform.written_types(side):
        yield problem_at(row, "transform", f"{row.transform.name} cannot write {what} ({found.type}); {_advice(found)}")
    if found.is_required and not row.is_required_for(side) and row.default is None and row.transform.name != "constant":
        message = f"{what} is required, a record without it would be refused; write yes in the required column"
        yield problem_at(row, "required", message, "warning")


def _way_out(found: Field, back: str) -> str:
    return f"map FirstName + LastName with full_name, or {back}" if found.name == "Name" else back


def _check_length(row: Row, live: Live, side: Side) -> Iterator[Problem]:
    longest, limit = _longest(row, live.of(row, OTHER[side])), _room(live.of(row, side))
    if not limit or longest <= limit or row.transform.common_type not in ("text", "list"):
        return
    names = " + ".join(row.fields(side))
    message = f"'{names}' in {live.what(side)} holds {limit} characters, but up to {longest} can come"
    if row.transform.name in ("constant", "truncate"):
        yield problem_at(row, "transform", f"{message}; write a shorter one")
    else:
        cure = "records with longer ones are held back; shorten them, or use truncate in one direction"
        yield problem_at(row, COLUMNS[side], f"{message}; {cure}", "warning")


def _check_form(row: Row, live: Live, side: Side) -> Iterator[Problem]:
    """Warn where a field takes one form of a value only, and nothing brings the values into it."""
    fields = live.of(row, side)
    form = fields[0].form if len(fields) == 1 else ""
    if form and row.transform.name not in (form, "values", "constant"):
        what = f"'{fields[0].name}' in {live.what(side)} takes its own form of a value only and refuses others"
        yield problem_at(row, "transform", f"{what}; use {form}, or map a text field instead", "warning")


def _check_fraction(row: Row, live: Live, side: Side) -> Iterator[Problem]:
    types = [[field.type for field in live.of(row, each)] for each in (OTHER[side], side)]
    if row.transform.name == "number" and row.transform.argument != "0" and types == [["number"], ["integer"]]:
        message = f"'{row.fields(side)[0]}' in {live.what(side)} takes whole numbers; use number:0 to round"
        yield problem_at(row, "transform", message, "warning")


def _room(fields: Sequence[Field]) -> int:
    return sum(field.length for field in fields) + len(fields) - 1 if all(field.length for field in fields) else 0


def _longest(row: Row, fields: Sequence[Field]) -> int:
    if row.transform.name == "constant":
        return len(row.transform.argument)
    if row.transform.name == "truncate":
        return int(row.transform.argument)
    if len(fields) == 1 and fields[0].options:
        return max(map(len, fields[0].options))
    return _room(fields) if fields else 0


def _check_options(row: Row, live: Live, side: Side) -> Iterator[Problem]:
    fields = live.of(row, side)
    allowed = fields[0].options if len(fields) == 1 else None
    offered = _offered(row, live, OTHER[side])
    unreadable = [value for value in offered or () if _carry(row, side, value) is None]
    if unreadable:
        message = f"{row.transform.name} cannot read {_listed(unreadable)} of {live.what(OTHER[side])}"
        yield problem_at(row, "transform", f"{message}; such records are held back, use values to translate them", "warning")
    if not allowed:
        return
    severity: Severity = "error" if fields[0].is_restricted else "warning"
    where = f"'{fields[0].name}' in {live.what(side)}"
    missing = [value for value in offered or () if not set(_carry(row, side, value) or ()) <= {"", *allowed}]
    if missing:
        message = f"{where} lacks {_listed(missing)}; it has {_listed(allowed)}"
        yield problem_at(row, COLUMNS[side], f"{message}. Add what is missing, or translate it in values.csv", severity)
    elif offered is None and fields[0].is_restricted:
        message = f"{where} takes its own options only, but any text can come; records with others are held back"
        yield problem_at(row, COLUMNS[side], message, "warning")
    if row.default is not None and not set(_written(row, side, row.default_value)) <= set(allowed):
        message = f"'{row.default[:60]}' is no option of {where}{suggest(row.default, allowed)}; write one of them"
        yield problem_at(row, "default", message)


def _offered(row: Row, live: Live, origin: Side) -> tuple[Any, ...] | None:
    if row.transform.name == "constant":
        return (row.transform.argument,)
    fields = live.of(row, origin)
    if len(fields) == 1 and fields[0].type == "boolean":
        return (True, False)
    return fields[0].options if len(fields) == 1 else None


def _carry(row: Row, side: Side, value: Any) -> list[str] | None:
    try:
        return _written(row, side, row.transform.read(OTHER[side])(value))
    except ValueError:
        return None


def _written(row: Row, side: Side, common: Any) -> list[str]:
    value = row.transform.write(side)(common)[0]
    return [str(each) for each in value] if isinstance(value, list) else ["" if value is None else str(value)]


def _listed(values: Sequence[Any]) -> str:
    named = ", ".join(f"'{value}'" for value in values[:LISTED])
    return f"{named} and {len(values) - LISTED} more" if len(values) > LISTED else named
