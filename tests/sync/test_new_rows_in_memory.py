"""A mapping that grows: what nobody has read yet of a record is not overwritten because only its counterpart is looked at."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from crm import CONTACT, both, codes, crm
from pipeline import Pipeline

PHONE = "Phone,phone,both,,,,,,,\n"


@pytest.fixture
def pipeline(engine: Engine, tmp_path: Path) -> Pipeline:
    """A linked contact whose telephone numbers differ and are not mapped; no list of changes names it any more."""
    pipeline = crm(engine, tmp_path, contact=CONTACT)
    pipeline.change("contact.csv", PHONE, "")
    pipeline.change("contact.csv", "score,both,", "score,both,date")
    salesforce, app = both(pipeline)
    salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example", Phone="0400")
    app.put("contact", name="Lind", email="mara@nordwerk.example", phone="0499")
    pipeline.run()
    pipeline.run()
    salesforce.now += timedelta(hours=1)
    app.now += timedelta(hours=1)
    pipeline.run()
    return pipeline


def phones(pipeline: Pipeline) -> list[str]:
    """The numbers on both sides once the mapping has a row for them."""
    (pipeline.folder / "contact.csv").write_text((pipeline.folder / "contact.csv").read_text() + PHONE)
    pipeline.run()
    salesforce, app = both(pipeline)
    assert codes(pipeline) == {}
    return [salesforce.live("contact")["salesforce-contact-1"]["Phone"], app.live("contact")["app-contact-1"]["phone"]]


def test_a_record_that_is_looked_at_again_overwrites_nothing_that_was_never_read(pipeline: Pipeline) -> None:
    with pipeline.engine.begin() as connection:
        connection.execute(text("update sync.link set app_digest = ''"))
    assert phones(pipeline) == ["0400", "0400"]


def test_a_record_that_comes_out_of_quarantine_overwrites_nothing_that_was_never_read(pipeline: Pipeline) -> None:
    _, app = both(pipeline)
    app.edit("contact", "app-contact-1", score="nonsense")
    pipeline.run()
    assert codes(pipeline) == {"app-contact-1": ["bad_value"]}
    app.edit("contact", "app-contact-1", score="2026-11-02")
    assert phones(pipeline) == ["0400", "0400"]


def test_a_rejected_record_that_comes_in_by_our_copy_is_not_empty_where_the_copy_has_no_such_field(pipeline: Pipeline) -> None:
    salesforce, app = both(pipeline)
    app.faults.refused["Lindqvist"] = "bad_request"
    salesforce.edit("contact", "salesforce-contact-1", LastName="Lindqvist")
    pipeline.run()
    assert codes(pipeline) == {"salesforce-contact-1": ["bad_request"]}
    app.faults.refused.clear()
    salesforce.now += timedelta(hours=1)
    pipeline.run()
    assert phones(pipeline) == ["0400", "0400"]
    assert app.live("contact")["app-contact-1"]["name"] == "Lindqvist"


@pytest.mark.parametrize("edited", ["salesforce", "app", "both"])
def test_a_row_that_names_another_field_empties_nothing_for_what_the_old_one_held(
    edited: str, engine: Engine, tmp_path: Path
) -> None:
    pipeline = crm(engine, tmp_path, contact=CONTACT)
    salesforce, app = both(pipeline)
    contact = salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example", Phone="0400")
    pipeline.run()
    pipeline.run()
    pipeline.change("contact.csv", "Phone,phone", "LeadSource,phone")
    if edited != "app":
        salesforce.edit("contact", contact, LastName="Lindqvist")
    if edited != "salesforce":
        app.edit("contact", "app-contact-1", score="7")
    pipeline.run()
    pipeline.run()
    assert app.live("contact")["app-contact-1"]["phone"] == "0400"
    assert salesforce.live("contact")[contact]["Phone"] == salesforce.live("contact")[contact]["LeadSource"] == "0400"
    assert set(pipeline.run()) == {"extract"}
