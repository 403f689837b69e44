"""Fields that the data team adds: standard and custom ones, of any type, in any number."""

from typing import Any

import pytest

from pipeline import World

LOGIN_FIELD = {"label": "Last seen", "label_for_customers": "Last seen", "type": "custom_text"}


@pytest.mark.feature("ALL-17", "FD-07", "FD-18")
def test_custom_fields_of_every_type_travel_both_ways(enabled: World) -> None:
    enabled.app.action("add_field", kind="contact_fields", **LOGIN_FIELD)
    enabled.add_rows(
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
    enabled.add_rows("Is_Vip__c,custom_fields.newsletter,both,boolean")
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
        enabled.add_rows(f"Extra_{number}__c,custom_fields.extra_{number}")
    _, desk = enabled.linked_contact(**{f"Extra_{number}__c": f"value {number}" for number in range(30)})
    found = enabled.desk(desk)["custom_fields"]
    assert [found[f"extra_{number}"] for number in range(30)] == [f"value {number}" for number in range(30)]
    enabled.assert_settled()


@pytest.mark.feature("FD-10", "ALL-17")
def test_companies_take_more_fields_by_csv(enabled: World) -> None:
    enabled.add_rows("Website,custom_fields.website,both,url", "Notes__c,note", file="account.csv")
    account = enabled.account("Nordwerk", Website="www.nordwerk.example", Notes__c="one")
    enabled.run()
    company = enabled.get("companies", enabled.partner("account", account))
    assert (company["custom_fields"]["website"], company["note"]) == ("https://www.nordwerk.example", "one")
    enabled.app.edit("companies", company["id"], {"note": "two"})
    enabled.run()
    assert enabled.get("Account", account)["Notes__c"] == "two"
    enabled.assert_settled()


@pytest.mark.feature("FD-18")
def test_stamps_of_freshdesk_can_be_kept_in_salesforce(enabled: World) -> None:
    enabled.add_rows("Last_Login__c,created_at,to_salesforce,datetime")
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
