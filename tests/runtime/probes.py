"""DAGs that end as no run should, with the settings of an integration; read by the live Airflow of the tests."""

import os
import signal
import time
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, task

from sync.wiring import dag_settings

APP = "freshdesk"


@task
def load(ending: str) -> None:
    """End in the way asked for."""
    if ending == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(600)


def probe(ending: str, **changes: Any) -> None:
    """Make the DAG `probe_<ending>`."""
    told = {**dag_settings(APP), "dag_id": f"probe_{ending}", "schedule": None, **changes}
    told["default_args"] = {**told["default_args"], "retries": 0, **changes.pop("default_args", {})}
    with DAG(**told) as dag:
        load(ending)
    globals()[dag.dag_id] = dag


probe("killed")
probe("slow_task", default_args={"execution_timeout": timedelta(seconds=3)})
probe("slow_run", dagrun_timeout=timedelta(seconds=3))
