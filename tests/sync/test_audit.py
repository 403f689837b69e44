"""The nightly audit over both sandbox servers and Postgres: one difference of each class is planted, found, and told apart."""

from typing import Any

import pytest
from sqlalchemy import text

from pipeline import World, freshdesk_connectors
from sync.audit import Report, audit
from sync.audit_facts import class_of
from sync.pacing import SharedPace
from sync.settings import Settings
from sync.stages import STAGES

pytestmark = pytest.mark.feature("ALL-23")


def compare(world: World, run_id: str = "audit-1") -> Report:
    """Compare both sides."""
    report = audit(world.engine, world.folder, run_id, lambda _: world.connectors)
    assert report is not None
    return report


def found(report: Report) -> list[tuple[str, str, str, tuple[str, ...], str]]:
    """Every difference: side, id, kind, fields, class."""
    return sorted((each.side, each.record_id, each.kind, each.fields, class_of(each)) for each in report.found)


def later(world: World, seconds: int = 7200) -> None:
    """Let time pass in both systems, and a run come through."""
    for server in (world.salesforce, world.app):
        server.clock(seconds)
    world.run()


@pytest.fixture
def paired(enabled: World) -> Any:
    """Three pairs, of which a run some minutes later has nothing more to do."""
    for name in ("Lind", "Berg", "Holm"):
        enabled.contact(LastName=name, FirstName="Mara", Email=f"{name.lower()}@nordwerk.example", Title="Head")
    enabled.run()
    later(enabled)
    yield enabled
    for server in (enabled.salesforce, enabled.app):
        server.clock(0)


def person(world: World, name: str) -> str:
    """The id of a contact in Salesforce."""
    return next(str(row["Id"]) for row in world.salesforce.records("Contact") if row["LastName"] == name)


def lose(world: World, statement: str, **values: Any) -> None:
    """Spoil the state behind everybody's back."""
    with world.engine.begin() as connection:
        connection.execute(text(statement), values)


def test_sides_in_step_are_healthy_and_nothing_is_written(paired: World) -> None:
    before = paired.writes()
    report = compare(paired)
    assert found(report) == []
    assert (report.health, report.counts["contact"]["compared"]) == (1, 3)
    assert paired.writes() == before
    assert paired.rows("select state, health, requeued from sync.audit") == [("done", 1, 0)]


def test_one_difference_of_each_class_is_told_apart(paired: World) -> None:
    paired.stages = STAGES
    paired.change("contact.csv", "Title,job_title,both,,,,,,,", "Title,job_title,both,,ask,,,,,")
    lind, berg, holm = (person(paired, name) for name in ("Lind", "Berg", "Holm"))
    paired.edit(lind, Title="Chief")
    paired.edit(int(paired.partner("contact", lind)), job_title="Boss")
    nobody = paired.contact(LastName="Nobody")
    later(paired, 14400)
    old = paired.contact(LastName="Old", Email="old@nordwerk.example")
    lose(paired, "delete from staging.raw")
    lose(
        paired,
        "update sync.link set base = base || '{\"job_title\": \"Lost\"}', app_digest = 'lost' where salesforce_id = :id",
        id=berg,
    )
    paired.edit(holm, Title="Just now")
    assert found(compare(paired)) == sorted(
        [
            ("salesforce", lind, "differs", ("job_title",), "conflict"),
            ("salesforce", nobody, "unlinked", (), "quarantined"),
            ("salesforce", old, "unlinked", (), "in flight"),
            ("salesforce", holm, "changed", ("job_title",), "in flight"),
            ("app", str(paired.partner("contact", berg)), "changed", ("job_title",), "unexplained"),
        ]
    )


def test_what_the_settings_leave_out_is_filtered(enabled: World) -> None:
    for server in (enabled.salesforce, enabled.app):
        server.clock(-86400)
    history = enabled.contact(LastName="Before", Email="before@nordwerk.example")
    for server in (enabled.salesforce, enabled.app):
        server.clock(0)
    report = compare(enabled)
    assert found(report) == [("salesforce", history, "unlinked", (), "filtered")]


def test_unexplained_differences_are_put_right_by_the_next_run(paired: World) -> None:
    lind, berg, holm = (person(paired, name) for name in ("Lind", "Berg", "Holm"))
    desk = int(paired.partner("contact", berg))
    gone = int(paired.partner("contact", holm))
    lose(paired, "delete from sync.link where salesforce_id = :id", id=lind)
    lose(
        paired,
        "update sync.link set base = base || '{\"job_title\": \"Lost\"}', salesforce_digest = 'lost' where salesforce_id = :id",
        id=berg,
    )
    paired.app.action("hard_delete", id=gone)
    report = compare(paired)
    assert {(each.kind, class_of(each)) for each in report.found} == {
        ("unlinked", "unexplained"), ("changed", "unexplained"), ("missing", "unexplained"),
    }  # fmt: skip
    assert (report.requeued, round(report.health or 0, 2)) == (4, 0), [
        (e.side, e.record_id, e.kind, e.is_requeued, class_of(e)) for e in report.found
    ]
    paired.run()
    assert paired.partner("contact", lind) is not None
    assert paired.desk(desk)["job_title"] == "Head"
    assert paired.rows("select state from sync.link where salesforce_id = :id", id=holm) == [("tombstone",)]
    assert paired.contact_totals() == (3, 2)
    assert found(compare(paired, "audit-2")) == []
    paired.assert_settled()


def test_past_the_limit_nothing_is_queued_and_all_is_told(paired: World) -> None:
    paired.change("settings.yaml", "recipients: []", "recipients: []\naudit: {repairs: 1}")
    lose(paired, "delete from sync.link where entity = 'contact'")
    report = compare(paired)
    assert (len(report.unexplained), report.requeued, report.limit) == (6, 0, 1)
    assert paired.rows("select count(*), bool_or(is_requeued) from sync.audit_difference") == [(6, False)]
    assert set(paired.run()) == {"extract"}


def test_it_stops_at_its_part_of_the_calls_and_says_so(paired: World) -> None:
    paired.change("settings.yaml", "recipients: []", "recipients: []\napi_budget: {daily: {app: 4}}\naudit: {reserve: 0.75}")

    def connect(settings: Settings) -> Any:
        pace = SharedPace(paired.engine, "freshdesk_default", settings.integration, "audit-1", settings.budgets["app"])
        return freshdesk_connectors(paired.salesforce.url, paired.app.url, pace=pace)

    before = paired.app.calls()
    report = audit(paired.engine, paired.folder, "audit-1", connect)
    assert report is not None
    assert "has used its 1 calls of the day" in report.counts["contact"]["stopped"]
    assert not report.is_whole
    assert int(paired.app.calls()["read"]) - int(before["read"]) <= 1
    assert paired.rows("select state, counts->'contact'->>'compared' from sync.audit") == [("partial", None)]


def test_an_integration_that_never_ran_is_left_alone(world: World) -> None:
    assert audit(world.engine, world.folder, "audit-1", lambda _: world.connectors) is None
    assert int(world.salesforce.calls()["read"]) == 0
