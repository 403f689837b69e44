"""The judge of the laboratory finds every sort of broken promise, and only those."""

from collections.abc import Sequence
from typing import Any

import pytest

from tools.lab.apps import FRESHDESK
from tools.lab.findings import LOST, TWIN, UNEXPLAINED, WRONG_WINNER, Evidence
from tools.lab.histories import Step, Thing
from tools.lab.judge import judge

TOKEN = "Lind1x"
HERE = {"Id": "003A", "LastName": TOKEN, "FirstName": "Mara", "Title": "CEO", "MailingCity": "Kiel"}
THERE = {"id": 7, "name": f"Mara {TOKEN}", "job_title": "CEO", "address": "Kiel"}
LIVE = ("003A", "7", "live")
BIRTH = (
    Step(1, TOKEN, "make", "salesforce"),
    Step(2, TOKEN, "edit", "salesforce", "first name", "Mara"),
    Step(3, TOKEN, "edit", "salesforce", "title", "CEO"),
    Step(4, TOKEN, "edit", "salesforce", "address", "Kiel"),
)


def thing(*steps: Step, syncs: Sequence[tuple[int, int]] = ((5, 6), (25, 26))) -> Thing:
    """A person made in Salesforce whom both systems have had since moment 6, and what happened to them later."""
    return Thing(FRESHDESK.person, TOKEN, 1, [*BIRTH, *steps], {"salesforce": 1, "app": 4}, list(syncs))


def evidence(
    here: Sequence[Any] = (HERE,), there: Sequence[Any] = (THERE,), link: tuple[str, str, str] = LIVE, **more: Any
) -> Evidence:
    """What is found in the end."""
    records = {("contact", "salesforce"): {TOKEN: list(here)}, ("contact", "app"): {TOKEN: list(there)}}
    accounts = {("account", side): {} for side in ("salesforce", "app")}
    links = {("contact", "003A"): link, ("contact", "7"): link}
    deletes = {"contact": {"to_app": "delete", "to_salesforce": "ignore"}}
    given = {"told": frozenset(), "asked": frozenset(), "noted": frozenset(), "deletes": deletes, **more}
    return Evidence(records=records | accounts, links=links, **given)


def sorts(person: Thing, found: Evidence) -> list[str]:
    """What the judge finds."""
    return [finding.sort for finding in judge(person, found)]


def edit(tick: int, side: str, value: Any, name: str = "title") -> Step:
    """Somebody changes a field."""
    return Step(tick, TOKEN, "edit", side, name, value)


def test_nothing_is_found_where_both_sides_hold_what_was_typed():
    assert sorts(thing(), evidence()) == []


@pytest.mark.parametrize(
    ("here", "there", "sort"),
    [
        ({}, {"job_title": "CTO"}, UNEXPLAINED),
        ({"Title": None}, {"job_title": None}, LOST),
        ({}, {"address": "Graz"}, LOST),
        ({}, {"name": f"Mia {TOKEN}"}, UNEXPLAINED),
        ({"MailingCity": "Graz"}, {}, LOST),
    ],
)
def test_a_field_that_is_not_what_was_typed(here, there, sort):
    found = evidence([{**HERE, **here}], [{**THERE, **there}])
    assert sorts(thing(), found) == [sort]


def test_an_open_rejection_explains_a_difference_only_where_something_is_wrong():
    differing = evidence(there=[{**THERE, "job_title": "CTO"}], told=frozenset({("contact", "app", "7")}))
    assert sorts(thing(Step(10, TOKEN, "merge", "salesforce")), differing) == []
    assert sorts(thing(), differing) == [UNEXPLAINED]


def test_an_edit_after_a_whole_run_has_no_rival():
    later = thing(edit(10, "app", "CTO"))
    assert sorts(later, evidence()) == [LOST]
    assert sorts(later, evidence([{**HERE, "Title": "CTO"}], [{**THERE, "job_title": "CTO"}])) == []


def test_edits_on_both_sides_between_two_runs_compete():
    rivals = thing(edit(10, "app", "CTO"), edit(11, "salesforce", "CFO"))
    noted = frozenset({("contact", "003A")})
    for value, wins in (("CFO", "salesforce"), ("CTO", "app")):
        end = [{**HERE, "Title": value}], [{**THERE, "job_title": value}]
        assert sorts(rivals, evidence(*end, prefer=wins, noted=noted)) == []
        assert sorts(rivals, evidence(*end, prefer=wins)) == [WRONG_WINNER], "the loser must be noted"
        assert sorts(rivals, evidence(*end, prefer={"app": "salesforce"}.get(wins, "app"), noted=noted)) == [WRONG_WINNER]
    assert sorts(rivals, evidence(noted=noted)) == [LOST, WRONG_WINNER], "the value before both is neither"


def test_two_records_for_one_person():
    assert sorts(thing(), evidence(there=[THERE, {**THERE, "id": 8}])) == [TWIN]


@pytest.mark.parametrize(("here", "there"), [([], [THERE]), ([HERE], []), ([], [])])
def test_somebody_is_missing_whom_nobody_deleted(here, there):
    assert sorts(thing(), evidence(here, there)) == [LOST]


def test_deletions_follow_the_settings():
    in_salesforce, in_app = (thing(Step(10, TOKEN, "delete", side)) for side in ("salesforce", "app"))
    assert sorts(in_salesforce, evidence([], [])) == []
    assert sorts(in_salesforce, evidence([], [THERE])) == [UNEXPLAINED], "the app's record had to go, too"
    assert sorts(in_app, evidence([HERE], [])) == []
    assert sorts(in_app, evidence()) == [UNEXPLAINED], "made again for a deleted one"
    assert sorts(in_app, evidence([], [])) == [LOST]


def test_records_that_are_not_linked():
    assert sorts(thing(), evidence(link=("003A", "9", "live"))) == [UNEXPLAINED]
    assert sorts(thing(), evidence(link=("003A", "7", "tombstone"))) == [UNEXPLAINED]


def test_the_loser_of_a_merge_stays_in_the_app_and_somebody_is_told():
    loser = thing(Step(10, TOKEN, "lose", "salesforce"))
    assert sorts(loser, evidence([], [THERE], told=frozenset({("contact", "app", "7")}))) == []
    assert sorts(loser, evidence([], [THERE])) == [UNEXPLAINED]


def test_the_loser_of_a_merge_in_the_app_stays_in_salesforce_until_somebody_deletes_it_there():
    loser = thing(Step(10, TOKEN, "lose", "app"))
    assert sorts(loser, evidence([HERE], [])) == []
    assert sorts(loser, evidence([], [])) == [LOST]
    gone = thing(Step(10, TOKEN, "lose", "app"), Step(12, TOKEN, "delete", "salesforce"))
    assert sorts(gone, evidence([], [])) == []
    assert sorts(gone, evidence([HERE], [])) == [UNEXPLAINED]


def test_what_was_emptied_right_before_its_record_moved_on_may_be_filled_again():
    emptied, merged = edit(10, "salesforce", None), Step(11, TOKEN, "merge", "salesforce")
    filled = evidence()
    assert sorts(thing(emptied, merged), filled) == []
    assert sorts(thing(emptied), filled) == [LOST]
    assert sorts(thing(emptied, Step(30, TOKEN, "merge", "salesforce")), filled) == [LOST], "a run lies between"
