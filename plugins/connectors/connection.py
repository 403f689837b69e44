"""An Airflow connection as plain values, which every connector's `build` is given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from connectors.answers import is_loopback

EXTRA_PREFIX = "extra__salesforce__"  # how older Airflow forms stored the provider's fields


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

    def account_address(self, suffix: str) -> str:
        """Return the address of an account by a whole URL, a host, or the bare name that goes before `suffix`; blank without any.

        A rehearsal is named by extra `domain`.
        """
        domain = self.text("domain") or "sandbox" if self.loopback else self.host or self.text("domain")
        host = (urlsplit(domain).hostname if "://" in domain else domain.strip("/")) or ""
        return f"https://{host if '.' in host else host + suffix}" if domain else ""

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
