"""Old task logs go, everything else stays."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sync.housekeeping import remove_logs

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def put(path: Path, days: int) -> Path:
    """A file last written some days ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("said")
    then = (NOW - timedelta(days=days)).timestamp()
    os.utime(path, (then, then))
    return path


def test_old_logs_go_with_their_folders_and_others_stay(tmp_path: Path) -> None:
    old = put(tmp_path / "dag_id=a" / "run_id=1" / "task_id=x" / "attempt=1.log", 31)
    young = put(tmp_path / "dag_id=a" / "run_id=2" / "task_id=x" / "attempt=1.log", 29)
    parsing = put(tmp_path / "dag_processor" / "2026-10-01" / "a.py.log", 40)
    foreign = [put(tmp_path / "letters" / "a.log", 400), put(tmp_path / "dag_id=a" / "notes.txt", 400)]
    assert remove_logs(tmp_path, NOW - timedelta(days=30)) == 2
    assert not old.parents[1].exists()
    assert not parsing.parent.exists()
    assert [path for path in (young, *foreign) if not path.exists()] == []
    assert remove_logs(tmp_path, NOW - timedelta(days=30)) == 0
