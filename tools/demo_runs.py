"""The demo's runs: every integration once from the beginning, then again until both sides of each agree."""

import json
import time
from dataclasses import dataclass

import psycopg

from tools import place, report
from tools.airflow_api import FINISHED, AirflowApi
from tools.place import ROOT, StepError, shown

RUN_SECONDS = 900
POLL_SECONDS = 0.3
ROUNDS = 4  # what one integration brings into Salesforce goes to the others in the next round
RED = "red as it should be: some records need a person (the sandbox company was seeded with such), all others are done"


def apps() -> list[str]:
    """Return the integrations of this checkout, by app."""
    return sorted(path.parent.name for path in (ROOT / "include" / "mappings").glob("*/settings.yaml"))


def dag_id(app: str) -> str:
    """Return the DAG of an app's integration."""
    return f"salesforce_{app}"


@dataclass(frozen=True, slots=True)
class Runs:
    """Triggers runs through `api` and reports them from Lockstep's database at `url`."""

    api: AirflowApi
    url: str

    def run(self, fresh: list[str]) -> None:
        """Run all integrations, those in `fresh` from the beginning, and switch their schedules on."""
        for number in range(1, ROUNDS + 1):
            modes = {app: "backfill" if number == 1 and app in fresh else "sync" for app in apps()}
            is_first = number == 1
            print(f"\n{'Running all integrations' if is_first else 'Running all again'}", flush=True)
            moved = self._round(modes, is_told=is_first)
            if not moved and (number > 1 or not fresh):
                break

    def _round(self, modes: dict[str, str], is_told: bool) -> int:
        """Run every integration once, all at a time; return how many records were written."""
        runs = {app: self.api.trigger(dag_id(app), {"mode": mode}) for app, mode in modes.items()}
        for app in runs:  # only now: the schedule may add a run at once
            self.api.unpause(dag_id(app))
        results = {}
        for app, run_id in runs.items():
            state = self._wait(app, run_id)
            with psycopg.connect(self.url) as connection:
                results[app] = report.read(connection, run_id)
            self._check(app, run_id, state, results[app])
            print(f"  {dag_id(app):<32}{modes[app]:<10}{state:<10}{results[app].written:>6} records written", flush=True)
            if state != "success":
                print(f"    {RED}", flush=True)
        for app, result in results.items() if is_told else ():
            print(f"\n{dag_id(app)}\n{report.render(result)}", flush=True)
        return sum(result.written for result in results.values())

    def _wait(self, app: str, run_id: str) -> str:
        """Wait for the end of a run; a task that Airflow would try again in some minutes is an error at once."""
        end = time.monotonic() + RUN_SECONDS
        while time.monotonic() < end:
            if (state := self.api.state(dag_id(app), run_id)) in FINISHED:
                return state
            for task, outcome, _ in self.api.tasks(dag_id(app), run_id):
                if outcome == "up_for_retry":
                    words = last_error(dag_id(app), run_id, task)
                    raise StepError(f"{app}: {task} failed; Airflow tries it again in some minutes:\n{words}")
            time.sleep(POLL_SECONDS)
        raise StepError(f"the run {run_id} of {dag_id(app)} did not end within {RUN_SECONDS} seconds")

    def _check(self, app: str, run_id: str, state: str, result: report.Report) -> None:
        if not result.is_finished:
            tasks = self.api.tasks(dag_id(app), run_id)
            errors = [
                f"{task} failed:\n{last_error(dag_id(app), run_id, task)}" for task, outcome, _ in tasks if outcome == "failed"
            ]
            raise StepError(
                "\n".join([f"the run ended as {state}; see {self.api.url}/dags/{dag_id(app)}/runs/{run_id}", *errors])
            )


def last_error(dag: str, run_id: str, task: str) -> str:
    """Return what the newest log of a task says of its failure."""
    logs = sorted((place.AIRFLOW / "logs" / f"dag_id={dag}" / f"run_id={run_id}" / f"task_id={task}").glob("*.log"))
    events = [json.loads(line) for line in logs[-1].read_text().splitlines()] if logs else []
    details = [f"{d['exc_type']}: {d['exc_value'][:2000]}" for event in events for d in (event.get("error_detail") or [])[:1]]
    return f"  {shown(logs[-1]) if logs else 'no log yet'}\n  | {details[-1] if details else 'no error noted'}"
