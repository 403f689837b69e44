"""FM-08: how many records of each element were created, updated, deleted; the last hundred with action, direction and result."""

import pytest

from forcemanager_world import KINDS, FieldSales
from health.queries import over_time
from health.queries_records import history

pytestmark = pytest.mark.feature("FM-08")


def counts(sales: FieldSales) -> dict[tuple[str, str], tuple[int, int, int, int]]:
    """Created, updated, deleted and failed by element and side."""
    [(integration,)] = sales.rows("select id from sync.integration")
    with sales.engine.connect() as connection:
        rows = over_time(connection, integration, 1)
    return {(row["entity"], row["side"]): tuple(row[n] for n in ("created", "updated", "deleted", "failed")) for row in rows}


def last(sales: FieldSales, limit: int = 100) -> list[tuple[str, str, str, str]]:
    """The last writes: element, side, action, result."""
    [(integration,)] = sales.rows("select id from sync.integration")
    with sales.engine.connect() as connection:
        rows = history(connection, integration, tuple(KINDS), limit=limit)
    return [(row["entity"], row["side"], row["operation"], row["state"]) for row in rows]


def test_counts_per_element_and_direction(sales: FieldSales) -> None:
    firms = [sales.firm(Name=f"Nordwerk {number}") for number in range(3)]
    sales.put_fm(
        "calendar", subject="Visit", task=False, startDate="2026-12-02", startHour="09:00", endDate="2026-12-02", endHour="10:00"
    )
    sales.run()
    sales.salesforce.edit("Account", firms[0], {"Phone": "+49 431 1"})
    sales.salesforce.delete("Account", firms[1])
    sales.app.fault("bad_record", id="Nordwerk 9")
    refused = sales.firm(Name="Nordwerk 9")
    sales.run()
    found = counts(sales)
    created, updated, deleted, failed = found["account", "app"]
    assert (created, deleted, failed) == (3, 1, 1)
    assert updated >= 1
    assert found["account", "salesforce"][:3] == (0, 3, 0)  # the cross-references
    assert found["event", "salesforce"][0] == 1
    assert ("account", "app", "delete", "done") in last(sales)
    assert ("account", "app", "create", "failed") in last(sales)
    assert sales.rejections() == {refused: ["400"]}


def test_the_last_hundred_records_newest_first(sales: FieldSales) -> None:
    for number in range(60):
        sales.firm(Name=f"Nordwerk {number}")
    sales.run()
    rows = last(sales)
    assert len(rows) == 100
    assert set(rows) == {("account", "app", "create", "done"), ("account", "salesforce", "update", "done")}
    sales.put_fm("calendar", subject="Call", task=True, startDate="2026-12-02")
    sales.run()
    assert last(sales, 2) == [("task", "app", "update", "done"), ("task", "salesforce", "create", "done")]
