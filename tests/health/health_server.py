"""The API server as a person's browser or script speaks to it."""

from dataclasses import dataclass, field
from typing import Any

import requests

TIMEOUT_SECONDS = 30
OWN = {"X-Lockstep": "page"}


@dataclass
class Server:
    """A running API server and the passwords of its users."""

    url: str
    passwords: dict[str, str]
    tokens: dict[str, str] = field(default_factory=dict)

    def token(self, user: str) -> str:
        """The user's token, asked for once."""
        if user not in self.tokens:
            login = {"username": user, "password": self.passwords[user]}
            answer = requests.post(f"{self.url}/auth/token", json=login, timeout=TIMEOUT_SECONDS)
            assert answer.status_code == 201, answer.text
            self.tokens[user] = answer.json()["access_token"]
        return self.tokens[user]

    def get(self, user: str | None, path: str, **params: Any) -> requests.Response:
        """Ask for one of the page's routes with the user's session, as the browser does; None: signed out."""
        return requests.get(
            f"{self.url}/sync-health/{path}",
            params=params,
            cookies=self._session(user),
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
        )

    def post(self, user: str | None, path: str, body: Any, headers: dict[str, str] | None = None) -> requests.Response:
        """Send JSON to one of the page's routes, with the page's own header unless others are given."""
        sent = OWN if headers is None else headers
        return requests.post(
            f"{self.url}/sync-health/{path}", json=body, headers=sent, cookies=self._session(user), timeout=TIMEOUT_SECONDS
        )

    def rows(self, user: str, path: str, **params: Any) -> Any:
        """The rows of a route that must answer."""
        answer = self.get(user, f"api/{path}", **params)
        assert answer.status_code == 200, answer.text
        return answer.json()["rows"]

    def _session(self, user: str | None) -> dict[str, str]:
        return {"_token": self.token(user)} if user else {}
