"""dlt's merge of the same raw rows into Postgres: one table per side, dlt as it is set up by default.

Its environment is made by uv below `.lockstep/`; where that is not possible the bench goes on without this measurement.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from tools.bench.data import PAGE_ROWS, make_rows
from tools.bench.job import Job, answer, run
from tools.place import BIN, STATE, StepError

VERSION = "1.31.0"
VENV = STATE / f"dlt-{VERSION}"
QUIET = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}


def install() -> str:
    """Make the environment unless it is there; return what stands in the way, nothing when it is ready."""
    python = VENV / "bin" / "python"
    if (
        python.exists()
        and subprocess.run([python, "-c", "import dlt, psycopg2"], capture_output=True, check=False).returncode == 0
    ):
        return ""
    made = _uv("venv", "--clear", "--python", sys.executable, str(VENV))
    return made or _uv("pip", "install", "--python", str(python), f"dlt[postgres]=={VERSION}")


def _uv(*arguments: str) -> str:
    """Run uv; return the last thing it said when it failed."""
    try:
        found = subprocess.run([BIN / "uv", "--quiet", *arguments], capture_output=True, text=True, timeout=300, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    said = found.stderr.strip().splitlines() or [f"uv ended with {found.returncode}"]
    return said[-1] if found.returncode else ""


def run_dlt(job: Job) -> dict[str, Any]:
    """Measure dlt in its own environment, with its working files in a folder that is removed again."""
    with tempfile.TemporaryDirectory(prefix="bench-dlt-", dir=STATE) as folder:
        return run("dlt_merge", job, VENV / "bin" / "python", QUIET | {"DLT_DATA_DIR": folder})


def measure(job: Job) -> dict[str, Any]:
    """Run extract, normalize, load and merge; return the seconds and what dlt says it loaded."""
    import dlt

    def rows(side: str) -> Iterator[list[dict[str, Any]]]:
        numbers = job.numbers(side)
        for start in range(0, len(numbers), PAGE_ROWS):
            yield [{"id": key, **raw} for key, raw in make_rows(side, numbers[start : start + PAGE_ROWS])]

    # dlt wants a host and a password; libpq takes the socket from the query
    url = job.url.replace("postgres@/", "postgres:none@localhost/").replace("postgres:@/", "postgres:none@localhost/")
    pipeline = dlt.pipeline("bench", destination=dlt.destinations.postgres(url), dataset_name="dlt")
    resources = [
        dlt.resource(rows(side), name=f"{side}_contact", write_disposition="merge", primary_key="id") for side in job.sides
    ]
    begin = time.perf_counter()
    loaded = pipeline.run(resources)
    seconds = time.perf_counter() - begin
    loaded.raise_on_failed_jobs()
    with pipeline.sql_client() as client:
        counts = [client.execute_sql(f"select count(*) from {side}_contact")[0][0] for side in job.sides]  # noqa: S608
    if counts != [job.count] * len(job.sides):
        raise StepError(f"dlt loaded {counts}")
    return {"seconds": seconds, "version": dlt.__version__}


if __name__ == "__main__":
    answer(measure)
