"""One allowance for all workers, and a budget of calls: no storm, no call beyond it, and nothing lost when it is used up."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from requests import Response
from sqlalchemy import Engine, text

from connectors.answers import retry_after_seconds
from connectors.connection import Settings
from connectors.contract import Known, Page
from connectors.errors import BudgetError
from connectors.memory import MemoryConnector
from connectors.opening import build_connector
from connectors.pace import Allowance
from connectors.session import Session
from pipeline import Pipeline, World
from sandbox.client import SandboxClient
from sync.guard_settings import Budget
from sync.pacing import LONGEST_WAIT_SECONDS, SharedPace

MINUTE = Allowance(calls=700, seconds=60, burst=20)


@pytest.fixture(autouse=True)
def nothing_booked(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("truncate sync.pace, sync.api_call"))


def pace(engine: Engine, integration: str = "salesforce_freshdesk", **options: Any) -> tuple[SharedPace, list[float]]:
    waits: list[float] = []
    made = SharedPace(engine, "freshdesk_default", integration, "run", pause=waits.append, **options)
    made.allow(MINUTE)
    return made, waits


@pytest.mark.feature("ALL-25")
def test_workers_share_one_allowance_and_use_it_up(engine: Engine) -> None:
    """1,200 writes of four workers at 700 a minute: the last is booked for the moment at which the account allows it."""
    workers = [pace(engine, integration) for integration in ("a", "b", "c", "d")]

    threads = [threading.Thread(target=take, args=(made, 300)) for made, _ in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.connect() as connection:
        assert connection.scalar(text("select sum(calls) from sync.api_call")) == 1200
    longest = max(max(waits) for _, waits in workers)
    ideal = 1200 * 60 / 700
    assert 0.75 * ideal < longest <= ideal / 0.95


def take(made: SharedPace, calls: int) -> None:
    for _ in range(calls):
        made.take("write")


def test_a_rehearsal_counts_its_calls_and_keeps_to_no_pace(engine: Engine) -> None:
    made, waits = pace(engine, is_rehearsal=True)
    take(made, 100)
    assert waits == []
    with engine.connect() as connection:
        assert connection.scalar(text("select sum(calls) from sync.api_call")) == 100


def test_a_turn_too_far_off_ends_the_run_instead_of_sleeping(engine: Engine) -> None:
    made, _ = pace(engine)
    calls = int(LONGEST_WAIT_SECONDS * MINUTE.per_second) + 200
    with pytest.raises(BudgetError, match="is booked for the next"):
        take(made, calls)


@pytest.mark.feature("ALL-25")
def test_a_system_that_asks_one_worker_to_wait_makes_all_wait(engine: Engine, servers: dict[str, SandboxClient]) -> None:
    freshdesk = servers["freshdesk"]
    freshdesk.clear_faults()
    freshdesk.fault("429", retry_after=30)
    (first, _), (second, waits) = pace(engine, "a"), pace(engine, "b")
    pauses: list[float] = []
    session = Session(loopback=freshdesk.url, pace=first, pause=pauses.append)
    answer = session.call("GET", "https://nordwerk.freshdesk.com/api/v2/agents/me", "read", auth=("sandbox-freshdesk-key", "X"))
    second.take("write")
    assert 25 < waits[0] <= 30
    with engine.connect() as connection:
        assert connection.scalar(text("select per_minute from sync.pace")) == int(answer.headers["X-Ratelimit-Total"])


def paced(world: World, engine: Engine, app: Budget, salesforce: Budget, run: str) -> None:
    """Give the world connectors that keep to these budgets."""
    login = {"domain": "nordwerk.my", "consumer_key": "SANDBOX_CONSUMER_KEY", "consumer_secret": "sandbox-consumer-secret"}
    desk = Settings(host=world.app.url, password="sandbox-freshdesk-key", extra={"domain": "nordwerk"})
    references = {"account": "FDACCOUNTID__c", "contact": "FDCONTACTID__c"}
    name, waits = "salesforce_freshdesk", list[float]()
    world.connectors = {
        "salesforce": build_connector(
            "salesforce", Settings(host=world.salesforce.url, extra=login), external_id_fields=references,
            pace=SharedPace(engine, "salesforce_default", name, run, salesforce, waits.append),
        ),
        "app": build_connector("freshdesk", desk, pace=SharedPace(engine, "freshdesk_default", name, run, app, waits.append)),
    }  # fmt: skip


@pytest.mark.parametrize("wish", ["1796061600", "9" * 40])
def test_a_wish_to_wait_for_years_closes_the_account_for_an_hour_only(engine: Engine, wish: str) -> None:
    made, _ = pace(engine)
    made.take("read")
    answer = Response()
    answer.status_code, answer.headers["Retry-After"] = 429, wish
    made.note("read", answer, retry_after_seconds(answer))
    with pytest.raises(BudgetError) as caught:
        made.take("read")
    assert LONGEST_WAIT_SECONDS < caught.value.wait_seconds <= 3600


@pytest.mark.feature("ALL-25")
def test_a_run_stops_as_partial_where_its_calls_are_used_up_and_the_next_goes_on(enabled: World, engine: Engine) -> None:
    enabled.change("settings.yaml", "overlap_minutes: 10", "overlap_minutes: 0")  # days pass in a moment here
    people = [{"LastName": f"P{n:03d}", "Email": f"p{n}@nordwerk.example"} for n in range(150)]
    enabled.salesforce.insert("Contact", people)
    paced(enabled, engine, Budget(daily=120), Budget(), "one")
    counts = enabled.run()
    assert "has used its 120 calls of the day" in counts["load"]["stopped"]
    [(state,)] = enabled.rows("select state from sync.batch order by id desc limit 1")
    assert state == "partial"
    assert 0 < len(enabled.app.records("contacts")) < 150
    assert enabled.rows("select counts->'forecast' from sync.batch where counts ? 'forecast'")[-1][0] == {
        "app": 150, "salesforce": 2,
    }  # fmt: skip
    for day in range(1, 6):
        a_day_later(enabled, engine, day)
        paced(enabled, engine, Budget(daily=120), Budget(), f"day {day}")
        enabled.run()
    assert sorted(row["name"] for row in enabled.app.records("contacts")) == [row["LastName"] for row in people]
    assert enabled.rows("select 1 from sync.action where state in ('planned', 'sending', 'unknown')") == []


@pytest.mark.feature("ALL-25")
def test_a_reading_that_costs_more_than_a_day_goes_on_where_it_stopped(enabled: World, engine: Engine) -> None:
    """Tags cost a call per contact: 250 of them with 120 calls a day, from the beginning of history on."""
    people = [{"name": f"P{n:03d}", "email": f"p{n}@nordwerk.example", "tags": ["fair"]} for n in range(250)]
    enabled.app.insert("contacts", people)
    days = 0
    while len(enabled.salesforce.records("Contact")) < 250 and days < 6:
        days += 1
        a_day_later(enabled, engine, days)
        paced(enabled, engine, Budget(daily=120), Budget(), f"day {days}")
        counts = enabled.run(mode="backfill")
        assert (days < 3) == ("stopped" in counts["extract"])
    assert days == 3
    assert {row["Freshdesk_Tags__c"] for row in enabled.salesforce.records("Contact")} == {"fair"}
    paced(enabled, engine, Budget(), Budget(), "the last")
    enabled.run()
    assert enabled.rejections() == {}


@dataclass
class Spent:
    """Passes everything on to `inner`, but has no calls left for a search; notes which records a reading need not show."""

    inner: MemoryConnector
    known: set[str] = field(default_factory=set)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def find(self, *_: Any) -> Any:
        """Refuse."""
        raise BudgetError("no calls are left", 3600)

    def read_changes(self, entity: str, since: datetime | None, fields: Any, known: Known) -> Iterator[Page]:
        """Ask about every record."""
        self.known |= {
            record.id for record in self.inner.records.get(entity, {}).values() if known(record.id, record.modified_at)
        }
        return self.inner.read_changes(entity, since, fields)


@pytest.mark.feature("ALL-25")
def test_what_was_read_before_the_calls_end_in_a_later_look_is_not_read_again(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    memory.run()
    people = {app.put("contact", name=f"P{n}", email=f"p{n}@nordwerk.example") for n in range(5)}
    app.now += timedelta(hours=1)
    reading = Spent(app)
    memory.connectors = {"salesforce": Spent(salesforce), "app": reading}
    for known in (set(), people):
        assert memory.run()["extract"]["stopped"] == "no calls are left"
        assert reading.known == known
    memory.connectors = {"salesforce": salesforce, "app": app}
    memory.run()
    assert len(salesforce.live("contact")) == 5


def a_day_later(world: World, engine: Engine, day: int) -> None:
    """Let both systems and the count of calls be `day` days on."""
    world.later(day * 86_400)
    with engine.begin() as connection:
        connection.execute(text("update sync.api_call set day = day - 1"))


@pytest.mark.feature("ALL-25")
def test_a_reserve_of_salesforces_day_is_left_for_people(enabled: World, engine: Engine) -> None:
    enabled.salesforce.insert("Contact", [{"LastName": "Late", "Email": "late@nordwerk.example"}])
    paced(enabled, engine, Budget(), Budget(reserve=1.0), "one")
    enabled.run()
    counts = enabled.run()
    assert "the rest is left for people" in counts["extract"]["stopped"]
    paced(enabled, engine, Budget(), Budget(reserve=0.2), "two")
    enabled.run()
    assert [row["name"] for row in enabled.app.records("contacts")] == ["Late"]
