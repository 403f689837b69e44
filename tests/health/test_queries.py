"""The page's queries against Postgres: exact counts, filters, pages that meet without gap or overlap."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, text

from health import budget, contacts, queries, queries_plans, queries_records, queries_waiting
from health.queries import Row

ENTITIES = ["account", "contact"]


@pytest.fixture
def connection(filled: Engine) -> Iterator[Connection]:
    """A connection to the filled database; what a test changes is undone."""
    with filled.connect() as opened:
        yield opened


def count(connection: Connection, condition: str) -> int:
    """How many of the first integration's writes meet the condition."""
    return int(connection.scalar(text(f"select count(*) from sync.action where integration_id = 1 and {condition}")) or 0)


@pytest.mark.feature("ALL-12", "FM-08")
def test_the_chart_counts_every_write_once(connection: Connection) -> None:
    rows = queries.over_time(connection, 1, 30)
    for name, condition in {
        "created": "state = 'done' and operation = 'create'", "updated": "state = 'done' and operation = 'update'",
        "deleted": "state = 'done' and operation = 'delete'", "skipped": "state = 'skipped' and operation <> 'agree'",
        "failed": "state = 'failed' and operation <> 'agree'",
    }.items():  # fmt: skip
        assert sum(row[name] for row in rows) == count(connection, condition) > 0, name
    assert {(row["entity"], row["side"]) for row in rows} == {(e, s) for e in ENTITIES for s in ("salesforce", "app")}


@pytest.mark.feature("ALL-12")
def test_a_run_that_broke_off_is_counted_as_well(connection: Connection) -> None:
    before = sum(row["updated"] for row in queries.over_time(connection, 1, 30))
    connection.execute(text("update sync.batch set state = 'failed', counts = '{}' where integration_id = 1"))
    assert sum(row["updated"] for row in queries.over_time(connection, 1, 30)) == before


@pytest.mark.feature("ALL-12")
def test_only_the_span_counts(connection: Connection) -> None:
    hours = queries.over_time(connection, 1, 1)
    assert len(hours) > 0
    assert sum(row["updated"] for row in hours) < sum(row["updated"] for row in queries.over_time(connection, 1, 7))


@pytest.mark.feature("ALL-12", "FM-08")
def test_the_last_hundred_records_tell_action_direction_result_and_reason(connection: Connection) -> None:
    rows = queries_records.history(connection, 1, ENTITIES)
    assert len(rows) == 100
    newest = "select id from sync.action where integration_id = 1 and operation <> 'agree' order by id desc limit 100"
    assert [row["id"] for row in rows] == list(connection.execute(text(newest)).scalars())
    assert all(row["operation"] and row["side"] and row["state"] and (row["rule"] or row["message"]) for row in rows)
    assert {row["label"] for row in rows if row["link_id"]} != {None}


@pytest.mark.feature("ALL-12")
@pytest.mark.parametrize(
    ("filters", "condition"),
    [
        ({"states": ["failed"]}, "state = 'failed'"),
        ({"operations": ["delete"], "sides": ["app"]}, "operation = 'delete' and side = 'app'"),
        ({"entities": ["account"], "states": ["skipped"]}, "entity = 'account' and state = 'skipped'"),
        ({"states": ["unknown"]}, "false"),
    ],
)
def test_filters_find_all_that_match(connection: Connection, filters: dict[str, list[str]], condition: str) -> None:
    rows = queries_records.history(connection, 1, **{"entities": ENTITIES, **filters}, limit=1000)
    assert len(rows) == count(connection, f"operation <> 'agree' and {condition}")


@pytest.mark.feature("ALL-12", "FM-08")
def test_a_number_of_the_summary_leads_to_as_many_records(connection: Connection) -> None:
    for days in (1, 7):
        summary = queries.over_time(connection, 1, days)
        updated = sum(row["updated"] for row in summary if (row["entity"], row["side"]) == ("contact", "app"))
        failed = sum(row["failed"] for row in summary)
        found = queries_records.history(connection, 1, ["contact"], ["app"], ["update"], ["done"], limit=5000, days=days)
        assert len(found) == updated > 0
        assert (
            len(queries_records.history(connection, 1, ENTITIES, states=["failed", "unknown"], limit=5000, days=days)) == failed
        )


@pytest.mark.feature("ALL-12")
def test_what_was_put_off_until_its_counterpart_is_there_is_told_apart_from_what_was_left_out(connection: Connection) -> None:
    skipped = "state = 'skipped' and operation <> 'agree'"
    before = count(connection, skipped)
    connection.execute(
        text(
            "update sync.action set code = 'reference_pending' where id in"
            f" (select id from sync.action where integration_id = 1 and {skipped} order by id limit 3)"
        )
    )
    for state, number in (("waiting", 3), ("skipped", before - 3)):
        found = queries_records.history(connection, 1, ENTITIES, states=[state], limit=before)
        assert ({row["state"] for row in found}, len(found)) == ({state}, number)
    assert len(queries_records.history(connection, 1, ENTITIES, states=["skipped", "waiting"], limit=before)) == before


@pytest.mark.feature("ALL-12")
def test_the_records_of_one_run(connection: Connection) -> None:
    batch = connection.scalar(text("select min(batch_id) from sync.action where integration_id = 1"))
    assert batch
    rows = queries_records.history(connection, 1, ENTITIES, batch=batch)
    assert {row["batch_id"] for row in rows} == {batch}
    assert len(rows) == count(connection, f"operation <> 'agree' and batch_id = {batch}")
    assert queries_records.history(connection, 2, ENTITIES, batch=batch) == []
    assert queries_records.history(connection, 1, ENTITIES, batch=10**9) == []


@pytest.mark.feature("ALL-12")
def test_pages_meet_without_gap_or_overlap(connection: Connection) -> None:
    seen: list[int] = []
    while page := queries_records.history(connection, 1, ENTITIES, before=seen[-1] if seen else 0, limit=70):
        seen += [row["id"] for row in page]
    assert len(seen) == len(set(seen)) == count(connection, "operation <> 'agree'")


@pytest.mark.feature("ALL-24")
def test_search_finds_by_either_id_and_by_the_beginning_of_an_address(connection: Connection) -> None:
    link = connection.execute(text("select * from sync.link where integration_id = 1 limit 1")).mappings().one()
    for words in (link["salesforce_id"], link["app_id"]):
        assert [row["app_id"] for row in queries_records.search(connection, [1, 2], ENTITIES, words)] == [link["app_id"]]
    found = queries_records.search(connection, [1, 2], ENTITIES, "PERSON7@nord")
    assert {row["email"] for row in found} == {"person7@nordwerk.example"}
    assert {row["name"] for row in found} == {"salesforce_freshdesk", "salesforce_lemontaps"}
    assert {row["name"] for row in queries_records.search(connection, [1], ENTITIES, "person7@nord")} == {"salesforce_freshdesk"}


@pytest.mark.feature("ALL-24")
def test_search_finds_what_waits_and_has_no_link(connection: Connection) -> None:
    found = queries_records.search(connection, [1], ENTITIES, "waiting7@nordwerk.example")
    assert [(row["salesforce_id"], row["state"]) for row in found] == [("waiting-7", "waits")]
    assert queries_records.search(connection, [1], ENTITIES, "  ") == []
    assert queries_records.search(connection, [1], ENTITIES, "%") == []


@pytest.mark.feature("ALL-24")
def test_a_record_shows_its_whole_history(connection: Connection) -> None:
    link = connection.execute(text("select * from sync.link where integration_id = 1 limit 1")).mappings().one()
    found = queries_records.record(connection, 1, link["entity"], "app", link["app_id"])
    assert found["link"]["salesforce_id"] == link["salesforce_id"]
    assert len(found["actions"]) == count(connection, f"link_id = {link['id']}") > 0
    waits = queries_records.record(connection, 1, "contact", "salesforce", "waiting-7")
    assert [each["code"] for each in waits["rejections"][0]["reasons"]] == ["required"]
    assert waits["link"] is None


@pytest.mark.feature("ALL-12")
def test_the_quarantine_lists_open_records_with_every_reason(connection: Connection) -> None:
    rows = queries_waiting.rejections(connection, 1, limit=1000)
    assert len(rows) == 75
    assert {len(row["reasons"]) for row in rows} == {1, 2}
    by_code = queries_waiting.rejections(connection, 1, code="format", limit=1000)
    assert 0 < len(by_code) < 75
    assert all("format" in {each["code"] for each in row["reasons"]} for row in by_code)
    reasons = queries_waiting.reasons(connection, 1)
    assert sum(row["records"] for row in reasons if row["code"] == "format") == len(by_code)


@pytest.mark.feature("ALL-12", "LT-13")
def test_retry_takes_only_open_records_of_that_integration(connection: Connection) -> None:
    ids = list(connection.execute(text("select id from sync.rejection")).scalars())
    assert queries_waiting.retry(connection, 1, ids) == 75
    due = "select count(*) from sync.rejection where retry_at <= now() and integration_id = {}"
    assert connection.scalar(text(due.format(2))) == 0
    assert queries_waiting.retry_all(connection, 2, code="format") == len(
        queries_waiting.rejections(connection, 2, code="format", limit=1000)
    )


@pytest.mark.feature("ALL-12")
def test_retry_of_what_one_run_held_back_leaves_the_rest(connection: Connection) -> None:
    [row] = queries_waiting.rejections(connection, 1, limit=1)
    batch = connection.scalar(text(f"select max(id) from sync.batch where integration_id = 1 and id <> {row['id']}"))
    connection.execute(text(f"update sync.rejection set last_batch_id = {batch} where id = {row['id']}"))
    assert [each["id"] for each in queries_waiting.rejections(connection, 1, batch=batch)] == [row["id"]]
    assert queries_waiting.retry_all(connection, 1, batch=batch) == 1


@pytest.mark.feature("ALL-30")
def test_a_match_to_settle_shows_the_record_beside_its_candidates(connection: Connection) -> None:
    [row] = queries_waiting.ambiguous(connection, 1, limit=1)
    stage = (
        "insert into staging.record (batch_id, batch_day, integration_id, entity, side, record_id, modified_at, is_deleted, origin,"
        " digest, verdict, fields) select :batch, batch_day, 1, 'contact', :side, :record, now(), false, 'match', '', 'valid',"
        " jsonb_build_object('name', cast(:record as text)) from staging.record limit 1"
    )
    for side, record in ((row["side"], row["record_id"]), (queries_waiting.OTHER[row["side"]], "c1"), (row["side"], "c2")):
        connection.execute(text(stage), {"batch": row["last_batch_id"], "side": side, "record": record})
    [found] = queries_waiting.ambiguous(connection, 1, limit=1)
    assert found["fields"] == {"name": row["record_id"]}
    assert found["candidates"] == [{"record_id": "c1", "fields": {"name": "c1"}}, {"record_id": "c2", "fields": {}}]


@pytest.mark.feature("ALL-20")
def test_a_plan_shows_every_field_with_base_both_values_decision_and_rule(connection: Connection) -> None:
    plan = queries_plans.plans(connection, 1)[0]
    lines = queries_plans.lines(connection, plan["id"])
    assert len(lines) == 10
    [change] = lines[0]["changes"]
    base = connection.scalar(text("select base->>'phone' from sync.link where id = :id"), {"id": lines[0]["link_id"]})
    assert change == {
        "field": "phone", "base": base, "salesforce": "=1+1", "app": "+49 30 1", "new": "=1+1", "decision": "salesforce",
        "rule": "changed in salesforce",
    }  # fmt: skip
    assert plan["is_open"]


@pytest.mark.feature("ALL-20")
def test_a_conflict_tells_its_own_values_in_the_plan(connection: Connection) -> None:
    plan = queries_plans.plans(connection, 1)[0]
    line = queries_plans.lines(connection, plan["id"])[0]
    connection.execute(
        text(
            "insert into sync.conflict (batch_id, integration_id, entity, link_id, field, base, salesforce_value, app_value, decision, rule)"
            " values (:batch, 1, 'contact', :link, 'phone', '\"1\"', '\"2\"', '\"3\"', 'app', 'newest')"
        ),
        {"batch": plan["id"], "link": line["link_id"]},
    )
    change: Row = queries_plans.lines(connection, plan["id"])[0]["changes"][0]
    assert [change[key] for key in ("base", "salesforce", "app", "decision", "rule")] == ["1", "2", "3", "app", "newest"]


@pytest.mark.feature("ALL-20")
def test_pages_of_a_plan_follow_its_order(connection: Connection) -> None:
    plan = queries_plans.plans(connection, 1)[0]["id"]
    first = queries_plans.lines(connection, plan, limit=4)
    rest = queries_plans.lines(connection, plan, first[-1]["position"], first[-1]["id"])
    assert [row["id"] for row in first + rest] == [row["id"] for row in queries_plans.lines(connection, plan)]


@pytest.mark.feature("LT-04")
def test_contacts_show_how_their_export_stands(connection: Connection) -> None:
    failed = contacts.contacts(connection, 2, "failed")
    assert {row["state"] for row in failed} == {"failed"}
    assert all(row["reasons"] for row in failed)
    done = contacts.contacts(connection, 2, "done")
    assert all(row["salesforce_id"] and row["at"] for row in done)
    assert [row["record_id"] for row in contacts.contacts(connection, 2, words=done[0]["record_id"])] == [done[0]["record_id"]]


@pytest.mark.feature("ALL-12", "ALL-20")
@pytest.mark.parametrize(("plan", "shown"), [("waiting", "held"), ("overtaken", "overtaken"), ("expired", "expired")])
def test_a_held_run_is_told_by_what_became_of_its_plan(connection: Connection, plan: str, shown: str) -> None:
    newest = "(select max(id) from sync.batch where integration_id = 1)"
    connection.execute(text(f"update sync.batch set state = 'held' where id = {newest}"))
    connection.execute(text(f"delete from sync.approval where batch_id = {newest}"))
    connection.execute(text(f"insert into sync.approval (batch_id, state, expires_at) values ({newest}, '{plan}', now())"))
    states = [
        queries.runs(connection, 1)[0]["state"],
        queries.latest_states(connection, 1)[-1]["state"],
        queries.integrations(connection, ["salesforce_freshdesk"], 1)[0]["state"],
    ]
    assert states == [shown] * 3


@pytest.mark.feature("ALL-12")
def test_an_empty_database_shows_nothing_and_breaks_nothing(engine: Engine) -> None:
    with engine.connect() as connection:
        assert queries.integrations(connection, ["salesforce_freshdesk"]) == []
        assert queries.over_time(connection, 1, 7) == queries.runs(connection, 1) == queries.entities(connection, 1) == []
        assert queries_records.history(connection, 1, []) == []
        assert queries_records.search(connection, [], [], "mara") == []


@pytest.mark.feature("ALL-25")
def test_the_budget_tells_calls_here_and_in_all(connection: Connection) -> None:
    connection.execute(text("delete from sync.api_call"))  # of other tests
    connection.execute(text("delete from sync.pace"))
    calls = "insert into sync.api_call values ('salesforce_default', :name, 'run-1', 'read', current_date - :ago, :calls)"
    for name, ago, made in (("salesforce_freshdesk", 0, 30), ("salesforce_lemontaps", 0, 12), ("salesforce_freshdesk", 1, 5)):
        connection.execute(text(calls), {"name": name, "ago": ago, "calls": made})
    connection.execute(text("insert into sync.pace (account, used, daily_limit) values ('salesforce_default', 900, 100000)"))
    [row] = budget.budget(connection, "salesforce_freshdesk")
    assert [row[key] for key in ("here", "lockstep", "used", "daily_limit", "blocked_until")] == [30, 42, 900, 100000, None]
    assert budget.budget(connection, "salesforce_getresponse") == []
