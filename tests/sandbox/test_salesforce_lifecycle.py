"""What happens to records of the Salesforce sandbox besides saves: deletes, merges, conversion, touches, seeds."""

from datetime import UTC, datetime, timedelta

import pytest
from salesforce_rest import error_of

from sandbox.salesforce.ids import ADMIN_USER_ID


def window(rest, which, start=timedelta(hours=-1), end=timedelta(hours=1), name="Contact"):
    now = datetime.now(UTC)
    params = {"start": (now + start).isoformat(), "end": (now + end).isoformat()}
    return rest.get(f"/sobjects/{name}/{which}/", params=params)


def test_deleting_an_account_takes_its_contacts_along(org, rest):
    account = rest.create("Account", Name="x")
    contact = rest.create("Contact", LastName="y", AccountId=account)
    rest.delete(f"/sobjects/Account/{account}")
    assert [record["id"] for record in window(rest, "deleted").json()["deletedRecords"]] == [contact]
    org.switches(cascades_deletes=False)
    account = rest.create("Account", Name="x")
    rest.create("Contact", LastName="y", AccountId=account)
    org.delete("Account", account)
    assert len(org.records("Contact")) == 1


def test_updated_lists_live_records_of_the_window(org, rest):
    old = org.insert("Contact", [{"LastName": "old", "SystemModstamp": "2026-01-01T00:00:00.000+0000"}])
    new = rest.create("Contact", LastName="new")
    answer = window(rest, "updated").json()
    assert answer["ids"] == [new]
    org.action("touch", kind="Contact", id=old[0])
    assert set(window(rest, "updated").json()["ids"]) == {new, old[0]}


@pytest.mark.parametrize(
    ("which", "start", "end"),
    [
        ("updated", timedelta(days=-31), timedelta()),
        ("deleted", timedelta(days=-16), timedelta()),
        ("updated", timedelta(), timedelta(hours=-1)),
        ("deleted", timedelta(), timedelta()),
    ],
)
def test_windows_out_of_reach(rest, which, start, end):
    assert error_of(window(rest, which, start, end)) == (400, "INVALID_REPLICATION_DATE")


def test_windows_need_dates(rest):
    assert error_of(rest.get("/sobjects/Contact/updated/?start=yesterday&end=today")) == (400, "INVALID_REPLICATION_DATE")
    assert error_of(rest.get("/sobjects/Contact/updated/")) == (400, "MISSING_ARGUMENT")


def test_the_covered_date_can_lag(org, rest):
    def covered():
        return datetime.fromisoformat(window(rest, "deleted").json()["latestDateCovered"])

    before = covered()
    org.switches(covered_lag_seconds=3600)
    assert timedelta(minutes=59) < before - covered() <= timedelta(hours=1)


def test_a_purged_delete_log_is_out_of_reach(org, rest):
    org.action("purge_delete_log")
    assert error_of(window(rest, "deleted")) == (400, "INVALID_REPLICATION_DATE")


def test_undelete_brings_the_same_id_back(org, rest):
    contact = rest.create("Contact", LastName="x")
    rest.delete(f"/sobjects/Contact/{contact}")
    org.action("undelete", kind="Contact", id=contact)
    assert rest.get(f"/sobjects/Contact/{contact}").status_code == 200
    assert window(rest, "deleted").json()["deletedRecords"] == []


def test_an_empty_recycle_bin_leaves_only_the_log(org, rest):
    contact = rest.create("Contact", LastName="x")
    rest.delete(f"/sobjects/Contact/{contact}")
    assert org.action("empty_recycle_bin") == 1
    assert rest.query("SELECT count() FROM Contact", "queryAll")["totalSize"] == 0
    assert [record["id"] for record in window(rest, "deleted").json()["deletedRecords"]] == [contact]
    with pytest.raises(ValueError, match="400"):
        org.action("undelete", kind="Contact", id=contact)


def test_merge_points_losers_at_the_winner_and_moves_children(org, rest):
    winner, loser = (rest.create("Account", Name=name, FDACCOUNTID__c=name) for name in "WL")
    contact = rest.create("Contact", LastName="x", AccountId=loser)
    org.clock(60)
    org.action("merge", kind="Account", winner=winner, losers=[loser])
    rows = {
        row["Id"]: row
        for row in rest.rows("SELECT Id, IsDeleted, MasterRecordId, FDACCOUNTID__c, SystemModstamp FROM Account", "queryAll")
    }
    assert [rows[loser]["IsDeleted"], rows[loser]["MasterRecordId"]] == [True, winner]
    assert [rows[winner]["FDACCOUNTID__c"], rows[winner]["MasterRecordId"]] == ["W", None]
    assert rows[winner]["SystemModstamp"] == rows[loser]["SystemModstamp"]
    assert rest.get(f"/sobjects/Contact/{contact}").json()["AccountId"] == winner
    assert (
        rest.query("SELECT count() FROM Account WHERE IsDeleted = true AND MasterRecordId != null", "queryAll")["totalSize"] == 1
    )


def test_a_converted_lead_stays_readable_but_is_closed(org, rest):
    lead = rest.create("Lead", LastName="Hopper", FirstName="Grace", Company="Navy", Email="g@navy.example")
    ids = org.action("convert_lead", lead=lead, opportunity="First deal")
    record = rest.get(f"/sobjects/Lead/{lead}").json()
    assert record["IsConverted"] is True
    assert {name: record[name] for name in ids} == ids
    contact = rest.get(f"/sobjects/Contact/{ids['ConvertedContactId']}").json()
    assert [contact["Name"], contact["AccountId"]] == ["Grace Hopper", ids["ConvertedAccountId"]]
    assert error_of(rest.patch(f"/sobjects/Lead/{lead}", {"Title": "x"})) == (400, "CANNOT_UPDATE_CONVERTED_LEAD")
    with pytest.raises(ValueError, match="converted already"):
        org.action("convert_lead", lead=lead)
    assert rest.rows("SELECT MasterLabel FROM LeadStatus WHERE IsConverted = true")[0]["MasterLabel"] == "Closed - Converted"


def test_a_touch_moves_the_system_stamp_only(org, rest):
    contact = rest.create("Contact", LastName="x")
    before = rest.get(f"/sobjects/Contact/{contact}").json()
    org.clock(60)
    org.action("touch", kind="Contact", id=contact)
    after = rest.get(f"/sobjects/Contact/{contact}").json()
    assert after["SystemModstamp"] > before["SystemModstamp"]
    assert {**after, "SystemModstamp": ""} == {**before, "SystemModstamp": ""}


def test_an_edit_by_a_person_is_no_call_and_knows_its_author(org, rest):
    contact = rest.create("Contact", LastName="x", Title="y")
    org.reset_calls()
    org.clock(60)
    org.edit("Contact", contact, {"FirstName": "Ada", "Title": None, "Email": "not checked"})
    record = org.records("Contact")[0]
    assert [record["Name"], record.get("Title"), record["LastModifiedById"]] == ["Ada x", None, ADMIN_USER_ID]
    assert record["SystemModstamp"] == record["LastModifiedDate"] > record["CreatedDate"]
    assert org.calls()["by"] == {}
    org.delete("Contact", contact)
    assert [org.records("Contact"), len(org.records("Contact", with_deleted=True))] == [[], 1]
    with pytest.raises(ValueError, match="404"):
        org.edit("Contact", contact, {"Title": "z"})


def test_raw_inserts_keep_ids_and_stamps(org):
    given = {"Id": "0035g00000ABCDEAA4", "LastName": "x", "SystemModstamp": "2026-01-01T00:00:00.000+0000", "IsDeleted": True}
    assert org.insert("Contact", [given]) == [given["Id"]]
    kept = org.records("Contact", with_deleted=True)[0]
    assert {name: kept[name] for name in given} == given
    assert kept["LastModifiedDate"] == given["SystemModstamp"]


def test_the_company_is_complete_and_consistent(org, rest):
    org.reset("company", cross_references=True)
    total = rest.query("SELECT count() FROM Contact", "queryAll")["totalSize"]
    assert total >= rest.query("SELECT count() FROM Contact")["totalSize"] > 1000
    orphans = rest.rows("SELECT AccountId, Account.Id, OwnerId, Owner.Name FROM Contact WHERE AccountId != null", "queryAll")
    assert all(row["Account"] and row["Owner"]["Name"] for row in orphans)
    assert rest.rows("SELECT Username FROM User WHERE Username = 'sync@nordwerk.example'")
    described = {field["name"] for field in rest.get("/sobjects/Contact/describe").json()["fields"]}
    stored = {name for record in org.records("Contact") for name in record}
    assert stored <= described


def test_generated_records_come_on_top(org):
    org.reset(contacts=300, accounts=10)
    assert [len(org.records(kind)) for kind in ("Contact", "Account")] == [300, 10]


def test_reference_fields_exist_only_on_demand(org, rest):
    org.reset()
    assert error_of(rest.get("/query", params={"q": "SELECT FDCONTACTID__c FROM Contact"})) == (400, "INVALID_FIELD")
    org.reset(cross_references=["Lead.GRCONTACTID__c"])
    assert rest.query("SELECT GRCONTACTID__c FROM Lead")["totalSize"] == 0
