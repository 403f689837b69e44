"""Fields that are gone or lost an option: their row rests, the rest goes on, and one report names the line."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from connectors.contract import Field
from connectors.errors import PermanentError
from crm import APP, CONTACT, both, crm, links
from pipeline import Pipeline, World

LOUD = ("on_rejected: succeed", "on_rejected: fail")
TEXT = {"type": "Text", "length": 255}


def without_field(name: str) -> list[Field]:
    """The fields of the app's contact, one of them gone."""
    return [field for field in APP if field.name != name]


def told(pipeline: Pipeline) -> list[str]:
    """What the last run told of drift."""
    ((notes,),) = pipeline.rows("select coalesce(counts->'drift'->'notes', '[]') from sync.batch order by id desc limit 1")
    return list(notes)


@pytest.fixture
def pair(engine: Engine, tmp_path: Path) -> Pipeline:
    """One contact on both sides."""
    pipeline = crm(engine, tmp_path, contact=CONTACT)
    both(pipeline)[0].put("contact", LastName="Lind", Email="mara@nordwerk.example", Phone="0400", Score__c="1")
    pipeline.run()
    pipeline.run()
    return pipeline


@pytest.mark.feature("ALL-27")
def test_a_field_that_is_gone_rests_and_its_values_stay(pair: Pipeline) -> None:
    pair.change("settings.yaml", *LOUD)
    pair.run()
    salesforce, app = both(pair)
    app.fields = {"contact": without_field("phone")}
    app.edit("contact", "app-contact-1", phone=None, name="Lind-Berg", score="2")
    with pytest.raises(PermanentError, match=r"contact\.csv:4:2: .*no field 'phone'"):
        pair.run()
    held = salesforce.live("contact")["salesforce-contact-1"]
    assert (held["LastName"], held["Score__c"], held["Phone"]) == ("Lind-Berg", "2", "0400")
    ((state,),) = pair.rows("select state from sync.batch order by id desc limit 1")
    assert state == "partial"
    app.edit("contact", "app-contact-1", name="Berg")
    pair.run()
    assert len(told(pair)) == 1
    app.fields = {"contact": APP}
    app.edit("contact", "app-contact-1", phone="0499")
    pair.run()
    assert told(pair) == []
    assert salesforce.live("contact")["salesforce-contact-1"]["Phone"] == "0499"


@pytest.mark.feature("ALL-27")
def test_a_field_of_another_type_and_a_lost_option_rest(pair: Pipeline) -> None:
    salesforce, app = both(pair)
    picklist = Field("score", "Score", "picklist", options=("1", "2"), is_restricted=True)
    app.fields = {"contact": [*without_field("score"), picklist]}
    app.edit("contact", "app-contact-1", score="2", name="Berg")
    salesforce.fields = {"contact": [*salesforce.fields["contact"][1:], Field("LastName", "Name", "boolean")]}
    pair.run()
    rows = sorted(note.partition(":")[2].partition(":")[0] for note in told(pair))
    assert rows == ["2"]
    assert salesforce.live("contact")["salesforce-contact-1"]["LastName"] == "Lind"


@pytest.mark.feature("ALL-27")
def test_without_its_match_key_an_entity_is_left_out_until_it_is_back(pair: Pipeline) -> None:
    salesforce, app = both(pair)
    app.fields = {"contact": without_field("email")}
    salesforce.put("contact", LastName="Berg", Email="otto@nordwerk.example")
    with pytest.raises(PermanentError, match=r"contact was not read: contact\.csv:3:2: "):
        pair.run()
    assert len(links(pair)) == 1
    app.fields = {"contact": APP}
    pair.run()
    assert len(links(pair)) == 2


@pytest.mark.feature("ALL-27")
def test_a_new_mapping_that_does_not_fit_stops_the_run_with_every_row(pair: Pipeline) -> None:
    pair.change("contact.csv", "Phone,phone", "Phone__c,phon")
    with pytest.raises(PermanentError, match="2 problems in the mapping files"):
        pair.run()


@pytest.mark.feature("ALL-27")
def test_a_field_hidden_in_salesforce_rests_and_the_others_travel(enabled: World) -> None:
    enabled.salesforce.action("add_field", full_name="Contact.Extra__c", metadata={"label": "Extra", **TEXT})
    enabled.app.action("add_field", kind="contact_fields", label="Extra", label_for_customers="Extra", type="custom_text")
    enabled.add_rows("Extra__c,custom_fields.extra,both")
    contact, desk = enabled.linked_contact(Extra__c="one", Title="Buyer")
    assert enabled.desk(desk)["custom_fields"]["extra"] == "one"
    enabled.salesforce.action("hide_field", full_name="Contact.Extra__c")
    enabled.edit(contact, Title="Head of sales")
    enabled.run()
    held = enabled.desk(desk)
    assert (held["job_title"], held["custom_fields"]["extra"]) == ("Head of sales", "one")
    assert [note.partition(":")[0] for note in told(enabled)] == ["contact.csv"]
    before = enabled.writes()
    enabled.edit(contact, Title="Founder")
    enabled.run()
    assert enabled.desk(desk)["job_title"] == "Founder"
    assert enabled.writes() == before + 1


@pytest.mark.feature("ALL-27")
def test_a_field_dropped_in_the_app_empties_nothing_in_salesforce(enabled: World) -> None:
    enabled.salesforce.action("add_field", full_name="Contact.Extra__c", metadata={"label": "Extra", **TEXT})
    enabled.app.action("add_field", kind="contact_fields", label="Extra", label_for_customers="Extra", type="custom_text")
    enabled.add_rows("Extra__c,custom_fields.extra,both")
    contact, desk = enabled.linked_contact(Extra__c="one")
    enabled.later()
    enabled.app.action("drop_field", kind="contact_fields", field="extra")
    enabled.edit(desk, job_title="Buyer")
    enabled.run()
    assert (enabled.person(contact)["Title"], enabled.person(contact)["Extra__c"]) == ("Buyer", "one")
    assert len(told(enabled)) == 1
