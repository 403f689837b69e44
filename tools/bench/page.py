"""The Sync health page over HTTP: every view of a full database, from the request to the last byte, as a signed-in browser asks.

The smallest answer of the same server stands beside them: it is what Airflow itself takes for the session and the rights.
"""

import os
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import Connection, Engine, text

from sync.database import connect
from tools.bench import airflow_server
from tools.bench.filling import fill
from tools.place import StepError

VIEWER = "vera"
DAYS = 90
TIMEOUT_SECONDS = 60
SMALLEST = "the smallest answer (static/icon.svg)"

# Name → path below /sync-health/; {…} are filled from the database.
VIEWS = {
    SMALLEST: "static/icon.svg",
    "all integrations": "api/integrations",
    "summary, 24 hours": "api/integrations/1?days=1",
    "summary, 7 days": "api/integrations/1?days=7",
    "summary, 90 days": "api/integrations/1?days=90",
    "older runs": "api/integrations/1/runs?before={batch}",
    "records": "api/integrations/1/records",
    "records, updates to the app": "api/integrations/1/records?operation=update&side=app",
    "records, failed": "api/integrations/1/records?state=failed",
    "records, unknown (none)": "api/integrations/1/records?state=unknown",
    "records, half a year back": "api/integrations/1/records?before={action}",
    "one record": "api/integrations/1/record?entity={entity}&side=salesforce&record_id={salesforce_id}",
    "quarantine": "api/integrations/1/rejections",
    "quarantine, one reason": "api/integrations/1/rejections?code=format&stage=load",
    "matches to settle": "api/integrations/1/ambiguous",
    "conflicts": "api/integrations/1/conflicts",
    "conflicts, decided by a person (none)": "api/integrations/1/conflicts?decision=ask",
    "plans": "api/integrations/1/plans",
    "a page of a plan": "api/integrations/1/plans/{plan}",
    "audits": "api/integrations/1/audits",
    "differences of an audit": "api/integrations/1/audits/{audit}?name=unexplained",
    "mapping": "api/integrations/1/mapping",
    "contacts": "api/integrations/2/exports",
    "contacts, by words": "api/integrations/2/exports?q=person77",
    "contacts, by words (none)": "api/integrations/2/exports?q=nobody-at-all",
    "contacts, failed": "api/integrations/2/exports?state=failed",
    "search by id": "api/search?q={salesforce_id}",
    "search by an id of none": "api/search?q=00Q000000000000",
    "search by address": "api/search?q=person4711@nordwerk.example",
    "search by an address of none": "api/search?q=nobody@nowhere.example",
    "search by the address of one that waits": "api/search?q=waiting77@nordwerk.example",
    "search by the beginning of an address": "api/search?q=person47",
}
VALUES = """
select (select percentile_disc(0.5) within group (order by id) from sync.batch where integration_id = 1) as batch,
  (select max(id) / 2 from sync.action) as action, (select min(id) from sync.batch where mode = 'plan') as plan,
  (select max(id) from sync.audit where integration_id = 1) as audit, l.entity, l.salesforce_id
from sync.link l where l.integration_id = 1 order by l.id offset 77 limit 1
"""

Say = Callable[[str], None]


def measure(url: str, folder: Path, writes: int, rounds: int, say: Say = lambda _: None) -> dict[str, Any]:
    """Fill the empty database at `url`, serve it and ask `rounds` times for every view; return the times in milliseconds by view."""
    say(f"Sync health: filling a database with {writes:,} writes")
    engine = connect(url)
    _fill(engine, writes)
    with engine.connect() as connection:
        paths = paths_of(connection)
    engine.dispose()
    with tempfile.TemporaryDirectory(prefix="airflow-", dir=folder) as home, airflow_server.running(Path(home), url) as address:
        say(f"Sync health: {len(paths)} views, {rounds} times each")
        load = os.getloadavg()[0]
        return {"writes": writes, "load": load, "milliseconds": ask(address, paths, rounds)}


def paths_of(connection: Connection) -> dict[str, str]:
    """The path of each view, with ids that are there."""
    values: Mapping[str, Any] = connection.execute(text(VALUES)).mappings().one()
    return {name: path.format(**values) for name, path in VIEWS.items()}


def ask(url: str, paths: Mapping[str, str], rounds: int) -> dict[str, list[float]]:
    """Ask for every view in turns, one round before the clock runs; return how long each took."""
    found: dict[str, list[float]] = {name: [] for name in paths}
    with requests.Session() as session:
        session.trust_env = False
        session.cookies["_token"] = _token(session, url)
        for number in range(rounds + 1):
            for name, path in paths.items():
                taken = _time(session, f"{url}/sync-health/{path}")
                if number:
                    found[name].append(taken)
    return found


def _time(session: requests.Session, address: str) -> float:
    begin = time.perf_counter()
    answer = session.get(address, timeout=TIMEOUT_SECONDS)
    taken = (time.perf_counter() - begin) * 1000
    if not answer.ok:
        raise StepError(f"the page answered {answer.status_code} to {address}: {answer.text[:300]}")
    return taken


def _token(session: requests.Session, url: str) -> str:
    login = {"username": VIEWER, "password": airflow_server.PASSWORDS[VIEWER]}
    answer = session.post(f"{url}/auth/token", json=login, timeout=TIMEOUT_SECONDS)
    return str(answer.json()["access_token"])


def _fill(engine: Engine, writes: int) -> None:
    """As many waiting records and planned writes as a busy CRM of that size has; vacuumed, as Postgres does by itself."""
    with engine.begin() as connection:
        fill(connection, writes, waiting=max(writes // 66, 40), days=DAYS, planned=max(writes // 20, 10))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum (analyze)"))
