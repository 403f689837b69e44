"""Removes task logs that nobody reads any more; the staging tables are tidied by each run."""

from datetime import datetime
from pathlib import Path

KINDS = ("dag_id=*", "dag_processor/*", "scheduler/*")  # what Airflow writes below its log folder; anything else is left alone


def remove_logs(folder: Path, before: datetime) -> int:
    """Remove log files last written before `before`, and folders left empty; return how many files."""
    count = 0
    for kind in KINDS:
        for top in folder.glob(kind):
            for path in sorted(top.rglob("*"), reverse=True):
                if path.is_symlink():
                    continue
                if path.is_dir():
                    _remove_empty(path)
                elif path.suffix == ".log" and path.stat().st_mtime < before.timestamp():
                    path.unlink(missing_ok=True)
                    count += 1
            _remove_empty(top)
    return count


def _remove_empty(folder: Path) -> None:
    if folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir()):
        folder.rmdir()
