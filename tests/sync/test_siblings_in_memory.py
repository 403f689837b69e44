"""Contacts and leads that are the contacts of one app: who makes new ones, conversion, merges, marks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from connectors.contract import Page
from connectors.memory import MemoryConnector
from crm import CONTACT, CONTACT_MARKS, LEAD, LEAD_MARKS, both, codes, crm, links, writes
from pipeline import Pipeline
from waiting_plans import approve, held

NO_NEW = "creates: {to_salesforce: no}"


@pytest.fixture
def pipeline(engine: Engine, tmp_path: Path) -> Pipeline:
    """Leads are what becomes of new records of the app; contacts only match."""
    return crm(engine, tmp_path, lead=f"{LEAD}, {LEAD_MARKS}", contact=f"{CONTACT}, {NO_NEW}, {CONTACT_MARKS}")


def linked_lead(pipeline: Pipeline, **fields: str) -> tuple[str, str]:
    """A lead that came from Salesforce, with its app contact."""
    salesforce, _ = both(pipeline)
    lead = salesforce.put("lead", LastName="Lind", Email="mara@nordwerk.example", **fields)
    pipeline.run()
    pipeline.run()
    (found,) = (app_id for entity, id, app_id, _ in links(pipeline) if (entity, id) == ("lead", lead))
    return lead, str(found)


def settled(pipeline: Pipeline) -> bool:
    """Tell whether two more runs write nothing and the last of them is idle."""
    before = writes(pipeline)
    pipeline.run()
    return set(pipeline.run()) == {"extract"} and writes(pipeline) == before


@pytest.mark.feature("AC-01")
def test_a_new_record_is_matched_in_every_sibling_before_one_is_made(pipeline: Pipeline) -> None:
    salesforce, app = both(pipeline)
    contact = salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example", CRMID__c="app-contact-1")
    app.put("contact", name="Lind", email="mara@nordwerk.example")
    app.put("contact", name="Berg", email="otto@nordwerk.example")
    pipeline.run()
    assert sorted(links(pipeline)) == [
        ("contact", contact, "app-contact-1", "live"),
        ("lead", "salesforce-lead-1", "app-contact-2", "live"),
    ]
    assert settled(pipeline)
    app.edit("contact", "app-contact-1", phone="0401")
    pipeline.run()
    assert salesforce.live("contact")[contact]["Phone"] == "0401"
    assert len(salesforce.live("lead")) == 1


@pytest.mark.feature("AC-01", "ALL-20")
def test_whom_a_later_run_has_linked_in_a_sibling_an_older_plan_does_not_make(pipeline: Pipeline) -> None:
    salesforce, app = both(pipeline)
    contact = salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example")
    person = app.put("contact", name="Lind", email="mara@nordwerk.example")
    pipeline.change("settings.yaml", "guard: {first_run: go}", "guard: {first_run: hold}")
    pipeline.run(entities=["lead"])
    pipeline.run()
    approve(pipeline, held(pipeline))
    assert salesforce.live("lead") == {}
    assert [row for row in links(pipeline) if row[3] == "live"] == [("contact", contact, person, "live")]
    assert settled(pipeline)
    assert salesforce.live("lead") == {}


def test_what_is_ambiguous_in_one_sibling_is_made_by_none(pipeline: Pipeline) -> None:
    salesforce, app = both(pipeline)
    for _ in range(2):
        salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example")
    pipeline.change("settings.yaml", "history: all", "history: none")
    twin = app.put("contact", name="Lind", email="mara@nordwerk.example")
    pipeline.run()
    assert codes(pipeline)[twin] == ["ambiguous"]
    assert salesforce.live("lead") == {}


@pytest.mark.feature("GR-12")
def test_a_converted_lead_is_nobody_new(pipeline: Pipeline) -> None:
    salesforce, app = both(pipeline)
    salesforce.put("lead", LastName="Lind", Email="mara@nordwerk.example", IsConverted=True)
    app.put("contact", name="Lind", email="mara@nordwerk.example")
    pipeline.run()
    assert sorted(raw["name"] for raw in app.live("contact").values()) == ["Lind"]
    assert [(entity, id) for entity, id, _, _ in links(pipeline)] == [("lead", "salesforce-lead-2")]


@pytest.mark.feature("ALL-31")
@pytest.mark.feature("AC-03")
def test_a_conversion_moves_link_marks_and_data_to_the_contact(pipeline: Pipeline) -> None:
    salesforce, app = both(pipeline)
    lead, person = linked_lead(pipeline, Phone="0400")
    assert app.live("contact")[person]["tags"] == ["created-lead"]
    app.edit("contact", person, score="42")
    pipeline.run()
    contact = salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example", Phone="0499")
    salesforce.edit("lead", lead, IsConverted=True, ConvertedContactId=contact)
    pipeline.run()
    assert [row for row in links(pipeline) if row[3] == "live"] == [("contact", contact, person, "live")]
    held = app.live("contact")[person]
    assert sorted(held["tags"]) == ["converted", "created-contact"]
    assert (held["phone"], held["score"], held["sfid"]) == ("0499", "42", contact)
    kept = salesforce.live("contact")[contact]
    assert (kept["Score__c"], kept["CRMID__c"]) == ("42", person)
    assert len(app.live("contact")) == len(app.records["contact"]) == 1
    assert settled(pipeline)


def test_a_conversion_is_made_up_for_after_a_run_that_only_planned(pipeline: Pipeline) -> None:
    salesforce, app = both(pipeline)
    lead, person = linked_lead(pipeline)
    contact = salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example")
    salesforce.edit("lead", lead, IsConverted=True, ConvertedContactId=contact)
    pipeline.run(mode="plan")
    pipeline.run()
    assert [row for row in links(pipeline) if row[3] == "live"] == [("contact", contact, person, "live")]
    assert app.live("contact")[person]["sfid"] == contact
    assert settled(pipeline)


def test_a_lead_that_came_from_the_app_keeps_its_mark_when_converted(pipeline: Pipeline) -> None:
    salesforce, app = both(pipeline)
    person = app.put("contact", name="Berg", email="otto@nordwerk.example", tags=["vip"])
    pipeline.run()
    assert sorted(app.live("contact")[person]["tags"]) == ["added-lead", "vip"]
    contact = salesforce.put("contact", LastName="Berg", Email="otto@nordwerk.example")
    salesforce.edit("lead", "salesforce-lead-1", IsConverted=True, ConvertedContactId=contact)
    pipeline.run()
    assert sorted(app.live("contact")[person]["tags"]) == ["added-lead", "converted", "vip"]
    assert settled(pipeline)


def test_without_contacts_the_link_of_a_converted_lead_ends_quietly(engine: Engine, tmp_path: Path) -> None:
    pipeline = crm(engine, tmp_path, lead=f"{LEAD}, deletes: {{to_app: delete}}, {LEAD_MARKS}")
    salesforce, app = both(pipeline)
    lead, person = linked_lead(pipeline)
    salesforce.edit("lead", lead, IsConverted=True, ConvertedContactId="salesforce-contact-9", Status="Closed")
    pipeline.run()
    assert links(pipeline) == [("lead", lead, person, "broken")]
    app.edit("contact", person, phone="0401")
    pipeline.run()
    assert list(app.live("contact")) == [person]
    assert len(salesforce.live("lead")) == 1
    assert codes(pipeline) == {}
    assert settled(pipeline)


@dataclass
class Converting:
    """Passes everything on to `inner`; a lead is converted at the moment at which it is looked up."""

    inner: MemoryConnector
    lead: str
    contact: str = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def read(self, entity: str, ids: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Convert it, once."""
        if self.lead in ids and not self.contact:
            self.contact = self.inner.put("contact", LastName="Lind", Email="mara@nordwerk.example")
            self.inner.edit("lead", self.lead, IsConverted=True, ConvertedContactId=self.contact)
        return self.inner.read(entity, ids, fields)


@pytest.mark.feature("ALL-31")
@pytest.mark.parametrize("why", ["open", "new mapping"])
def test_a_conversion_between_the_list_of_changes_and_a_look_at_the_lead_is_followed_by_the_next_run(
    pipeline: Pipeline, why: str
) -> None:
    salesforce, app = both(pipeline)
    lead, person = linked_lead(pipeline)
    salesforce.now += timedelta(hours=1)  # the list of changes does not name the lead any more
    pipeline.run()
    if why == "open":
        with pipeline.engine.begin() as connection:
            connection.execute(text("update sync.link set salesforce_digest = ''"))
    else:
        pipeline.change("lead.csv", "Phone,phone,both,", "Phone,phone,both,text")
        app.edit("contact", person, score="42")
    converting = Converting(salesforce, lead)
    pipeline.connectors = {"salesforce": converting, "app": app}  # type: ignore[dict-item]
    pipeline.run()
    pipeline.run()
    assert converting.contact
    assert links(pipeline) == [("contact", converting.contact, person, "live")]
    assert list(app.live("contact")) == [person]


@pytest.mark.feature("ALL-31", "ALL-20")
def test_a_plan_that_is_approved_late_leaves_whom_a_conversion_has_moved_meanwhile(pipeline: Pipeline) -> None:
    salesforce, app = both(pipeline)
    lead = salesforce.put("lead", LastName="Lind", Email="mara@nordwerk.example", Phone="0400")
    person = app.put("contact", name="Lindt", email="mara@nordwerk.example", phone="0400")
    pipeline.change("settings.yaml", "guard: {first_run: go}", "guard: {first_run: hold}")
    pipeline.run()
    plan = held(pipeline)
    contact = salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example")
    salesforce.edit("lead", lead, IsConverted=True, ConvertedContactId=contact)
    pipeline.run()
    assert approve(pipeline, plan)["moved"] == 1
    pipeline.run()
    assert settled(pipeline)
    assert links(pipeline) == [("contact", contact, person, "live")]
    assert (app.live("contact")[person]["name"], app.live("contact")[person]["sfid"]) == ("Lind", contact)
    assert (salesforce.live("contact")[contact]["Phone"], codes(pipeline)) == ("0400", {})


@pytest.mark.feature("ALL-31", "ALL-20")
@pytest.mark.parametrize("how", ["held", "asked for"])
def test_a_plan_that_is_approved_late_makes_nobody_for_a_lead_that_was_converted_meanwhile(pipeline: Pipeline, how: str) -> None:
    salesforce, app = both(pipeline)
    lead = salesforce.put("lead", LastName="Lind", Email="mara@nordwerk.example")
    if how == "held":
        pipeline.change("settings.yaml", "guard: {first_run: go}", "guard: {first_run: hold}")
        pipeline.run()
        pipeline.change("settings.yaml", "guard: {first_run: hold}", "guard: {first_run: go}")
    else:
        pipeline.run(mode="plan")
    [(plan,)] = pipeline.rows("select batch_id from sync.approval")
    contact = salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example")
    salesforce.edit("lead", lead, IsConverted=True, ConvertedContactId=contact)
    salesforce.now += timedelta(hours=1)
    pipeline.run()
    pipeline.run()
    assert approve(pipeline, plan)["moved"] == 1
    assert settled(pipeline)
    assert [raw["sfid"] for raw in app.live("contact").values()] == [contact]
    assert codes(pipeline) == {}


@pytest.mark.feature("ALL-31")
def test_a_merge_moves_the_link_to_the_record_that_is_left(pipeline: Pipeline) -> None:
    salesforce, app = both(pipeline)
    lead, person = linked_lead(pipeline, Phone="0400")
    left = salesforce.put("lead", LastName="Lind-Berg", Email="mara@berg.example", IsMaster=True)
    salesforce.edit("lead", lead, MasterRecordId=left)
    salesforce.remove("lead", lead)
    pipeline.run()
    assert links(pipeline) == [("lead", left, person, "live")]
    held = app.live("contact")[person]
    assert (held["name"], held["phone"], held["sfid"]) == ("Lind-Berg", "0400", left)
    assert len(app.records["contact"]) == 1
    assert settled(pipeline)


@pytest.mark.feature("ALL-31")
def test_a_merge_of_two_linked_records_deletes_nothing_and_is_reported_until_it_is_mended(pipeline: Pipeline) -> None:
    pipeline.change("settings.yaml", "lead: {", "lead: {deletes: {to_app: delete}, ")
    salesforce, app = both(pipeline)
    first = salesforce.put("lead", LastName="Lind", Email="mara@nordwerk.example")
    second = salesforce.put("lead", LastName="Lind", Email="lind@nordwerk.example")
    pipeline.run()
    pipeline.run()
    salesforce.edit("lead", first, MasterRecordId=second)
    salesforce.remove("lead", first)
    pipeline.run()
    (loser,) = (app_id for _, id, app_id, _ in links(pipeline) if id == first)
    assert len(app.live("contact")) == 2
    assert codes(pipeline) == {loser: ["merged"]}
    salesforce.edit("lead", second, Phone="0401")
    pipeline.run()
    assert codes(pipeline) == {loser: ["merged"]}
    app.remove("contact", str(loser))
    pipeline.run()
    pipeline.run()
    assert codes(pipeline) == {}
    assert second in salesforce.live("lead")


@pytest.mark.feature("AC-04")
def test_a_marked_record_is_added_again_when_it_is_edited_after_a_deletion(pipeline: Pipeline) -> None:
    salesforce, app = both(pipeline)
    person = app.put("contact", name="Lind", email="mara@nordwerk.example")
    pipeline.run()
    salesforce.remove("lead", "salesforce-lead-1")
    pipeline.run()
    assert person in app.live("contact")
    assert salesforce.live("lead") == {}
    app.edit("contact", person, phone="0401")
    pipeline.run()
    assert links(pipeline) == [("lead", "salesforce-lead-2", person, "live")]
    assert salesforce.live("lead")["salesforce-lead-2"]["Phone"] == "0401"
    assert app.live("contact")[person]["sfid"] == "salesforce-lead-2"
    assert settled(pipeline)


@pytest.mark.feature("AC-04")
def test_the_mark_of_the_lead_counts_for_the_contact_it_became(pipeline: Pipeline) -> None:
    salesforce, app = both(pipeline)
    person = app.put("contact", name="Lind", email="mara@nordwerk.example")
    pipeline.run()
    contact = salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example")
    salesforce.edit("lead", "salesforce-lead-1", IsConverted=True, ConvertedContactId=contact)
    pipeline.run()
    salesforce.remove("contact", contact)
    pipeline.run()
    app.edit("contact", person, phone="0401")
    pipeline.run()
    assert [raw["Phone"] for raw in salesforce.live("contact").values()] == ["0401"]
    assert settled(pipeline)


@pytest.mark.feature("AC-04")
def test_a_record_without_its_mark_is_not_added_again(pipeline: Pipeline) -> None:
    salesforce, app = both(pipeline)
    lead, person = linked_lead(pipeline)
    salesforce.remove("lead", lead)
    pipeline.run()
    app.edit("contact", person, phone="0401", tags=[])
    pipeline.run()
    assert salesforce.live("lead") == {}
    assert codes(pipeline) == {person: ["gone"]}
    for mark in ("created-lead", "converted"):
        app.edit("contact", person, tags=[mark])
        pipeline.run()
        assert salesforce.live("lead") == {}, "only `from_app` brings it back"
    app.edit("contact", person, tags=["added-lead"])
    pipeline.run()
    assert len(salesforce.live("lead")) == 1
