"""Where values may go: master, direction of the integration, of an entity, of a field."""

import pytest

from pipeline import World

ROW = "Title,job_title,both,,,,,,,"


def set_entity(world: World, entity: str, line: str) -> None:
    """Add a line of settings to one entity."""
    world.change("settings.yaml", f"  {entity}:\n", f"  {entity}:\n    {line}\n")


def set_row(world: World, row: str) -> None:
    """Change the row of the title."""
    world.change("contact.csv", ROW, row)


@pytest.mark.feature("FD-03", "FD-04")
@pytest.mark.parametrize(("master", "kept"), [("salesforce", "from Salesforce"), ("app", "from Freshdesk")])
def test_the_master_wins_a_collision_and_puts_back_what_the_other_side_changed(enabled: World, master: str, kept: str) -> None:
    enabled.change("settings.yaml", "master: merge", f"master: {master}")
    contact, desk = enabled.linked_contact(Title="agreed", Description="agreed")
    enabled.edit(contact, Title="from Salesforce")
    enabled.edit(desk, job_title="from Freshdesk")
    enabled.run()
    assert enabled.person(contact)["Title"] == enabled.desk(desk)["job_title"] == kept
    enabled.assert_settled()
    enabled.edit(contact, Description="alone")
    enabled.run()
    expected = "alone" if master == "salesforce" else "agreed"
    assert enabled.person(contact)["Description"] == enabled.desk(desk)["description"] == expected
    enabled.edit(desk, description="alone there")
    enabled.run()
    expected = "alone there" if master == "app" else "alone"
    assert enabled.person(contact)["Description"] == enabled.desk(desk)["description"] == expected
    enabled.assert_settled()


@pytest.mark.feature("FD-03")
def test_the_account_link_follows_the_master(enabled: World) -> None:
    enabled.change("settings.yaml", "master: merge", "master: salesforce")
    account, company = enabled.account("Nordwerk"), enabled.company("Südwerk")
    contact, desk = enabled.linked_contact(AccountId=account)
    enabled.edit(desk, company_id=company)
    enabled.run()
    assert enabled.desk(desk)["company_id"] == int(enabled.partner("account", account))
    assert enabled.person(contact)["AccountId"] == account
    enabled.assert_settled()
    enabled.edit(contact, AccountId=enabled.partner("account", company))
    enabled.run()
    assert enabled.desk(desk)["company_id"] == company
    enabled.edit(contact, AccountId=None)
    enabled.run()
    assert enabled.desk(desk)["company_id"] is None
    enabled.assert_settled()


@pytest.mark.feature("FD-03", "FD-12")
def test_a_master_without_a_value_empties_nothing_at_the_first_link(enabled: World) -> None:
    enabled.change("settings.yaml", "master: merge", "master: salesforce")
    desk = enabled.desk_contact(name="M. Lind", email="mara@nordwerk.example", job_title="Buyer")
    contact = enabled.contact(FirstName="Mara", Email="mara@nordwerk.example")
    enabled.run()
    assert (enabled.desk(desk)["name"], enabled.desk(desk)["job_title"]) == ("Mara Lind", "Buyer")
    assert enabled.person(contact)["Title"] == "Buyer"
    enabled.assert_settled()


@pytest.mark.feature("FD-04", "ALL-15")
@pytest.mark.parametrize("where", ["integration", "entity"])
def test_towards_freshdesk_only(enabled: World, where: str) -> None:
    if where == "integration":
        enabled.change("settings.yaml", "direction: both", "direction: to_app")
    else:
        set_entity(enabled, "contact", "direction: to_app")
    contact, desk = enabled.linked_contact(Title="one")
    stranger = enabled.desk_contact(name="Jon Doe", email="jon@nordwerk.example")
    enabled.edit(desk, job_title="local", description="local")
    enabled.run()
    assert enabled.partner("contact", stranger) is None
    assert (enabled.person(contact)["Title"], enabled.person(contact)["Description"]) == ("one", None)
    assert enabled.person(contact)["FDCONTACTID__c"] is None, "nothing at all is written there"
    enabled.edit(contact, Title="two")
    enabled.run()
    assert (enabled.desk(desk)["job_title"], enabled.desk(desk)["description"]) == ("two", "local")
    enabled.salesforce.delete("Contact", contact)
    enabled.run()
    assert enabled.desk(desk)["deleted"] is True
    enabled.assert_settled()


@pytest.mark.feature("FD-04", "ALL-15")
def test_towards_salesforce_only(enabled: World) -> None:
    enabled.change("settings.yaml", "direction: both", "direction: to_salesforce")
    desk = enabled.desk_contact(name="Jon Doe", email="jon@nordwerk.example", job_title="one")
    stranger = enabled.contact(Email="mara@nordwerk.example")
    enabled.run()
    assert enabled.partner("contact", stranger) is None
    enabled.salesforce.edit("Contact", enabled.partner("contact", desk), {"Title": "local"})
    enabled.run()
    assert enabled.desk(desk)["job_title"] == "one"
    assert enabled.desk(desk)["custom_fields"]["sfcontactid"] is None
    enabled.edit(desk, job_title="two")
    enabled.run()
    assert enabled.person(desk)["Title"] == "two"
    enabled.salesforce.delete("Contact", enabled.partner("contact", desk))
    enabled.run()
    assert not enabled.desk(desk).get("deleted")
    enabled.assert_settled()


@pytest.mark.feature("FD-04", "FD-03")
def test_one_direction_with_that_side_as_master_puts_edits_back(enabled: World) -> None:
    enabled.change("settings.yaml", "direction: both", "direction: to_app")
    enabled.change("settings.yaml", "master: merge", "master: salesforce")
    _, desk = enabled.linked_contact(Title="one")
    enabled.edit(desk, job_title="local")
    enabled.run()
    assert enabled.desk(desk)["job_title"] == "one"
    enabled.assert_settled()


@pytest.mark.feature("ALL-15")
def test_each_field_has_its_own_direction(enabled: World) -> None:
    set_row(enabled, "Title,job_title,to_app,,,,,,,")
    enabled.change("contact.csv", "Description,description,both,,,,,,,", "Description,description,to_salesforce,,,,,,,")
    contact, desk = enabled.linked_contact(Title="one", Description="stays here")
    assert (enabled.desk(desk)["job_title"], enabled.desk(desk)["description"]) == ("one", None)
    enabled.edit(desk, job_title="local", description="from Freshdesk")
    enabled.run()
    assert (enabled.person(contact)["Title"], enabled.person(contact)["Description"]) == ("one", "from Freshdesk")
    enabled.edit(contact, Title="two", Description="local")
    enabled.run()
    assert (enabled.desk(desk)["job_title"], enabled.desk(desk)["description"]) == ("two", "from Freshdesk")
    enabled.edit(contact, Title=None)
    enabled.run()
    assert enabled.desk(desk)["job_title"] is None
    enabled.assert_settled()


@pytest.mark.feature("ALL-15")
def test_a_field_that_is_never_overwritten_is_written_once(enabled: World) -> None:
    set_row(enabled, "Title,job_title,to_app,,,,never,,,")
    contact, desk = enabled.linked_contact(Title="one")
    enabled.edit(contact, Title="two")
    enabled.run()
    assert enabled.desk(desk)["job_title"] == "one"
    enabled.assert_settled()


@pytest.mark.feature("ALL-15")
def test_a_narrowed_run_leaves_the_rest_for_the_next(enabled: World) -> None:
    contact, desk = enabled.linked_contact(Title="one")
    enabled.edit(desk, job_title="from Freshdesk")
    enabled.edit(contact, Description="from Salesforce")
    enabled.run(direction="to_app")
    assert (enabled.person(contact)["Title"], enabled.desk(desk)["description"]) == ("one", "from Salesforce")
    enabled.run()
    assert enabled.person(contact)["Title"] == "from Freshdesk"
    enabled.assert_settled()
