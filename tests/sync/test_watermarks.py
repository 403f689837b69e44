"""Watermarks: nothing is missed and nothing is worked through twice, whatever the clocks, the stamps and the people do."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.contract import Connector, Page
from pipeline import QUICK, World

MANY = 15_000


@pytest.fixture
def quick(world: World) -> World:
    world.stages = QUICK
    return world


@pytest.mark.feature("ALL-03")
def test_thousands_of_records_with_one_stamp_are_each_staged_once(quick: World) -> None:
    quick.run()
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    rows = [{"LastName": f"Person {n:05}", "Phone": f"+49 30 {n:05}", "SystemModstamp": stamp} for n in range(MANY)]
    ids = quick.salesforce.insert("Contact", rows)
    query = "select count(*), count(distinct record_id) from staging.raw where side = 'salesforce' and batch_id = :id"
    first = quick.run(stages=("extract",))["extract"]
    assert tuple(quick.rows(query, id=first["batch_id"])[0]) == (MANY, MANY)
    assert len({row["SystemModstamp"] for row in quick.salesforce.records("Contact")}) == 1
    quick.salesforce.edit("Contact", ids[0], {"Title": "later"})
    again = quick.run(stages=("extract",))["extract"]
    assert again["contact"]["changed"] == MANY, "nothing was finished, so everything is still new"


@pytest.mark.feature("FD-02")
@pytest.mark.parametrize("salesforce_offset", [-3600, 3600])
@pytest.mark.parametrize("app_offset", [-3600, 3600])
def test_clocks_an_hour_off_neither_miss_a_change_nor_bring_history(
    quick: World, salesforce_offset: int, app_offset: int
) -> None:
    quick.salesforce.clock(salesforce_offset)
    quick.app.clock(app_offset)
    quick.contact(LastName="History", Email="history@nordwerk.example")
    quick.desk_contact(name="Old", email="old@nordwerk.example")
    quick.salesforce.clock(salesforce_offset + 120)
    quick.app.clock(app_offset + 120)
    quick.run()
    assert quick.writes() == 0, "what was there before is history, by the servers' own clocks"
    contact = quick.contact(FirstName="Mara", Email="mara@nordwerk.example")
    desk = quick.desk_contact(name="Jon Doe", email="jon@nordwerk.example")
    quick.run()
    assert quick.partner("contact", contact)
    assert quick.partner("contact", desk)
    quick.salesforce.edit("Contact", contact, {"Title": "CEO"})
    quick.app.edit("contacts", desk, {"job_title": "CTO"})
    quick.run()
    assert quick.desk(contact)["job_title"] == "CEO"
    assert quick.person(desk)["Title"] == "CTO"
    assert len(quick.app.records("contacts")) == 3
    quick.assert_settled()


@pytest.mark.feature("ALL-03", "ALL-18")
def test_edits_between_extract_and_load_survive(quick: World) -> None:
    quick.run()
    contact, desk = quick.linked_contact(Title="old", Description="old")
    quick.salesforce.edit("Contact", contact, {"Title": "new"})
    quick.run(stages=("extract", "map", "reconcile"))
    quick.app.edit("contacts", desk, {"description": "meanwhile"})
    quick.salesforce.edit("Contact", contact, {"MailingCity": "Berlin"})
    quick.stage("load")
    assert (quick.desk(desk)["job_title"], quick.desk(desk)["description"]) == ("old", "meanwhile")  # it moved: the next run's
    quick.run()
    assert (quick.desk(desk)["job_title"], quick.desk(desk)["description"]) == ("new", "meanwhile")
    assert quick.person(contact)["Description"] == "meanwhile"
    assert "Berlin" in quick.desk(desk)["address"]
    quick.assert_settled()


class Renaming:
    """Freshdesk while people work in it: after every page some contacts change their names, and with them their place."""

    def __init__(self, inner: Connector, world: World, ids: list[int]) -> None:
        self.inner, self.world, self.ids = inner, world, iter(ids)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def read_changes(self, entity: str, *arguments: Any) -> Iterator[Page]:
        for page in self.inner.read_changes(entity, *arguments):
            yield page
            if entity == "contact":
                for letter in "AZ":
                    self.world.app.edit("contacts", next(self.ids), {"name": f"{letter} renamed"})


def test_names_that_change_while_the_list_is_read_let_nobody_be_missed_or_staged_twice(quick: World) -> None:
    lines = (quick.folder / "contact.csv").read_text().splitlines()
    (quick.folder / "contact.csv").write_text("\n".join(line for line in lines if "tags" not in line))
    quick.app.clock(-3600)
    ids = quick.app.insert("contacts", [{"name": f"Person {n:04}", "phone": f"+49 30 {n:04}"} for n in range(2000)])
    quick.app.clock(0)
    quick.connectors = {**quick.connectors, "app": Renaming(quick.connectors["app"], quick, ids[::-7])}
    batch = quick.run(stages=("extract",), mode="backfill")["extract"]["batch_id"]
    staged = [
        row.record_id for row in quick.rows("select record_id from staging.raw where batch_id = :id and side = 'app'", id=batch)
    ]
    assert len(staged) == len(set(staged))
    assert set(staged) == set(map(str, ids))
