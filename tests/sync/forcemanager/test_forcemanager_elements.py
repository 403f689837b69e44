"""FM-01, FM-02, FM-07: which elements go, and which way."""

import pytest

from forcemanager_world import KINDS, SETTINGS, FieldSales
from sync.settings import load


def make_all(sales: FieldSales) -> dict[str, str]:
    """Put one record of every element into Salesforce; returns their ids."""
    firm = sales.firm(BillingCity="Kiel", BillingCountry="Germany", Website="https://nordwerk.example")
    contact = sales.put_sf("Contact", LastName="Lind", FirstName="Mara", Email="mara@nordwerk.example", AccountId=firm)
    deal = sales.put_sf(
        "Opportunity", Name="Press", AccountId=firm, StageName="Prospecting", CloseDate="2026-12-31", Amount=12400.5,
        Probability=10,
    )  # fmt: skip
    about = {"WhatId": deal, "WhoId": contact, "AccountId": firm}
    call = sales.put_sf(
        "Task", Subject="Asked for a price", ActivityDate="2026-11-20", Status="Completed", IsClosed=True, TaskSubtype="Call",
        Description="Wants 12.", **about,
    )  # fmt: skip
    task = sales.put_sf(
        "Task", Subject="Send offer", ActivityDate="2026-12-01", Status="In Progress", IsClosed=False, TaskSubtype="Task", **about
    )  # fmt: skip
    event = sales.put_sf(
        "Event", Subject="Visit", StartDateTime="2026-12-02T09:00:00.000+0000", EndDateTime="2026-12-02T10:30:00.000+0000",
        IsAllDayEvent=False, **about,
    )  # fmt: skip
    return {"account": firm, "contact": contact, "opportunity": deal, "activity": call, "task": task, "event": event}


@pytest.mark.feature("FM-01")
def test_every_element_goes_to_forcemanager_with_its_references(sales: FieldSales) -> None:
    ids = make_all(sales)
    sales.run()
    assert sales.rejections() == {}
    found = {entity: sales.in_fm(entity, record_id) for entity, record_id in ids.items()}
    firm, contact, deal = (found[name]["id"] for name in ("account", "contact", "opportunity"))
    assert (found["account"]["city"], found["account"]["countryId"], found["account"]["salesRepId1"]) == ("Kiel", 1, 310)
    assert (found["contact"]["accountId"], found["contact"]["email"]) == (firm, "mara@nordwerk.example")
    assert (found["opportunity"]["accountId1"], found["opportunity"]["statusId"], found["opportunity"]["total"]) == (
        firm,
        1,
        12400.5,
    )
    for name in ("activity", "event", "task"):
        assert (found[name]["accountId"], found[name]["contactId"], found[name]["opportunityId"]) == (firm, contact, deal), name
        assert found[name]["extId"] == ids[name]
    assert (found["activity"]["comment"], found["activity"]["typeId"]) == ("Wants 12.", 1)
    assert (found["event"]["task"], found["event"]["startHour"], found["event"]["endHour"]) == (False, "09:00", "10:30")
    assert (found["task"]["task"], found["task"]["startDate"], found["task"]["completed"]) == (True, "2026-12-01", False)
    sales.assert_settled()


@pytest.mark.feature("FM-01", "FM-02")
def test_every_element_comes_to_salesforce_with_its_references(sales: FieldSales) -> None:
    firm = sales.put_fm("accounts", name="Werft", phone="+49 431 5550199", countryId=1)
    contact = sales.put_fm("contacts", firstName="Jan", lastName="Roth", accountId=firm, phone2="+49 199 5550101")
    deal = sales.put_fm(
        "opportunities", reference="Dock", accountId1=firm, statusId=9, salesForecastDate="2026-12-31T00:00:00.000Z", total=5
    )
    about = {"accountId": firm, "contactId": contact, "opportunityId": deal}
    call = sales.put_fm("activities", typeId=2, date="2026-11-20T14:15:00.000Z", comment="Was at the dock.", **about)
    task = sales.put_fm("calendar", subject="Send offer", task=True, startDate="2026-12-01", completed=True, **about)
    event = sales.put_fm(
        "calendar", subject="Visit", task=False, startDate="2026-12-02", startHour="09:00", endDate="2026-12-02", endHour="10:00",
        accountId=firm, contactId=contact,
    )  # fmt: skip
    sales.run()
    assert sales.rejections() == {}
    account, person, trade = sales.in_sf("account", firm), sales.in_sf("contact", contact), sales.in_sf("opportunity", deal)
    assert (account["Name"], account["BillingCountry"], account["FMID__c"]) == ("Werft", "Germany", str(firm))
    assert (person["AccountId"], person["MobilePhone"]) == (account["Id"], "+49 199 5550101")
    assert (trade["StageName"], trade["CloseDate"], trade["Amount"]) == ("Closed Won", "2026-12-31", 5)
    logged, to_do, visit = sales.in_sf("activity", call), sales.in_sf("task", task), sales.in_sf("event", event)
    assert (logged["Subject"], logged["TaskSubtype"], logged["Status"]) == ("Visit", "Call", "Completed")
    assert (logged["WhatId"], logged["WhoId"], logged["ActivityDate"]) == (trade["Id"], person["Id"], "2026-11-20")
    assert (to_do["Status"], to_do["TaskSubtype"], to_do["WhatId"]) == ("Completed", "Task", trade["Id"])
    assert (visit["WhatId"], visit["StartDateTime"]) == (account["Id"], "2026-12-02T09:00:00.000+0000")
    sales.run()  # Salesforce makes a probability of its own out of the stage
    assert sales.get("opportunities", deal)["salesProbability"] == 100
    sales.assert_settled()


@pytest.mark.feature("FM-01")
@pytest.mark.parametrize("left_out", ["contact", "opportunity", "activity", "event", "task"])
def test_an_element_that_is_switched_off_stays_and_the_others_go(sales: FieldSales, left_out: str) -> None:
    text = (sales.folder / SETTINGS).read_text()
    head, _, tail = text.partition(f"  {left_out}:")
    (sales.folder / SETTINGS).write_text(head + f"  {left_out}:" + tail.replace("enabled: yes", "enabled: no", 1))
    ids = make_all(sales)
    sales.run()
    assert sales.rejections() == {}
    assert {name for name, record_id in ids.items() if sales.partner(name, record_id)} == set(KINDS) - {left_out}
    sales.assert_settled()


@pytest.mark.feature("FM-02")
@pytest.mark.parametrize("entity", ["account", "contact", "opportunity", "task"])
def test_from_salesforce_only_is_a_choice_per_element(sales: FieldSales, entity: str) -> None:
    text = (sales.folder / SETTINGS).read_text()
    head, name, tail = text.partition(f"  {entity}:")
    direction = "\n    direction: to_app" if entity == "account" else ""
    tail = tail if direction else tail.replace("direction: both", "direction: to_app", 1)
    (sales.folder / SETTINGS).write_text(head + name + direction + tail)
    ids = make_all(sales)
    sales.run()
    salesforce_kind, app_kind = KINDS[entity]
    field, salesforce_field = {"account": ("phone", "Phone"), "contact": ("phone1", "Phone")}.get(
        entity, ("comment", "Description")
    )
    field = "comments" if entity == "opportunity" else field
    mine = sales.in_fm(entity, ids[entity])
    before = sales.get(salesforce_kind, ids[entity]).get(salesforce_field)
    sales.app.edit(app_kind, mine["id"], {field: "+49 431 1"})
    sales.run()
    assert sales.get(salesforce_kind, ids[entity]).get(salesforce_field) == before
    sales.salesforce.edit(salesforce_kind, ids[entity], {salesforce_field: "+49 431 2"})
    sales.run()
    assert sales.in_fm(entity, ids[entity])[field] == "+49 431 2"
    sales.assert_settled()


@pytest.mark.feature("FM-07")
def test_it_runs_every_15_minutes(sales: FieldSales) -> None:
    assert load(sales.folder).cron == "*/15 * * * *"
