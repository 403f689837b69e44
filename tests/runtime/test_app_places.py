"""An app stands in its own places and nowhere else, so that adding one changes nothing that is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SEARCHED = ("plugins", "sandbox", "dags", "include", "tools")
SUFFIXES = (".py", ".yaml", ".csv", ".toml", ".html", ".js")
# The table of promises knows the two letters of each app, the bench what it writes to measure the pace of one and whose runs the
# pages show that it measures, the laboratory what people do in those that it plays. An app that is new may stay out of them.
SPELLERS = ("tools/features.py", "tools/bench/throughput.py", "tools/bench/filling.py", "tools/lab/apps.py")
# Freshdesk is the example in messages and docstrings.
APPS = sorted(path.parent.name for path in ROOT.glob("include/mappings/*/settings.yaml") if path.parent.name != "freshdesk")


def files():
    found = (path for folder in SEARCHED for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES)
    return [path.relative_to(ROOT).as_posix() for path in found if "__pycache__" not in path.parts]


def own(app):
    """The places that an app has."""
    return re.compile(
        rf"plugins/connectors/{app}(_\w+)?\.py|sandbox/{app}/.+|sandbox/company/{app}\w*\.py"
        rf"|include/mappings/{app}/.+|dags/salesforce_{app}\.py"
    )


@pytest.mark.parametrize("app", APPS)
def test_nothing_outside_its_places_names_an_app(app):
    mine = own(app)
    others = [path for path in files() if not mine.fullmatch(path) and path not in SPELLERS]
    assert [path for path in others if app in (ROOT / path).read_text("utf-8").casefold()] == []


@pytest.mark.parametrize("app", APPS)
def test_an_app_has_all_its_places(app):
    wanted = [f"plugins/connectors/{app}.py", f"sandbox/{app}/system.py", f"dags/salesforce_{app}.py", f"docs/connect-{app}.md"]
    assert [path for path in wanted if not (ROOT / path).exists()] == []
