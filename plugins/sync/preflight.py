"""Look at everything a run needs before the first one: database, mapping, connections, logins, editions, rights, fields.

`python -m sync.preflight freshdesk [--create] [--save-fields FILE]` where Airflow's connections can be read; the DAG
`lockstep_preflight` does the same. One line per check, and a check that fails does not hide the next one.
"""

import argparse
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from connectors.contract import Connector, Field, NewField
from connectors.errors import PermanentError, SyncError
from connectors.forms import label
from sync import fieldlists, lint, mapping
from sync.checks import (
    Check,
    Described,
    check_database,
    check_login,
    check_made,
    check_reference,
    check_rights,
    create,
    is_custom,
)
from sync.connections import database_url, mapping_folder, open_side, rehearses
from sync.consent import unconfirmed
from sync.files import Problem
from sync.mapping import Integration
from sync.needed import needed_fields
from sync.settings import SIDES, EntitySettings, Settings, Side

PATIENCE_SECONDS = 15.0  # for a system that does not answer: a person waits for this


@dataclass(frozen=True, slots=True)
class Access:
    """How to come to the database and the two systems; both may raise SyncError."""

    database_url: Callable[[], str]
    connector: Callable[[Settings, Side], Connector]


@dataclass(slots=True)
class Preflight:
    """The checks of the integration in `folder`; `creates` makes tables and custom fields that are missing."""

    folder: Path
    access: Access
    creates: bool = False
    is_rehearsal: Callable[[Settings], bool] = lambda _: False
    lacking: set[str] = field(default_factory=set)
    fields: dict[Side, dict[str, Sequence[Field]]] = field(default_factory=lambda: {side: {} for side in SIDES})

    def checks(self) -> Iterator[Check]:
        """Yield the checks one by one; afterwards `fields` holds what the systems describe, by side and entity."""
        yield check_database(self.access.database_url, self.creates)
        problems: list[Problem] = []
        integration = mapping.read(self.folder, problems)
        is_sound = not any(problem.severity == "error" for problem in problems)
        yield from _of_problems(problems)
        if is_sound:
            yield Check("ok", "mapping files", "can be read")
        if integration is None:
            return
        yield from self._check_consent(integration.settings)
        for side in SIDES:
            yield from self._check_side(integration, side)
        if is_sound:
            yield from self._check_fit(integration)

    def _check_consent(self, settings: Settings) -> Iterator[Check]:
        wanted = unconfirmed(settings)
        try:
            is_rehearsal = bool(wanted) and self.is_rehearsal(settings)
        except SyncError:
            is_rehearsal = False
        for line in wanted:
            yield (
                Check("note", "consent", f"taken as given in a rehearsal: {line}")
                if is_rehearsal
                else Check("failed", "consent", line)
            )

    def _check_side(self, integration: Integration, side: Side) -> Iterator[Check]:
        settings = integration.settings
        system = "Salesforce" if side == "salesforce" else label(settings.app)
        name = settings.salesforce_connection if side == "salesforce" else settings.app_connection
        try:
            connector = self.access.connector(settings, side)
        except SyncError as error:
            yield Check("failed", f"{system} connection", str(error))
            return
        yield Check("ok", f"{system} connection", name)
        login = list(check_login(system, connector.ping))
        yield from login
        for entity in settings.entities if login[-1].is_met else ():
            if entity.enabled:
                needed = needed_fields(entity, integration.mappings.get(entity.name), side)
                yield from self._check_entity(connector, entity, side, f"{system} {entity.reads_as(side)}", needed)

    def _check_entity(
        self, connector: Connector, entity: EntitySettings, side: Side, subject: str, needed: Mapping[str, NewField]
    ) -> Iterator[Check]:
        name = entity.reads_as(side)
        refusals: dict[str, str] = {}
        try:
            described = _describe(connector, name)
            yield check_rights(subject, entity.writes_to(side), described)
            lacking = [each for each in needed if each not in described and is_custom(connector, each)]
            if lacking and self.creates:
                refusals = {each: create(connector, name, each, needed[each]) for each in lacking}
                described = _describe(connector, name)
        except SyncError as error:
            yield Check("failed", subject, str(error))
            return
        for each, kind in needed.items():
            line = f"{subject} field {each}"
            if kind == "reference" and not refusals.get(each):
                yield check_reference(line, described.get(each), is_custom(connector, each), each in lacking)
            elif each in lacking:
                yield check_made(line, kind, each in described, refusals.get(each, ""))
        self.lacking |= {f"'{each}'" for each in lacking if each not in described}
        self.fields[side][entity.name] = list(described.values())

    def _check_fit(self, integration: Integration) -> Iterator[Check]:
        """Yield what the live fields do not allow; the cross-references have lines of their own."""
        found = lint.check(integration, self.fields["salesforce"], self.fields["app"])
        problems = [problem for problem in found if ".reference." not in problem.field and not self._is_told(problem)]
        yield from _of_problems(problems)
        covered = self.fields["salesforce"].keys() & self.fields["app"].keys()
        if covered and not any(problem.severity == "error" for problem in problems):
            yield Check("ok", "mapping", f"fits the live fields of {', '.join(sorted(covered))}")

    def _is_told(self, problem: Problem) -> bool:
        """Tell whether the missing field has a line of its own already."""
        return " has no field " in problem.message and any(name in problem.message for name in self.lacking)


def preflight_of(app: str, creates: bool) -> Preflight:
    """Return the checks of `app` by way of its Airflow connections."""
    access = Access(database_url, partial(open_side, total_seconds=PATIENCE_SECONDS))
    return Preflight(mapping_folder(app), access, creates, is_rehearsal=rehearses)


def require_met(checks: Sequence[Check]) -> None:
    """Raise PermanentError with every check that is not met."""
    unmet = [str(check) for check in checks if not check.is_met]
    if unmet:
        raise PermanentError(f"{len(unmet)} of {len(checks)} checks need a person:\n" + "\n".join(unmet))


def _describe(connector: Connector, entity: str) -> Described:
    return {each.name: each for each in connector.describe(entity)}


def _of_problems(problems: Sequence[Problem]) -> Iterator[Check]:
    lines = {str(problem): problem.severity for problem in sorted(problems)}
    yield from (Check("failed" if severity == "error" else "note", "mapping", line) for line, severity in lines.items())


def main(arguments: Sequence[str] | None = None) -> int:
    """Check one integration through Airflow's connections; print every check, return 1 if a person must act."""
    parser = argparse.ArgumentParser(prog="python -m sync.preflight", description="Check what a run needs.")
    parser.add_argument("app", nargs="+", help="folders below include/mappings, such as freshdesk")
    parser.add_argument("--create", action="store_true", help="make the tables and custom fields that are missing")
    parser.add_argument("--save-fields", type=Path, metavar="FILE", help="keep the live field lists for sync.lint --fields")
    given = parser.parse_args(arguments)
    # As `airflow connections test` does it: without this, connections kept in Airflow's database are not seen.
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    logging.disable(logging.INFO)
    if given.save_fields and len(given.app) > 1:
        parser.error("--save-fields takes one app at a time")
    return max(_report(preflight_of(app, creates=given.create), app, given.save_fields) for app in given.app)


def _report(preflight: Preflight, app: str, saved: Path | None) -> int:
    unmet = 0
    for check in preflight.checks():
        sys.stdout.write(f"{check}\n")
        unmet += not check.is_met
    if saved:
        fieldlists.save(saved, preflight.fields)
    sys.stdout.write(f"{app}: {f'{unmet} unmet, see above' if unmet else 'ready'}\n")
    return 1 if unmet else 0


if __name__ == "__main__":
    sys.exit(main())
