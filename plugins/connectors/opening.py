"""Opens connectors from Airflow connections. The one module here that knows Airflow, and only inside `open_connector`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from connectors.answers import is_loopback
from connectors.contract import Connector
from connectors.errors import AuthError, PermanentError
from connectors.freshdesk import FreshdeskConnector
from connectors.salesforce import SalesforceConnector
from connectors.salesforce_calls import is_busy
from connectors.salesforce_login import Credentials, sign_in
from connectors.session import TOTAL_SECONDS, OnCall, Session

EXTRA_PREFIX = "extra__salesforce__"  # how older Airflow forms stored the provider's fields
FRESHDESK_DOMAIN = ".freshdesk.com"


@dataclass(frozen=True, slots=True)
class Settings:
    """An Airflow connection as plain values."""

    host: str = ""
    port: int | None = None
    schema: str = ""
    login: str = ""
    password: str = field(default="", repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def text(self, name: str) -> str:
        """Return an extra, blank if it is missing."""
        return str(self.extra.get(name) or self.extra.get(EXTRA_PREFIX + name) or "").strip()

    @property
    def address(self) -> str:
        """Return host and port as a URL, https unless it says http; blank without a host."""
        if not self.host:
            return ""
        address = self.host if "://" in self.host else f"{self.schema or 'https'}://{self.host}"
        has_port = urlsplit(address).port is not None
        return (f"{address}:{self.port}" if self.port and not has_port else address).rstrip("/")

    @property
    def loopback(self) -> str:
        """Return the address of a local sandbox server if the connection names one."""
        return self.address if is_loopback(self.address) else ""


def open_connector(system: str, conn_id: str, **options: Any) -> Connector:
    """Return a connector for `system` from the Airflow connection `conn_id`; `options` as for `build_connector`.

    Raises PermanentError where there is no such connection, AuthError where it is incomplete.
    """
    connection = stored_connection(conn_id)
    settings = Settings(
        host=connection.host or "",
        port=connection.port,
        schema=connection.schema or "",
        login=connection.login or "",
        password=connection.password or "",
        extra=connection.extra_dejson,
    )
    return build_connector(system, settings, **options)


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
    system: str, settings: Settings, *, on_call: OnCall | None = None, total_seconds: float = TOTAL_SECONDS, **options: Any
) -> Connector:
    """Return a connector from plain values; `options` go to its constructor. Raises AuthError where something is missing.

    `total_seconds` is how long one call is repeated while the system does not answer.
    """
    if system not in BUILDERS:
        raise PermanentError(f"There is no connector for {system!r}: there are {', '.join(BUILDERS)}.")
    if settings.address.startswith("http://") and not settings.loopback:
        raise PermanentError(f"{settings.address}: plain http is for sandbox servers on this machine only. Write https.")
    session = Session(loopback=settings.loopback, on_call=on_call, is_busy=is_busy, total_seconds=total_seconds)
    return BUILDERS[system](settings, session, options)


def _salesforce(settings: Settings, session: Session, options: Mapping[str, Any]) -> SalesforceConnector:
    credentials = Credentials(
        username=settings.login,
        password=settings.password,
        domain=settings.text("domain") or settings.text("instance_url") or _salesforce_host(settings) or "login",
        consumer_key=settings.text("consumer_key"),
        consumer_secret=settings.text("consumer_secret"),
        private_key=settings.text("private_key"),
        private_key_file=settings.text("private_key_file_path"),
        security_token=settings.text("security_token"),
        organization_id=settings.text("organization_id"),
    )
    version = {"version": settings.text("version")} if settings.text("version") else {}
    return SalesforceConnector(partial(sign_in, credentials, session), session, **{**version, **options})


def _salesforce_host(settings: Settings) -> str:
    return "" if settings.loopback else settings.host


def _freshdesk(settings: Settings, session: Session, options: Mapping[str, Any]) -> FreshdeskConnector:
    key = settings.password or settings.text("api_key")
    if not key:
        raise AuthError("The Freshdesk connection has no API key: put it into the password field.")
    return FreshdeskConnector(freshdesk_address(settings), key, session, **options)


def freshdesk_address(settings: Settings) -> str:
    """Return the account's address from a whole URL, a host or the bare domain; a rehearsal is named by extra `domain`."""
    domain = settings.text("domain") or "sandbox" if settings.loopback else settings.host or settings.text("domain")
    if not domain:
        raise AuthError("The Freshdesk connection has no host: write https://<your domain>.freshdesk.com.")
    host = (urlsplit(domain).hostname if "://" in domain else domain.strip("/")) or ""
    return f"https://{host if '.' in host else host + FRESHDESK_DOMAIN}"


BUILDERS: Mapping[str, Callable[..., Connector]] = {"salesforce": _salesforce, "freshdesk": _freshdesk}
