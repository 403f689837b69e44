"""What only a whole Airflow shows: mails of runs that ended badly, rights of the roles, forms of the connections."""

import json
import re
import time
from typing import Any
from urllib.parse import quote

import pytest
from live import Live, User
from post import words

from lemontaps_world import prepare
from sandbox.system import load

pytestmark = pytest.mark.timeout(900)  # the first test starts Airflow; the clock of a test runs meanwhile
DAG = "salesforce_freshdesk"
DISCONNECT = "lockstep_disconnect"
LONG_AGO = "2026-01-02T03:04:05Z"


@pytest.mark.feature("ALL-11")
def test_one_mail_when_a_run_stops_none_while_it_stays_so_one_when_it_comes_through(live: Live) -> None:
    sound = load("freshdesk").connection(live.servers["freshdesk"].url)
    live.connect("freshdesk_default", {**sound, "password": "wrong-key"})
    assert live.run(DAG) == "failed"
    [mail] = live.mails(1)
    assert mail["To"] == "crm@nordwerk.example, it@nordwerk.example"
    assert mail["Subject"] == f"[Lockstep] {DAG}: stopped"
    assert "extract: AuthError: Freshdesk refuses the API key (401 invalid_credentials" in words(mail)
    assert "wrong-key" not in mail.as_string()
    assert f"{live.url}/dags/{DAG}/runs/manual__" in words(mail)
    assert f"{live.url}/plugin/sync-health?dag_id={DAG}" in words(mail, "html")
    assert live.run(DAG) == "failed"
    live.connect("freshdesk_default", sound)
    assert live.run(DAG) == "success"
    [recovered] = live.mails(1)
    assert recovered["Subject"] == f"[Lockstep] {DAG}: works again"
    assert live.run(DAG) == "success"
    assert live.post.new() == []


@pytest.mark.feature("ALL-11")
def test_a_run_that_holds_records_back_tells_how_many_and_the_first_reasons_without_a_value(live: Live) -> None:
    live.servers["salesforce"].insert("Contact", [{"LastName": f"<b>Li & nd {n}"} for n in range(3)])
    live.servers["salesforce"].insert("Contact", [{"LastName": "Berg", "Email": "berg@nordwerk.example"}])
    live.post.refuse(True)
    assert live.run(DAG, mode="backfill") == "failed"
    live.wait(live.post.has_refused, "the mail that is turned away")
    live.post.refuse(False)
    live.servers["salesforce"].insert("Contact", [{"LastName": "Holm"}])
    assert live.run(DAG) == "failed"
    [mail] = live.mails(1)
    assert mail["Subject"] == f"[Lockstep] {DAG}: done, but records were rejected"
    assert "1 more records cannot go (4 in this run)" in words(mail)
    assert re.search(r"contact 003\w{15} in salesforce and 3 more: email mobile phone \(required\)|contact 003", words(mail))
    assert "Li &" not in words(mail)
    assert "They go by themselves" in words(mail)
    assert live.run(DAG) == "success"
    [recovered] = live.mails(1)
    assert "4 records still wait to be mended." in words(recovered)


@pytest.mark.feature("ALL-11")
def test_a_killed_task_a_slow_task_and_a_slow_run_each_send_their_own_mail(live: Live) -> None:
    runs = {name: live.start(f"probe_{name}") for name in ("killed", "slow_task", "slow_run")}
    assert {live.state(f"probe_{name}", run) for name, run in runs.items()} == {"failed"}
    mails = {str(mail["Subject"]): words(mail) for mail in live.mails(3)}
    for name, run in runs.items():
        text = mails[f"[Lockstep] probe_{name}: stopped"]
        assert f"/dags/probe_{name}/runs/{quote(run)}" in text
        assert ("took longer than a run may take" if name == "slow_run" else "load: ended without a word: killed") in text


@pytest.mark.feature("LT-05")
def test_a_push_of_captured_contacts_is_told_with_its_figures(live: Live) -> None:
    prepare(live.servers["salesforce"], live.servers["lemontaps"])
    live.servers["salesforce"].insert("Lead", [{"LastName": "Lynd", "Company": "Nordwerk", "Email": "lind@nordwerk.example"}])
    whole = {"first_name": "Mara", "last_name": "Lind", "company": "Nordwerk", "created_at": LONG_AGO, "updated_at": LONG_AGO}
    people = [{**whole, "email": "lind@nordwerk.example"}, {**whole, "email": "berg@nordwerk.example"}, {**whole, "company": ""}]
    ids = live.servers["lemontaps"].insert("contacts", people)
    live.run("salesforce_lemontaps")
    state = live.run("salesforce_lemontaps", record_ids=[str(each) for each in ids])
    assert state == "failed", live.logs("salesforce_lemontaps")
    [mail] = live.mails(1)
    assert str(mail["Subject"]).endswith("push of chosen records: 1 worked, 1 failed, 1 duplicates")
    assert "Lind" not in words(mail)


def when_overdue(live: Live) -> list[Any]:
    """Return what is told of an overdue run. Airflow sets right what we write whenever it reads the file or begins a run: again, then."""
    for _ in range(10):
        live.sql("update dag set next_dagrun = now() - interval '1 hour' where dag_id = %s", DAG)
        assert live.run("lockstep_watch") == "success"
        if found := list(live.post.new()):
            return found
        time.sleep(5)
    raise AssertionError("nothing was told of a run that is overdue")


@pytest.mark.feature("ALL-11")
def test_a_run_that_should_have_started_is_told_once_and_so_is_the_next_that_does(live: Live) -> None:
    path = live.home / "mappings" / "freshdesk" / "settings.yaml"
    sound = path.read_text()
    live.admin.call("PATCH", f"dags/{DAG}", {"is_paused": False})
    path.write_text(sound.replace("prefer: salesforce", "prefer: nobody"))
    assert live.run("lockstep_watch") == "success"
    [mail] = live.mails(1)
    assert mail["Subject"] == f"[Lockstep] {DAG}: did not start"
    assert "settings.yaml:" in words(mail)
    assert live.run("lockstep_watch") == "success"
    path.write_text(sound)
    assert live.run("lockstep_watch") == "success"
    [again] = live.mails(1)
    assert again["Subject"] == f"[Lockstep] {DAG}: starts again"
    [late] = when_overdue(live)
    assert "nothing keeps it from starting" in words(late)


@pytest.mark.feature("ALL-08", "ALL-09")
def test_the_connection_forms_are_offered_tested_and_their_secrets_masked(live: Live) -> None:
    offered = {each["connection_type"]: each for each in live.admin.get("/ui/connections/hook_meta")}
    assert offered["freshdesk"]["standard_fields"]["password"]["title"] == "API key"
    assert offered["salesforce_lockstep"]["extra_fields"]["consumer_secret"]["schema"]["format"] == "password"
    assert {"getresponse", "activecampaign", "forcemanager", "lemontaps"} <= set(offered)
    salesforce = {**load("salesforce").connection(live.servers["salesforce"].url), "conn_type": "salesforce_lockstep"}
    assert "production: credentials accepted" in live.test_connection(salesforce, True)
    desk = load("freshdesk").connection(live.servers["freshdesk"].url)
    assert "credentials accepted" in live.test_connection(desk, True)
    assert "refuses the API key" in live.test_connection({**desk, "password": "wrong-key"}, False)
    lemontaps = load("lemontaps").connection(live.servers["lemontaps"].url)
    assert "credentials accepted" in live.test_connection(lemontaps, True)
    live.connect("forms_test", salesforce)
    shown = live.admin.get("connections/forms_test")
    assert json.loads(shown["extra"]) == {**salesforce["extra"], "consumer_secret": "***"}


WHO = {  # may see, trigger, act on the page, see connections; a DAG that is not ours; disconnect: change, trigger
    "vera": (200, 403, 403, 403, 200, 403, 403),
    "uwe": (200, 200, 404, 403, 200, 403, 403),
    "olga": (200, 200, 404, 200, 200, 200, 200),
    "lena": (200, 403, 403, 403, 403, 403, 403),
    "luis": (200, 200, 404, 403, 403, 403, 403),
}


# What the list of DAGs, the grid of one and the form that decides on a plan are made of.
UI = ("/ui/dags?limit=50", "/ui/grid/runs/lockstep_approval", "/ui/grid/structure/lockstep_approval",
      f"dags/{DAG}/dagRuns/~/taskInstances")  # fmt: skip


@pytest.mark.feature("ALL-12")
@pytest.mark.parametrize("name", WHO)
def test_the_roles_see_and_do_what_they_should(live: Live, name: str) -> None:
    user = live.user(name)
    body = {"logical_date": None, "conf": {"mode": "plan"}}
    retry = {"entity": "contact", "side": "app", "record_ids": ["1"]}
    with live.paused(DAG):
        found = (
            user.call("GET", f"dags/{DAG}").status_code,
            user.call("POST", f"dags/{DAG}/dagRuns", body).status_code,
            user.call("POST", "/sync-health/api/integrations/999/retry", retry, **{"x-lockstep": "1"}).status_code,
            user.call("GET", "connections").status_code,
            user.call("GET", "dags/probe_killed").status_code,
            user.call("PATCH", f"dags/{DISCONNECT}", {"is_paused": False}).status_code,
            user.call("POST", f"dags/{DISCONNECT}/dagRuns", {"logical_date": None, "conf": {"action": "connect"}}).status_code,
        )
    assert found == WHO[name]
    assert user.call("GET", "plugins").ok
    assert {user.call("GET", path).status_code for path in UI} == {200}
    others = 403 if name in ("lena", "luis") else 200
    assert user.call("GET", "/ui/grid/runs/probe_killed").status_code == others
    assert user.call("GET", "dags/probe_killed/dagRuns").status_code == others
    seen = {each["dag_id"] for each in user.get("/ui/dags?limit=50")["dags"]}
    assert DAG in seen
    assert ("probe_killed" in seen) == (others == 200)
    assert user.call("GET", "/sync-health/api/integrations").ok


def test_who_is_not_signed_in_is_told_so_by_airflow(live: Live) -> None:
    nobody = User(live.url, "nobody", "no-token")
    assert nobody.call("POST", f"dags/{DISCONNECT}/dagRuns", {"logical_date": None}).status_code in (401, 403)


@pytest.mark.feature("ALL-12")
def test_roles_can_be_granted_again(live: Live) -> None:
    assert "0 rights given, the others were there" in live.command("-m", "sync.roles")
