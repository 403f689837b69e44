"""`make features`: which promises the last test run proved, printed and written into README.md between two markers."""

import csv
import re
import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

from tools.check import JUNIT
from tools.place import ROOT, shown

LIST = ROOT / "docs" / "features.csv"
README = ROOT / "README.md"
MAPPINGS = ROOT / "include" / "mappings"
APPS = {"GR": "getresponse", "AC": "activecampaign", "FM": "forcemanager", "FD": "freshdesk", "LT": "lemontaps"}
BEGIN, END = "<!-- features: written by `make features` -->", "<!-- end of features -->"


def main() -> None:
    """Print the table of proven rows and put it into the README."""
    if not JUNIT.exists():
        sys.exit(f"{shown(JUNIT)} is not there: run `make test` first.")
    titles, results = read_titles(), read_results(JUNIT)
    unknown = sorted(name for name in set(results) - set(titles) if is_here(name))
    if unknown:
        sys.exit(f"Tests name rows that {shown(LIST)} does not have: {', '.join(unknown)}")
    table = render(titles, results)
    print(table)
    README.write_text(insert(README.read_text(), table))


def read_titles() -> dict[str, str]:
    """Return id → title of the rows of every integration that is here, in the order of the list."""
    with LIST.open(newline="", encoding="utf-8") as file:
        return {row["id"]: row["title"] for row in csv.DictReader(file) if is_here(row["id"])}


def is_here(name: str) -> bool:
    """Whether the row's integration has mapping files; rows of all integrations always count."""
    app = APPS.get(name.partition("-")[0])
    return app is None or (MAPPINGS / app).is_dir()


def read_results(junit: Path) -> dict[str, list[bool]]:
    """Return row id → whether each of its tests passed; a skipped test proves nothing."""
    found: dict[str, list[bool]] = defaultdict(list)
    for case in ElementTree.parse(junit).iter("testcase"):
        is_passed = not any(case.find(word) is not None for word in ("failure", "error", "skipped"))
        for mark in case.iterfind("properties/property[@name='feature']"):
            found[mark.get("value", "")].append(is_passed)
    return dict(found)


def render(titles: dict[str, str], results: dict[str, list[bool]]) -> str:
    """Return a Markdown table of the rows whose tests all passed, with a line that says how many there are."""
    proven = [name for name in titles if results.get(name) and all(results[name])]
    rows = [f"| {name} | {titles[name]} | {len(results[name])} |" for name in proven]
    failing = [name for name in titles if name in results and name not in proven]
    last = [f"\nNot counted, because a test of theirs did not pass: {', '.join(failing)}."] if failing else []
    return "\n".join(
        [
            f"{len(proven)} of {len(titles)} rows are proven by tests.",
            "",
            "| id | promise | tests |",
            "|---|---|---|",
            *rows,
            *last,
        ]
    )


def insert(text: str, table: str) -> str:
    """Return the text with the table between the markers."""
    return re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: f"{BEGIN}\n{table}\n{END}", text, flags=re.DOTALL)


if __name__ == "__main__":
    main()
