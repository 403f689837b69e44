"""A whole Airflow with FAB, as a company runs it: API server, scheduler, DAG processor, its own database, sandbox systems, mail."""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import psycopg
import requests
from post import Post
from sqlalchemy.engine import make_url

from sandbox.client import SandboxClient
from tools.ports import HOST

ROOT = Path(__file__).parents[2]
PASSWORD = "only-in-this-test"
ROLES = {"vera": "Viewer", "uwe": "User", "olga": "Op", "lena": "Lockstep Viewer", "luis": "Lockstep User"}
COMPONENTS = ("api-server", "scheduler", "dag-processor")
PATIENCE_SECONDS = 120
PAUSE_SECONDS = 0.3
FINISHED = ("success", "failed")
ENDING_SECONDS = 5
Component = subprocess.Popen[bytes]
T = TypeVar("T")


@dataclass
class User:
    """Somebody who is signed in."""

    url: str
    name: str
    token: str

    def call(self, verb: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """Send a request to the public API, or to `path` itself when it begins with a slash."""
        address = self.url + (path if path.startswith("/") else f"/api/v2/{path}")
        with requests.Session() as session:
            session.trust_env = False
            headers = {"Authorization": f"Bearer {self.token}", **headers}
            return session.request(verb, address, json=body, headers=headers, timeout=60)

    def get(self, path: str) -> Any:
        """Return the JSON of a call that must succeed."""
        answer = self.call("GET", path)
        assert answer.ok, answer.text
        return answer.json()


@dataclass
class Live:
    """The running Airflow, as a test speaks to it."""

    url: str
    home: Path
    env: dict[str, str]
    post: Post
    servers: Mapping[str, SandboxClient]
    users: dict[str, User] = field(default_factory=dict)

    def user(self, name: str) -> User:
        """Sign in; once per name."""
        if name not in self.users:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.post(f"{self.url}/auth/token", json={"username": name, "password": PASSWORD}, timeout=60)
            self.users[name] = User(self.url, name, answer.json()["access_token"])
        return self.users[name]

    @property
    def admin(self) -> User:
        """The first user."""
        return self.user("admin")

    def connect(self, name: str, connection: dict[str, Any]) -> None:
        """Store a connection in Airflow's own database, as the form does; one that is there is changed."""
        body = {**connection, "connection_id": name}
        body["extra"] = json.dumps(connection.get("extra", {}))
        exists = self.admin.call("GET", f"connections/{name}").ok
        answer = self.admin.call("PATCH", f"connections/{name}", body) if exists else self.admin.call("POST", "connections", body)
        assert answer.ok, answer.text

    def test_connection(self, connection: dict[str, Any], is_good: bool) -> str:
        """Press the Test button of a connection's form, which must say so; return its words."""
        body = {**connection, "connection_id": "pressed", "extra": json.dumps(connection.get("extra", {}))}
        answer = self.admin.call("POST", "connections/test", body)
        assert answer.ok, answer.text
        assert answer.json()["status"] is is_good, answer.text
        return str(answer.json()["message"])

    def start(self, dag_id: str, run_id: str | None = None, **conf: Any) -> str:
        """Trigger a run, named or not, and return its id."""
        self.admin.call("PATCH", f"dags/{dag_id}", {"is_paused": False})
        named = {"dag_run_id": run_id} if run_id else {}
        answer = self.admin.call("POST", f"dags/{dag_id}/dagRuns", {"logical_date": None, "conf": conf, **named})
        assert answer.ok, answer.text
        return str(answer.json()["dag_run_id"])

    def run(self, dag_id: str, **conf: Any) -> str:
        """Run a DAG to its end and return the state of the run; its schedule stays off."""
        state = self.state(dag_id, self.start(dag_id, **conf))
        self.admin.call("PATCH", f"dags/{dag_id}", {"is_paused": True})
        return state

    @contextmanager
    def paused(self, dag_id: str) -> Iterator[None]:
        """Let runs be triggered and not begin; take them back afterwards: the next tests would wait for them."""
        self.admin.call("PATCH", f"dags/{dag_id}", {"is_paused": True})
        yield
        for run in self.admin.get(f"dags/{dag_id}/dagRuns?state=queued")["dag_runs"]:
            self.admin.call("DELETE", f"dags/{dag_id}/dagRuns/{quote(run['dag_run_id'], safe='')}")

    def state(self, dag_id: str, run_id: str) -> str:
        """Wait for the end of a run; return its state."""
        path = f"dags/{dag_id}/dagRuns/{quote(run_id, safe='')}"
        return self.wait(lambda: (state := self.admin.get(path)["state"]) in FINISHED and state, f"the end of {dag_id}")

    def wait(self, ask: Callable[[], T | bool | None], what: str) -> T:
        """Ask until the answer is something; return it."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            if answer := ask():
                return answer  # type: ignore[return-value]
            time.sleep(PAUSE_SECONDS)
        raise AssertionError(f"waited too long for {what}; the logs end with\n{self.tails()}")

    def sql(self, statement: str, *values: Any) -> None:
        """Change Airflow's own database, as time would."""
        url = make_url(self.env["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]).set(drivername="postgresql")
        with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
            connection.execute(statement, values)  # type: ignore[arg-type]

    def mails(self, count: int) -> list[Any]:
        """Wait for `count` new mails; return what has come."""
        found: list[Any] = []
        self.wait(lambda: found.extend(self.post.new()) or len(found) >= count, f"{count} mails")
        return found

    def logs(self, dag_id: str) -> str:
        """Return the ends of the task logs of a DAG's last run."""
        runs = sorted((self.home / "logs" / f"dag_id={dag_id}").iterdir(), key=lambda path: path.stat().st_mtime)
        return "\n".join(f"--- {path}\n{path.read_text()[-2500:]}" for path in sorted(runs[-1].rglob("*.log")))

    def command(self, *arguments: str) -> str:
        """Run a Python command beside it and return what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments], env=self.env, cwd=self.home, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def tails(self) -> str:
        """Return what callbacks failed of, and the ends of the components' logs."""
        parsing = (file.read_text() for file in (self.home / "logs" / "dag_processor").rglob("*.log"))
        failed = [line for text in parsing for line in text.splitlines() if "allback" in line]
        return "\n".join([*failed[-8:], *self._ends()])

    def _ends(self) -> Iterator[str]:
        yield from (f"--- {name}\n{(self.home / f'{name}.out').read_text()[-1500:]}" for name in COMPONENTS)


def environment(
    home: Path, database: str, airflow: str, port: int, mappings: Path, dags: Path, own: Mapping[str, str]
) -> dict[str, str]:
    """Return the environment of every process; `own` comes on top."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "LOCKSTEP"))}
    url = make_url(database)
    store = {"conn_type": "postgres", "host": url.query["host"], "login": url.username, "schema": url.database}
    return kept | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW_ADMIN_PASSWORD": PASSWORD,
        "AIRFLOW_CONN_LOCKSTEP_DB": json.dumps(store),
        "AIRFLOW__API__BASE_URL": f"http://{HOST}:{port}",
        "AIRFLOW__API__HOST": HOST,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__SECRET_KEY": "s" * 32,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API_AUTH__JWT_SECRET": "j" * 64,
        "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{HOST}:{port}/execution/",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(b"f" * 32).decode(),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "60",  # a callback that meets its file being read waits as long
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "600",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": airflow,
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.25",
        "GX_ANALYTICS_ENABLED": "False",
        "LOCKSTEP_REHEARSAL": "1",
        "LOCKSTEP_MAPPINGS": str(mappings),
        "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}",
        "PYTHONPATH": os.pathsep.join(str(ROOT / name) for name in ("", "plugins", "config")),
        "PYTHONWARNINGS": "ignore",
        **own,
    }


MAKE_USERS = """
import sys
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
with get_application_builder() as builder:
    for name, role in zip(sys.argv[2::2], sys.argv[3::2]):
        assert builder.sm.add_user(name, name, name, f"{name}@localhost", builder.sm.find_role(role), password=sys.argv[1])
"""


@contextmanager
def running(
    home: Path,
    database: str,
    mappings: Path,
    dags: Path,
    post: Post,
    servers: Mapping[str, SandboxClient],
    own: Mapping[str, str],
) -> Iterator[Live]:
    """Start everything and wait until it is healthy; end it afterwards."""
    port = _free_port()
    url = make_url(database)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("drop database if exists airflow_live with (force)")
        connection.execute("create database airflow_live")
    airflow = url.set(drivername="postgresql+psycopg2", database="airflow_live").render_as_string(hide_password=False)
    live = Live(f"http://{HOST}:{port}", home, environment(home, database, airflow, port, mappings, dags, own), post, servers)
    _command(live, "first_start", str(ROOT / "config" / "first_start.py"))
    _command(live, "users", "-c", MAKE_USERS, PASSWORD, *(word for user in ROLES.items() for word in user))
    with ExitStack() as stack, _ended_together() as components:
        components += [stack.enter_context(_component(live, name)) for name in COMPONENTS]
        live.wait(lambda: _is_healthy(live), "a healthy Airflow")
        known = {file.stem for file in (ROOT / "dags").glob("*.py")}
        live.wait(lambda: known <= {dag["dag_id"] for dag in live.admin.get("dags")["dags"]}, f"the DAGs {sorted(known)}")
        yield live


def _command(live: Live, name: str, *arguments: str) -> None:
    with (live.home / f"{name}.out").open("wb") as output:
        done = subprocess.run(
            [sys.executable, *arguments], env=live.env, cwd=live.home, stdout=output, stderr=output, check=False
        )
    assert done.returncode == 0, (live.home / f"{name}.out").read_text()[-3000:]


@contextmanager
def _component(live: Live, name: str) -> Iterator[Component]:
    command = [sys.executable, "-m", "airflow", name]
    with (
        (live.home / f"{name}.out").open("wb") as output,
        subprocess.Popen(command, env=live.env, cwd=live.home, stdout=output, stderr=output, start_new_session=True) as process,
    ):
        yield process


@contextmanager
def _ended_together() -> Iterator[list[Component]]:
    """End the components, each with its children; those that take long are killed."""
    components: list[Component] = []
    try:
        yield components
    finally:
        for process in components:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        end = time.monotonic() + ENDING_SECONDS
        for process in components:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, end - time.monotonic()))
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _is_healthy(live: Live) -> bool:
    try:
        with requests.Session() as session:
            session.trust_env = False
            health = session.get(f"{live.url}/api/v2/monitor/health", timeout=30).json()
            return all(health[part]["status"] == "healthy" for part in ("metadatabase", "scheduler", "dag_processor"))
    except (requests.RequestException, ValueError, KeyError):
        return False
