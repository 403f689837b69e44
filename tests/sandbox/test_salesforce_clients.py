"""The Salesforce sandbox against clients that others wrote: simple-salesforce and Airflow's hook."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import requests
from simple_salesforce import Salesforce, SalesforceMalformedRequest, SalesforceResourceNotFound
from simple_salesforce.exceptions import SalesforceAuthenticationFailed, SalesforceMoreThanOneRecord

from sandbox.running import serve


def test_direct_session_over_tls():
    with serve("salesforce", tls=True) as org, requests.Session() as session:
        session.verify, session.trust_env = org.authority, False
        sf = Salesforce(instance_url=org.url, session_id=org.action("issue_token"), session=session)
        created = sf.Contact.create({"LastName": "Ünal"})
        assert sf.Contact.get(created["id"])["Name"] == "Ünal"


@pytest.mark.parametrize("domain", ["login", "nordwerk.my"])
def test_jwt_login(org, vendor_session, domain):
    sf = Salesforce(
        username="sync@nordwerk.example",
        consumer_key="SANDBOX_CONSUMER_KEY",
        privatekey=org.action("jwt_private_key"),
        domain=domain,
        session=vendor_session,
    )
    assert sf.sf_instance == "nordwerk.my.salesforce.com"
    assert sf.query("SELECT count() FROM User")["totalSize"] == 5


def test_client_credentials_login(sf):
    assert sf.session_id.startswith("00D")
    assert sf.describe()["maxBatchSize"] == 200


def test_soap_login(org, vendor_session):
    words = {"username": "sync@nordwerk.example", "password": "sandbox-", "security_token": "password"}
    sf = Salesforce(**words, session=vendor_session)
    assert sf.query("SELECT Id FROM Organization")["totalSize"] == 1
    with pytest.raises(SalesforceAuthenticationFailed, match="INVALID_LOGIN"):
        Salesforce(**{**words, "security_token": "wrong"}, session=vendor_session)
    with pytest.raises(SalesforceAuthenticationFailed, match="UNSUPPORTED_API_VERSION"):
        Salesforce(**words, version="65.0", session=vendor_session)


def test_password_login(org, vendor_session):
    sf = Salesforce(
        username="sync@nordwerk.example",
        password="sandbox-password",
        consumer_key="SANDBOX_CONSUMER_KEY",
        consumer_secret="sandbox-consumer-secret",
        session=vendor_session,
    )
    assert sf.limits()["DailyApiRequests"]["Max"] == 100_000


def test_records_come_and_go(sf):
    contact = sf.Contact.create({"LastName": "Lovelace", "Email": "ada@acme.example"})["id"]
    assert sf.Contact.update(contact, {"FirstName": "Ada"}) == 204
    assert sf.Contact.get(contact)["Name"] == "Ada Lovelace"
    assert sf.Contact.upsert("FDCONTACTID__c/4711", {"LastName": "Hopper"}) == 201
    assert sf.Contact.upsert("FDCONTACTID__c/4711", {"FirstName": "Grace"}) == 200
    assert sf.Contact.get_by_custom_id("FDCONTACTID__c", "4711")["Name"] == "Grace Hopper"
    assert sf.Contact.delete(contact) == 204
    with pytest.raises(SalesforceResourceNotFound):
        sf.Contact.get(contact)
    with pytest.raises(SalesforceMalformedRequest, match="REQUIRED_FIELD_MISSING"):
        sf.Contact.create({"FirstName": "Nobody"})


def test_an_ambiguous_key_is_reported(sf):
    for name in ("A", "B"):
        sf.Contact.create({"LastName": name, "Email": "same@acme.example"})
    with pytest.raises(SalesforceMoreThanOneRecord):
        sf.Contact.upsert("Email/same@acme.example", {"LastName": "C"})


def test_queries_page_to_the_end(org, sf):
    org.insert("Contact", [{"LastName": f"Person {number:04}"} for number in range(4500)])
    found = sf.query_all("SELECT Id, LastName FROM Contact ORDER BY LastName")
    assert [found["totalSize"], len(found["records"]), found["done"]] == [4500, 4500, True]
    assert [row["LastName"] for row in found["records"]] == [f"Person {number:04}" for number in range(4500)]
    lazily = sf.query_all_iter("SELECT Id FROM Contact")
    assert len({row["Id"] for row in lazily}) == 4500


def test_updated_and_deleted(org, sf):
    kept, gone = (sf.Contact.create({"LastName": name})["id"] for name in ("Kept", "Gone"))
    sf.Contact.delete(gone)
    start, end = datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(hours=1)
    assert sf.Contact.updated(start, end)["ids"] == [kept]
    assert [record["id"] for record in sf.Contact.deleted(start, end)["deletedRecords"]] == [gone]
    assert sf.query("SELECT Id FROM Contact WHERE IsDeleted = true", include_deleted=True)["totalSize"] == 1


def test_describe_lists_types_the_library_knows(sf):
    fields = {field["name"]: field for field in sf.Contact.describe()["fields"]}
    assert fields["FDCONTACTID__c"]["externalId"] is True
    assert sf.Contact.metadata()["objectDescribe"]["keyPrefix"] == "003"


def test_composite_through_restful(sf):
    body = {
        "allOrNone": True,
        "compositeRequest": [
            {"method": "POST", "url": "/services/data/v59.0/sobjects/Account", "referenceId": "acc", "body": {"Name": "A"}},
            {
                "method": "POST",
                "url": "/services/data/v59.0/sobjects/Contact",
                "referenceId": "con",
                "body": {"LastName": "B", "AccountId": "@{acc.id}"},
            },
        ],
    }
    answer = sf.restful("composite", method="POST", data=json.dumps(body))
    assert [part["httpStatusCode"] for part in answer["compositeResponse"]] == [201, 201]
    assert sf.query("SELECT Account.Name FROM Contact")["records"][0]["Account"]["Name"] == "A"


def test_bulk2_insert_upsert_update_delete(org, sf):
    rows = [{"FDCONTACTID__c": str(number), "LastName": f"Bülk {number}"} for number in range(5)]
    inserted = sf.bulk2.Contact.insert(records=rows, wait=0)
    assert [inserted[0][name] for name in ("numberRecordsProcessed", "numberRecordsFailed")] == [5, 0]
    changes = [{"FDCONTACTID__c": "1", "Title": "CTO"}, {"FDCONTACTID__c": "9", "LastName": "", "Title": "New"}]
    upserted = sf.bulk2.Contact.upsert(records=changes, external_id_field="FDCONTACTID__c", wait=0)
    assert upserted[0]["numberRecordsFailed"] == 1
    assert "REQUIRED_FIELD_MISSING" in sf.bulk2.Contact.get_failed_records(upserted[0]["job_id"])
    assert sf.bulk2.Contact.get_unprocessed_records(upserted[0]["job_id"]).count("\n") == 1
    ids = [record["Id"] for record in org.records("Contact")]
    updated = sf.bulk2.Contact.update(records=[{"Id": ids[0], "Title": "CEO"}], wait=0)
    assert updated[0]["numberRecordsFailed"] == 0
    sf.bulk2.Contact.delete(records=[{"Id": record_id} for record_id in ids[1:]], wait=0)
    assert [record["Title"] for record in org.records("Contact")] == ["CEO"]


def test_bulk2_query_and_download(org, sf, tmp_path):
    org.switches(bulk_polls=1)
    org.insert("Contact", [{"LastName": f"Größe {number}"} for number in range(30)])
    pages = list(sf.bulk2.Contact.query("SELECT Id, LastName FROM Contact", max_records=12, wait=0))
    assert [len(page.strip().splitlines()) for page in pages] == [13, 13, 7]
    assert "Größe 29" in pages[-1]
    files = sf.bulk2.Contact.download("SELECT LastName FROM Contact", path=str(tmp_path), wait=0)
    assert files[0]["number_of_records"] == 30


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_airflow_hook(org, vendor_session, monkeypatch, tmp_path):
    hooks = pytest.importorskip("airflow.providers.salesforce.hooks.salesforce")
    key = tmp_path / "key.pem"
    key.write_text(org.action("jwt_private_key"))
    extra = {"domain": "login", "consumer_key": "SANDBOX_CONSUMER_KEY", "private_key_file_path": str(key)}
    connection = {"conn_type": "salesforce", "login": "sync@nordwerk.example", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_SANDBOX", json.dumps(connection))
    hook = hooks.SalesforceHook("sandbox", session=vendor_session)
    assert hook.test_connection() == (True, "Connection successfully tested")
    org.insert("Account", [{"Name": "Acme"}])
    assert hook.make_query("SELECT Name FROM Account")["records"][0]["Name"] == "Acme"
    assert "FDACCOUNTID__c" in hook.get_available_fields("Account")
    assert hook.get_object_from_salesforce("Account", ["Id", "Name"])["totalSize"] == 1
