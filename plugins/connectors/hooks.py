"""Airflow hooks behind the connection forms, one class per form: what the Test button of a connection calls."""

from typing import Any

from airflow.sdk import BaseHook

from connectors.contract import Connector
from connectors.errors import SyncError
from connectors.forms import FORMS, connection_type, hook_name
from connectors.opening import open_connector

PATIENCE_SECONDS = 15.0


class LockstepHook(BaseHook):  # type: ignore[misc]
    """A connection to one of our systems."""

    conn_name_attr = "conn_id"
    system = ""

    def __init__(self, conn_id: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.conn_id = conn_id or f"{self.system}_default"

    def get_conn(self) -> Connector:
        """Return the connector."""
        return open_connector(self.system, self.conn_id, total_seconds=PATIENCE_SECONDS)

    def test_connection(self) -> tuple[bool, str]:
        """Log in and say whom we speak to, or what to do: host, credentials, rights and edition in one."""
        try:
            account = self.get_conn().ping()
        except SyncError as error:
            return False, str(error)
        name = account.id if account.name == account.id else f"{account.name} ({account.id})"
        return True, f"{name}, {'sandbox' if account.is_sandbox else 'production'}: credentials accepted, API access is there."


for _system, _form in FORMS.items():
    globals()[hook_name(_system)] = type(
        hook_name(_system),
        (LockstepHook,),
        {
            "__doc__": f"A connection to {_form.name}.",
            "system": _system,
            "conn_type": connection_type(_system),
            "hook_name": _form.name,
            "default_conn_name": f"{_system}_default",
        },
    )
