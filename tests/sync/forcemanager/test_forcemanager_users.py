"""FM-05: who owns what: users linked by mail, by name, by hand; the rest falls to a default user."""

import pytest

from forcemanager_world import CARMEN, INGRID, JONAS, SETTINGS, TOMASZ, FieldSales

pytestmark = pytest.mark.feature("FM-05")


def owned(sales: FieldSales, name: str) -> str:
    """Put an account of one of the users into Salesforce and run."""
    account = sales.firm(OwnerId=sales.user(name))
    sales.run()
    return account


def seller_of(sales: FieldSales, account: str) -> int:
    """Who has the account in ForceManager."""
    return int(sales.in_fm("account", account)["salesRepId1"])


@pytest.mark.parametrize(("name", "seller"), [("Ingrid Hansen", INGRID), ("Carmen Ibáñez", CARMEN), ("Tomasz Zieliński", TOMASZ)])
def test_users_are_linked_by_mail_in_any_case_and_else_by_name(sales: FieldSales, name: str, seller: int) -> None:
    assert seller_of(sales, owned(sales, name)) == seller


def test_a_new_owner_travels_both_ways(sales: FieldSales) -> None:
    account = owned(sales, "Ingrid Hansen")
    sales.salesforce.edit("Account", account, {"OwnerId": sales.user("Carmen Ibáñez")})
    sales.run()
    assert seller_of(sales, account) == CARMEN
    sales.app.edit("accounts", sales.partner("account", account), {"salesRepId1": TOMASZ})
    sales.run()
    assert sales.get("Account", account)["OwnerId"] == sales.user("Tomasz Zieliński")
    sales.assert_settled()


def test_a_link_by_hand_goes_before_all_others(sales: FieldSales) -> None:
    (sales.folder / "users.csv").write_text(
        "salesforce_user,app_user\ntomasz.zielinski@nordwerk.example,jonas.feld@nordwerk.example\n"
    )
    assert seller_of(sales, owned(sales, "Tomasz Zieliński")) == JONAS


def test_without_a_default_user_a_record_of_nobody_waits_and_goes_once_there_is_one(sales: FieldSales) -> None:
    account = owned(sales, "Lockstep Integration")
    assert sales.app.records("accounts") == []
    assert account in sales.rejections()
    sales.change(SETTINGS, "default: {}", "default: {app: jonas.feld@nordwerk.example}")
    sales.run()
    assert seller_of(sales, account) == JONAS


def test_what_refers_to_a_record_that_waits_waits_too_and_is_not_sent_in_vain(sales: FieldSales) -> None:
    account = sales.firm(OwnerId=sales.user("Lockstep Integration"))
    contact = sales.put_sf("Contact", LastName="Lind", AccountId=account)
    sales.put_sf("Task", Subject="Call", TaskSubtype="Call", WhoId=contact, ActivityDate="2026-11-02", Status="Completed")
    for _ in range(2):
        sales.run()
        assert sales.rows("select id from sync.action where state = 'failed'") == []
        assert {account, contact} <= set(sales.rejections())
    sales.change(SETTINGS, "default: {}", "default: {app: jonas.feld@nordwerk.example}")
    sales.run()
    assert str(sales.in_fm("contact", contact)["accountId"]) == sales.partner("account", account)
    assert len(sales.app.records("activities")) == 1
    sales.assert_settled()


def test_records_of_unlinked_owners_fall_to_the_default_user_and_are_reported(sales: FieldSales) -> None:
    carmen = "carmen.ibanez@nordwerk.example"
    sales.change(SETTINGS, "default: {}", f"default: {{salesforce: {carmen}, app: {carmen}}}")
    mine = owned(sales, "Lockstep Integration")
    theirs = sales.put_fm("accounts", name="Werft", salesRepId1=JONAS)
    sales.run()
    assert seller_of(sales, mine) == CARMEN
    assert sales.in_sf("account", theirs)["OwnerId"] == sales.user("Carmen Ibáñez")
    assert sales.get("accounts", theirs)["salesRepId1"] == JONAS
    [noted] = sales.rows("select counts->'users' from sync.batch where counts ? 'users' order by id desc limit 1")
    assert noted[0]["unlinked"] == {"salesforce": ["Lockstep Integration"], "app": ["Jonas Feld", "Lockstep API"]}
    sales.assert_settled()
    assert sales.get("Account", mine)["OwnerId"] == sales.user("Lockstep Integration")
