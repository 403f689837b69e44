"""Opens connectors from Airflow connections. The one module here that knows Airflow, and only inside `open_connector`.

A new system is a module here with `build(settings, session, options)`; nothing else names it.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

from connectors.connection import Settings
from connectors.contract import Connector
from connectors.errors import PermanentError
from connectors.pace import Pace
from connectors.session import READ_SECONDS, TOTAL_SECONDS, OnCall, Session


def open_connector(system: str, conn_id: str, **options: Any) -> Connector:
    """Return a connector for `system` from the Airflow connection `conn_id`; `options` as for `build_connector`.

    Raises PermanentError where there is no such connection, AuthError where it is incomplete.
    """
    return build_connector(system, stored_settings(conn_id), **options)


def stored_settings(conn_id: str) -> Settings:
    """Return the Airflow connection `conn_id` as plain values. Raises PermanentError where there is none."""
    connection = stored_connection(conn_id)
    return Settings(
        host=connection.host or "",
        port=connection.port,
        schema=connection.schema or "",
        login=connection.login or "",
        password=connection.password or "",
        extra=connection.extra_dejson,
    )


def stored_connection(conn_id: str) -> Any:
    """Return the Airflow connection `conn_id`. Raises PermanentError where there is none."""
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        return BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        raise PermanentError(
            f"Airflow has no connection {conn_id!r} that can be read: add it under Admin, Connections, or as JSON in the "
            f"variable AIRFLOW_CONN_{conn_id.upper()}."
        ) from None


def build_connector(
    system: str,
    settings: Settings,
    *,
    on_call: OnCall | None = None,
    pace: Pace | None = None,
    total_seconds: float = TOTAL_SECONDS,
    read_seconds: float = READ_SECONDS,
    **options: Any,
) -> Connector:
    """Return a connector from plain values; `options` go to its constructor. Raises AuthError where something is missing.

    `pace` keeps the allowance that the module names. `total_seconds` is how long one call is repeated while the system does not answer,
    `read_seconds` how long one attempt waits for its answer.
    """
    if system not in systems():
        raise PermanentError(f"There is no connector for {system!r}: there are {', '.join(systems())}.")
    if settings.address.startswith("http://") and not settings.loopback:
        raise PermanentError(f"{settings.address}: plain http is for sandbox servers on this machine only. Write https.")
    module = import_module(f"connectors.{system}")
    if pace:
        pace.allow(getattr(module, "ALLOWANCE", None))
    session = Session(
        loopback=settings.loopback, on_call=on_call, pace=pace, total_seconds=total_seconds, read_seconds=read_seconds
    )
    connector: Connector = module.build(settings, session, options)
    return connector


def systems() -> list[str]:
    """Return the systems that have a connector: every module here with a `build`, judged by its text, not by importing it."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if "\ndef build(" in path.read_text())
