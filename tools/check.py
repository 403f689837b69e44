"""`make test` and `make lint`: all checks, each to its end, results kept for `make features`; fails when one of them does."""

import argparse
import os
import subprocess
import sys
import time

from tools.place import BIN, RESULTS, ROOT, make_folders

JUNIT = RESULTS / "junit.xml"
PLUGINS = ("-p", "tools.feature_marks", "-p", "tools.order_of_tests")
PYTEST = [*PLUGINS, f"--junitxml={JUNIT}", "-n", "auto", "--dist", "loadfile", "-q"]
# Without bytecode every Airflow task compiles our modules anew, and every pytest its tests.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
CHECKS = {
    "ruff": [str(BIN / "ruff"), "check", "--quiet", "."],
    "format": [str(BIN / "ruff"), "format", "--quiet", "--check", "."],
    "mypy": [str(BIN / "mypy"), "--no-error-summary"],
    "mapping": [str(BIN / "python"), "-m", "sync.lint"],
    "pytest": [str(BIN / "python"), "-m", "pytest", *PYTEST],
}


def main(arguments: list[str] | None = None) -> None:
    """Run the checks, or those named by `--only`; arguments after `--` go to pytest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=CHECKS, default=list(CHECKS))
    make_folders()
    outcomes = [(name, *_run(name)) for name in parser.parse_args(arguments).only]
    for name, is_good, seconds in outcomes:
        print(f"{name:<10}{'passed' if is_good else 'FAILED':<10}{seconds:6.1f} s")
    sys.exit(0 if all(is_good for _, is_good, _ in outcomes) else 1)


def _run(name: str) -> tuple[bool, float]:
    print(f"--- {name}", flush=True)
    begin = time.monotonic()
    code = subprocess.run(CHECKS[name], cwd=ROOT, env=ENVIRONMENT, check=False).returncode
    return code == 0, time.monotonic() - begin


if __name__ == "__main__":
    main()
