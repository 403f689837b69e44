"""FM-03: who wins where both sides changed the same record; deletions; lost answers."""

import pytest

from forcemanager_world import SETTINGS, FieldSales


def linked(sales: FieldSales, **fields: str) -> tuple[str, int]:
    """Put an account into Salesforce, run, and return its id with that of its counterpart."""
    account = sales.firm(**fields)
    sales.run()
    return account, int(sales.partner("account", account))


def edit_both(sales: FieldSales, account: str, other: int) -> None:
    """Change the phone on both sides, the city in Salesforce, the fax in ForceManager."""
    sales.salesforce.edit("Account", account, {"Phone": "+49 431 1", "BillingCity": "Kiel"})
    sales.app.edit("accounts", other, {"phone": "+49 431 2", "fax": "+49 431 3"})


@pytest.mark.feature("FM-03")
def test_salesforce_prevails_where_both_changed_a_field_and_other_edits_survive(sales: FieldSales) -> None:
    account, other = linked(sales)
    edit_both(sales, account, other)
    sales.run()
    mine, theirs = sales.get("Account", account), sales.get("accounts", other)
    assert (mine["Phone"], mine["Fax"], mine["BillingCity"]) == ("+49 431 1", "+49 431 3", "Kiel")
    assert (theirs["phone"], theirs["fax"], theirs["city"]) == ("+49 431 1", "+49 431 3", "Kiel")
    [conflict] = sales.rows("select field, salesforce_value, app_value, decision from sync.conflict")
    assert tuple(conflict) == ("phone", "+49 431 1", "+49 431 2", "salesforce")
    sales.assert_settled()


@pytest.mark.feature("FM-03")
def test_one_field_may_follow_the_people_in_the_field(sales: FieldSales) -> None:
    sales.change("account.csv", "Phone,phone,both,phone,,", "Phone,phone,both,phone,app,")
    account, other = linked(sales)
    edit_both(sales, account, other)
    sales.run()
    assert (sales.get("Account", account)["Phone"], sales.get("accounts", other)["phone"]) == ("+49 431 2", "+49 431 2")
    sales.assert_settled()


@pytest.mark.feature("FM-03")
def test_salesforce_as_master_puts_back_what_changed_in_forcemanager_alone(sales: FieldSales) -> None:
    sales.change(SETTINGS, "master: merge ", "master: salesforce ")
    account, other = linked(sales)
    sales.app.edit("accounts", other, {"phone": "+49 431 2"})
    sales.run()
    assert sales.get("accounts", other)["phone"] == sales.get("Account", account)["Phone"] == "+49 431 5550100"
    sales.assert_settled()


@pytest.mark.feature("FM-02")
def test_a_deletion_in_salesforce_deletes_and_one_in_forcemanager_does_not(sales: FieldSales) -> None:
    (first, one), (second, two) = linked(sales), linked(sales, Name="Werft AG")
    sales.salesforce.delete("Account", first)
    sales.app.delete("accounts", two)
    sales.run()
    assert sales.get("accounts", one)["deleted"]
    assert not sales.get("Account", second)["IsDeleted"]
    sales.assert_settled()
    assert len(sales.app.records("accounts")) == 0


@pytest.mark.feature("ALL-29")
def test_a_create_whose_answer_is_lost_makes_no_twin(sales: FieldSales) -> None:
    account = sales.firm()
    sales.app.fault("lost", method="POST", path="/accounts")
    sales.run()
    sales.run()
    [row] = sales.app.records("accounts")
    assert row["extId"] == account
    assert sales.partner("account", account) == str(row["id"])
    sales.assert_settled()


@pytest.mark.feature("ALL-29")
def test_a_logged_call_whose_answer_is_lost_in_salesforce_makes_no_twin(sales: FieldSales) -> None:
    firm = sales.put_fm("accounts", name="Werft")
    sales.run()
    sales.put_fm("activities", typeId=1, date="2026-11-20T14:15:00.000Z", comment="Was there.", accountId=firm)
    sales.salesforce.fault("lost", path="/composite/sobjects")
    sales.run()
    sales.run()
    assert len(sales.salesforce.records("Task")) == 1
    sales.assert_settled()


def test_a_record_that_forcemanager_locks_is_reported_and_goes_with_the_next_edit_once_it_is_open(sales: FieldSales) -> None:
    account, other = linked(sales)
    sales.app.edit("accounts", other, {"readOnly": True})
    sales.salesforce.edit("Account", account, {"Phone": "+49 431 9"})
    sales.run()
    assert sales.rejections() == {account: ["400"]}
    sales.app.edit("accounts", other, {"readOnly": False})
    sales.salesforce.edit("Account", account, {"Fax": "+49 431 8"})
    sales.run()
    assert sales.get("accounts", other)["phone"] == "+49 431 9"
    assert sales.rejections() == {}
