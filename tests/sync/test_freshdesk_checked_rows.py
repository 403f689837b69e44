"""Rows that the check refuses when a run begins, dropdowns that must agree, and fields that must be filled."""

import pytest

from connectors.errors import MappingError
from pipeline import World

REGIONS = """field,salesforce_value,app_value
region,Nord,North
region,Süd,South
region,Ost,East
region,West,West
"""


def refused(world: World) -> str:
    """What the run says that stops before anything is written."""
    before = world.writes()
    world.contact(Email="mara@nordwerk.example")
    with pytest.raises(MappingError) as error:
        world.run()
    assert world.writes() == before
    return str(error.value)


@pytest.mark.feature("FD-16")
def test_a_dropdown_whose_options_differ_is_named_before_anything_is_written(enabled: World) -> None:
    enabled.add_rows("Region__c,custom_fields.region")
    words = refused(enabled)
    assert "'Region__c' in Salesforce contact lacks 'North', 'South', 'East'" in words
    assert "'custom_fields.region' in Freshdesk contact lacks 'Nord', 'Süd', 'Ost'" in words
    assert "contact.csv:11:" in words


@pytest.mark.feature("FD-16")
def test_translated_options_travel_and_drift_is_told(enabled: World) -> None:
    enabled.add_rows("Region__c,custom_fields.region")
    (enabled.folder / "values.csv").write_text(REGIONS)
    contact, desk = enabled.linked_contact(Region__c="Süd")
    assert enabled.desk(desk)["custom_fields"]["region"] == "South"
    enabled.app.edit("contacts", desk, {"custom_fields": {"region": "East"}})
    enabled.run()
    assert enabled.person(contact)["Region__c"] == "Ost"
    enabled.assert_settled()
    enabled.app.action("set_choices", kind="contact_fields", field="region", choices=["North", "South", "West", "Overseas"])
    enabled.later()
    enabled.edit(contact, Title="Buyer")
    enabled.run()
    assert enabled.desk(desk)["job_title"] == "Buyer"
    words = str(enabled.rows("select counts->'drift'->'notes' from sync.batch where counts ? 'drift' order by id desc limit 1"))
    assert "'East' is no option of 'custom_fields.region' in Freshdesk contact" in words
    assert "lacks 'Overseas'" in words


@pytest.mark.feature("FD-15")
def test_a_required_field_without_a_row_stops_the_run(enabled: World) -> None:
    enabled.change("contact.csv", "FirstName + LastName,name,both,full_name,,,,,yes,\n", "")
    words = refused(enabled)
    assert "Freshdesk contact requires 'name', but no row writes it" in words
    assert "Salesforce contact requires 'LastName', but no row writes it" in words


@pytest.mark.feature("FD-15")
def test_a_field_that_must_be_filled_keeps_the_record_back(world: World) -> None:
    world.change("contact.csv", "Title,job_title,both,,,,,,,", "Title,job_title,both,,,,,,app,")
    world.run()
    contact = world.contact(Email="mara@nordwerk.example")
    world.run()
    assert world.rejections() == {contact: ["required"]}
    world.edit(contact, Title="Buyer")
    world.run()
    assert world.desk(contact)["job_title"] == "Buyer"
    world.assert_settled()


@pytest.mark.feature("FD-18")
@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("Interests__c,description,both", "is a multi-select field"),
        ("OwnerId,address,to_app", "is a look-up to another record"),
        ("Id,address,to_app", "is the system's own id"),
        ("Full__c,address,to_app", "is calculated"),
        ("Titel,address,to_app", "has no field 'Titel' (did you mean 'Title'?)"),
    ],
)
def test_what_cannot_be_mapped_stops_the_run(enabled: World, row: str, reason: str) -> None:
    formula = {"label": "Full", "type": "Text", "length": 255, "formula": "FirstName & LastName"}
    enabled.salesforce.action("add_field", full_name="Contact.Full__c", metadata=formula)
    enabled.change("contact.csv", "Description,description,both,,,,,,,\n", "")
    enabled.change(
        "contact.csv", "MailingStreet + MailingPostalCode + MailingCity + MailingCountry,address,to_app,join,,,,,,\n", ""
    )
    enabled.add_rows(row)
    assert reason in refused(enabled)
