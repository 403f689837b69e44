"""A plain client of the Salesforce REST API."""

from typing import Any

import requests

DATA = "/services/data/v59.0"


class Rest:
    """Speaks to the REST API as a logged-in client; paths are below the version."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        address = path if path.startswith("/services") else DATA + path
        return self.session.request(method, self.url + address, timeout=30, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.call("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> requests.Response:
        return self.call("POST", path, json=body, **options)

    def patch(self, path: str, body: Any = None, **options: Any) -> requests.Response:
        return self.call("PATCH", path, json=body, **options)

    def delete(self, path: str, **options: Any) -> requests.Response:
        return self.call("DELETE", path, **options)

    def query(self, soql: str, resource: str = "query") -> dict[str, Any]:
        answer = self.get(f"/{resource}", params={"q": soql})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def rows(self, soql: str, resource: str = "query") -> list[dict[str, Any]]:
        return list(self.query(soql, resource)["records"])

    def create(self, name: str, **fields: Any) -> str:
        answer = self.post(f"/sobjects/{name}", fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


def error_of(answer: requests.Response) -> tuple[int, str]:
    """Return status and code of a refusal."""
    return answer.status_code, answer.json()[0]["errorCode"]
