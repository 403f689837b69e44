"""A caller of the Freshdesk API, as the tests of the sandbox account use it."""

from typing import Any

import requests


class Caller:
    """Calls the API with the key of the account."""

    def __init__(self, url: str) -> None:
        self.url = f"{url}/api/v2"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.auth = ("sandbox-freshdesk-key", "X")

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        if body is not None:
            more["json"] = body
        return self.session.request(method, self.url + path, timeout=10, **more)

    def ok(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """Return the body of an answer that must be a success."""
        answer = self(method, path, body, **more)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def contact(self, name: str = "Mara Lind", **fields: Any) -> dict[str, Any]:
        """Create a contact, with an e-mail made from the name unless another identifier is given."""
        known = {"email", "mobile", "phone", "twitter_id", "unique_external_id"} & set(fields)
        email = {} if known else {"email": f"{name.lower().replace(' ', '.')}@firma.example"}
        return self.ok("POST", "/contacts", {"name": name, **email, **fields})

    def company(self, name: str = "Nordwerk GmbH", **fields: Any) -> dict[str, Any]:
        """Create a company."""
        return self.ok("POST", "/companies", {"name": name, **fields})

    def errors(self, method: str, path: str, body: Any = None, **more: Any) -> list[tuple[int, str, str]]:
        """Return status, field and code of every problem of a refused call."""
        answer = self(method, path, body, **more)
        assert answer.json()["description"] == "Validation failed"
        return [(answer.status_code, entry["field"], entry["code"]) for entry in answer.json()["errors"]]
