"""The routes of the page in a real API server: who may see and do what, and that nothing is open."""

import re

import pytest
from health_server import Server
from sqlalchemy import Engine, text

from connectors.forms import FORMS

READS = (
    "integrations", "integrations/1", "integrations/1/runs", "integrations/1/records", "integrations/1/rejections",
    "integrations/1/conflicts", "integrations/1/ambiguous", "integrations/1/plans", "integrations/1/mapping", "integrations/1/exports",
    "integrations/1/record?entity=contact&side=app&record_id=x", "search?q=person1",
)  # fmt: skip
WRITES = {"retry": {"ids": [1]}, "settle": {"rejection_id": 1}, "unsettle": {"rejection_id": 1}}


@pytest.fixture
def page(server: Server, filled: Engine) -> Server:
    """The API server over a filled database."""
    return server


@pytest.fixture
def ambiguous(filled: Engine) -> int:
    """The number of a rejection of the first integration that waits for a person."""
    query = (
        "select min(id) from sync.rejection where integration_id = 1 and closed_at is null and reasons::text like '%ambiguous%'"
    )
    with filled.connect() as connection:
        return int(connection.scalar(text(query)) or 0)


@pytest.mark.feature("ALL-12", "LT-12")
@pytest.mark.parametrize("path", [*(f"api/{path}" for path in READS), "static/page.js"])
def test_nothing_is_shown_to_strangers(page: Server, path: str) -> None:
    assert page.get(None, path).status_code == 401


@pytest.mark.feature("ALL-12", "LT-12")
@pytest.mark.parametrize("path", WRITES)
def test_nothing_is_done_for_strangers_or_onlookers(page: Server, path: str) -> None:
    assert page.post(None, f"api/integrations/1/{path}", WRITES[path]).status_code == 401
    refused = page.post("vera", f"api/integrations/1/{path}", WRITES[path])
    assert refused.status_code == 403
    assert "right to edit its DAG" in refused.json()["detail"]


@pytest.mark.feature("ALL-12")
@pytest.mark.parametrize("path", READS)
def test_every_view_answers(page: Server, path: str) -> None:
    answer = page.get("vera", f"api/{path}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.feature("ALL-12")
def test_another_site_cannot_act_for_a_person(page: Server) -> None:
    assert page.post("ada", "api/integrations/1/retry", {"ids": [1]}, headers={}).status_code == 400
    plain = {"X-Lockstep": "page", "Content-Type": "text/plain"}
    assert page.post("ada", "api/integrations/1/retry", {"ids": [1]}, headers=plain).status_code == 400


@pytest.mark.feature("ALL-12")
def test_rows_of_an_integration_without_a_dag_are_not_shown(page: Server, filled: Engine) -> None:
    with filled.begin() as connection:
        connection.execute(text("update sync.integration set name = 'salesforce_secret' where id = 1"))
    names = {row["name"] for row in page.get("ada", "api/integrations").json()["integrations"]}
    assert names == {"salesforce_lemontaps"}
    assert page.get("ada", "api/integrations/1/records").status_code == 404
    assert {row["name"] for row in page.rows("ada", "search", q="person1@")} == {"salesforce_lemontaps"}
    assert page.post("ada", "api/integrations/1/retry", {"ids": [1]}).status_code == 404


@pytest.mark.feature("ALL-12", "LT-13")
def test_retry_marks_the_chosen_records(page: Server, filled: Engine) -> None:
    ids = [row["id"] for row in page.rows("uma", "integrations/1/rejections")[:3]]
    answer = page.post("uma", "api/integrations/1/retry", {"ids": ids})
    assert (answer.status_code, answer.json()) == (200, {"count": 3})
    with filled.connect() as connection:
        due = connection.execute(text("select id from sync.rejection where retry_at <= now() order by id desc")).scalars().all()
    assert list(due) == ids


@pytest.mark.feature("ALL-30")
def test_a_decision_is_kept_with_the_name_of_the_person(page: Server, filled: Engine, ambiguous: int) -> None:
    body = {"rejection_id": ambiguous, "other_id": "c2"}
    assert page.post("uma", "api/integrations/1/settle", body).status_code == 200
    [row] = [row for row in page.rows("vera", "integrations/1/ambiguous") if row["id"] == ambiguous]
    assert (row["is_decided"], row["other_id"], row["decided_by"]) == (True, "c2", "uma")
    assert page.post("uma", "api/integrations/1/unsettle", {"rejection_id": ambiguous}).json() == {"count": 1}
    with filled.connect() as connection:
        assert connection.scalar(text("select count(*) from sync.decision")) == 0


@pytest.mark.feature("ALL-30")
def test_a_linked_record_cannot_be_chosen(page: Server, filled: Engine, ambiguous: int) -> None:
    with filled.connect() as connection:
        taken = connection.scalar(
            text("select salesforce_id from sync.link where integration_id = 1 and entity = 'contact' limit 1")
        )
    answer = page.post("ada", "api/integrations/1/settle", {"rejection_id": ambiguous, "other_id": taken})
    assert answer.status_code == 409
    assert "is linked to" in answer.json()["detail"]


@pytest.mark.feature("ALL-20")
def test_a_plan_is_taken_along_as_csv(page: Server) -> None:
    plan = page.rows("vera", "integrations/1/plans")[0]["id"]
    answer = page.get("vera", f"api/integrations/1/plans/{plan}/csv")
    assert answer.headers["content-disposition"] == f'attachment; filename="salesforce_freshdesk-plan-{plan}.csv"'
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 11
    assert "'=1+1" in lines[1]
    assert page.get("vera", f"api/integrations/2/plans/{plan}/csv").status_code == 404


@pytest.mark.feature("ALL-12")
def test_what_is_asked_wrongly_is_refused_in_words(page: Server) -> None:
    assert page.get("vera", "api/integrations/99").status_code == 404
    assert page.get("vera", "api/integrations/1/record", entity="contact", side="left", record_id="x").status_code == 422
    assert page.get("vera", "static/..%2f__init__.py").status_code == 404


@pytest.mark.feature("ALL-12")
def test_the_page_learns_how_each_app_is_spelled(page: Server) -> None:
    assert page.get(None, "static/names.js").status_code == 401
    answer = page.get("vera", "static/names.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert '"getresponse": "GetResponse"' in answer.text
    assert set(re.findall(r'"(\w+)": ', answer.text)) == set(FORMS)


@pytest.mark.feature("LT-03", "LT-12")
def test_airflow_itself_checks_who_may_push(page: Server) -> None:
    """The page's push is Airflow's own trigger with the user's session."""
    import requests

    url, body = f"{page.url}/api/v2/dags/salesforce_lemontaps/dagRuns", {"logical_date": None, "conf": {"record_ids": ["app:c1"]}}
    refused = requests.post(url, json=body, cookies={"_token": page.token("vera")}, timeout=30)
    assert refused.status_code == 403
    made = requests.post(url, json=body, cookies={"_token": page.token("uma")}, timeout=30)
    assert made.status_code == 200, made.text
    assert made.json()["conf"]["record_ids"] == ["app:c1"]


@pytest.mark.feature("ALL-12")
def test_airflow_knows_the_page_in_its_navigation_and_on_each_dag(page: Server) -> None:
    import requests

    plugins = requests.get(f"{page.url}/api/v2/plugins", cookies={"_token": page.token("vera")}, timeout=30).json()["plugins"]
    [own] = [each for each in plugins if each["name"] == "sync_health"]
    assert {each["destination"] for each in own["react_apps"]} == {"nav", "dag"}
    assert not requests.get(f"{page.url}/api/v2/plugins/importErrors", cookies={"_token": page.token("ada")}, timeout=30).json()[
        "import_errors"
    ]
