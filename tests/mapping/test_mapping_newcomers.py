"""settings.yaml: what becomes of new records, and which marks they get."""

from pathlib import Path

import pytest
from folders import CONTACT, problems_of, write

from sync import mapping, settings
from sync.marks import Marks

NEWS = """app: getresponse
entities:
  contact:
    match: [email]
    creates: {to_app: yes, to_salesforce: no}
    updates: {to_salesforce: no}
    on_create: {salesforce: {LeadSource: GetResponse, Score__c: 3}}
    on_match: block
    match_also: [lead]
    marks: {field: tags, from_app: added, from_salesforce: created, on_conversion: converted, revives_only_marked: yes}
"""


def test_keys_for_new_records(tmp_path: Path) -> None:
    (contact,) = settings.load(write(tmp_path, NEWS)).entities
    assert (contact.creates_on("app"), contact.creates_on("salesforce")) == (True, False)
    assert (contact.updates_on("app"), contact.updates_on("salesforce")) == (True, False)
    assert contact.on_create == {"salesforce": {"LeadSource": "GetResponse", "Score__c": 3}, "app": {}}
    assert contact.blocked_by == ("contact", "lead")
    assert contact.marks == Marks("tags", "added", "created", "converted", revives_only_marked=True)


def test_silence_makes_and_changes_everything(tmp_path: Path) -> None:
    (contact,) = settings.load(write(tmp_path)).entities
    assert all(contact.creates_on(side) and contact.updates_on(side) for side in settings.SIDES)
    assert (contact.blocked_by, contact.marks) == ((), None)


def test_a_direction_that_is_off_makes_nothing(tmp_path: Path) -> None:
    (contact,) = settings.load(write(tmp_path, "app: x\ndirection: to_app\nentities:\n  contact:\n    match: [email]\n")).entities
    assert not contact.creates_on("salesforce")
    assert not contact.updates_on("salesforce")


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("to_salesforce: no}\n    updates", "to_salesforce: maybe}\n    updates", "5:", "'maybe' is not known"),
        ("match: [email]", "match: []", "8:", "block looks for records with the same key"),
        ("on_match: block", "on_match: link", "9:", "looked at under on_match: block only"),
        ("match_also: [lead]", "match_also: [leads]", "9:", "'leads' is no Salesforce entity here (did you mean 'lead'?)"),
        ("LeadSource: GetResponse", "email: x", "7:", "'email' is written by line 3 of contact.csv already"),
        ("field: tags, ", "", "10:", "name the app's field that holds the tags"),
        ("creates: {to_app: yes", "creates: {to_ap: yes", "5:", "no such key (did you mean 'to_app'?)"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, old: str, new: str, place: str, words: str) -> None:
    found = problems_of(write(tmp_path, NEWS.replace(old, new)))
    assert [problem for problem in found if problem.startswith(f"settings.yaml:{place}") and words in problem], found


TWO = """app: activecampaign
entities:
  contact: {match: [email]}
  lead: {app: contact, match: [email]}
"""


def test_one_sibling_at_most_makes_salesforce_records(tmp_path: Path) -> None:
    (found,) = problems_of(write(tmp_path, TWO, lead=CONTACT))
    assert found.startswith("settings.yaml:4:3: entities.lead.creates.to_salesforce: contact makes Salesforce records")
    mapping.load(write(tmp_path, TWO.replace("lead: {", "lead: {creates: {to_salesforce: no}, "), lead=CONTACT))
    mapping.load(write(tmp_path, TWO.replace("lead: {", "lead: {list: leads, "), lead=CONTACT))
