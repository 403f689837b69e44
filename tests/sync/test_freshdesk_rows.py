"""What the Freshdesk integration carries over as it is shipped, over HTTP and Postgres."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline import World


@pytest.mark.feature("FD-01", "ALL-01")
def test_an_account_and_its_contact_arrive_in_one_run_linked_to_each_other(world: World) -> None:
    world.run()
    account = world.account("Nordwerk")
    contact = world.contact(FirstName="Mara", Email="mara@nordwerk.example", AccountId=account)
    company = world.company("Südwerk")
    desk = world.desk_contact(name="Jon Doe", email="jon@suedwerk.example", company_id=company)
    world.run()
    assert world.desk(contact)["company_id"] == int(world.partner("account", account))
    assert world.person(desk)["AccountId"] == world.partner("account", company)
    assert world.rejections() == {}
    world.assert_settled()


@pytest.mark.feature("FD-02", "ALL-28")
def test_only_what_is_touched_after_enabling_travels_the_rest_on_request(world: World) -> None:
    world.stages = ("extract", "map", "reconcile", "load")
    before = datetime.now(UTC) - timedelta(minutes=3)
    stamp = before.isoformat(timespec="seconds")
    old = world.contact(Email="old@nordwerk.example", SystemModstamp=stamp.replace("+00:00", ".000+0000"))
    old_desk = world.desk_contact(name="Old Doe", email="doe@nordwerk.example", updated_at=stamp.replace("+00:00", "Z"))
    world.run()
    new = world.contact(Email="new@nordwerk.example")
    world.run()
    assert [world.partner("contact", each) is not None for each in (old, old_desk, new)] == [False, False, True]
    world.edit(old, Title="Buyer")
    world.run()
    assert world.desk(old)["job_title"] == "Buyer", "touching a record brings it in"
    world.run(mode="backfill")
    assert world.person(old_desk)["LastName"] == "Doe"
    world.assert_settled()


@pytest.mark.feature("FD-02")
def test_history_all_brings_everything_with_the_first_run(world: World) -> None:
    world.stages = ("extract", "map", "reconcile", "load")
    world.change("settings.yaml", "history: none", "history: all")
    contact, desk = world.linked_contact()
    assert world.desk(desk)["name"] == f"Mara {world.person(contact)['LastName']}"
    world.assert_settled()


@pytest.mark.feature("FD-05", "FD-07", "FD-10", "ALL-19")
def test_every_shipped_field_travels_both_ways(enabled: World) -> None:
    account = enabled.account("Nordwerk", Description="pumps")
    address = {"MailingStreet": "Hafenweg 7", "MailingPostalCode": "24103", "MailingCity": "Kiel", "MailingCountry": "Germany"}
    contact, desk = enabled.linked_contact(
        MobilePhone="+49 1", Phone="+49 30 1", Title="Buyer", Description="met in Kiel", AccountId=account, **address
    )
    found = enabled.desk(desk)
    assert (found["name"], found["email"], found["mobile"], found["phone"]) == (
        "Mara Lind",
        "mara@nordwerk.example",
        "+49 1",
        "+49 30 1",
    )
    assert (found["job_title"], found["description"]) == ("Buyer", "met in Kiel")
    assert found["address"] == "Hafenweg 7, 24103, Kiel, Germany"
    company = enabled.get("companies", enabled.partner("account", account))
    assert (company["name"], company["description"]) == ("Nordwerk", "pumps")
    enabled.edit(desk, name="Mara Berg", job_title="Head", description="now in Bonn")
    enabled.app.edit("companies", company["id"], {"name": "Nordwerk AG", "description": "valves"})
    enabled.run()
    person, renamed = enabled.person(contact), enabled.get("Account", account)
    assert (person["FirstName"], person["LastName"], person["Title"], person["Description"]) == (
        "Mara",
        "Berg",
        "Head",
        "now in Bonn",
    )
    assert (renamed["Name"], renamed["Description"]) == ("Nordwerk AG", "valves")
    enabled.assert_settled()


@pytest.mark.feature("FD-05")
def test_a_contact_that_a_mail_made_in_freshdesk_reaches_salesforce_and_follows_its_edits(enabled: World) -> None:
    desk = enabled.app.action("mail_from", email="jon@nordwerk.example", sender="Jon Doe")
    enabled.run()
    assert (enabled.person(desk)["FirstName"], enabled.person(desk)["Email"]) == ("Jon", "jon@nordwerk.example")
    enabled.edit(desk, job_title="Buyer")
    enabled.run()
    assert enabled.person(desk)["Title"] == "Buyer"
    enabled.assert_settled()


@pytest.mark.feature("ALL-19", "ALL-03")
def test_a_third_run_writes_nothing(world: World) -> None:
    world.contact(FirstName="Mara", Email="mara@nordwerk.example", Phone=" +49 30 1234 ")
    world.desk_contact(name="Jon Doe", email="jon@nordwerk.example")
    world.run(mode="backfill")
    world.assert_settled()


@pytest.mark.feature("ALL-19")
def test_values_that_a_system_rewrites_do_not_echo(enabled: World) -> None:
    contact, desk = enabled.linked_contact(FirstName="  Mara ", Email="MARA@Nordwerk.Example", Title=" Buyer\r\nand more ")
    enabled.assert_settled()
    enabled.edit(desk, name="Mara   Lind ", job_title="\tBuyer\r\nand more")
    enabled.run()
    enabled.assert_settled()
    assert enabled.person(contact)["Email"] == "MARA@Nordwerk.Example", "spelling alone is no change"


@pytest.mark.feature("FD-01", "ALL-19")
def test_a_company_that_freshdesk_finds_by_the_domain_reaches_salesforce(enabled: World) -> None:
    company = enabled.company("Nordwerk", domains=["nordwerk.example"])
    enabled.run()
    contact, desk = enabled.linked_contact()
    assert enabled.desk(desk)["company_id"] == company
    enabled.run()
    assert enabled.person(contact)["AccountId"] == enabled.partner("account", company)
    enabled.assert_settled()
