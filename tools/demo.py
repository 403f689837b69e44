"""`make demo`: Postgres, the sandbox systems and Airflow, one real run of the sync, and a table of what moved.

Every step can be repeated: what runs already is kept, what died is started again, what was left half done is mended.
"""

import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import psycopg

from sandbox.client import SandboxClient
from sync.database import connect, migrate
from tools import environment, place, ports, postgres, processes, report
from tools.airflow_api import FINISHED, AirflowApi, answers
from tools.environment import DAG_ID
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
WANTED_PORTS = {AIRFLOW: 8080, "salesforce": 8801, "freshdesk": 8802}
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
RUN_SECONDS = 900
POLL_SECONDS = 0.3
NEXT = """
Ready after {seconds:.0f} s.
  Airflow               {url}    user {user}    password {password}
  sandbox Salesforce    {salesforce}
  sandbox Freshdesk     {freshdesk}

Try next
  change a contact as a person in Salesforce would, then run again:
    curl -X PATCH {salesforce}/_sandbox/records/Contact/{contact} \\
         -H 'content-type: application/json' -d '{{"Title": "Head of Operations"}}'
    make demo
  query Lockstep's database (docs/operations.md has questions to ask it):
    {psql} -h {socket} -U postgres lockstep
  use Airflow's command line:   . {state}/env.sh && airflow dags list
  stop everything:              make stop"""
RED = """The run is red in Airflow, as it should be: records that need a person are never silently green. Everything else is done.
The sandbox company was seeded with such records."""
_MIGRATED = STATE / "airflow.migrated"


def main() -> None:
    """Run the demo and explain a failure in one message."""
    begin = time.monotonic()
    make_folders()
    try:
        socket, url, env = _start()
        api = AirflowApi(url, environment.USER, environment.password())
        _wait_for_airflow(api)
        _run_once(api, socket, env)
    except StepError as error:
        sys.exit(f"\nThe demo stopped: {error}\nLogs are in {shown(LOGS)}/. `make demo` again goes on from here.")
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. `make demo` goes on from here, `make stop` stops what runs.")
    _say_what_next(socket, url, time.monotonic() - begin)


@contextmanager
def _step(name: str) -> Iterator[None]:
    begin = time.monotonic()
    yield
    print(f"  {name:<44}{time.monotonic() - begin:6.1f} s", flush=True)


def _start() -> tuple[Path, str, dict[str, str]]:
    print(f"Starting (everything stays on this machine, in {shown(STATE)}/)", flush=True)
    with _step("Postgres"):
        socket = postgres.start()
    chosen = _choose_ports()
    systems = {name: f"http://{ports.HOST}:{port}" for name, port in chosen.items() if name != AIRFLOW}
    env = environment.build(socket, chosen[AIRFLOW], systems)
    with _step("sandbox systems, databases"), ThreadPoolExecutor() as pool:
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
    for name in (AIRFLOW, *_systems()):
        owner = "api-server" if name == AIRFLOW else "sandbox"
        wanted = remembered[name]
        chosen[name] = wanted if processes.find(owner) else ports.pick(wanted, frozenset(chosen.values()))
        if chosen[name] != wanted:
            print(f"  port {wanted} is in use by another program; {name} takes {chosen[name]}", flush=True)
    write_json(STATE / "ports.json", {**remembered, **chosen})
    return chosen


def _systems() -> list[str]:
    return [name for name in WANTED_PORTS if name != AIRFLOW and importlib.util.find_spec(f"sandbox.{name}")]


def _start_sandbox(chosen: dict[str, int], env: dict[str, str]) -> None:
    command = [str(BIN / "python"), "-m", "sandbox", "serve", "--state", str(SANDBOX), "--seed", "company", "--only", *chosen]
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
    with _step("Airflow: api-server, scheduler, dag-processor"):
        processes.wait_until(lambda: not api.unhealthy(), "starting Airflow", list(COMPONENTS), START_SECONDS)
        api.log_in()
        api.warm_up()
        processes.wait_until(lambda: api.has_dag(DAG_ID), f"reading the DAG {DAG_ID}", list(COMPONENTS), START_SECONDS)


def _run_once(api: AirflowApi, socket: Path, env: dict[str, str]) -> None:
    with psycopg.connect(postgres.url(socket, "lockstep")) as connection:
        mode = "sync" if report.has_backfill(connection) else "backfill"
    if mode == "backfill":
        with _step("cross-reference fields on both sides"):
            _lift_allowance()
            _command("preflight", [str(BIN / "python"), "-W", "ignore", "-m", "sync.preflight", "freshdesk", "--create"], env)
    print(f"\nRunning the DAG {DAG_ID} with mode={mode}", flush=True)
    run_id = api.trigger(DAG_ID, {"mode": mode})  # before the schedule starts, which may add a run at once
    api.unpause(DAG_ID)
    with _step("whole run"):
        state = _follow(api, run_id)
    with psycopg.connect(postgres.url(socket, "lockstep")) as connection:
        result = report.read(connection, run_id)
    print(f"\n{report.render(result)}", flush=True)
    if not result.is_finished:
        errors = [
            f"{task} failed:\n{_last_error(run_id, task)}"
            for task, outcome, _ in api.tasks(DAG_ID, run_id)
            if outcome == "failed"
        ]
        raise StepError("\n".join([f"the run ended as {state}; see {api.url}/dags/{DAG_ID}/runs/{run_id}", *errors]))
    if state != "success":
        print(f"\n{RED}", flush=True)


def _lift_allowance() -> None:
    """Switch off the sandbox's calls per minute: the first run would wait for most of a minute, as it does in earnest."""
    port = read_json(STATE / "ports.json")["freshdesk"]
    with SandboxClient(f"http://{ports.HOST}:{port}") as client:
        client.switches(rate_limit=False)


def _follow(api: AirflowApi, run_id: str) -> str:
    """Print each task as it ends; return the final state of the run."""
    end, shown_tasks = time.monotonic() + RUN_SECONDS, set[str]()
    while time.monotonic() < end:
        state = api.state(DAG_ID, run_id)
        for task, outcome, seconds in api.tasks(DAG_ID, run_id):
            if outcome == "up_for_retry":
                raise StepError(f"{task} failed; Airflow tries it again in some minutes:\n{_last_error(run_id, task)}")
            if task not in shown_tasks and outcome in (*FINISHED, "skipped", "upstream_failed"):
                shown_tasks.add(task)
                print(f"  {task:<28}{outcome:<16}{seconds:6.1f} s", flush=True)
        if state in FINISHED:
            return state
        time.sleep(POLL_SECONDS)
    raise StepError(f"the run {run_id} did not end within {RUN_SECONDS} seconds")


def _last_error(run_id: str, task: str) -> str:
    """Return what the newest log of a task says of its failure."""
    logs = sorted((place.AIRFLOW / "logs" / f"dag_id={DAG_ID}" / f"run_id={run_id}" / f"task_id={task}").glob("*.log"))
    events = [json.loads(line) for line in logs[-1].read_text().splitlines()] if logs else []
    details = [f"{d['exc_type']}: {d['exc_value'][:2000]}" for event in events for d in (event.get("error_detail") or [])[:1]]
    return f"  {shown(logs[-1]) if logs else 'no log yet'}\n  | {details[-1] if details else 'no error noted'}"


def _say_what_next(socket: Path, url: str, seconds: float) -> None:
    with psycopg.connect(postgres.url(socket, "lockstep")) as connection:
        contact = report.example_contact(connection)
    sandbox = {name: f"http://{ports.HOST}:{read_json(STATE / 'ports.json')[name]}" for name in WANTED_PORTS if name != AIRFLOW}
    print(
        NEXT.format(
            seconds=seconds,
            url=url,
            user=environment.USER,
            password=environment.password(),
            contact=contact,
            state=shown(STATE),
            psql=shown(postgres.psql()),
            socket=socket,
            **sandbox,
        )
    )


if __name__ == "__main__":
    main()
