"""An Airflow of its own in a process of its own: reads the DAG files and runs DAGs whole, one JSON line per command and answer.

Airflow keeps much in module globals and prints to stdout; here neither reaches the other tests.
"""

import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any


def main(log_path: str) -> None:
    """Answer commands from stdin until it ends; everything that Airflow prints goes to `log_path`."""
    answers = os.fdopen(os.dup(1), "w")
    with Path(log_path).open("ab") as log:
        for descriptor in (1, 2):
            os.dup2(log.fileno(), descriptor)
    _hurry()
    from airflow.utils.db import initdb

    initdb()
    answers.write(json.dumps("ready") + "\n")
    answers.flush()
    for line in sys.stdin:
        command = json.loads(line)
        answers.write(json.dumps(COMMANDS[command.pop("do")](**command), default=str) + "\n")
        answers.flush()


def _hurry() -> None:
    """Cut every pause short: `dag.test()` waits a whole second for each task it skips."""
    pause = time.sleep
    time.sleep = lambda seconds: pause(min(seconds, 0.02))


def read() -> dict[str, Any]:
    """Return every DAG as its file says it now, and the files that do not import."""
    bag = _bag()
    errors = {Path(path).name: text for path, text in bag.import_errors.items()}
    return {"errors": errors, "dags": {dag_id: _facts(dag) for dag_id, dag in bag.dags.items()}}


def connect(**connections: dict[str, Any] | None) -> None:
    """Set Airflow connections as the environment gives them; None takes one away."""
    for name, fields in connections.items():
        variable = f"AIRFLOW_CONN_{name.upper()}"
        os.environ.pop(variable, None)
        if fields is not None:
            os.environ[variable] = json.dumps(fields)


def run(dag_id: str, conf: dict[str, Any]) -> dict[str, Any]:
    """Run a DAG to its end; return the states of the run and its tasks, or why it was not started."""
    from airflow.sdk.exceptions import ParamValidationError

    try:
        done = _bag().dags[dag_id].test(run_conf=conf, logical_date=None)
    except (ParamValidationError, ValueError) as error:
        return {"refused": str(error)}
    finally:
        logging.shutdown()
    instances = {instance.task_id: instance for instance in done.get_task_instances()}
    return {
        "run_id": done.run_id,
        "state": done.state,
        "tasks": {name: instance.state for name, instance in instances.items()},
        "tries": {name: instance.try_number for name, instance in instances.items()},
        "results": {name: _xcom(instance, "return_value") for name, instance in instances.items()},
        "checks": {name: _xcom(instance, "checks") for name, instance in instances.items()},
    }


def _bag() -> Any:
    from airflow.dag_processing.dagbag import BundleDagBag

    folder = os.environ["AIRFLOW__CORE__DAGS_FOLDER"]
    return BundleDagBag(dag_folder=folder, bundle_path=Path(folder), bundle_name="dags-folder")


def _facts(dag: Any) -> dict[str, Any]:
    return {
        "file": Path(dag.fileloc).name,
        "doc": dag.doc_md,
        "schedule": getattr(dag.timetable, "expression", None),
        "is_paused_at_first": dag.is_paused_upon_creation,
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "tags": sorted(dag.tags),
        "tells": dag.has_on_failure_callback and dag.has_on_success_callback,
        "has_limit": dag.dagrun_timeout is not None,
        "params": {name: dag.params.get_param(name).dump() for name in dag.params},
        "defaults": dag.params.validate(),
        "tasks": {task.task_id: _task_facts(task) for task in dag.tasks},
    }


def _task_facts(task: Any) -> dict[str, Any]:
    rules = [[rule.exception, rule.action.value] for rule in task.retry_policy.rules] if task.retry_policy else []
    return {
        "retries": task.retries,
        "rules": rules,
        "timeout": bool(task.execution_timeout),
        "after": sorted(task.upstream_task_ids),
    }


def _xcom(instance: Any, key: str) -> Any:
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    with create_session() as session:
        found = XComModel.get_many(key=key, run_id=instance.run_id, dag_ids=instance.dag_id, task_ids=instance.task_id)
        row = session.execute(found).scalars().first()
        return XComModel.deserialize_value(row) if row else None


COMMANDS = {"read": read, "connect": connect, "run": run}

if __name__ == "__main__":
    main(sys.argv[1])
