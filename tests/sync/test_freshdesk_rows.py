"""The Freshdesk rows of the feature list, over HTTP and Postgres."""

import pytest

from pipeline import World


@pytest.mark.feature("FD-01", "ALL-01")
def test_an_account_and_its_contact_arrive_in_one_run_linked_to_each_other(world: World) -> None:
    world.run()
    account = world.salesforce.insert("Account", [{"Name": "Nordwerk"}])[0]
    contact = world.contact(FirstName="Mara", Email="mara@nordwerk.example", AccountId=account)
    company = world.app.insert("companies", [{"name": "Südwerk"}])[0]
    desk = world.desk_contact(name="Jon Doe", email="jon@suedwerk.example", company_id=company)
    world.run()
    assert world.get("contacts", world.partner("contact", contact))["company_id"] == int(world.partner("account", account))
    assert world.get("Contact", world.partner("contact", desk))["AccountId"] == world.partner("account", company)
    assert world.rejections() == {}


@pytest.mark.feature("ALL-19", "ALL-03")
def test_a_third_run_writes_nothing(world: World) -> None:
    world.contact(FirstName="Mara", Email="mara@nordwerk.example", Phone=" +49 30 1234 ")
    world.desk_contact(name="Jon Doe", email="jon@nordwerk.example")
    world.run(mode="backfill")
    world.run()
    before = world.writes()
    counts = world.run()
    assert world.writes() == before
    assert counts == {"extract": counts["extract"]}, "an idle run ends after its first task"
