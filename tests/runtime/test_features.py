"""The table of proven rows tells the truth: rows exist, tests carry their marks, the README claims no more than that."""

import re
import subprocess
import sys
from pathlib import Path

from tools import features

ROOT = Path(__file__).resolve().parents[2]
TITLES = features.read_titles()
APP_NAMES = {app: prefix for prefix, app in features.APPS.items()}
JUNIT = """<testsuites><testsuite>
<testcase name="a"><properties><property name="feature" value="FD-01"/>
<property name="feature" value="FD-08"/></properties></testcase>
<testcase name="b"><properties><property name="feature" value="FD-01"/></properties></testcase>
<testcase name="c"><properties><property name="feature" value="FD-08"/></properties><failure/></testcase>
<testcase name="d"><properties><property name="feature" value="FD-10"/></properties><skipped/></testcase>
<testcase name="e"/>
</testsuite></testsuites>"""


def _marked() -> set[str]:
    text = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__))
    marks = re.findall(r"mark\.feature\(([^)]*)\)", text)
    return {name for mark in marks for name in re.findall(r"[A-Z]{2,3}-\d{2}", mark)}


def _claimed() -> set[str]:
    readme = (ROOT / "README.md").read_text()
    table = readme.partition(features.BEGIN)[2].partition(features.END)[0]
    return set(re.findall(r"^\| ([A-Z]{2,3}-\d{2}) \|", table, re.MULTILINE))


def test_marks_name_rows_of_the_list() -> None:
    assert sorted(name for name in _marked() - set(TITLES) if features.is_here(name)) == []


def test_the_readme_claims_only_rows_with_a_test() -> None:
    assert features.BEGIN in (ROOT / "README.md").read_text()
    assert sorted(_claimed() - _marked()) == []


def test_rows_of_an_integration_that_is_not_here_do_not_count() -> None:
    assert features.is_here("FD-01")
    assert features.is_here("ALL-01")
    absent = [app for app in features.APPS.values() if not (features.MAPPINGS / app).exists()]
    assert not any(APP_NAMES[app] in {name[:2] for name in TITLES} for app in absent)


def test_titles_are_short_and_unique() -> None:
    assert len(set(TITLES.values())) == len(TITLES)
    assert [title for title in TITLES.values() if not 5 < len(title) <= 120] == []


def test_a_row_is_proven_when_all_its_tests_passed(tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"
    junit.write_text(JUNIT)
    results = features.read_results(junit)
    assert results == {"FD-01": [True, True], "FD-08": [True, False], "FD-10": [False]}
    text = features.render(TITLES, results)
    assert f"1 of {len(TITLES)} rows" in text
    assert f"| FD-01 | {TITLES['FD-01']} | 2 |" in text
    assert "did not pass: FD-08, FD-10." in text


def test_the_table_replaces_only_what_is_between_the_markers() -> None:
    text = f"before\n{features.BEGIN}\nold\n{features.END}\nafter"
    assert features.insert(text, r"new \1") == f"before\n{features.BEGIN}\nnew \\1\n{features.END}\nafter"


def test_marks_reach_the_results_file(tmp_path: Path) -> None:
    test = tmp_path / "test_one.py"
    test.write_text("import pytest\n\n@pytest.mark.feature('FD-01', 'FD-02')\ndef test_one() -> None:\n    assert True\n")
    junit = tmp_path / "junit.xml"
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = feature(id, ...): rows\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tools.feature_marks", f"--junitxml={junit}", str(test)]
    subprocess.run([*command, "-c", str(tmp_path / "pytest.ini")], cwd=ROOT, check=True, capture_output=True)
    assert features.read_results(junit) == {"FD-01": [True], "FD-02": [True]}
