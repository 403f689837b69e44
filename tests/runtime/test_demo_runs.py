"""The demo goes on until every integration is green and still, and fails in words where that does not come about."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from connectors.errors import RecordsRejectedError
from connectors.memory import MemoryConnector
from pipeline import QUICK, Pipeline, memory_pair, shipped_folder
from tools.demo_runs import MOST_ROUNDS, Ended, Runs, check
from tools.place import StepError
from tools.report import Run


@dataclass
class OneDag:
    """Stands in for Airflow: a trigger runs the stages at once, as the tasks of the DAG do."""

    pipeline: Pipeline
    url: str = "http://127.0.0.1"
    states: dict[str, str] = field(default_factory=dict)
    modes: list[str] = field(default_factory=list)
    restless: MemoryConnector | None = None

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> str:
        """Run the stages."""
        self.modes.append(conf["mode"])
        if self.restless:
            self.restless.put("contact", LastName=f"Nr. {len(self.modes)}", Email=f"nr{len(self.modes)}@nordwerk.example")
        try:
            self.pipeline.run(**conf)
            state = "success"
        except RecordsRejectedError:
            state = "failed"
        self.states[self.pipeline.run_id] = state
        return self.pipeline.run_id

    def unpause(self, dag_id: str) -> None:
        """Nothing is scheduled here."""

    def state(self, dag_id: str, run_id: str) -> str:
        """How a run ended."""
        return self.states[run_id]

    def tasks(self, dag_id: str, run_id: str) -> Iterator[tuple[str, str, float]]:
        """No task is told of."""
        return iter(())


@pytest.fixture
def dag(engine: Engine, tmp_path: Path) -> OneDag:
    return OneDag(Pipeline(engine, shipped_folder("freshdesk", tmp_path), memory_pair(), stages=QUICK))


@pytest.fixture
def runs(dag: OneDag, engine: Engine) -> Runs:
    url = engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    return Runs(dag, url, ("freshdesk",))  # type: ignore[arg-type]


def _put(dag: OneDag, **fields: Any) -> MemoryConnector:
    salesforce = dag.pipeline.connectors["salesforce"]
    assert isinstance(salesforce, MemoryConnector)
    salesforce.put("contact", **fields)
    return salesforce


def test_a_round_that_holds_records_back_is_red_and_the_last_one_is_green(
    dag: OneDag, runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    _put(dag, LastName="Lind", Email="lind@nordwerk.example")
    _put(dag, LastName="Berg", Email="lind@nordwerk.example")
    runs.run(["freshdesk"])
    told = capsys.readouterr().out
    assert dag.modes == ["backfill", "sync"]
    assert "red         2 records written, 1 newly held back for a person" in told
    assert "salesforce_freshdesk: green" in told
    assert "Records that need a person: 1\n      1 × contact of Salesforce: email is already taken" in told


def test_a_demo_that_ran_before_needs_one_round_and_writes_nothing(
    dag: OneDag, runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    _put(dag, LastName="Lind", Email="lind@nordwerk.example")
    runs.run(["freshdesk"])
    capsys.readouterr()
    Runs(runs.api, runs.url, runs.apps).run([])
    assert dag.modes == ["backfill", "sync", "sync"]
    assert "Nothing moved: no write call was made." in capsys.readouterr().out


def test_what_never_comes_to_rest_is_an_error(dag: OneDag, runs: Runs) -> None:
    dag.restless = _put(dag, LastName="Lind", Email="lind@nordwerk.example")
    with pytest.raises(
        StepError, match=r"not everything is in step and green:\n  salesforce_freshdesk: green, but it still wrote 2"
    ):
        runs.run(["freshdesk"])
    assert len(dag.modes) == MOST_ROUNDS


@pytest.mark.parametrize(
    ("ended", "under_way", "words"),
    [
        (Ended("failed", Run("partial", 0, 3)), 0, "red, 3 records newly held back"),
        (Ended("success", Run("done", 7)), 0, "still wrote 7 records"),
        (Ended("success", Run("idle")), 2, "2 writes are under way"),
    ],
)
def test_one_integration_that_is_not_done_fails_the_whole(ended: Ended, under_way: int, words: str) -> None:
    sound = Ended("success", Run("idle"))
    check({"freshdesk": sound}, {"freshdesk": 0})
    with pytest.raises(StepError, match=words):
        check({"freshdesk": sound, "lemontaps": ended}, {"freshdesk": 0, "lemontaps": under_way})


def test_a_run_that_is_red_for_another_reason_stops_the_demo(dag: OneDag, runs: Runs) -> None:
    _put(dag, LastName="Lind", Email="lind@nordwerk.example")
    dag.states = _Failed()
    with pytest.raises(StepError, match=r"the run of salesforce_freshdesk ended as failed; see http://127\.0\.0\.1/dags/"):
        runs.run(["freshdesk"])


class _Failed(dict[str, str]):
    def __getitem__(self, _: str) -> str:
        return "failed"
