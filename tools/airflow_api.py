"""The few calls over HTTP that the demo needs, most of them to Airflow's public REST API."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import requests

from tools.place import StepError

TIMEOUT_SECONDS = 30
FINISHED = ("success", "failed")


def answers(url: str) -> bool:
    """Whether something at this address answers with success."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.get(url, timeout=TIMEOUT_SECONDS).ok
        except requests.RequestException:
            return False


class AirflowApi:
    """Speaks to the API server at `url`, logged in by the first call that needs it."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url
        self._login = {"username": user, "password": password}
        self._session = requests.Session()
        self._session.trust_env = False

    def unhealthy(self) -> list[str]:
        """Return the components that are not healthy yet; all of them while the server does not answer."""
        parts = ("metadatabase", "scheduler", "dag_processor")
        try:
            answer = self._session.get(f"{self.url}/api/v2/monitor/health", timeout=TIMEOUT_SECONDS).json()
        except (requests.RequestException, ValueError):
            return ["api_server"]
        return [part for part in parts if (answer.get(part) or {}).get("status") != "healthy"]

    def warm_up(self) -> None:
        """Make the server build the part that tasks talk to, which would cost the first task some seconds."""
        with suppress(requests.RequestException):  # a busy machine: the first task waits instead
            self._session.get(f"{self.url}/execution/health", timeout=4 * TIMEOUT_SECONDS)

    def log_in(self) -> None:
        """Take a token for the calls that follow."""
        answer = self._session.post(f"{self.url}/auth/token", json=self._login, timeout=TIMEOUT_SECONDS)
        if answer.status_code != 201:
            raise StepError(f"Airflow refused the demo's own login: {answer.status_code} {answer.text[:200]}")
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def has_dag(self, dag_id: str) -> bool:
        """Whether the DAG is known; a file that does not import is an error at once."""
        if self._session.get(f"{self.url}/api/v2/dags/{dag_id}", timeout=TIMEOUT_SECONDS).ok:
            return True
        broken = self._call("GET", "importErrors")["import_errors"]
        if broken:
            raise StepError(f"{broken[0]['filename']} does not import:\n{broken[0]['stack_trace'][-600:]}")
        return False

    def unpause(self, dag_id: str) -> None:
        """Switch the DAG's schedule on."""
        self._call("PATCH", f"dags/{dag_id}", {"is_paused": False})

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> str:
        """Start a run with params and return its id."""
        return str(self._call("POST", f"dags/{dag_id}/dagRuns", {"logical_date": None, "conf": conf})["dag_run_id"])

    def state(self, dag_id: str, run_id: str) -> str:
        """Return the state of a run."""
        return str(self._call("GET", f"dags/{dag_id}/dagRuns/{quote(run_id, safe='')}")["state"])

    def tasks(self, dag_id: str, run_id: str) -> Iterator[tuple[str, str, float]]:
        """Yield task, state and seconds of a run in the order of their start."""
        found = self._call("GET", f"dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances")["task_instances"]
        for task in sorted(found, key=lambda task: task["start_date"] or "9"):
            yield task["task_id"], task["state"] or "waiting", task["duration"] or 0.0

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self._session.request(method, f"{self.url}/api/v2/{path}", json=body, timeout=TIMEOUT_SECONDS)
        if not answer.ok:
            raise StepError(f"Airflow refused {method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json()
