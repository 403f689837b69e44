"""What becomes of new records: made or left alone, changed later or not, sent with raw fields, blocked by a match."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from crm import CONTACT, both, codes, crm, links, writes

BLOCK = f"{CONTACT}, direction: to_salesforce, on_match: block, match_also: [lead]"


def test_a_side_that_makes_none_leaves_new_records_alone(engine: Engine, tmp_path: Path) -> None:
    pipeline = crm(engine, tmp_path, contact=f"{CONTACT}, creates: {{to_app: no}}")
    salesforce, app = both(pipeline)
    salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example")
    app.put("contact", name="Berg", email="otto@nordwerk.example")
    pipeline.run()
    assert [raw["name"] for raw in app.live("contact").values()] == ["Berg"]
    assert {raw["LastName"] for raw in salesforce.live("contact").values()} == {"Lind", "Berg"}
    assert codes(pipeline) == {}
    pipeline.run()
    assert set(pipeline.run()) == {"extract"}


def test_new_records_go_out_in_the_order_of_their_ids(engine: Engine, tmp_path: Path) -> None:
    pipeline = crm(engine, tmp_path, contact=CONTACT)
    salesforce, app = both(pipeline)
    for n in range(60):
        salesforce.put("contact", LastName=f"P{n}", Email=f"p{n}@nordwerk.example")
    for n in range(20, 40):
        app.put("contact", name=f"P{n}", email=f"p{n}@nordwerk.example")
    pipeline.run(stages=("extract", "map", "reconcile"))
    for found, count in ((">", 20), ("=", 40)):
        query = f"select salesforce_id from sync.link where coalesce(app_id, '') {found} '' order by id"
        ids = [row[0] for row in pipeline.rows(query)]
        assert len(ids) == count
        assert ids == sorted(ids)


def test_a_record_that_is_not_made_is_linked_once_it_matches(engine: Engine, tmp_path: Path) -> None:
    pipeline = crm(engine, tmp_path, contact=f"{CONTACT}, creates: {{to_app: no, to_salesforce: no}}")
    salesforce, app = both(pipeline)
    salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example")
    pipeline.run()
    app.put("contact", name="Lind", email="mara@nordwerk.example", score="7")
    pipeline.run()
    assert links(pipeline) == [("contact", "salesforce-contact-1", "app-contact-1", "live")]
    assert salesforce.live("contact")["salesforce-contact-1"]["Score__c"] == "7"


def test_what_is_not_made_is_not_reported_for_its_values(engine: Engine, tmp_path: Path) -> None:
    pipeline = crm(engine, tmp_path, contact=f"{CONTACT}, creates: {{to_app: no}}")
    salesforce, _ = both(pipeline)
    salesforce.put("contact", LastName="Lind", Email=["no", "address"])
    pipeline.run()
    assert codes(pipeline) == {}


@pytest.mark.feature("LT-11")
def test_later_edits_stay_where_they_are_made_and_do_not_come_again(engine: Engine, tmp_path: Path) -> None:
    pipeline = crm(engine, tmp_path, contact=f"{CONTACT}, direction: to_salesforce, updates: {{to_salesforce: no}}")
    salesforce, app = both(pipeline)
    contact = app.put("contact", name="Berg", email="otto@nordwerk.example")
    pipeline.run()
    pipeline.run()
    before = writes(pipeline)
    app.edit("contact", contact, name="Berger")
    pipeline.run()
    assert [raw["LastName"] for raw in salesforce.live("contact").values()] == ["Berg"]
    assert set(pipeline.run()) == {"extract"}
    assert writes(pipeline) == before
    pipeline.change("settings.yaml", "updates: {to_salesforce: no}", "updates: {to_salesforce: yes}")
    app.edit("contact", contact, phone="0401")
    pipeline.run()
    assert [raw["Phone"] for raw in salesforce.live("contact").values()] == ["0401"]


def test_an_edit_on_the_open_side_still_travels(engine: Engine, tmp_path: Path) -> None:
    pipeline = crm(engine, tmp_path, contact=f"{CONTACT}, updates: {{to_salesforce: no}}")
    salesforce, app = both(pipeline)
    contact = app.put("contact", name="Berg", email="otto@nordwerk.example")
    pipeline.run()
    app.edit("contact", contact, name="Berger")
    pipeline.run()
    salesforce.edit("contact", "salesforce-contact-1", Phone="0401")
    pipeline.run()
    assert app.live("contact")[contact]["phone"] == "0401"
    assert app.live("contact")[contact]["name"] == "Berger"


@pytest.mark.feature("GR-05")
def test_raw_fields_go_along_with_a_create_and_never_again(engine: Engine, tmp_path: Path) -> None:
    pipeline = crm(engine, tmp_path, contact=f"{CONTACT}, on_create: {{salesforce: {{LeadSource: GetResponse}}}}")
    salesforce, app = both(pipeline)
    contact = app.put("contact", name="Berg", email="otto@nordwerk.example")
    pipeline.run()
    assert salesforce.live("contact")["salesforce-contact-1"]["LeadSource"] == "GetResponse"
    salesforce.edit("contact", "salesforce-contact-1", LeadSource="Web")
    app.edit("contact", contact, name="Berger")
    pipeline.run()
    assert salesforce.live("contact")["salesforce-contact-1"]["LeadSource"] == "Web"


@pytest.mark.feature("LT-09")
@pytest.mark.parametrize("kind", ["contact", "lead"])
def test_a_key_that_salesforce_has_blocks_the_export(engine: Engine, tmp_path: Path, kind: str) -> None:
    pipeline = crm(engine, tmp_path, contact=BLOCK)
    salesforce, app = both(pipeline)
    held = salesforce.put(kind, LastName="Lind", Name="Mara Lind", Email="Mara@nordwerk.example")
    pipeline.run()
    contact = app.put("contact", name="Lind", email="mara@nordwerk.example")
    app.put("contact", name="Berg", email="otto@nordwerk.example")
    pipeline.run()
    (words,) = pipeline.rows("select reasons->0->>'reason' from sync.rejection where record_id = :id", id=contact)[0]
    assert words == f"Salesforce has the {kind} Mara Lind ({held}) with the same email already, so this one does not go there"
    assert codes(pipeline) == {contact: ["duplicate"]}
    assert [app_id for _, _, app_id, _ in links(pipeline)] == ["app-contact-2"]
    salesforce.edit(kind, held, Email="gone@nordwerk.example")
    app.put("contact", name="Otte", email="otte@nordwerk.example")
    pipeline.run()
    pipeline.run()
    assert codes(pipeline) == {}
    assert len(links(pipeline)) == 3


def test_a_record_that_carries_the_id_is_linked_and_not_blocked(engine: Engine, tmp_path: Path) -> None:
    pipeline = crm(engine, tmp_path, contact=BLOCK)
    salesforce, app = both(pipeline)
    contact = app.put("contact", name="Lind", email="mara@nordwerk.example")
    held = salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example", CRMID__c=contact)
    pipeline.run()
    assert links(pipeline) == [("contact", held, contact, "live")]
    assert codes(pipeline) == {}


GONE = "deletes: {to_salesforce: flag}, options: {flag_fields: {to_salesforce: Gone__c}}"


@pytest.mark.feature("GR-06")
def test_the_box_of_a_deletion_is_unticked_when_the_record_returns_as_another(engine: Engine, tmp_path: Path) -> None:
    pipeline = crm(engine, tmp_path, contact=f"{CONTACT}, {GONE}")
    salesforce, app = both(pipeline)
    contact = salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example", Phone="0400")
    pipeline.run()
    pipeline.run()
    app.remove("contact", "app-contact-1")
    pipeline.run()
    assert salesforce.live("contact")[contact]["Gone__c"] is True
    app.put("contact", name="Lind", email="mara@nordwerk.example")
    pipeline.run()
    assert salesforce.live("contact")[contact]["Gone__c"] is False
    assert links(pipeline) == [("contact", contact, "app-contact-2", "live")]
    assert app.live("contact")["app-contact-2"]["phone"] == "0400"
    pipeline.run()
    assert set(pipeline.run()) == {"extract"}


@pytest.mark.feature("ALL-26")
def test_what_no_longer_passes_its_filter_keeps_its_link_and_is_never_made_again(engine: Engine, tmp_path: Path) -> None:
    only_web = "filter: {salesforce: {LeadSource: [Web]}}"
    pipeline = crm(engine, tmp_path, contact=f"{CONTACT}, {only_web}, {GONE}")
    salesforce, app = both(pipeline)
    contact = salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example", LeadSource="Web")
    pipeline.run()
    pipeline.run()
    salesforce.edit("contact", contact, LeadSource="Other", Phone="0400")
    pipeline.run()
    assert "phone" not in app.live("contact")["app-contact-1"]
    app.remove("contact", "app-contact-1")
    pipeline.run()
    salesforce.edit("contact", contact, Phone="0401")
    pipeline.run(mode="backfill")
    assert app.live("contact") == {}
    assert links(pipeline) == [("contact", contact, "app-contact-1", "tombstone")]


def test_a_rejected_record_that_no_longer_passes_its_filter_does_not_come_in_by_our_copy(engine: Engine, tmp_path: Path) -> None:
    pipeline = crm(engine, tmp_path, contact=f"{CONTACT}, filter: {{salesforce: {{LeadSource: [Web]}}}}")
    salesforce, app = both(pipeline)
    app.faults.refused["mara@nordwerk.example"] = "bad_request"
    contact = salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example", LeadSource="Web")
    pipeline.run()
    assert codes(pipeline) == {contact: ["bad_request"]}
    salesforce.edit("contact", contact, LeadSource="Other")
    app.faults.refused.clear()
    pipeline.run()
    pipeline.change("contact.csv", "Phone,phone", "LeadSource,phone")
    salesforce.put("contact", LastName="Berg", LeadSource="Web")
    pipeline.run()
    assert codes(pipeline) == {}
    assert [raw["name"] for raw in app.live("contact").values()] == ["Berg"]
