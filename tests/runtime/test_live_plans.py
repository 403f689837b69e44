"""The mails of a held plan, from the run that holds it to the one that carries it out, in a whole Airflow over real SMTP."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from deciding import APPROVAL, decide
from live import Live
from post import words
from sqlalchemy import Engine, text

from sandbox.system import load

pytestmark = [pytest.mark.timeout(900), pytest.mark.feature("ALL-11")]
DAG = "salesforce_freshdesk"
PLANS = count(1000, 1000)  # Airflow keeps the runs of earlier tests, which have the plan's number in their names
LIMITED = "\nguard: {first_run: go, minimum: 0, create: {most: 1}}\n"


@pytest.fixture
def limited(live: Live, engine: Engine) -> Iterator[Live]:
    """Airflow whose Freshdesk holds every plan that makes more than one record."""
    path = live.home / "mappings" / "freshdesk" / "settings.yaml"
    sound = path.read_text()
    path.write_text(sound + LIMITED)
    with engine.begin() as connection:
        connection.execute(text(f"alter table sync.batch alter column id restart with {next(PLANS)}"))
    yield live
    path.write_text(sound)
    live.admin.call("PATCH", f"dags/{APPROVAL}", {"is_paused": False})


def hold(live: Live, engine: Engine) -> int:
    """Run until a plan is held, of which one mail tells; return its number."""
    assert live.run(DAG, mode="backfill") == "success"
    [mail] = live.mails(1)
    assert mail["Subject"] == f"[Lockstep] {DAG}: a plan waits for your decision"
    with engine.connect() as connection:
        return int(connection.scalar(text("select max(batch_id) from sync.approval")) or 0)


def people(live: Live, *addresses: str, **fields: Any) -> None:
    """Put contacts into Salesforce."""
    live.servers["salesforce"].insert("Contact", [{"LastName": "Lind", "Email": each, **fields} for each in addresses])


def test_an_approved_plan_with_rejected_records_is_told_of_and_so_is_the_run_after_it(limited: Live, engine: Engine) -> None:
    people(limited, "a@nordwerk.example", "b@nordwerk.example")
    limited.servers["salesforce"].insert("Contact", [{"LastName": "Nobody"}])
    plan = hold(limited, engine)
    assert decide(limited, plan, "Approve") == "failed", limited.logs(APPROVAL)
    [mail] = limited.mails(1)
    assert mail["Subject"] == f"[Lockstep] {DAG}: done, but records were rejected"
    assert "contact to_app create: 2 written" in words(mail)
    assert f"/dags/{APPROVAL}/runs/freshdesk-plan-{plan}" in words(mail)
    assert f"/plugin/sync-health?dag_id={DAG}" in words(mail)
    assert limited.run(DAG) == "success"
    [recovered] = limited.mails(1)
    assert recovered["Subject"] == f"[Lockstep] {DAG}: works again"


def test_a_plan_that_a_person_rejects_or_nobody_decides_on_is_told_of_until_one_is_carried_out(
    limited: Live, engine: Engine
) -> None:
    people(limited, "c@nordwerk.example", "d@nordwerk.example")
    plan = hold(limited, engine)
    assert decide(limited, plan, "Reject") == "success"
    [refused] = limited.mails(1)
    assert refused["Subject"] == f"[Lockstep] {DAG}: a plan was rejected"
    assert f"plan {plan} was rejected by olga" in words(refused)
    assert "guard.create.most lets 1 pass" in words(refused)
    limited.admin.call("PATCH", f"dags/{APPROVAL}", {"is_paused": True})
    late = hold(limited, engine)
    with engine.begin() as connection:
        connection.execute(text("update sync.approval set expires_at = now() + interval '1 second' where state = 'waiting'"))
    limited.admin.call("PATCH", f"dags/{APPROVAL}", {"is_paused": False})
    assert limited.state(APPROVAL, f"freshdesk-plan-{late}") == "success"
    [expired] = limited.mails(1)
    assert expired["Subject"] == f"[Lockstep] {DAG}: nobody decided in time"
    assert decide(limited, hold(limited, engine), "Approve") == "success", limited.logs(APPROVAL)
    [done] = limited.mails(1)
    assert done["Subject"] == f"[Lockstep] {DAG}: works again"
    assert "contact to_app create: 2 written" in words(done)


def test_a_plan_that_cannot_be_carried_out_is_told_of_and_so_is_the_repeat_that_can(limited: Live, engine: Engine) -> None:
    people(limited, "e@nordwerk.example", "f@nordwerk.example")
    plan = hold(limited, engine)
    sound = load("freshdesk").connection(limited.servers["freshdesk"].url)
    limited.connect("freshdesk_default", {**sound, "password": "wrong-key"})
    assert decide(limited, plan, "Approve") == "failed"
    [mail] = limited.mails(1)
    assert mail["Subject"] == f"[Lockstep] {DAG}: stopped"
    assert "carry_out: AuthError" in words(mail)
    limited.connect("freshdesk_default", sound)
    run = f"freshdesk-plan-{plan}"
    cleared = limited.admin.call(
        "POST", f"dags/{APPROVAL}/clearTaskInstances", {"dag_run_id": run, "task_ids": ["carry_out"], "dry_run": False}
    )
    assert cleared.ok, cleared.text
    assert limited.state(APPROVAL, run) == "success", limited.logs(APPROVAL)
    [again] = limited.mails(1)
    assert again["Subject"] == f"[Lockstep] {DAG}: works again"


@pytest.mark.feature("ALL-23")
def test_an_audit_that_finds_too_much_is_told_once_and_so_is_the_next_that_does_not(live: Live, engine: Engine) -> None:
    path = live.home / "mappings" / "freshdesk" / "settings.yaml"
    sound = path.read_text()
    path.write_text(sound + "\naudit: {repairs: 0}\n")
    for server in live.servers.values():
        server.clock(-86400)
    people(live, "h@nordwerk.example")
    assert live.run(DAG, mode="backfill") == "success"
    for server in live.servers.values():
        server.clock(0)
    assert live.run(DAG) == "success"
    with engine.begin() as connection:
        connection.execute(text("create table kept as select * from sync.link"))
        connection.execute(text("delete from sync.link"))
    for _ in range(2):
        assert live.run("lockstep_audit") == "failed"
    [mail] = live.mails(1)
    assert mail["Subject"] == f"[Lockstep] {DAG}: the audit found differences"
    assert "contact: compared: 2, unexplained: 2" in words(mail)
    with engine.begin() as connection:
        connection.execute(text("insert into sync.link overriding system value select * from kept"))
        connection.execute(text("drop table kept"))
    assert live.run("lockstep_audit") == "success", live.logs("lockstep_audit")
    [again] = live.mails(1)
    assert again["Subject"] == f"[Lockstep] {DAG}: the audit is content again"
    path.write_text(sound)
