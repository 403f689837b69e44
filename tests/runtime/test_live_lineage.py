"""Lineage and figures of a whole Airflow: what OpenLineage and OpenTelemetry are told of our runs, and what they are not."""

import json

import pytest
from deciding import APPROVAL, decide
from listening import EVENTS, Heard
from live import Live
from sqlalchemy import Engine, text

from sandbox.system import load

pytestmark = [pytest.mark.timeout(900), pytest.mark.feature("ALL-32")]
DAG, ERASE = "salesforce_freshdesk", "lockstep_erase"
STAGES = ("extract", "map", "validate", "reconcile", "load")
PERSON = "mara.lind@nordwerk.example"


def names(datasets: list[dict[str, str]]) -> set[str]:
    """Datasets as one word each."""
    return {f"{each['namespace']} {each['name']}" for each in datasets}


def test_every_stage_tells_what_it_read_and_wrote_and_how_much(live: Live, engine: Engine, heard: Heard) -> None:
    heard.events.clear()
    live.servers["salesforce"].insert("Contact", [{"LastName": "Lind", "Email": PERSON}, {"LastName": "Nobody"}])
    assert live.run(DAG, mode="backfill") == "failed", live.logs(DAG)
    live.wait(lambda: "FAIL" in heard.of(f"{DAG}.load"), "the event of load")
    assert {stage: set(heard.of(f"{DAG}.{stage}")) for stage in STAGES} == {
        **{stage: {"START", "COMPLETE"} for stage in STAGES[:-1]},
        "load": {"START", "FAIL"},
    }
    with engine.connect() as connection:
        org, account = connection.execute(text("select org_id, account_id from sync.integration")).one()
    extract, end = heard.of(f"{DAG}.extract")["COMPLETE"], heard.of(f"{DAG}.load")["FAIL"]
    systems = {
        f"{place} {name}" for place in (f"salesforce://{org}", f"freshdesk://{account}") for name in ("account", "contact")
    }
    assert names(extract["inputs"]) == systems
    [raw] = extract["outputs"]
    assert raw["name"].endswith(".staging.raw")
    assert names(end["outputs"]) >= systems
    assert end["run"]["facets"]["lockstep_counts"]["integration"] == DAG
    assert end["run"]["facets"]["lockstep_counts"]["counts"]["contact to_app create done"] == 1
    assert end["run"]["facets"]["lockstep_counts"]["counts"]["rejected"] == 1
    in_file = {
        (each["run"]["runId"], each["eventType"]) for each in map(json.loads, (live.home / EVENTS).read_text().splitlines())
    }
    assert in_file >= {(each["run"]["runId"], each["eventType"]) for each in heard.of(f"{DAG}.load").values()}


def test_the_figures_of_a_run_come_as_metrics(live: Live, engine: Engine, heard: Heard) -> None:
    heard.points.clear()
    live.servers["salesforce"].insert("Contact", [{"LastName": "Berg", "Email": "berg@nordwerk.example"}])
    assert live.run(DAG, mode="backfill") == "success", live.logs(DAG)
    found = live.wait(lambda: heard.figures("airflow.lockstep.writes"), "the figures")
    tags = {"integration": DAG, "entity": "contact", "side": "app", "operation": "create"}
    assert any(set(tags.items()) <= set(each.items()) and value == 1 for each, value in found), found
    assert ({"integration": DAG}, 0) in heard.figures("airflow.lockstep.waiting")


def test_a_plan_that_is_carried_out_tells_of_itself_as_well(live: Live, engine: Engine, heard: Heard) -> None:
    heard.points.clear()
    live.servers["salesforce"].insert("Contact", [{"LastName": "Holm", "Email": "holm@nordwerk.example"}])
    assert live.run(DAG, mode="plan", since="2026-01-01T00:00:00Z") == "success", live.logs(DAG)
    with engine.connect() as connection:
        plan = int(connection.scalar(text("select batch_id from sync.approval")) or 0)
    live.start(APPROVAL, run_id=f"freshdesk-plan-{plan}", plan=plan)
    assert decide(live, plan, "Approve") == "success", live.logs(APPROVAL)
    live.wait(lambda: "COMPLETE" in heard.of(f"{APPROVAL}.carry_out"), "the event of carry_out")
    counts = heard.of(f"{APPROVAL}.carry_out")["COMPLETE"]["run"]["facets"]["lockstep_counts"]
    assert (counts["batch"], counts["counts"]["contact to_app create done"]) == (plan, 1)
    assert live.wait(lambda: heard.figures("airflow.lockstep.writes"), "the figures")


def test_nothing_of_a_person_and_no_secret_is_told(live: Live, engine: Engine, heard: Heard) -> None:
    live.servers["salesforce"].insert("Contact", [{"LastName": "Lind", "Email": PERSON}])
    assert live.run(DAG, mode="backfill") == "success", live.logs(DAG)
    live.connect("lockstep_erasure", {"conn_type": "generic", "password": "k" * 32})
    assert live.run(ERASE, person=PERSON) == "success", live.logs(ERASE)
    assert live.run("lockstep_preflight", app="freshdesk") in ("success", "failed")
    live.wait(
        lambda: [e for e in heard.events if e["job"]["name"] == "lockstep_preflight" and e["eventType"] != "START"], "its end"
    )
    told = json.dumps(heard.events)
    assert ERASE not in told
    known = [load(name).connection(server.url) for name, server in live.servers.items()]
    secrets = [each["password"] for each in known if each.get("password")] + [known[0]["extra"]["consumer_secret"]]
    assert [word for word in (PERSON, "Lind", *secrets) if word in told] == []
