"""`make demo`: Postgres, the sandbox systems and Airflow, real runs of every integration, and tables of what moved.

Every step can be repeated: what runs already is kept, what died is started again, what was left half done is mended.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path

import psycopg
import requests

from sandbox.client import SandboxClient
from sandbox.system import SYSTEMS, load
from sync.database import connect, migrate
from tools import environment, ports, postgres, processes, report
from tools.airflow_api import AirflowApi, answers
from tools.demo_runs import Runs, apps, dag_id
from tools.place import (
    BIN,
    LOGS,
    POSTGRES,
    ROOT,
    SANDBOX,
    STATE,
    StepError,
    digest_of,
    make_folders,
    read_json,
    shown,
    write_json,
)

AIRFLOW = "airflow"
WANTED_PORTS = {AIRFLOW: 8080, **{name: 8801 + place for place, name in enumerate(SYSTEMS)}}
COMPONENTS = {
    "api-server": ["api-server"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
}
LOADED_ONCE = {  # what a process keeps in memory: an edit of it takes a new process
    "sandbox": ("requirements.txt", "sandbox"),
    "api-server": ("requirements.txt", "config", "plugins"),
    "scheduler": ("requirements.txt", "config"),
    "dag-processor": ("requirements.txt", "config"),
}
START_SECONDS = 180
NEXT = """
Ready after {seconds:.0f} s.
  Airflow                   {url}    user {user}    password {password}
{sandboxes}

Try next
  see what moved, what waits for a person and why:   {url}/plugin/sync-health
  change a contact as a person in Salesforce would, then run again:
    curl -X PATCH {salesforce}/_sandbox/records/Contact/{contact} \\
         -H 'content-type: application/json' -d '{{"Title": "Head of Operations"}}'
    make demo
  query Lockstep's database (docs/operations.md has questions to ask it):
    {psql} -h {socket} -U postgres lockstep
  use Airflow's command line:   . {state}/env.sh && airflow dags list
  stop everything:              make stop"""
_MIGRATED = STATE / "airflow.migrated"


def main() -> None:
    """Run the demo and explain a failure in one message."""
    begin = time.monotonic()
    make_folders()
    try:
        socket, url, env = _start()
        api = AirflowApi(url, environment.USER, environment.password())
        fresh = _fresh(socket)
        with ThreadPoolExecutor() as pool:
            fields = pool.submit(_make_fields, fresh, env)
            _wait_for_airflow(api)
            fields.result()
        Runs(api, postgres.url(socket, "lockstep")).run(fresh)
    except StepError as error:
        sys.exit(f"\nThe demo stopped: {error}\nLogs are in {shown(LOGS)}/. `make demo` again goes on from here.")
    except requests.RequestException as error:
        sys.exit(f"\nThe demo stopped: Airflow does not answer ({type(error).__name__}). `make demo` again goes on from here.")
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. `make demo` goes on from here, `make stop` stops what runs.")
    _say_what_next(socket, url, time.monotonic() - begin)


@contextmanager
def step(name: str) -> Iterator[None]:
    begin = time.monotonic()
    yield
    print(f"  {name:<44}{time.monotonic() - begin:6.1f} s", flush=True)


def _start() -> tuple[Path, str, dict[str, str]]:
    print(f"Starting (everything stays on this machine, in {shown(STATE)}/)", flush=True)
    with step("Postgres"):
        socket = postgres.start()
    chosen = _choose_ports()
    systems = {name: f"http://{ports.HOST}:{port}" for name, port in chosen.items() if name != AIRFLOW}
    env = environment.build(socket, chosen[AIRFLOW], systems)
    with step("sandbox systems, databases"), ThreadPoolExecutor() as pool:
        jobs = [
            pool.submit(_start_sandbox, {k: v for k, v in chosen.items() if k != AIRFLOW}, env),
            pool.submit(_migrate_airflow, socket, env),
            pool.submit(migrate, connect(postgres.url(socket, "lockstep"))),
        ]
        for job in jobs:
            job.result()
    for name, arguments in COMPONENTS.items():
        told = {**env, "LOCKSTEP_CODE": digest_of(*LOADED_ONCE[name])}
        processes.ensure(name, [str(BIN / "python"), str(BIN / "airflow"), *arguments], told)
    return socket, f"http://{ports.HOST}:{chosen[AIRFLOW]}", env


def _choose_ports() -> dict[str, int]:
    """Return a port per server: the one it already has, else its usual one, else a free neighbour."""
    remembered = {**WANTED_PORTS, **(read_json(STATE / "ports.json") or {})}
    chosen: dict[str, int] = {}
    for name in WANTED_PORTS:
        owner = "api-server" if name == AIRFLOW else "sandbox"
        wanted = remembered[name]
        chosen[name] = wanted if processes.find(owner) else ports.pick(wanted, frozenset(chosen.values()))
        if chosen[name] != wanted:
            print(f"  port {wanted} is in use by another program; {name} takes {chosen[name]}", flush=True)
    write_json(STATE / "ports.json", {**remembered, **chosen})
    return chosen


def address(system: str) -> str:
    """Return the address of a sandbox system."""
    return f"http://{ports.HOST}:{read_json(STATE / 'ports.json')[system]}"


def _start_sandbox(chosen: dict[str, int], env: dict[str, str]) -> None:
    command = [str(BIN / "python"), "-m", "sandbox", "serve", "--state", str(SANDBOX), "--seed", "demo", "--only", *chosen]
    for name, port in chosen.items():
        command += [f"--{name}-port", str(port)]
    plain = {name: value for name, value in env.items() if not name.startswith("AIRFLOW")}
    processes.ensure("sandbox", command, {**plain, "LOCKSTEP_CODE": digest_of(*LOADED_ONCE["sandbox"])})
    urls = [f"http://{ports.HOST}:{port}/_sandbox/health" for port in chosen.values()]
    processes.wait_until(lambda: all(map(answers, urls)), "starting the sandbox systems", ["sandbox"], START_SECONDS)


def _migrate_airflow(socket: Path, env: dict[str, str]) -> None:
    """Make Airflow's own tables, once per version and database."""
    done = f"{version('apache-airflow')} {POSTGRES.stat().st_ino}"
    if read_json(_MIGRATED) == done:
        return
    _command("airflow-migrate", [str(BIN / "airflow"), "db", "migrate"], env)
    write_json(_MIGRATED, done)


def _command(name: str, command: list[str], env: dict[str, str]) -> None:
    """Run one command to its end with its output in a log of its own."""
    log = processes.log_path(name)
    with log.open("w") as output:
        if subprocess.run(command, cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT, check=False).returncode:
            raise StepError(f"{name} failed; its log ends with:\n{processes.tail(log)}")


def _wait_for_airflow(api: AirflowApi) -> None:
    with step("Airflow: api-server, scheduler, dag-processor"):
        processes.wait_until(lambda: not api.unhealthy(), "starting Airflow", list(COMPONENTS), START_SECONDS)
        api.log_in()
        api.warm_up()
        for app in apps():
            known, name = partial(api.has_dag, dag_id(app)), dag_id(app)
            processes.wait_until(known, f"reading the DAG {name}", list(COMPONENTS), START_SECONDS)


def _fresh(socket: Path) -> list[str]:
    """Return the apps whose integration has not come to the end of its first run."""
    with psycopg.connect(postgres.url(socket, "lockstep")) as connection:
        return [app for app in apps() if not report.has_backfill(connection, f"salesforce_{app}")]


def _make_fields(fresh: list[str], env: dict[str, str]) -> None:
    """Make the fields that these integrations need, as an administrator would."""
    if not fresh:
        return
    with step("fields that the integrations need"):
        for name in SYSTEMS:
            with SandboxClient(address(name)) as client:
                client.switches(**load(name).demo_switches)
        _command("preflight", [str(BIN / "python"), "-W", "ignore", "-m", "sync.preflight", *fresh, "--create"], env)


def _say_what_next(socket: Path, url: str, seconds: float) -> None:
    with psycopg.connect(postgres.url(socket, "lockstep")) as connection:
        contact = report.example_contact(connection)
    print(
        NEXT.format(
            seconds=seconds,
            url=url,
            user=environment.USER,
            password=environment.password(),
            contact=contact,
            state=shown(STATE),
            psql=shown(postgres.psql()),
            socket=f'"$PWD/{shown(socket)}"' if socket.is_relative_to(ROOT) else socket,
            salesforce=address("salesforce"),
            sandboxes="\n".join(f"  sandbox {name:<18}{address(name)}" for name in SYSTEMS),
        )
    )


if __name__ == "__main__":
    main()
