"""The demo's runs: every integration from the beginning, then again until nothing moves and every run is green."""

import itertools
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import psycopg

from tools import place, report
from tools.airflow_api import FINISHED, AirflowApi
from tools.place import ROOT, StepError, shown

RUN_SECONDS = 900
POLL_SECONDS = 0.5
POLLS_PER_LOOK = 6  # at the tasks: two calls at every poll would cost the API server a good share of a small machine
MOST_ROUNDS = 6  # what one integration brings into Salesforce goes to the others in the next round


def apps() -> list[str]:
    """Return the integrations of this checkout, by app."""
    return sorted(path.parent.name for path in (ROOT / "include" / "mappings").glob("*/settings.yaml"))


def dag_id(app: str) -> str:
    """Return the DAG of an app's integration."""
    return f"salesforce_{app}"


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that came to its end: the DAG run's state, and what it did."""

    state: str
    run: report.Run

    @property
    def trouble(self) -> str:
        """Why this cannot be the last run, in words; empty when it can."""
        if self.state != "success":
            return f"red, {self.run.newly_held} records newly held back"
        return f"green, but it still wrote {self.run.written} records" if self.run.written else ""


@dataclass(frozen=True, slots=True)
class Runs:
    """Triggers runs through `api` and reports them from Lockstep's database at `url`."""

    api: AirflowApi
    url: str
    apps: Sequence[str] = field(default_factory=apps)
    done: dict[str, list[str]] = field(default_factory=dict)  # ids of runs, by app

    def run(self, fresh: list[str]) -> None:
        """Run all integrations, those in `fresh` from the beginning, until nothing moves, and switch their schedules on.

        Raises StepError when one of them is not green in the end, still writes or has writes under way.
        """
        for number in range(1, MOST_ROUNDS + 1):
            print(f"\nRound {number}{': everything, from the beginning' if number == 1 and fresh else ''}", flush=True)
            ended = self._round({app: "backfill" if number == 1 and app in fresh else "sync" for app in self.apps})
            if not any(each.trouble for each in ended.values()):
                break
        reports = self._tell(ended)
        check(ended, {app: each.open for app, each in reports.items()})

    def _round(self, modes: Mapping[str, str]) -> dict[str, Ended]:
        """Run every integration once, all at a time."""
        runs = {app: self.api.trigger(dag_id(app), {"mode": mode}) for app, mode in modes.items()}
        for app in runs:  # only now: the schedule may add a run at once
            self.api.unpause(dag_id(app))
        ended = {}
        for app, run_id in runs.items():
            self.done.setdefault(app, []).append(run_id)
            state = self._wait(app, run_id)
            with psycopg.connect(self.url) as connection:
                ended[app] = Ended(state, report.read_run(connection, run_id))
            self._check(app, run_id, ended[app])
            print(_line(app, ended[app]), flush=True)
        return ended

    def _tell(self, ended: Mapping[str, Ended]) -> dict[str, report.Report]:
        """Print a table per integration."""
        with psycopg.connect(self.url) as connection:
            reports = {app: report.read(connection, app, run_ids) for app, run_ids in self.done.items()}
        print("\nWhat moved in all rounds (linked: only the id of the counterpart was written)", flush=True)
        for app, each in reports.items():
            print(f"\n{dag_id(app)}: {_color(ended[app].state)}\n{report.render(each)}", flush=True)
        return reports

    def _wait(self, app: str, run_id: str) -> str:
        """Wait for the end of a run; a task that Airflow would try again in some minutes is an error at once."""
        end = time.monotonic() + RUN_SECONDS
        for poll in itertools.takewhile(lambda _: time.monotonic() < end, itertools.count(1)):
            if (state := self.api.state(dag_id(app), run_id)) in FINISHED:
                return state
            for task, outcome, _ in () if poll % POLLS_PER_LOOK else self.api.tasks(dag_id(app), run_id):
                if outcome == "up_for_retry":
                    words = last_error(dag_id(app), run_id, task)
                    raise StepError(f"{app}: {task} failed; Airflow tries it again in some minutes:\n{words}")
            time.sleep(POLL_SECONDS)
        raise StepError(f"the run {run_id} of {dag_id(app)} did not end within {RUN_SECONDS} seconds")

    def _check(self, app: str, run_id: str, ended: Ended) -> None:
        """Raise StepError for a run that is red for another reason than records that it holds back."""
        if ended.run.is_finished and (ended.state == "success" or ended.run.newly_held):
            return
        tasks = self.api.tasks(dag_id(app), run_id)
        errors = [f"{task} failed:\n{last_error(dag_id(app), run_id, task)}" for task, outcome, _ in tasks if outcome == "failed"]
        where = f"{self.api.url}/dags/{dag_id(app)}/runs/{run_id}"
        raise StepError("\n".join([f"the run of {dag_id(app)} ended as {ended.state}; see {where}", *errors]))


def check(ended: Mapping[str, Ended], open_writes: Mapping[str, int]) -> None:
    """Raise StepError unless every integration is green, wrote nothing in its last run and has no write under way."""
    troubles = {dag_id(app): each.trouble for app, each in ended.items() if each.trouble}
    troubles |= {dag_id(app): f"{count} writes are under way" for app, count in open_writes.items() if count}
    if troubles:
        lines = "\n".join(f"  {name}: {words}" for name, words in troubles.items())
        raise StepError(f"not everything is in step and green:\n{lines}")


def last_error(dag: str, run_id: str, task: str) -> str:
    """Return what the newest log of a task says of its failure."""
    logs = sorted((place.AIRFLOW / "logs" / f"dag_id={dag}" / f"run_id={run_id}" / f"task_id={task}").glob("*.log"))
    events = [json.loads(line) for line in logs[-1].read_text().splitlines()] if logs else []
    details = [f"{d['exc_type']}: {d['exc_value'][:2000]}" for event in events for d in (event.get("error_detail") or [])[:1]]
    return f"  {shown(logs[-1]) if logs else 'no log yet'}\n  | {details[-1] if details else 'no error noted'}"


def _line(app: str, ended: Ended) -> str:
    told = f", {ended.run.newly_held} newly held back for a person" if ended.run.newly_held else ""
    return f"  {dag_id(app):<28}{_color(ended.state):<8}{ended.run.written:>5} {'record' if ended.run.written == 1 else 'records'} written{told}"


def _color(state: str) -> str:
    return "green" if state == "success" else "red"
