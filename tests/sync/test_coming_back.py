"""Records that had to wait come back by themselves: when their account arrives, when a refusal is due again, when they change."""

import pytest
from sqlalchemy import text

from pipeline import QUICK, World

pytestmark = pytest.mark.feature("ALL-14", "ALL-01")


@pytest.fixture
def quick(world: World) -> World:
    world.stages = QUICK
    world.run()
    return world


def refuse(world: World, email: str) -> None:
    world.app.fault("bad_record", method="POST", path="/contacts", id=email, times=-1)


def test_a_contact_gets_its_company_when_the_account_comes_later(world: World) -> None:
    world.stages = QUICK
    world.salesforce.clock(-86400)
    world.salesforce.insert("Account", [{"Name": "Nordwerk"}])
    world.salesforce.clock(0)
    world.run()
    account = world.salesforce.records("Account")[0]["Id"]
    contact = world.contact(FirstName="Mara", Email="mara@nordwerk.example", AccountId=account)
    world.run()
    assert world.desk(contact)["company_id"] is None
    assert world.rejections() == {contact: ["waits"]}
    world.salesforce.edit("Account", account, {"Description": "touched"})
    world.run()
    assert world.desk(contact)["company_id"] == int(world.partner("account", account))
    world.run()
    assert world.rejections() == {}
    world.assert_settled()


def test_a_contact_whose_account_was_refused_goes_on_without_and_gets_it_later(quick: World) -> None:
    quick.app.fault("bad_record", method="POST", path="/companies", id="Nordwerk", times=-1)
    account = quick.salesforce.insert("Account", [{"Name": "Nordwerk"}])[0]
    contact = quick.contact(FirstName="Mara", Email="mara@nordwerk.example", AccountId=account)
    quick.run()
    quick.run()
    assert quick.desk(contact)["company_id"] is None
    quick.app.clear_faults()
    quick.salesforce.edit("Account", account, {"Description": "mended"})
    quick.run()
    quick.run()
    assert quick.desk(contact)["company_id"] == int(quick.partner("account", account))
    assert quick.rejections() == {}
    quick.assert_settled()


@pytest.mark.feature("ALL-10")
def test_a_refused_record_is_left_alone_until_it_is_due(quick: World) -> None:
    refuse(quick, "mara@nordwerk.example")
    contact = quick.contact(FirstName="Mara", Email="mara@nordwerk.example")
    quick.run()
    quick.app.clear_faults()
    assert quick.run()["extract"]["total"] == 0
    quick.contact(FirstName="Nils", Email="nils@nordwerk.example")
    quick.run()
    assert quick.partner("contact", contact) is None, "others' changes do not bring it back"
    with quick.engine.begin() as connection:
        connection.execute(text("update sync.rejection set retry_at = now() - interval '1 minute'"))
    quick.run()
    assert quick.desk(contact)["email"] == "mara@nordwerk.example"
    assert quick.rejections() == {}


@pytest.mark.feature("ALL-10")
def test_a_refused_record_comes_back_at_once_when_it_changes(quick: World) -> None:
    refuse(quick, "mara@nordwerk.example")
    contact = quick.contact(FirstName="Mara", Email="mara@nordwerk.example")
    quick.run()
    quick.salesforce.edit("Contact", contact, {"Email": "maria@nordwerk.example"})
    quick.run()
    assert quick.desk(contact)["email"] == "maria@nordwerk.example"
    assert quick.rejections() == {}


@pytest.mark.feature("ALL-10")
def test_a_value_that_its_transform_refuses_waits_for_a_mended_mapping(quick: World) -> None:
    quick.change("contact.csv", "Phone,phone,both,phone,", "Phone,phone,both,phone_e164:DE,")
    bad = quick.contact(FirstName="Mara", Email="mara@nordwerk.example", Phone="ask at the desk")
    good = quick.contact(FirstName="Nils", Email="nils@nordwerk.example", Phone="0431 5550100")
    quick.run()
    assert quick.rejections() == {bad: ["bad_value"]}
    assert quick.desk(good)["phone"] == "+494315550100"
    quick.change("contact.csv", "Phone,phone,both,phone_e164:DE,", "Phone,phone,both,phone,")
    quick.run()
    assert quick.desk(bad)["phone"] == "ask at the desk"
    assert quick.rejections() == {}
