"""The judge on people who are leads or contacts, whom nothing is deleted of in the app, and who come back by a mark."""

from typing import Any

import pytest

from tools.lab.apps import ACTIVECAMPAIGN
from tools.lab.findings import LOST, TWIN, UNEXPLAINED, Evidence
from tools.lab.histories import Step, Thing
from tools.lab.judge import judge

TOKEN = "Lind1x"
LEAD = {"Id": "00Q1", "LastName": TOKEN, "Company": "Nordwerk", "ACCONTACTID__c": "7"}
CONTACT = {"Id": "0031", "LastName": TOKEN, "ACCONTACTID__c": "7"}
CAME, WENT, CONVERTED = "created-from-salesforce-lead", "added-to-salesforce-lead", "salesforce-lead-converted-to-contact"
MARKS = {
    kind: {
        "from_salesforce": f"created-from-salesforce-{kind}",
        "from_app": f"added-to-salesforce-{kind}",
        "on_conversion": CONVERTED,
    }
    for kind in ("lead", "contact")
}
DELETED, EDITED = Step(10, TOKEN, "delete", "salesforce"), Step(30, TOKEN, "edit", "app", "first name", "Mara")


def there(*tags: str) -> dict[str, Any]:
    """The app's contact."""
    return {"id": "7", "lastName": TOKEN, "firstName": None, "tags": list(tags), "lists": {}, "fields": {}}


def sorts(
    side: str, steps: list[Step], here: list[Any], app: list[Any], link: Any = None, told: frozenset[Any] = frozenset()
) -> list[str]:
    """What the judge finds on a person born on `side`, whom runs have seen whole at 5, 25 and 45."""
    table = "Lead" if side == "salesforce" else "contacts"
    born = Step(1, TOKEN, "make", side, value=table)
    thing = Thing(ACTIVECAMPAIGN.person, TOKEN, 1, [born, *steps], {"salesforce": 1, "app": 2}, [(4, 5), (24, 25), (44, 45)])
    rows = [*here, *app]
    link = (
        link or ("lead" if here and "Company" in here[0] else "contact", rows[0].get("Id"), "7", "live")
        if rows
        else ("", "", "", "")
    )
    entity, *ids = link
    found = Evidence(
        records={("person", "salesforce"): {TOKEN: here}, ("person", "app"): {TOKEN: app}},
        links={(entity, each): tuple(ids) for each in ids[:2]},
        told=told,
        asked=frozenset(),
        noted=frozenset(),
        deletes={kind: {"to_app": "ignore", "to_salesforce": "ignore"} for kind in MARKS},
        marks=MARKS,
        made_as="lead",
        reference="ACCONTACTID__c",
    )
    return [finding.sort for finding in judge(thing, found)]


def test_nothing_is_found_on_a_lead_that_went_over_with_its_mark():
    assert sorts("salesforce", [], [{**LEAD, "AC_Tags__c": CAME}], [there(CAME)]) == []
    assert sorts("app", [], [LEAD], [there(WENT)]) == [LOST], "Salesforce must show the app's tags"
    assert sorts("app", [], [LEAD], [there()]) == [UNEXPLAINED], "the mark is missing"


@pytest.mark.parametrize(
    ("here", "tags", "found"),
    [
        (CONTACT, ("created-from-salesforce-contact", CONVERTED), []),
        (CONTACT, ("created-from-salesforce-contact",), [UNEXPLAINED]),
        (CONTACT, (CAME, "created-from-salesforce-contact", CONVERTED), [UNEXPLAINED]),
        ({**CONTACT, "ACCONTACTID__c": None}, ("created-from-salesforce-contact", CONVERTED), [UNEXPLAINED]),
    ],
)
def test_a_converted_lead_is_known_by_its_marks_and_its_id(here, tags, found):
    shown = {**here, "AC_Tags__c": ", ".join(tags)}
    assert sorts("salesforce", [Step(10, TOKEN, "convert", "salesforce")], [shown], [there(*tags)]) == found


def test_a_conversion_that_is_not_followed():
    shown, tags = {**CONTACT, "AC_Tags__c": CAME}, there(CAME)
    turn = Step(10, TOKEN, "convert", "salesforce")
    assert sorts("salesforce", [turn], [shown], [tags], ("lead", "00Q1", "7", "broken")) == [UNEXPLAINED]
    assert sorts("salesforce", [turn], [shown], [tags, {**tags, "id": "8"}]) == [TWIN]


def test_who_was_deleted_comes_back_by_an_edit_only_with_the_mark():
    assert sorts("app", [DELETED], [], [there(WENT)]) == []
    assert sorts("app", [DELETED], [LEAD], [there(WENT)]) == [UNEXPLAINED]
    assert sorts("app", [DELETED, EDITED], [], [there(WENT)]) == [LOST]
    off = Step(20, TOKEN, "untag", "app", value=WENT)
    assert sorts("app", [DELETED, off, EDITED], [], [there()]) == []
    assert sorts("salesforce", [DELETED, EDITED], [], [there(CAME)]) == []


def test_nothing_is_deleted_in_the_app():
    assert sorts("salesforce", [DELETED], [], []) == [LOST]


def test_of_two_who_became_one_the_rest_in_the_app_is_told():
    lost = Step(10, TOKEN, "lose", "salesforce")
    assert sorts("salesforce", [lost], [], [there(CAME)]) == [UNEXPLAINED]
    assert sorts("salesforce", [lost], [], [there(CAME)], told=frozenset({("contact", "app", "7")})) == []
