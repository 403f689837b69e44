"""Both sides edited the same record, or the same field of it."""

from typing import Any

import pytest

from pipeline import World


def conflicts(world: World) -> list[tuple[Any, ...]]:
    """Every conflict noted: field, base, both values, decision."""
    return [
        tuple(row)
        for row in world.rows("select field, base, salesforce_value, app_value, decision from sync.conflict order by id")
    ]


def collide(world: World) -> tuple[str, int]:
    """A contact whose title was edited on both sides since they agreed; Freshdesk came last."""
    contact, desk = world.linked_contact(Title="agreed")
    world.edit(contact, Title="from Salesforce")
    world.app.clock(60)
    world.edit(desk, job_title="from Freshdesk")
    world.run()
    return contact, desk


@pytest.mark.feature("ALL-18")
def test_edits_of_different_fields_both_survive(enabled: World) -> None:
    contact, desk = enabled.linked_contact(Title="agreed", Description="agreed")
    enabled.edit(contact, Title="from Salesforce", Phone="+49 30 1")
    enabled.edit(desk, description="from Freshdesk", tags=["vip"])
    enabled.run()
    person, found = enabled.person(contact), enabled.desk(desk)
    assert (person["Title"], person["Description"], person["Freshdesk_Tags__c"]) == ("from Salesforce", "from Freshdesk", "vip")
    assert (found["job_title"], found["description"], found["phone"]) == ("from Salesforce", "from Freshdesk", "+49 30 1")
    assert conflicts(enabled) == []
    enabled.assert_settled()


@pytest.mark.feature("ALL-18", "ALL-16")
@pytest.mark.parametrize(("prefer", "kept"), [("salesforce", "from Salesforce"), ("app", "from Freshdesk")])
def test_a_true_conflict_goes_to_the_preferred_system_and_keeps_the_losing_value(enabled: World, prefer: str, kept: str) -> None:
    enabled.change("settings.yaml", "prefer: salesforce", f"prefer: {prefer}")
    contact, desk = collide(enabled)
    assert enabled.person(contact)["Title"] == enabled.desk(desk)["job_title"] == kept
    assert conflicts(enabled) == [("job_title", "agreed", "from Salesforce", "from Freshdesk", prefer)]
    enabled.assert_settled()


@pytest.mark.feature("ALL-16")
def test_each_entity_can_prefer_its_own_side(enabled: World) -> None:
    enabled.change("settings.yaml", "  contact:\n", "  contact:\n    prefer: app\n")
    account = enabled.account("Nordwerk", Description="agreed")
    contact, desk = enabled.linked_contact(Title="agreed")
    enabled.edit(contact, Title="s")
    enabled.edit(desk, job_title="a")
    enabled.salesforce.edit("Account", account, {"Description": "s"})
    enabled.app.edit("companies", enabled.partner("account", account), {"description": "a"})
    enabled.run()
    assert enabled.person(contact)["Title"] == "a"
    assert enabled.get("companies", enabled.partner("account", account))["description"] == "s"
    enabled.assert_settled()


@pytest.mark.feature("ALL-16")
@pytest.mark.parametrize(
    ("rule", "salesforce", "app"),
    [
        ("salesforce", "from Salesforce", "from Salesforce"),
        ("app", "from Freshdesk", "from Freshdesk"),
        ("newest", "from Freshdesk", "from Freshdesk"),
        ("ask", "from Salesforce", "from Freshdesk"),
    ],
)
def test_a_field_can_have_a_rule_of_its_own(enabled: World, rule: str, salesforce: str, app: str) -> None:
    enabled.change("contact.csv", "Title,job_title,both,,,", f"Title,job_title,both,,{rule},")
    contact, desk = collide(enabled)
    assert (enabled.person(contact)["Title"], enabled.desk(desk)["job_title"]) == (salesforce, app)
    assert len(conflicts(enabled)) == 1
    enabled.assert_settled()


@pytest.mark.feature("ALL-16")
def test_non_empty_keeps_the_value_that_is_there(enabled: World) -> None:
    enabled.change("contact.csv", "Title,job_title,both,,,", "Title,job_title,both,,non_empty,")
    contact, desk = enabled.linked_contact(Title="agreed")
    enabled.edit(contact, Title=None)
    enabled.edit(desk, job_title="from Freshdesk")
    enabled.run()
    assert enabled.person(contact)["Title"] == "from Freshdesk"
    enabled.assert_settled()


@pytest.mark.feature("ALL-16")
def test_a_tick_that_only_ratchets_up(enabled: World) -> None:
    path = enabled.folder / "contact.csv"
    path.write_text(path.read_text() + "Is_Vip__c,custom_fields.newsletter,both,boolean,ratchet,,,,,\n")
    contact, desk = enabled.linked_contact(Is_Vip__c=True)
    assert enabled.desk(desk)["custom_fields"]["newsletter"] is True
    enabled.app.edit("contacts", desk, {"custom_fields": {"newsletter": False}})
    enabled.run()
    assert enabled.desk(desk)["custom_fields"]["newsletter"] is True
    other, other_desk = enabled.linked_contact(Email="jon@nordwerk.example", Is_Vip__c=False)
    enabled.app.edit("contacts", other_desk, {"custom_fields": {"newsletter": True}})
    enabled.run()
    assert enabled.person(other)["Is_Vip__c"] is True
    assert enabled.person(contact)["Is_Vip__c"] is True
    enabled.assert_settled()


@pytest.mark.feature("ALL-18")
def test_the_same_edit_on_both_sides_is_no_conflict(enabled: World) -> None:
    contact, desk = enabled.linked_contact(Title="agreed")
    enabled.edit(contact, Title="new")
    enabled.edit(desk, job_title=" new ")
    before = enabled.writes()
    enabled.run()
    assert (conflicts(enabled), enabled.writes()) == ([], before)
    enabled.assert_settled()


@pytest.mark.feature("ALL-18")
def test_a_conflict_of_references_keeps_both_companies_apart(enabled: World) -> None:
    one, two = enabled.account("Nordwerk"), enabled.account("Südwerk")
    contact, desk = enabled.linked_contact(AccountId=one)
    three = enabled.company("Ostwerk")
    enabled.run()
    enabled.edit(contact, AccountId=two)
    enabled.edit(desk, company_id=three)
    enabled.run()
    assert enabled.desk(desk)["company_id"] == int(enabled.partner("account", two))
    assert [row[0] for row in conflicts(enabled)] == ["company_id"]
    enabled.assert_settled()


@pytest.mark.feature("ALL-18", "ALL-06")
@pytest.mark.parametrize("touched", ["salesforce", "app"])
def test_a_row_that_is_added_later_overwrites_nothing_unseen(enabled: World, touched: str) -> None:
    row = "Description,description,both,,,,,,,\n"
    enabled.change("contact.csv", row, "")
    contact, desk = enabled.linked_contact(Description="known in Salesforce")
    enabled.edit(desk, description="known in Freshdesk")
    enabled.assert_settled()
    path = enabled.folder / "contact.csv"
    path.write_text(path.read_text() + row)
    if touched == "salesforce":
        enabled.edit(contact, Title="Buyer")
    else:
        enabled.edit(desk, job_title="Buyer")
    enabled.run()
    assert enabled.person(contact)["Description"] == enabled.desk(desk)["description"] == "known in Salesforce"
    assert conflicts(enabled) == [("description", None, "known in Salesforce", "known in Freshdesk", "salesforce")]
    enabled.assert_settled()


@pytest.mark.feature("ALL-18")
def test_a_contact_taken_out_of_its_account_leaves_its_company_and_back(enabled: World) -> None:
    account = enabled.account("Nordwerk")
    contact, desk = enabled.linked_contact(AccountId=account)
    enabled.edit(contact, AccountId=None)
    enabled.run()
    assert enabled.desk(desk)["company_id"] is None
    enabled.edit(desk, company_id=int(enabled.partner("account", account)))
    enabled.run()
    assert enabled.person(contact)["AccountId"] == account
    enabled.edit(desk, company_id=None)
    enabled.run()
    assert enabled.person(contact)["AccountId"] is None
    enabled.assert_settled()
