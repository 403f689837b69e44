"""Say in plain words what is wrong with the mapping files, alone and against the fields of the live systems.

`python -m sync.lint [folder …]` checks the files alone, with `--fields FILE` also against saved field lists, and ends with 1
when a person must mend something.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from connectors.contract import Field
from sync import fieldlists
from sync import mapping as mapping_files
from sync.entity_settings import ANY
from sync.fieldlists import FieldLists
from sync.files import Problem, Severity, suggest
from sync.fit import Live, check_row
from sync.mapping import Integration
from sync.mapping import Mapping as EntityMapping
from sync.rows import COLUMNS, Row
from sync.settings import FILE, SIDES, TOWARDS, Settings, Side

__all__ = ["Problem", "check", "main"]

MAPPINGS = Path("include/mappings")


def check(
    integration: Integration, salesforce: Mapping[str, Sequence[Field]], app: Mapping[str, Sequence[Field]]
) -> list[Problem]:
    """Return what the live fields do not allow, sorted by place. An entity missing from either list is passed over."""
    problems: list[Problem] = []
    for entity in integration.settings.entities:
        mapping = integration.mappings.get(entity.name)
        if mapping is None or entity.name not in salesforce or entity.name not in app:
            continue
        fields: dict[Side, dict[str, Field]] = {
            "salesforce": {field.name: field for field in salesforce[entity.name]},
            "app": {field.name: field for field in app[entity.name]},
        }
        live = Live(entity, integration.settings.app, fields)
        problems += [problem for row in mapping.rows for problem in check_row(row, live)]
        for side in SIDES:
            problems += _check_required(mapping, live, side)
            problems += _check_references(integration.settings, live, side)
            problems += _check_filters(integration.settings, live, side)
            problems += _check_flags(integration.settings, live, side)
            problems += _check_made_with(integration.settings, live, side)
            problems += _check_status(integration.settings, live, side)
            problems += _check_translations(integration, mapping, live, side)
        problems += _check_marks(integration.settings, live)
    return sorted(set(problems))


def _references(live: Live, side: Side) -> tuple[str, ...]:
    if side == "app":
        return live.entity.app_references
    return (live.entity.salesforce_reference,) if live.entity.salesforce_reference else ()


def _check_required(mapping: EntityMapping, live: Live, side: Side) -> Iterator[Problem]:
    if not live.entity.creates_on(side):
        return
    written = {name for row in mapping.rows if row.writes_to(side) for name in row.fields(side)} | set(_references(live, side))
    written |= set(live.entity.on_create.get(side, {}))
    for name, field in live.fields[side].items():
        if field.is_required and field.is_createable and name not in written:
            message = f"{live.what(side)} requires '{name}', but no row writes it; add one, if need be constant:… with to_{side}"
            yield Problem(f"{mapping.entity}.csv", 1, 1, COLUMNS[side], message)


def _check_references(settings: Settings, live: Live, side: Side) -> Iterator[Problem]:
    for name in _references(live, side):
        field = live.fields[side].get(name)
        if field is None:
            message = f"{live.lacks(side, name)}; preflight --create makes it"
            yield _in_settings(settings, live, ("reference", side), message)
        elif not field.is_updateable:
            message = f"'{name}' in {live.what(side)} is read-only; give the integration user the right to edit it"
            yield _in_settings(settings, live, ("reference", side), message)


def _check_filters(settings: Settings, live: Live, side: Side) -> Iterator[Problem]:
    for key, name in (("new_since", live.entity.new_since.get(side)), ("opt_out", live.entity.opt_out.get(side))):
        if name and name not in live.fields[side]:
            yield _in_settings(settings, live, (key, side), f"{live.lacks(side, name)}; correct the name")
    for name, wanted in live.entity.filters.get(side, {}).items():
        field = live.fields[side].get(name)
        if field is None:
            yield _in_settings(settings, live, ("filter", side, name), f"{live.lacks(side, name)}; correct the name")
            continue
        for value in wanted if field.options else ():
            if value not in (ANY, *(field.options or ())):
                hint = suggest(value, field.options or ())
                message = f"'{value[:60]}' is no option of '{name}' in {live.what(side)}{hint}; no record has it"
                yield _in_settings(settings, live, ("filter", side, name), message, "warning")


def _check_flags(settings: Settings, live: Live, side: Side) -> Iterator[Problem]:
    way = TOWARDS[side]
    name = live.entity.flag_fields.get(way, "")
    if live.entity.deletes.get(way) != "flag" or not live.entity.writes_to(side):
        return
    field = live.fields[side].get(name)
    if field is None:
        yield _in_settings(settings, live, ("deletes", way), f"{live.lacks(side, name)}; correct the name or create the field")
    elif field.type != "boolean" or not field.is_updateable:
        message = f"'{name[:60]}' in {live.what(side)} is no check box that can be written ({field.type}); name another field"
        yield _in_settings(settings, live, ("deletes", way), message)


def _check_made_with(settings: Settings, live: Live, side: Side) -> Iterator[Problem]:
    for name in live.entity.on_create.get(side, {}) if live.entity.creates_on(side) else ():
        field = live.fields[side].get(name)
        if field is None:
            yield _in_settings(settings, live, ("on_create", side, name), f"{live.lacks(side, name)}; correct the name")
        elif not field.is_createable:
            message = f"'{name}' in {live.what(side)} is read-only; give the integration user the right to edit it"
            yield _in_settings(settings, live, ("on_create", side, name), message)


def _check_status(settings: Settings, live: Live, side: Side) -> Iterator[Problem]:
    for part, name in live.entity.status_fields.items() if side == "salesforce" else ():
        field = live.fields[side].get(name)
        if field is None:
            message = f"{live.lacks(side, name)}; preflight --create makes it"
            yield _in_settings(settings, live, ("status", side, part), message)
        elif not field.is_updateable:
            message = f"'{name}' in {live.what(side)} is read-only; give the integration user the right to edit it"
            yield _in_settings(settings, live, ("status", side, part), message)


def _check_marks(settings: Settings, live: Live) -> Iterator[Problem]:
    marks = live.entity.marks
    if marks is None:
        return
    field = live.fields["app"].get(marks.field)
    if field is None:
        yield _in_settings(
            settings, live, ("marks", "field"), f"{live.lacks('app', marks.field)}; name the field that holds the tags"
        )
    elif field.type != "tags" or not field.is_updateable:
        message = f"'{marks.field[:60]}' in {live.what('app')} is no list of tags that can be written ({field.type}); name another field"
        yield _in_settings(settings, live, ("marks", "field"), message)


def _in_settings(settings: Settings, live: Live, keys: tuple[str, ...], message: str, severity: Severity = "error") -> Problem:
    path = ("entities", live.entity.name, *keys)
    return Problem(FILE, *settings.place(*path), ".".join(path), message, severity=severity)


def _check_translations(integration: Integration, mapping: EntityMapping, live: Live, side: Side) -> Iterator[Problem]:
    for row in mapping.rows:
        fields = live.of(row, side) if row.transform.name == "values" else []
        for field in fields:
            yield from _check_column(integration, row, live, side, field)


def _check_column(integration: Integration, row: Row, live: Live, side: Side, field: Field) -> Iterator[Problem]:
    column = f"{side}_value"
    table = row.transform.argument.casefold()
    for line in integration.values:
        value = line[column]
        if line["field"].casefold() not in (table, f"{live.entity.name}.{table}") or not field.options:
            continue
        if value not in ("", "*", *field.options):
            is_fatal = field.is_restricted and live.is_written(row, side)
            hint = suggest(value, field.options)
            message = f"'{value[:60]}' is no option of '{field.name}' in {live.what(side)}{hint}; correct it or take this row out"
            yield line.problem(column, message, "error" if is_fatal else "warning")


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the folders named, or every integration below include/mappings; print the problems, return 1 if one is an error."""
    parser = argparse.ArgumentParser(prog="python -m sync.lint", description="Check mapping and settings files.")
    parser.add_argument("folders", nargs="*", type=Path, metavar="folder", help="default: every one in include/mappings")
    parser.add_argument("--fields", type=Path, metavar="FILE", help="hold the mapping against the field lists saved in FILE")
    given = parser.parse_args(arguments)
    folders = given.folders or sorted(path.parent for path in MAPPINGS.glob("*/settings.yaml"))
    if not folders:
        parser.error(f"no integration in {MAPPINGS}; name a folder with a settings.yaml")
    lists = fieldlists.load(given.fields) if given.fields else {"salesforce": {}, "app": {}}
    return 1 if sum(_report(folder, lists) for folder in folders) else 0


def _report(folder: Path, lists: FieldLists) -> int:
    problems: list[Problem] = []
    integration = mapping_files.read(folder, problems)
    if integration and not any(problem.severity == "error" for problem in problems):
        problems += check(integration, lists["salesforce"], lists["app"])
    for line in dict.fromkeys(str(problem) for problem in sorted(problems)):
        sys.stdout.write(f"{folder / line}\n")
    errors = sum(problem.severity == "error" for problem in problems)
    sys.stdout.write(f"{folder}: {_count(errors, 'error')}, {_count(len(problems) - errors, 'warning')}\n")
    return errors


def _count(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'' if number == 1 else 's'}"


if __name__ == "__main__":
    sys.exit(main())
