"""Records that lack what they must have: kept back with the reason, and on their way by themselves once they are mended."""

import pytest

from pipeline import World

LEADS = """
  lead:
    app: contact
    direction: to_salesforce
    match: [email]
"""
LEAD_ROWS = """salesforce_field,app_field,direction,transform,required
LastName,name,to_salesforce,last_name,yes
Company,job_title,to_salesforce,,yes
Email,email,to_salesforce,email,
"""


@pytest.mark.feature("ALL-14")
def test_a_contact_without_last_name_waits_until_it_has_one(world: World) -> None:
    world.run()
    desk = world.desk_contact(name="  ", email="jon@nordwerk.example")
    contact = world.contact(LastName=None, Email="mara@nordwerk.example")
    good = world.contact(Email="good@nordwerk.example")
    world.run()
    assert world.rejections() == {str(desk): ["required"], contact: ["required"]}
    assert world.partner("contact", good), "the others go on"
    world.edit(desk, name="Jon Doe")
    world.edit(contact, LastName="Lind")
    world.run()
    assert world.rejections() == {}
    assert (world.person(desk)["LastName"], world.desk(contact)["name"]) == ("Doe", "Lind")
    world.assert_settled()


@pytest.mark.feature("ALL-14")
def test_an_account_without_name_waits_and_its_contact_goes_first(world: World) -> None:
    world.run()
    account = world.account("")
    contact = world.contact(Email="mara@nordwerk.example", AccountId=account)
    world.run()
    assert world.rejections() == {account: ["required"], contact: ["waits"]}
    assert world.desk(contact)["company_id"] is None
    world.salesforce.edit("Account", account, {"Name": "Nordwerk"})
    world.run()
    assert world.desk(contact)["company_id"] == int(world.partner("account", account))
    assert world.rejections() == {}
    world.assert_settled()


@pytest.mark.feature("ALL-14", "FD-15")
def test_a_lead_needs_a_company(world: World) -> None:
    world.change("settings.yaml", "  contact:\n", "  contact:\n    enabled: false\n")
    settings = world.folder / "settings.yaml"
    world.change("settings.yaml", "\nguard: {first_run: go}\n", "")
    settings.write_text("guard: {first_run: go}\n" + settings.read_text().rstrip() + LEADS)
    (world.folder / "lead.csv").write_text(LEAD_ROWS)
    world.run()
    desk = world.desk_contact(name="Mara Lind", email="mara@nordwerk.example")
    world.run()
    assert world.rejections() == {str(desk): ["required"]}
    assert world.salesforce.records("Lead") == []
    world.edit(desk, job_title="Nordwerk GmbH")
    world.run()
    assert [(lead["LastName"], lead["Company"]) for lead in world.salesforce.records("Lead")] == [("Lind", "Nordwerk GmbH")]
    world.assert_settled()


@pytest.mark.feature("ALL-14")
def test_mending_the_mapping_is_enough(world: World) -> None:
    world.run()
    desk = world.desk_contact(name="Jon Doe", email="jon@nordwerk.example")
    world.change("contact.csv", "Title,job_title,both,,,,,,,", "Title,job_title,both,,,,,,salesforce,")
    world.run()
    assert world.rejections() == {str(desk): ["required"]}
    world.change("contact.csv", "Title,job_title,both,,,,,,salesforce,", "Title,job_title,both,,,,,,,")
    world.run()
    assert world.person(desk)["LastName"] == "Doe"
    assert world.rejections() == {}
    world.assert_settled()


@pytest.mark.feature("ALL-14", "FD-08")
def test_a_contact_whose_counterpart_is_kept_back_is_not_created_a_second_time(world: World) -> None:
    world.run()
    contact = world.contact(LastName=None, Email="mara@nordwerk.example")
    desk = world.desk_contact(name="Mara Lind", email="mara@nordwerk.example")
    world.run()
    assert len(world.salesforce.records("Contact")) == 1
    assert world.rejections() == {contact: ["required"], str(desk): ["waits"]}
    world.edit(contact, LastName="Lind")
    world.run()
    assert world.partner("contact", contact) == str(desk)
    assert world.rejections() == {}
    world.assert_settled()


@pytest.mark.feature("ALL-14")
def test_what_only_the_system_itself_refuses_is_told_in_its_words(enabled: World) -> None:
    desk = enabled.desk_contact(name="Jon Doe", email="jon@nordwerk.example")
    enabled.salesforce.switches(
        validation_rules=[{"object": "Contact", "field": "LastName", "equals": "Doe", "message": "No does."}]
    )
    enabled.run()
    assert enabled.rejections() == {str(desk): ["FIELD_CUSTOM_VALIDATION_EXCEPTION"]}
    enabled.assert_settled()
    enabled.edit(desk, name="Jon Doering")
    enabled.run()
    assert enabled.person(desk)["LastName"] == "Doering"
    assert enabled.rejections() == {}
    enabled.assert_settled()
