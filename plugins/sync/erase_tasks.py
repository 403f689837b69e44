"""What the task of the DAG `lockstep_erase` does: the trigger form, the connections, the proof in the log and in the result."""

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import get_current_context

from sync import settings as settings_file
from sync.connections import apps, database_url, mapping_folder, open_connectors
from sync.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from connectors.contract import Connector

SALESFORCE = "salesforce"
log = logging.getLogger(__name__)


def run_erase() -> dict[str, Any]:
    """Show, carry out or take back what the params ask for; return the plan or the proof, which name nobody."""
    from connectors.errors import PermanentError
    from sync.callbacks import opened
    from sync.erase import Ask, Eraser
    from sync.erase_person import roles_of
    from sync.erase_report import render

    context: Any = get_current_context()
    asked = context["params"]
    by = context["dag_run"].triggering_user_name or "nobody signed in"
    ask = Ask(str(asked["person"] or ""), by, context["run_id"], str(asked["confirm"] or "").strip().lower())
    if not (asked["dry_run"] or asked["allow_again"] or ask.code):
        raise PermanentError("Nothing was erased: run with dry_run first, then write the code that it shows into confirm.")
    with opened(database_url) as engine:
        if asked["allow_again"]:
            return _allow_again(engine, ask.word)
        used = used_apps(engine)
        eraser = Eraser(engine, open_systems(used, asked["systems"] or ()), roles_of(map(_settings, apps())))
        if not asked["dry_run"]:
            return eraser.erase(ask)
        plan = eraser.plan(ask)
    log.info("%s", render(plan))
    return plan


def used_apps(engine: "Engine") -> list[str]:
    """Return the apps whose integration has run at least once."""
    from sqlalchemy import text

    from sync.database import migrate

    migrate(engine)
    with engine.connect() as connection:
        names = set(connection.execute(text("select name from sync.integration")).scalars())
    return [app for app in apps() if f"salesforce_{app}" in names]


def open_systems(used: Sequence[str], chosen: Sequence[str]) -> dict[str, "Connector"]:
    """Return the connectors of the systems chosen, all that are in use without a choice; Salesforce orgs each once."""
    systems: dict[str, Connector] = {}
    orgs: dict[str, str] = {}
    for app in dict.fromkeys((*used, *(app for app in apps() if app in chosen))):
        settings = _settings(app)
        sides = open_connectors(settings)
        org = orgs.setdefault(settings.salesforce_connection, _org_name(settings, orgs))
        systems = {org: sides["salesforce"], **systems, app: sides["app"]}
    return {name: each for name, each in systems.items() if not chosen or name.partition(" ")[0] in chosen}


def _org_name(settings: Settings, orgs: Mapping[str, str]) -> str:
    return f"{SALESFORCE} ({settings.salesforce_connection})" if orgs else SALESFORCE


def _settings(app: str) -> Settings:
    return settings_file.load(mapping_folder(app))


def _allow_again(engine: "Engine", word: str) -> dict[str, Any]:
    from sync.database import migrate
    from sync.erase_block import allow_again, read_key

    migrate(engine)
    with engine.begin() as connection:
        was_listed = allow_again(connection, read_key(), word)
    log.info("the address was %s the block list", "taken off" if was_listed else "not on")
    return {"state": "allowed again" if was_listed else "was not blocked"}
