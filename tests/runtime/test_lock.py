"""The lock file is complete, bound by hashes, and names no registry; what the image pre-imports is in it."""

import re
import runpy
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements.txt").read_text()
WANTED = re.findall(r"^([a-z][\w.-]*)", (ROOT / "requirements.in").read_text(), re.MULTILINE)
HEAVY = runpy.run_path(str(ROOT / "config" / "airflow_local_settings.py"))["HEAVY"]


@pytest.mark.parametrize("name", WANTED)
def test_every_wanted_package_is_locked(name: str) -> None:
    assert re.search(rf"^{re.escape(name)}(\[[\w,]+\])?==", LOCK, re.MULTILINE)


def test_every_locked_package_has_hashes() -> None:
    blocks = re.findall(r"^[a-z].*(?:\n .*)*", LOCK, re.MULTILINE)
    assert len(blocks) > 100
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_no_registry_is_named() -> None:
    assert re.findall(r"https?://|--(?:extra-)?index-url|--find-links", LOCK) == []


@pytest.mark.parametrize("name", HEAVY)
def test_pre_imported_modules_exist_and_are_not_ours(name: str) -> None:
    top = name.partition(".")[0]
    assert find_spec(top) is not None
    assert not (ROOT / "plugins" / top).exists()
