"""The data team's folders, Lockstep's own database and both systems, by way of the environment and of Airflow's connections."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sync.settings import SIDES, Settings, Side

if TYPE_CHECKING:
    from connectors.contract import Connector

DATABASE_CONNECTION = "lockstep_db"
ROOT = Path(__file__).parents[2]


def mapping_folder(app: str) -> Path:
    """The folder of the data team's files for `app`; LOCKSTEP_MAPPINGS moves it elsewhere."""
    return Path(os.environ.get("LOCKSTEP_MAPPINGS", ROOT / "include" / "mappings")) / app


def apps() -> list[str]:
    """The apps that have a mapping folder."""
    return sorted(path.parent.name for path in mapping_folder("").glob("*/settings.yaml"))


def database_url() -> str:
    """The address of Lockstep's own database, from the Airflow connection `lockstep_db`."""
    from sqlalchemy.engine import URL

    from connectors.opening import stored_connection

    connection = stored_connection(DATABASE_CONNECTION)
    host, query = connection.host or "", dict(connection.extra_dejson)
    if host.startswith("/"):
        host, query = "", {**query, "host": host}
    url = URL.create(
        "postgresql", connection.login, connection.password or None, host or None, connection.port, connection.schema,
        {str(key): str(value) for key, value in query.items()},
    )  # fmt: skip
    return url.render_as_string(hide_password=False)


def rehearses(settings: Settings) -> bool:
    """Tell whether this is a rehearsal: the environment says so and both connections lead to sandbox servers on this machine."""
    from connectors.opening import stored_settings
    from sync.consent import REHEARSAL

    names = (settings.salesforce_connection, settings.app_connection)
    return os.environ.get(REHEARSAL) == "1" and all(stored_settings(name).loopback for name in names)


def open_connectors(settings: Settings) -> Mapping[Side, "Connector"]:
    """Open both sides from their Airflow connections, each at the pace that all workers share; a rehearsal keeps to none."""
    from airflow.sdk import get_current_context

    from sync.database import connect
    from sync.pacing import SharedPace

    engine, context = connect(database_url()), get_current_context()
    accounts = {"salesforce": settings.salesforce_connection, "app": settings.app_connection}
    names = (settings.integration, context["run_id"])
    is_rehearsal = rehearses(settings)
    paces = {
        side: SharedPace(engine, accounts[side], *names, settings.budgets[side], is_rehearsal=is_rehearsal) for side in SIDES
    }
    return {side: open_side(settings, side, pace=paces[side]) for side in SIDES}


def open_side(settings: Settings, side: Side, **options: Any) -> "Connector":
    """Open one side from its Airflow connection; `options` as for `open_connector`."""
    from connectors.opening import open_connector

    if side == "app":
        return open_connector(settings.app, settings.app_connection, **options)
    return open_connector("salesforce", settings.salesforce_connection, **settings.salesforce_options, **options)
