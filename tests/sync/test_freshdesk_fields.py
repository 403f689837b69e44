"""Fields that the data team adds: standard and custom ones of any type, dropdowns, and what the check refuses at the run's start."""

from typing import Any

import pytest

from connectors.errors import MappingError
from pipeline import World

LOGIN_FIELD = {"label": "Last seen", "label_for_customers": "Last seen", "type": "custom_text"}
REGIONS = """field,salesforce_value,app_value
region,Nord,North
region,Süd,South
region,Ost,East
region,West,West
"""


def add_rows(world: World, *rows: str, file: str = "contact.csv") -> None:
    """Append rows to a mapping file."""
    path = world.folder / file
    path.write_text(path.read_text() + "".join(f"{row},,,,,,,,,"[: len(row) + 9 - row.count(",")] + "\n" for row in rows))


def refused(world: World) -> str:
    """What the run says that stops before anything is written."""
    before = world.writes()
    world.contact(Email="mara@nordwerk.example")
    with pytest.raises(MappingError) as error:
        world.run()
    assert world.writes() == before
    return str(error.value)


@pytest.mark.feature("ALL-17", "FD-07", "FD-18")
def test_custom_fields_of_every_type_travel_both_ways(enabled: World) -> None:
    enabled.app.action("add_field", kind="contact_fields", **LOGIN_FIELD)
    add_rows(
        enabled,
        "Is_Vip__c,custom_fields.newsletter,both,boolean",
        "Score__c,custom_fields.loyalty_points,both,number:0",
        "Last_Visit__c,custom_fields.customer_since,both,date",
        "Last_Login__c,custom_fields.last_seen,both,datetime",
    )
    values = {"Is_Vip__c": True, "Score__c": 12.0, "Last_Visit__c": "2026-03-02", "Last_Login__c": "2026-03-02T08:11:05.000+0000"}
    contact, desk = enabled.linked_contact(**values)
    expected = {"newsletter": True, "loyalty_points": 12, "customer_since": "2026-03-02", "last_seen": "2026-03-02T08:11:05Z"}
    found = enabled.desk(desk)["custom_fields"]
    assert {name: found[name] for name in expected} == expected
    enabled.assert_settled()
    changed: dict[str, Any] = {
        "newsletter": False,
        "loyalty_points": 0,
        "customer_since": None,
        "last_seen": "2026-04-01T10:00:00+02:00",
    }
    enabled.app.edit("contacts", desk, {"custom_fields": changed})
    enabled.run()
    person = enabled.person(contact)
    assert (person["Is_Vip__c"], person["Score__c"], person["Last_Visit__c"]) == (False, 0, None)
    assert person["Last_Login__c"].startswith("2026-04-01T08:00:00")
    enabled.assert_settled()


@pytest.mark.feature("ALL-17")
def test_a_box_that_was_never_ticked_is_not_ticked(enabled: World) -> None:
    add_rows(enabled, "Is_Vip__c,custom_fields.newsletter,both,boolean")
    desk = enabled.desk_contact(name="Jon Doe", email="jon@nordwerk.example")
    enabled.run()
    assert enabled.person(desk)["Is_Vip__c"] is False
    enabled.assert_settled()


@pytest.mark.feature("FD-07", "ALL-17")
def test_more_than_25_fields(enabled: World) -> None:
    for number in range(30):
        label = f"Extra {number}"
        enabled.app.action("add_field", kind="contact_fields", label=label, label_for_customers=label, type="custom_text")
        text = {"label": label, "type": "Text", "length": 255}
        enabled.salesforce.action("add_field", full_name=f"Contact.Extra_{number}__c", metadata=text)
        add_rows(enabled, f"Extra_{number}__c,custom_fields.extra_{number}")
    _, desk = enabled.linked_contact(**{f"Extra_{number}__c": f"value {number}" for number in range(30)})
    found = enabled.desk(desk)["custom_fields"]
    assert [found[f"extra_{number}"] for number in range(30)] == [f"value {number}" for number in range(30)]
    enabled.assert_settled()


@pytest.mark.feature("FD-10", "ALL-17")
def test_companies_take_more_fields_by_csv(enabled: World) -> None:
    add_rows(enabled, "Website,custom_fields.website,both,url", "Notes__c,note", file="account.csv")
    account = enabled.account("Nordwerk", Website="www.nordwerk.example", Notes__c="one")
    enabled.run()
    company = enabled.get("companies", enabled.partner("account", account))
    assert (company["custom_fields"]["website"], company["note"]) == ("https://www.nordwerk.example", "one")
    enabled.app.edit("companies", company["id"], {"note": "two"})
    enabled.run()
    assert enabled.get("Account", account)["Notes__c"] == "two"
    enabled.assert_settled()


@pytest.mark.feature("FD-16")
def test_a_dropdown_whose_options_differ_is_named_before_anything_is_written(enabled: World) -> None:
    add_rows(enabled, "Region__c,custom_fields.region")
    words = refused(enabled)
    assert "'Region__c' in Salesforce contact lacks 'North', 'South', 'East'" in words
    assert "'custom_fields.region' in Freshdesk contact lacks 'Nord', 'Süd', 'Ost'" in words
    assert "contact.csv:11:" in words


@pytest.mark.feature("FD-16")
def test_translated_options_travel_and_drift_is_told(enabled: World) -> None:
    add_rows(enabled, "Region__c,custom_fields.region")
    (enabled.folder / "values.csv").write_text(REGIONS)
    contact, desk = enabled.linked_contact(Region__c="Süd")
    assert enabled.desk(desk)["custom_fields"]["region"] == "South"
    enabled.app.edit("contacts", desk, {"custom_fields": {"region": "East"}})
    enabled.run()
    assert enabled.person(contact)["Region__c"] == "Ost"
    enabled.assert_settled()
    enabled.app.action("set_choices", kind="contact_fields", field="region", choices=["North", "South", "West", "Overseas"])
    words = refused(enabled)
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
    add_rows(enabled, row)
    assert reason in refused(enabled)


@pytest.mark.feature("FD-18")
def test_stamps_of_freshdesk_can_be_kept_in_salesforce(enabled: World) -> None:
    add_rows(enabled, "Last_Login__c,created_at,to_salesforce,datetime")
    desk = enabled.desk_contact(name="Jon Doe", email="jon@nordwerk.example", created_at="2026-03-02T08:11:05Z")
    enabled.run()
    assert enabled.person(desk)["Last_Login__c"].startswith("2026-03-02T08:11:05")
    enabled.assert_settled()


@pytest.mark.feature("ALL-17")
def test_characters_that_postgres_cannot_keep_hold_nothing_up(enabled: World) -> None:
    contact, desk = enabled.linked_contact(Title="Bu\x00yer", Description="back\\u0000slash")
    assert (enabled.desk(desk)["job_title"], enabled.desk(desk)["description"]) == ("Buyer", "back\\u0000slash")
    enabled.edit(desk, job_title="nul \x00 here", tags=["a\x00b"])
    enabled.run()
    assert enabled.person(contact)["Freshdesk_Tags__c"] == "ab"
    enabled.assert_settled()
