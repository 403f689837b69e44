"""The health checks of the containers: `python config/health.py PART`. Airflow's own commands cost seconds of CPU for each look."""

import json
import os
import socket
import sys
from urllib.request import urlopen

API = "http://api-server:8080"
PATIENCE_SECONDS = 25
OWN = {  # the first also builds the part that tasks talk to, which would cost the first task some seconds
    "api-server": "http://127.0.0.1:8080/execution/health",
    "scheduler": "http://127.0.0.1:8974/health",
}
REPORTED = {"dag-processor": "dag_processor", "triggerer": "triggerer"}


def main(part: str) -> int:
    """Return 0 if `part` is well."""
    if part in OWN:
        _get(OWN[part])
        return 0
    if part == "worker":
        return 0 if _worker_answers() else 1
    return 0 if json.loads(_get(f"{API}/api/v2/monitor/health"))[REPORTED[part]]["status"] == "healthy" else 1


def _get(url: str) -> bytes:
    with urlopen(url, timeout=PATIENCE_SECONDS) as answer:
        return bytes(answer.read())


def _worker_answers() -> bool:
    from celery import Celery

    app = Celery(broker=os.environ["AIRFLOW__CELERY__BROKER_URL"])
    answers = app.control.inspect(destination=[f"celery@{socket.gethostname()}"], timeout=PATIENCE_SECONDS / 2).ping()
    return bool(answers)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
