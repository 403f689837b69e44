"""A client of the admin routes, and an adapter that sends a vendor's host names to a sandbox."""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

TIMEOUT_SECONDS = 120


class SandboxClient:
    """Speaks to `/_sandbox/` of the server at `url`; `authority` is the path of the certificate authority under TLS."""

    def __init__(self, url: str, authority: str | None = None) -> None:
        self.url = url
        self.authority = authority
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = authority or True

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        """Close the connections."""
        self._session.close()

    def health(self) -> dict[str, Any]:
        """Ask whether the server runs."""
        return dict(self._call("GET", "health"))

    def reset(self, seed: str = "empty", contacts: int = 0, accounts: int = 0, **options: Any) -> None:
        """Forget everything and seed anew, with `contacts` and `accounts` generated records on top."""
        generate = {"contacts": contacts, "accounts": accounts} if contacts or accounts else {}
        self._call("POST", "reset", {"seed": seed, "generate": generate, **options})

    def records(self, kind: str, with_deleted: bool = False) -> list[dict[str, Any]]:
        """Return all records of `kind`."""
        return list(self._call("GET", f"records/{kind}?deleted={int(with_deleted)}"))

    def insert(self, kind: str, records: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Put records without any rule; returns their ids."""
        return list(self._call("POST", f"records/{kind}", {"records": list(records)})["ids"])

    def edit(self, kind: str, key: Any, fields: Mapping[str, Any]) -> None:
        """Change a record as a person would in the system's own pages."""
        self._call("PATCH", f"records/{kind}/{key}", fields)

    def delete(self, kind: str, key: Any) -> None:
        """Delete a record as a person would in the system's own pages."""
        self._call("DELETE", f"records/{kind}/{key}")

    def action(self, name: str, **arguments: Any) -> Any:
        """Run an action of the system."""
        return self._call("POST", f"actions/{name}", arguments)["result"]

    def switches(self, **changes: Any) -> dict[str, Any]:
        """Turn the switches given; returns the settings of all."""
        answer = self._call("PUT" if changes else "GET", "switches", changes or None)
        return {name: switch["value"] for name, switch in answer.items()}

    def fault(self, kind: str, **arguments: Any) -> None:
        """Arm a fault; see `sandbox.faults` for the words."""
        self._call("POST", "faults", {"kind": str(kind), **arguments})

    def faults(self) -> list[dict[str, Any]]:
        """Return the faults still armed."""
        return list(self._call("GET", "faults"))

    def clear_faults(self) -> None:
        """Disarm all faults."""
        self._call("DELETE", "faults")

    def calls(self) -> dict[str, Any]:
        """Return the counts of calls."""
        return dict(self._call("GET", "calls"))

    def reset_calls(self) -> None:
        """Count from zero again."""
        self._call("DELETE", "calls")

    def clock(self, offset_seconds: float) -> dict[str, Any]:
        """Set the server's clock to real time plus `offset_seconds`."""
        return dict(self._call("POST", "clock", {"offset_seconds": offset_seconds}))

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._session.request(method, f"{self.url}/_sandbox/{path}", json=body, timeout=TIMEOUT_SECONDS)
        if answer.status_code >= 400:
            raise ValueError(f"the sandbox refused {method} {path}: {answer.status_code} {answer.text[:500]}")
        return answer.json()


class RedirectAdapter(HTTPAdapter):
    """Sends every request to the sandbox at `url`, keeping the Host header: mount it on `https://` of a session."""

    def __init__(self, url: str, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._target = urlsplit(url)

    def send(self, request: requests.PreparedRequest, *arguments: Any, **keywords: Any) -> requests.Response:
        """Send `request` to the sandbox instead."""
        asked = urlsplit(str(request.url))
        if asked.netloc != self._target.netloc:
            request.headers["Host"] = asked.netloc
            request.url = asked._replace(scheme=self._target.scheme, netloc=self._target.netloc).geturl()
        return super().send(request, *arguments, **keywords)
