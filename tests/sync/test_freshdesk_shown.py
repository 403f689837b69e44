"""What Salesforce knows besides a contact or company is shown to agents in fields of the company."""

from datetime import date, timedelta

import pytest

from pipeline import QUICK, World, build_salesforce

pytestmark = pytest.mark.feature("FD-19")
SHOWN = ("LastContracts,custom_fields.contracts,to_app", "LastOpportunities,custom_fields.deals,to_app")


@pytest.fixture
def shown(world: World) -> World:
    """A desk whose companies have fields for contracts and opportunities; orders are not switched on."""
    for label in ("Contracts", "Deals", "Orders"):
        world.connectors["app"].create_field("account", f"custom_fields.{label.lower()}", label, "long_text")
    world.stages = QUICK
    world.add_rows(*SHOWN, file="account.csv")
    world.run()
    return world


def contract(world: World, account: str, number: int, **fields: object) -> str:
    start = date(2026, 1, 1) + timedelta(days=number)
    row = {
        "AccountId": account,
        "ContractNumber": f"{number:08}",
        "Status": "Activated",
        "StartDate": start.isoformat(),
        **fields,
    }
    return str(world.salesforce.insert("Contract", [row])[0])


def texts(world: World, account: str) -> dict[str, str]:
    return dict(world.get("companies", world.partner("account", account))["custom_fields"])


def test_the_last_five_contracts_and_what_else_is_switched_on(shown: World) -> None:
    account = shown.account("Nordwerk")
    for number in range(7):
        contract(shown, account, number)
    shown.salesforce.insert(
        "Order", [{"AccountId": account, "OrderNumber": "00000001", "EffectiveDate": "2026-02-01", "Status": "Draft"}]
    )
    opportunity = {
        "Name": "Retrofit",
        "StageName": "Closed Won",
        "CloseDate": "2026-03-01",
        "Amount": 1200.5,
        "AccountId": account,
    }
    shown.salesforce.insert("Opportunity", [opportunity])
    other = shown.account("Ohne Vertrag")
    shown.run()
    lines = texts(shown, account)["contracts"].splitlines()
    assert lines == [f"{number:08} · Activated · {date(2026, 1, 1) + timedelta(days=number)}" for number in (6, 5, 4, 3, 2)]
    assert texts(shown, account)["deals"] == "Retrofit · Closed Won · 2026-03-01 · 1200.50"
    assert texts(shown, account).get("orders") is None
    assert texts(shown, other).get("contracts") is None
    shown.assert_settled()


def test_a_contract_that_changes_or_goes_is_shown_by_the_next_run(shown: World) -> None:
    account = shown.account("Nordwerk")
    first = contract(shown, account, 1)
    shown.run()
    shown.salesforce.edit("Contract", first, {"Status": "Draft"})
    contract(shown, account, 2)
    shown.run()
    assert [line.split(" · ")[1] for line in texts(shown, account)["contracts"].splitlines()] == ["Activated", "Draft"]
    shown.salesforce.delete("Contract", first)
    shown.run()
    assert [line[:8] for line in texts(shown, account)["contracts"].splitlines()] == ["00000002"]
    shown.assert_settled()


def test_chosen_fields_and_the_leads_of_a_contact(shown: World) -> None:
    shown.connectors["app"].create_field("contact", "custom_fields.leads", "Leads", "long_text")
    shown.add_rows("LastLeads,custom_fields.leads,to_app")
    shown.connectors = {
        **shown.connectors,
        "salesforce": build_salesforce(shown.salesforce.url, shows={"LastLeads": ["Company", "Rating"]}),
    }
    shown.salesforce.insert(
        "Lead", [{"LastName": "Lind", "Email": "MARA@nordwerk.example", "Company": "Nordwerk", "Rating": "Hot", "Status": "New"}]
    )
    contact = shown.contact(FirstName="Mara", Email="mara@nordwerk.example")
    shown.run()
    assert shown.desk(contact)["custom_fields"]["leads"] == "Nordwerk · Hot"
