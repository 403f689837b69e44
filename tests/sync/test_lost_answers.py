"""Whatever goes wrong between us and a system while a run writes: nothing is lost, nothing is done twice, the next run mends it."""

from contextlib import suppress
from typing import Any

import pytest

from connectors.errors import RateLimitError, TransientError
from crowd import assert_complete
from pipeline import World

CONTACTS = "/contacts"
FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "first create lost": ("app", {"kind": "lost", "method": "POST", "path": CONTACTS}),
    "every other create lost": ("app", {"kind": "lost", "method": "POST", "path": CONTACTS, "times": 3, "share": 0.5}),
    "all creates lost": ("app", {"kind": "lost", "method": "POST", "path": CONTACTS, "times": -1}),
    "updates lost": ("app", {"kind": "lost", "method": "PUT", "path": CONTACTS, "times": -1}),
    "creates cut": ("app", {"kind": "cut", "method": "POST", "path": CONTACTS, "times": 2}),
    "creates answered with 500": ("app", {"kind": "500", "method": "POST", "path": CONTACTS, "times": 2}),
    "maintenance page": ("app", {"kind": "html", "method": "POST", "path": CONTACTS, "times": 2}),
    "storm of 429": ("app", {"kind": "429", "retry_after": 5, "after": 12, "times": 40}),
    "upserts lost": ("salesforce", {"kind": "lost", "method": "PATCH", "times": -1}),
    "one upsert lost": ("salesforce", {"kind": "lost", "method": "PATCH", "times": 1}),
    "upserts cut": ("salesforce", {"kind": "cut", "method": "PATCH", "times": -1}),
    "upserts answered with 503": ("salesforce", {"kind": "503", "method": "PATCH", "times": -1}),
    "no read-back": ("salesforce", {"kind": "500", "method": "POST", "path": "/composite$", "after": 1, "times": -1}),
    "daily limit reached": ("salesforce", {"kind": "limit", "method": "PATCH", "times": -1}),
    "token expired": ("salesforce", {"kind": "token", "method": "PATCH", "times": 1}),
    "rows locked": ("salesforce", {"kind": "row_lock", "times": 3}),
}


@pytest.mark.feature("ALL-29")
@pytest.mark.parametrize("name", FAULTS)
def test_what_a_fault_broke_the_next_run_mends(ready: World, name: str) -> None:
    side, fault = FAULTS[name]
    ready.hurry()
    ready.run(stages=("extract", "map", "reconcile"))
    getattr(ready, side).fault(**fault)
    with suppress(TransientError):
        ready.stage("load")
    ready.salesforce.clear_faults()
    ready.app.clear_faults()
    ready.run()
    assert_complete(ready)
    ready.assert_settled()


@pytest.mark.feature("ALL-29")
def test_a_lost_create_is_looked_up_by_the_same_task_too(ready: World) -> None:
    ready.app.fault("lost", method="POST", path=CONTACTS, times=-1)
    with suppress(TransientError):  # raised where more is to be sent than was under way
        ready.run()
    assert ready.rows("select 1 from sync.action where state = 'unknown'")
    ready.app.clear_faults()
    ready.stage("load")
    assert_complete(ready)


@pytest.mark.feature("ALL-29", "ALL-18")
def test_an_edit_of_a_record_whose_create_was_lost_is_no_answer(ready: World) -> None:
    ready.app.fault("lost", method="POST", path=CONTACTS, times=-1)
    with suppress(TransientError):
        ready.run()
    ready.app.clear_faults()
    made = next(row for row in ready.app.records("contacts") if row["name"].startswith("Sales"))
    ready.edit(made["id"], name=f"Mia {made['name']}")
    ready.run()
    ready.run()
    assert [row["FirstName"] for row in ready.salesforce.records("Contact") if row.get("Phone") == made["phone"]] == ["Mia Sales"]
    ready.assert_settled()


def test_a_used_up_allowance_stops_the_load_and_says_how_long(ready: World) -> None:
    ready.hurry()
    ready.run(stages=("extract", "map", "reconcile"))
    ready.app.fault("429", retry_after=30, times=-1)
    with pytest.raises(RateLimitError, match="30 seconds"):
        ready.stage("load")


def test_one_bad_record_among_two_hundred_keeps_nobody_back(ready: World) -> None:
    ready.salesforce.insert("Contact", [{"LastName": f"Many {n}", "Email": f"many{n}@nordwerk.example"} for n in range(100)])
    for number in range(100):
        ready.desk_contact(name=f"Back {number}", email=f"back{number}@nordwerk.example")
    ready.app.fault("bad_record", id="many50@nordwerk.example", times=-1)
    ready.salesforce.fault("bad_record", id="back50@nordwerk.example", times=-1)
    ready.run()
    assert len(ready.app.records("contacts")) == len(ready.salesforce.records("Contact")) == 11 + 200 - 1
    assert len(ready.rejections()) == 2
    ready.run()
    assert len(ready.rejections()) == 2
    ready.app.clear_faults()
    ready.salesforce.clear_faults()
    with ready.engine.begin() as connection:
        connection.exec_driver_sql("update sync.rejection set retry_at = now()")
    ready.run()
    assert len(ready.app.records("contacts")) == len(ready.salesforce.records("Contact")) == 11 + 200
    assert ready.rejections() == {}
    ready.assert_settled()
