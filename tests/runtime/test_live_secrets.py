"""No credential leaves its connection: planted in a whole Airflow and looked for in everything that it writes."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from live import Live
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from sandbox.client import SandboxClient
from sandbox.running import serve
from secret_words import PLACES, SECRETS, connection, leaks, plant

pytestmark = pytest.mark.timeout(900)
KEY = "canarykeyoftheblocklist7q1zxcanarykeyoftheblocklist"
WORDS = [*SECRETS, KEY]
DAG = "salesforce_freshdesk"
APPS = [system for system in PLACES if system != "salesforce"]
TABLES = """
select quote_ident(table_schema) || '.' || quote_ident(table_name) from information_schema.tables
where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'
"""


@pytest.fixture(scope="module")
def others() -> Iterator[dict[str, SandboxClient]]:
    """The apps that the other tests of a whole Airflow do without."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(serve(name)) for name in ("activecampaign", "forcemanager", "getresponse")}


@pytest.fixture
def planted(live: Live, others: dict[str, SandboxClient]) -> dict[str, SandboxClient]:
    """Our secrets in all six connections and in that of the block list; a person and a firm to be carried over."""
    servers = {**live.servers, **others}
    for name in others:
        options = {} if name == "forcemanager" else {"cross_references": True}
        servers[name].reset(**options)
    for name, server in servers.items():
        live.connect(f"{name}_default", plant(name, server))
    live.connect("lockstep_erasure", {"conn_type": "generic", "password": KEY})
    servers["salesforce"].insert("Account", [{"Name": "Nordwerk"}])
    servers["salesforce"].insert("Contact", [{"LastName": "Lind", "Email": "lind@nordwerk.example"}, {"LastName": "Holm"}])
    return servers


def dump(database: str) -> Iterator[tuple[str, str]]:
    """Every row of every table of a database, as text."""
    url = make_url(database).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        for (table,) in connection.execute(TABLES).fetchall():
            for (row,) in connection.execute(f"select t::text from {table} t"):  # type: ignore[arg-type]
                yield table, row


def written(live: Live, engine: Engine) -> dict[str, str]:
    """Everything that was written: files of Airflow, mails, both databases, what the API and the page answer."""
    found = {str(path.relative_to(live.home)): path.read_bytes().decode("utf-8", "replace") for path in files(live.home)}
    found |= {f"mail {path.name}": path.read_text(errors="replace") for path in live.post.folder.glob("*.eml")}
    found |= {f"mail {n}": mail.as_string() for n, mail in enumerate(live.post.new())}
    for name, url in {
        "airflow": live.env["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", ""),
        "lockstep": engine.url.render_as_string(hide_password=False),
    }.items():
        for table, row in dump(url):
            found[f"{name} {table}"] = f"{found.get(f'{name} {table}', '')}\n{row}"
    return found | dict(answers(live))


def files(folder: Path) -> Iterator[Path]:
    """The files that Airflow has written; the mappings are ours."""
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink() and "mappings" not in path.parts)


def answers(live: Live) -> Iterator[tuple[str, str]]:
    """What the API shows of connections, runs and results, and the health page of an integration."""
    yield "api connections", live.admin.call("GET", "connections").text
    yield "api events", live.admin.call("GET", "eventLogs?limit=500").text
    for dag_id in [f"salesforce_{app}" for app in APPS]:
        for run in live.admin.get(f"dags/{dag_id}/dagRuns")["dag_runs"]:
            path = f"dags/{dag_id}/dagRuns/{quote(run['dag_run_id'], safe='')}"
            yield f"api {path}", live.admin.call("GET", f"{path}/taskInstances").text
            yield f"xcom {path}", live.admin.call("GET", f"{path}/taskInstances/extract/xcomEntries/return_value").text
    page = live.admin.get("/sync-health/api/integrations")
    yield "page", json.dumps(page)
    yield "page html", live.admin.call("GET", "/sync-health/").text
    for each in page["integrations"]:
        for view in ("runs", "records", "rejections", "conflicts", "ambiguous", "plans", "mapping", "exports"):
            yield f"page {each['id']} {view}", live.admin.call("GET", f"/sync-health/api/integrations/{each['id']}/{view}").text
        for plan in live.admin.get(f"/sync-health/api/integrations/{each['id']}/plans")["rows"]:
            yield "csv", live.admin.call("GET", f"/sync-health/api/integrations/{each['id']}/plans/{plan['id']}/csv").text


def attempt(live: Live, dag_id: str, **conf: Any) -> str:
    """Start a run and wait until its first task has been tried; end it then, for its next try is minutes away."""
    run_id = live.start(dag_id, **conf)
    path = f"dags/{dag_id}/dagRuns/{quote(run_id, safe='')}"

    def is_tried() -> str:
        states = [each["state"] for each in live.admin.get(f"{path}/taskInstances")["task_instances"]]
        return next((state for state in states if state in ("up_for_retry", "failed")), "")

    state = live.wait(is_tried, f"the first try of {dag_id}")
    live.admin.call("PATCH", path, {"state": "failed"})
    live.admin.call("PATCH", f"dags/{dag_id}", {"is_paused": True})
    return state


def test_nothing_that_is_written_holds_a_credential(live: Live, planted: dict[str, SandboxClient], engine: Engine) -> None:
    for app in APPS:
        live.run("lockstep_preflight", app=app, create=True)
        live.run(f"salesforce_{app}", mode="backfill")
    planted["salesforce"].insert("Contact", [{"LastName": "Berg", "Email": "plan@nordwerk.example"}])
    live.run(DAG, mode="plan")
    assert live.run("lockstep_erase", person="lind@nordwerk.example") == "success"
    for app in APPS:
        assert live.test_connection(connection(app, planted[app]), is_good=True)
        assert live.test_connection(connection(app, planted[app], is_right=False), is_good=False)
        live.connect(f"{app}_default", connection(app, planted[app], is_right=False))
        assert live.run(f"salesforce_{app}") == "failed"
        live.connect(f"{app}_default", connection(app, planted[app]))
    for fault in ("429", "500"):
        for name in ("salesforce", "freshdesk"):
            planted[name].fault(fault, times=-1, retry_after=600)
            assert attempt(live, DAG) in ("up_for_retry", "failed")
            planted[name].clear_faults()
    live.command("-m", "sync.lint", str(live.home / "mappings" / "freshdesk"))
    found = written(live, engine)
    assert [place for place, text in found.items() if leaks(text, WORDS)] == []
    everything = {part: "\n".join(text for place, text in found.items() if place.startswith(part)) for part in PARTS}
    assert {part: word for part, word in PARTS.items() if word not in everything[part]} == {}
    assert {f"salesforce_{app}" for app in APPS} <= set(everything["lockstep sync.integration"].replace(",", " ").split())


# What must be found in each place, so that the search above has looked at something.
PARTS = {
    "logs/dag_id=salesforce_freshdesk": "AuthError",
    "logs/dag_id=salesforce_forcemanager": "AuthError",
    "mail": "Freshdesk refuses the API key",
    "airflow public.connection": "freshdesk_default",
    "airflow public.log": "connection",
    "airflow public.xcom": "batch_id",
    "lockstep sync.integration": "salesforce_freshdesk",
    "lockstep sync.rejection": "Holm",
    "lockstep staging.raw": "lind@nordwerk.example",
    "api connections": "***",
    "xcom": "batch_id",
    "page": "salesforce_freshdesk",
    "csv": "plan@nordwerk.example",
}
