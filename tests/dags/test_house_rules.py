"""What every DAG file and every import keeps to."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow_process import Airflow

ROOT = Path(__file__).parents[2]
DAG_FILES = sorted((ROOT / "dags").glob("*.py"))
MODULES = sorted(path for folder in ("plugins", "dags", "sandbox") for path in (ROOT / folder).rglob("*.py"))
HEAVY = ("pandas", "great_expectations", "requests", "simple_salesforce", "psycopg", "alembic", "numpy")
STAGES = {"extract": [], "map": ["extract"], "validate": ["map"], "reconcile": ["validate"], "load": ["reconcile"]}
# Who may import airflow at all; in the second list only within a function.
KNOW_AIRFLOW = (
    "plugins/sync/tasks.py",
    "plugins/sync/wiring.py",
    "plugins/sync/operators.py",
    "plugins/connectors/hooks.py",
    "plugins/sync/approval_tasks.py",
    "plugins/sync/audit_tasks.py",
    "plugins/sync/erase_tasks.py",
    "plugins/sync_health.py",
    "plugins/health/",
    "dags/",
)
OPEN_AIRFLOW = (
    "plugins/connectors/opening.py",
    "plugins/sync/callbacks.py",
    "plugins/sync/connections.py",
    "plugins/sync/lineage.py",
    "plugins/sync/roles.py",
    "plugins/sync/watch.py",
)
# What the tasks and the commands do; only they open connections.
COMMANDS = (
    "tasks.py",
    "wiring.py",
    "preflight.py",
    "roles.py",
    "disconnect.py",
    "approval_tasks.py",
    "audit_tasks.py",
    "erase_tasks.py",
)
FORBIDDEN = {
    "plugins/connectors/": ("sync", "health", "sandbox", "tools", "dags"),
    "plugins/sync/": ("health", "sandbox", "tools", "dags"),
    "dags/": ("connectors", "sandbox", "tools", "health"),
    "sandbox/": ("connectors", "sync", "health", "tools", "dags", "airflow"),
}


@pytest.fixture
def dags(airflow: Airflow) -> dict[str, dict[str, Any]]:
    """Every DAG by its id."""
    facts = airflow.read()
    assert facts["errors"] == {}
    return dict(facts["dags"])


def test_every_file_gives_a_dag_that_tells_the_person_on_call_what_to_do(dags: dict[str, dict[str, Any]]) -> None:
    assert {dag["file"] for dag in dags.values()} == {path.name for path in DAG_FILES}
    for dag in dags.values():
        assert dag["doc"].strip().startswith("###")
        assert "When a run is red" in dag["doc"]


@pytest.mark.feature("ALL-02")
def test_no_catch_up_and_never_two_runs_at_once(dags: dict[str, dict[str, Any]]) -> None:
    asking = dags.pop(
        "lockstep_approval"
    )  # several plans may wait for a person at a time, and each is carried out under the lock
    assert asking["schedule"] is None
    assert {(dag["catchup"], dag["max_active_runs"]) for dag in dags.values()} == {(False, 1)}


def test_a_dag_without_a_schedule_runs_as_soon_as_somebody_triggers_it(dags: dict[str, dict[str, Any]]) -> None:
    assert [dag_id for dag_id, dag in dags.items() if dag["schedule"] is None and dag["is_paused_at_first"] is not False] == []


def test_tags_find_them(dags: dict[str, dict[str, Any]]) -> None:
    assert [dag_id for dag_id, dag in dags.items() if "lockstep" not in dag["tags"]] == []


def test_tasks_retry_what_may_pass_and_fail_at_once_where_a_person_must_act(dags: dict[str, dict[str, Any]]) -> None:
    for task in (task for dag in dags.values() for task in dag["tasks"].values()):
        assert task["rules"] == [["connectors.errors.PermanentError", "fail"]]
        assert task["retries"] >= 1
        assert task["timeout"]


@pytest.mark.feature("ALL-04")
def test_params_have_valid_defaults_a_title_and_a_help_text(dags: dict[str, dict[str, Any]]) -> None:
    for dag in dags.values():
        assert dag["defaults"] == {name: param["value"] for name, param in dag["params"].items()}
        for param in dag["params"].values():
            texts = {**param["schema"], "description": param["description"]}
            assert texts["title"]
            assert texts.get("description") or texts.get("description_md")


@pytest.mark.feature("ALL-01")
def test_an_integration_is_five_tasks_in_a_line(dags: dict[str, dict[str, Any]]) -> None:
    integrations = [dag for dag_id, dag in dags.items() if dag_id.startswith("salesforce_")]
    assert integrations
    for dag in integrations:
        assert {name: task["after"] for name, task in dag["tasks"].items()} == STAGES


@pytest.mark.feature("ALL-11")
def test_every_integration_tells_how_its_runs_end_and_none_runs_for_ever(dags: dict[str, dict[str, Any]]) -> None:
    integrations = {dag_id: dag for dag_id, dag in dags.items() if dag_id.startswith("salesforce_")}
    assert {(dag["tells"], dag["has_limit"]) for dag in integrations.values()} == {(True, True)}


def test_reading_the_dag_files_loads_nothing_heavy(tmp_path: Path) -> None:
    names = [path.stem for path in DAG_FILES]
    script = f"import sys, importlib; [importlib.import_module(name) for name in {names}]; print(*sys.modules)"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "LOCKSTEP"))}
    folders = os.pathsep.join(str(ROOT / name) for name in ("", "plugins", "dags"))
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        env={**kept, "PYTHONPATH": folders, "AIRFLOW_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr[-2000:]
    assert {"salesforce_freshdesk", "sync.tasks"} <= set(told.stdout.split())
    assert [name for name in HEAVY if name in told.stdout.split()] == []


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield the names that a file imports, and whether it does so as soon as it is imported itself."""
    tree = ast.parse(path.read_text())
    inner = {
        node
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef) or _is_for_types_only(outer)
        for node in ast.walk(outer)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node not in inner) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{alias.name}", node not in inner) for alias in node.names)


def _is_for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path: Path) -> None:
    place = str(path.relative_to(ROOT))
    found = list(imports(path))
    tops = {name.partition(".")[0] for name, _ in found}
    for folder, forbidden in FORBIDDEN.items():
        if place.startswith(folder):
            assert tops.isdisjoint(forbidden)
    at_once = {name.partition(".")[0] for name, is_at_once in found if is_at_once}
    if not place.startswith(KNOW_AIRFLOW):
        assert "airflow" not in at_once
        assert "airflow" not in tops or place in OPEN_AIRFLOW
    if place.startswith("plugins/sync/"):
        names = {".".join(name.split(".")[:2]) for name, _ in found}
        assert "sync.tasks" not in names or path.name == "wiring.py"
        assert "sync.connections" not in names or path.name in COMMANDS
