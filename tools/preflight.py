"""`python -m tools.preflight [--create]`: log in on both sides and look for the cross-reference fields; create what is missing.

Reads the connections as Airflow does, from `AIRFLOW_CONN_…` or its database. Says everything that is wrong at once.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence

from connectors.contract import Connector, Field
from connectors.errors import SyncError
from sync import lint, mapping
from sync.settings import EntitySettings, Settings, Side
from sync.tasks import mapping_folder, open_connectors

SIDES: tuple[Side, Side] = ("salesforce", "app")
CUSTOM = ("__c", "custom_fields.")  # other references are standard fields: there is nothing to create


def main(arguments: list[str] | None = None) -> None:
    """Check one integration; ends with 1 when a person must act."""
    parser = argparse.ArgumentParser(prog="python -m tools.preflight", description=__doc__)
    parser.add_argument("--app", default="freshdesk", help="the folder below include/mappings (default: freshdesk)")
    parser.add_argument("--create", action="store_true", help="create the missing cross-reference fields")
    options = parser.parse_args(arguments)
    try:
        is_ready = check(options.app, options.create)
    except SyncError as error:
        sys.exit(str(error))
    sys.exit(0 if is_ready else 1)


def check(app: str, creates: bool) -> bool:
    """Print what there is, create what may be created; return whether a run could start."""
    integration = mapping.load(mapping_folder(app))
    settings = integration.settings
    connectors = open_connectors(settings)
    for side in SIDES:
        account = connectors[side].ping()
        print(f"{side}: logged in to {account.name} ({account.id}{', sandbox' if account.is_sandbox else ''})")
    lacking = list(missing(settings, connectors))
    for side, entity, name in lacking:
        if creates:
            connectors[side].create_field(entity.reads_as(side), name, name.removeprefix("custom_fields.").removesuffix("__c"))
        print(f"{side}: {entity.name} field {name} {'created' if creates else 'is missing, --create makes it'}")
    problems = [] if lacking and not creates else lint.check(integration, *_described(settings, connectors))
    print("\n".join(str(problem) for problem in problems))
    return not any(problem.severity == "error" for problem in problems) and (creates or not lacking)


def missing(settings: Settings, connectors: Mapping[Side, Connector]) -> Iterator[tuple[Side, EntitySettings, str]]:
    """Yield the cross-reference fields that a side does not have."""
    for entity in settings.entities:
        wanted = {"salesforce": (entity.salesforce_reference or "",), "app": entity.app_references}
        for side in SIDES:
            present = {field.name for field in connectors[side].describe(entity.reads_as(side))}
            yield from ((side, entity, name) for name in wanted[side] if name not in present and _is_custom(name))


def _is_custom(name: str) -> bool:
    return name.endswith(CUSTOM[0]) or name.startswith(CUSTOM[1])


def _described(settings: Settings, connectors: Mapping[Side, Connector]) -> list[dict[str, Sequence[Field]]]:
    return [{e.name: connectors[side].describe(e.reads_as(side)) for e in settings.entities} for side in SIDES]


if __name__ == "__main__":
    main()
