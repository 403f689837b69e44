"""The page in a browser, as people use it: sign in, look, search, retry, settle, push; with the mouse and with the keyboard."""

from collections.abc import Iterator

import pytest
from browser import CHROMIUM, Browser, browser
from health_server import Server
from sqlalchemy import Engine, text

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium (Debian: apt install chromium)"),
]
FIRST = "/plugin/sync-health?integration=1"
FORMAT = "document.querySelector('a[aria-label$=\"wait: format\"]')"
NEWEST = "fetch('/api/v2/dags/{}/dagRuns?order_by=-run_after&limit=1').then((r) => r.json())"


@pytest.fixture
def page(server: Server, filled: Engine) -> Server:
    """The API server over a filled database."""
    return server


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all tests: to fetch Airflow's pages anew for each would take as long as the tests."""
    with browser() as opened:
        yield opened


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Browser]:
    """A browser nobody is signed in with; at the end, no script of the page may have failed."""
    yield chromium
    errors = [*chromium.errors]
    chromium.forget()
    assert errors == []


def sign_in(tab: Browser, page: Server, user: str) -> None:
    """Go on as somebody who has signed in."""
    tab.take_cookie(page.url, "_token", page.token(user))


@pytest.mark.feature("ALL-12", "FM-08")
def test_from_the_login_by_the_navigation_to_the_charts_of_an_integration(tab: Browser, page: Server) -> None:
    tab.open(f"{page.url}/auth/login")
    tab.fill("Username", "vera")
    tab.fill("Password", page.passwords["vera"])
    tab.press("Enter")
    tab.click("a", "Sync health")
    tab.see("records wait")
    assert tab.has("a", "Salesforce ↔ Lemontaps")
    tab.click("a", "Salesforce ↔ Freshdesk")
    tab.see("contact: Salesforce → Freshdesk")
    label = tab.run("document.querySelector('[data-chart=\"contact app\"] svg').getAttribute('aria-label')")
    assert label.startswith("contact: Salesforce → Freshdesk, last 7 days: created ")
    assert tab.run("document.querySelectorAll('[data-chart] rect[style]').length") > 20
    tab.click("button", "Records")
    tab.see("changed in salesforce", "table")
    assert tab.run("document.querySelectorAll('tr[data-row]').length") == 100


@pytest.mark.feature("ALL-12", "FM-08")
def test_every_number_leads_to_the_rows_that_it_counts(tab: Browser, page: Server) -> None:
    sign_in(tab, page, "vera")
    for start in (FIRST, "/dags/salesforce_freshdesk/plugin/sync-health-dag"):
        tab.open(page.url + start)
        tab.see("contact: Salesforce → Freshdesk")
        link = 'document.querySelector(\'[data-chart="contact app"] a[aria-label$=" created"]\')'
        number = int(tab.run(f"{link}.innerText"))
        tab.run(f"{link}.click()")
        tab.see("changed in salesforce", "table")
        assert tab.run("document.querySelectorAll('tr[data-row]').length") == number
        shown = (
            "[...document.querySelectorAll('tr[data-row]')].map((row) => row.children[3].innerText + row.children[5].innerText)"
        )
        assert set(tab.run(shown)) == {"createdone"}
    tab.open(page.url + FIRST)
    tab.see("What waits, by reason")
    number = int(tab.run(f"{FORMAT}.innerText"))
    tab.run(f"{FORMAT}.click()")
    tab.see("Tries", "table")
    assert tab.run("document.querySelectorAll('tr[data-row]').length") == number > 0
    tab.open(f"{page.url}{FIRST}&view=audit")
    tab.click("a", "16 unexplained")
    tab.see("differs-3", "table")
    assert "differs-1" not in tab.run("document.body.innerText")


@pytest.mark.feature("ALL-12")
def test_it_is_a_tab_of_the_dag(tab: Browser, page: Server) -> None:
    sign_in(tab, page, "vera")
    tab.open(f"{page.url}/dags/salesforce_freshdesk/plugin/sync-health-dag")
    tab.see("contact: Salesforce → Freshdesk")
    tab.open(f"{page.url}/dags/lockstep_preflight/plugin/sync-health-dag")
    tab.see("Nothing to show for this DAG")


@pytest.mark.feature("ALL-24")
def test_search_by_keyboard_leads_to_the_record(tab: Browser, page: Server) -> None:
    sign_in(tab, page, "vera")
    tab.open(page.url + FIRST)
    tab.fill("Record id or e-mail address", "waiting7@nordwerk.example")
    tab.press("Enter")
    tab.click("button", "▸waiting-7")
    tab.see("name is missing")
    tab.fill("Record id or e-mail address", "nobody@nowhere.example")
    tab.press("Enter")
    tab.see("Nothing is known of “nobody@nowhere.example”")


@pytest.mark.feature("ALL-12")
def test_tabs_go_by_arrow_keys(tab: Browser, page: Server) -> None:
    sign_in(tab, page, "vera")
    tab.open(page.url + FIRST)
    tab.see("contact: Salesforce → Freshdesk")
    tab.run("document.querySelector('[role=tab][aria-selected=true]').focus()")
    tab.press("ArrowRight")
    tab.see("changed in salesforce", "table")
    assert tab.run("location.search").endswith("view=records")


@pytest.mark.feature("ALL-12", "LT-13")
def test_retry_marks_the_record_for_the_next_run(tab: Browser, page: Server, filled: Engine) -> None:
    sign_in(tab, page, "uma")
    tab.open(f"{page.url}{FIRST}&view=quarantine")
    tab.click("button", "Retry waiting-")
    tab.see("1 record will be tried again")
    tab.see("next run", "table")
    with filled.connect() as connection:
        assert connection.scalar(text("select count(*) from sync.rejection where retry_at <= now()")) == 1


@pytest.mark.feature("ALL-30")
def test_a_person_settles_an_ambiguous_match(tab: Browser, page: Server, filled: Engine) -> None:
    sign_in(tab, page, "uma")
    tab.open(f"{page.url}{FIRST}&view=settle")
    tab.see("It is", "table")
    tab.run("document.querySelector('input[type=radio][value=c2]').click()")
    tab.click("button", "Settle")
    tab.see("belongs to c2")
    with filled.connect() as connection:
        assert connection.execute(text("select other_id, decided_by from sync.decision")).all() == [("c2", "uma")]


@pytest.mark.feature("LT-03", "LT-04")
def test_chosen_contacts_are_pushed(tab: Browser, page: Server) -> None:
    sign_in(tab, page, "uma")
    tab.open(f"{page.url}/plugin/sync-health?integration=2&view=contacts")
    tab.see("exported", "table")
    tab.click("input", "Choose Person")
    tab.click("button", "Push to Salesforce (1)")
    tab.see("1 contact on the way to Salesforce")
    [run] = tab.run(NEWEST.format("salesforce_lemontaps"))["dag_runs"]
    assert run["triggering_user_name"] == "uma"
    assert run["conf"]["record_ids"][0].startswith("app:")
    tab.click("a", "Watch the run")
    tab.see("extract")
    assert tab.run("decodeURIComponent(location.pathname)").endswith(f"/dags/salesforce_lemontaps/runs/{run['dag_run_id']}")


@pytest.mark.feature("LT-03")
def test_earlier_contacts_are_listed_by_a_run_that_only_plans(tab: Browser, page: Server) -> None:
    sign_in(tab, page, "uma")
    tab.open(f"{page.url}/plugin/sync-health?integration=2&view=contacts")
    tab.click("button", "List earlier contacts")
    tab.see("Nothing is written")
    [run] = tab.run(NEWEST.format("salesforce_lemontaps"))["dag_runs"]
    assert run["conf"] == {"mode": "plan", "since": "2000-01-01T00:00:00Z"}


@pytest.mark.feature("ALL-22")
def test_a_run_is_undone_from_the_list_of_runs(tab: Browser, page: Server) -> None:
    sign_in(tab, page, "ada")
    tab.open(page.url + FIRST)
    tab.see("Latest runs")
    batch = tab.run("document.querySelector('[aria-label^=\"Undo batch\"]').getAttribute('aria-label')").split()[-1]
    tab.click("button", f"Undo batch {batch}")
    tab.see("it then waits for a decision")
    [run] = tab.run(NEWEST.format("lockstep_undo"))["dag_runs"]
    assert run["conf"] == {"app": "freshdesk", "run": batch}


@pytest.mark.feature("ALL-23")
def test_the_audit_shows_its_figure_over_time_and_the_differences(tab: Browser, page: Server) -> None:
    sign_in(tab, page, "vera")
    tab.open(f"{page.url}{FIRST}&view=audit")
    tab.see("Latest audit: 99.60 %")
    assert tab.run("document.querySelectorAll('[data-chart=health] circle').length") == 29
    tab.see("differs-3", "table")
    tab.run("""(() => { const e = document.querySelector('select[aria-label=Class]');
      Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, 'value').set.call(e, 'in flight');
      e.dispatchEvent(new Event('change', {bubbles: true})); })()""")
    tab.see("differs-1", "table")
    assert "code=in+flight" in tab.run("location.search")
    tab.open(f"{page.url}/plugin/sync-health")
    tab.see("health 99.60 %")


@pytest.mark.feature("ALL-12", "LT-12")
def test_a_viewer_only_looks(tab: Browser, page: Server) -> None:
    sign_in(tab, page, "vera")
    tab.open(f"{page.url}{FIRST}&view=quarantine")
    tab.see("name is missing", "table")
    assert not tab.has("button", "Retry")
    assert not tab.has("button", "Run now")
    tab.open(f"{page.url}{FIRST}&view=settle")
    tab.see("Settling takes the right to edit this DAG.")
    tab.open(f"{page.url}/plugin/sync-health?integration=2&view=contacts")
    tab.see("Pushing takes the right to trigger this DAG.")
    assert not tab.has("input", "Choose")


@pytest.mark.feature("ALL-20")
def test_a_plan_is_read_field_by_field(tab: Browser, page: Server) -> None:
    sign_in(tab, page, "vera")
    tab.open(f"{page.url}{FIRST}&view=plans")
    tab.see("=1+1", "table")
    tab.see("Download as CSV")
    tab.see("This plan waits for a person")
    assert tab.has("a", "Approve or reject in Airflow")


@pytest.mark.feature("ALL-20")
def test_a_plan_tells_how_it_ended_and_what_was_left_of_it(tab: Browser, page: Server, filled: Engine) -> None:
    sign_in(tab, page, "vera")
    tab.open(f"{page.url}{FIRST}&view=plans")
    tab.see("waiting", "table")
    plan = "(select max(id) from sync.batch where integration_id = 1 and mode = 'plan')"
    change = (
        f'update sync.batch set counts = counts || \'{{"load": {{"rejected": 2}}}}\' where id = {plan}',
        f"update sync.action set state = 'done' where batch_id = {plan}",
        f"update sync.action set state = 'failed', attempts = 1 where id = (select max(id) from sync.action where batch_id = {plan})",
        f"update sync.approval set state = 'applied' where batch_id = {plan}",
    )
    with filled.begin() as connection:
        for each in change:
            connection.execute(text(each))
    tab.open(f"{page.url}{FIRST}&view=plans")
    assert "applied" in tab.see("2 rejected (1 refused when written)", "table")
    with filled.begin() as connection:
        connection.execute(text(f"update sync.approval set state = 'overtaken' where batch_id = {plan}"))
    tab.open(f"{page.url}{FIRST}&view=plans")
    assert "refused" not in tab.see("overtaken", "table")


@pytest.mark.feature("ALL-12")
def test_the_mapping_in_force_is_shown(tab: Browser, page: Server) -> None:
    sign_in(tab, page, "vera")
    tab.open(f"{page.url}{FIRST}&view=mapping")
    tab.see("FirstName + LastName", "table")


@pytest.mark.feature("ALL-12")
def test_without_any_run_the_page_says_what_to_do(tab: Browser, server: Server, engine: Engine) -> None:
    sign_in(tab, server, "vera")
    tab.open(f"{server.url}/plugin/sync-health")
    tab.see("No integration has run yet")
    tab.open(f"{server.url}/plugin/sync-health?integration=1")
    tab.see("There is no such integration")
