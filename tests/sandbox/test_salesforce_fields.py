"""Describe and custom fields of the Salesforce sandbox."""

from email.utils import parsedate_to_datetime

import pytest
from salesforce_rest import error_of

from sandbox.salesforce.ids import PERMISSION_SET_ID

RECORDED_KEYS = """
    aggregatable aiPredictionField autoNumber byteLength calculated calculatedFormula cascadeDelete caseSensitive
    compoundFieldName controllerName createable custom defaultValue defaultValueFormula defaultedOnCreate
    dependentPicklist deprecatedAndHidden digits displayLocationInDecimal encrypted externalId extraTypeInfo
    filterable filteredLookupInfo formulaTreatNullNumberAsZero groupable highScaleNumber htmlFormatted idLookup
    inlineHelpText label length mask maskType name nameField namePointing nillable permissionable picklistValues
    polymorphicForeignKey precision queryByDistance referenceTargetField referenceTo relationshipName
    relationshipOrder restrictedDelete restrictedPicklist scale searchPrefilterable soapType sortable type unique
    updateable writeRequiresMasterRead
"""
TEXT = {
    "label": "Freshdesk contact id", "type": "Text", "length": 255, "required": False, "unique": True, "externalId": True,
    "caseSensitive": False,
}  # fmt: skip


def fields(rest, name="Contact"):
    return {field["name"]: field for field in rest.get(f"/sobjects/{name}/describe").json()["fields"]}


def make(rest, full_name, metadata):
    return rest.post("/tooling/sobjects/CustomField", {"FullName": full_name, "Metadata": metadata})


def grant(rest, full_name, **more):
    permission = {"SobjectType": full_name.partition(".")[0], "Field": full_name, "PermissionsRead": True}
    return rest.post("/sobjects/FieldPermissions", {"ParentId": PERMISSION_SET_ID, **permission, "PermissionsEdit": True, **more})


OBJECTS = (
    "Account Contact Lead Opportunity OpportunityContactRole Event Task User Organization Contract Order Campaign CampaignMember"
)


@pytest.mark.parametrize("name", OBJECTS.split())
def test_every_object_describes_itself_with_all_recorded_keys(rest, name):
    body = rest.get(f"/sobjects/{name.lower()}/describe").json()
    assert body["name"] == name
    assert all(field.keys() == set(RECORDED_KEYS.split()) for field in body["fields"])
    assert {"Id", "SystemModstamp", "LastModifiedById"} <= {field["name"] for field in body["fields"]}


def test_flags_of_objects_and_fields(rest):
    listed = {found["name"]: found for found in rest.get("/sobjects").json()["sobjects"]}
    assert {name for name, found in listed.items() if found["mergeable"]} == {"Account", "Contact", "Lead"}
    assert [listed["User"]["deletable"], listed["CampaignMember"]["undeletable"]] == [False, False]
    assert "CustomField" not in listed
    contact, lead, sale = fields(rest), fields(rest, "Lead"), fields(rest, "Opportunity")
    required = {name for name, f in contact.items() if f["createable"] and not f["nillable"] and not f["defaultedOnCreate"]}
    assert required == {"LastName"}
    assert [contact["Email"]["idLookup"], contact["Email"]["externalId"], contact["Email"]["length"]] == [True, False, 80]
    assert [lead["IsConverted"]["createable"], lead["IsConverted"]["updateable"]] == [True, False]
    assert [sale["ContactId"]["createable"], sale["ContactId"]["updateable"]] == [True, False]
    assert [sale["Amount"]["precision"], sale["Amount"]["scale"], sale["Probability"]["type"]] == [18, 2, "percent"]
    assert contact["AccountId"]["referenceTo"] == ["Account"]
    assert contact["MailingCity"]["compoundFieldName"] == "MailingAddress"
    assert contact["Region__c"]["restrictedPicklist"] is True
    assert [option["value"] for option in contact["Region__c"]["picklistValues"]] == ["Nord", "Süd", "Ost", "West"]
    assert [contact["Description"]["filterable"], contact["Name"]["updateable"]] == [False, False]


def test_the_reference_field_looks_as_recorded(rest):
    expected = {
        "name": "FDCONTACTID__c", "type": "string", "soapType": "xsd:string", "length": 255, "byteLength": 765, "custom": True,
        "createable": True, "updateable": True, "nillable": True, "externalId": True, "unique": True, "caseSensitive": True,
        "idLookup": True, "filterable": True, "restrictedPicklist": False, "picklistValues": [], "referenceTo": [],
    }  # fmt: skip
    described = fields(rest)["FDCONTACTID__c"]
    assert {key: described[key] for key in expected} == expected


def test_describe_knows_when_nothing_changed(org, rest):
    answer = rest.get("/sobjects/Contact/describe")
    since = {"If-Modified-Since": answer.headers["Last-Modified"]}
    assert parsedate_to_datetime(since["If-Modified-Since"]).tzinfo is not None
    assert rest.get("/sobjects/Contact/describe", headers=since).status_code == 304
    make(rest, "Contact.New__c", {"label": "New", "type": "Checkbox"})
    assert rest.get("/sobjects/Contact/describe", headers=since).status_code == 200


def test_unknown_objects_are_not_found(rest):
    assert error_of(rest.get("/sobjects/Nope__c/describe")) == (404, "NOT_FOUND")
    assert error_of(rest.get("/sobjects/CustomField/describe")) == (404, "NOT_FOUND")


def test_a_field_appears_only_once_it_is_granted(org, rest):
    org.reset()
    answer = make(rest, "Contact.FDCONTACTID__c", TEXT)
    body = answer.json()
    assert answer.status_code == 201
    assert body == {"id": body["id"], "success": True, "errors": [], "warnings": [], "infos": []}
    assert body["id"].startswith("00N")
    assert "FDCONTACTID__c" not in fields(rest)
    assert error_of(rest.get("/query", params={"q": "SELECT FDCONTACTID__c FROM Contact"})) == (400, "INVALID_FIELD")
    assert error_of(rest.post("/sobjects/Contact", {"LastName": "x", "FDCONTACTID__c": "1"})) == (400, "INVALID_FIELD")
    assert error_of(make(rest, "Contact.FDCONTACTID__c", TEXT)) == (400, "DUPLICATE_DEVELOPER_NAME")
    granted = grant(rest, "Contact.FDCONTACTID__c")
    assert granted.status_code == 201
    assert fields(rest)["FDCONTACTID__c"]["updateable"] is True
    assert rest.patch("/sobjects/Contact/FDCONTACTID__c/1", {"LastName": "x"}).status_code == 201
    assert error_of(grant(rest, "Contact.FDCONTACTID__c")) == (400, "DUPLICATE_VALUE")
    assert rest.delete(f"/sobjects/FieldPermissions/{granted.json()['id']}").status_code == 204
    assert "FDCONTACTID__c" not in fields(rest)


def test_a_field_granted_for_reading_cannot_be_written(rest):
    make(rest, "Lead.Hint__c", {"label": "Hint", "type": "Text", "length": 20})
    grant(rest, "Lead.Hint__c", PermissionsEdit=False)
    assert fields(rest, "Lead")["Hint__c"]["updateable"] is False
    answer = rest.post("/sobjects/Lead", {"LastName": "x", "Company": "y", "Hint__c": "z"})
    assert error_of(answer) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")


@pytest.mark.parametrize(
    ("metadata", "type_", "key", "value"),
    [
        ({"type": "Number", "precision": 10, "scale": 3}, "double", "precision", 10),
        ({"type": "Checkbox", "defaultValue": False}, "boolean", "nillable", False),
        ({"type": "DateTime"}, "datetime", "length", 0),
        ({"type": "Email"}, "email", "length", 80),
        ({"type": "LongTextArea", "length": 5000, "visibleLines": 3}, "textarea", "filterable", False),
    ],
)
def test_types_of_custom_fields(rest, metadata, type_, key, value):
    assert make(rest, "Account.New__c", {"label": "New", **metadata}).status_code == 201
    grant(rest, "Account.New__c")
    described = fields(rest, "Account")["New__c"]
    assert [described["type"], described[key]] == [type_, value]


def test_tooling_finds_changes_and_removes(rest):
    soql = "SELECT Id, DeveloperName, TableEnumOrId FROM CustomField WHERE DeveloperName = 'FDCONTACTID'"
    body = rest.get("/tooling/query", params={"q": soql}).json()
    assert [body["size"], body["done"], body["entityTypeName"]] == [1, True, "CustomField"]
    found = body["records"][0]
    assert found["TableEnumOrId"] == "Contact"
    path = f"/tooling/sobjects/CustomField/{found['Id']}"
    metadata = rest.get(path).json()["Metadata"]
    assert rest.patch(path, {"Metadata": {**metadata, "label": "Changed"}}).status_code == 204
    assert fields(rest)["FDCONTACTID__c"]["label"] == "Changed"
    assert rest.delete(path).status_code == 204
    assert "FDCONTACTID__c" not in fields(rest)
    assert error_of(rest.get(path)) == (404, "NOT_FOUND")


def test_refused_fields(org, rest):
    assert error_of(make(rest, "Contact.Bad", TEXT)) == (400, "FIELD_INTEGRITY_EXCEPTION")
    assert error_of(make(rest, "Nope.Bad__c", TEXT)) == (400, "FIELD_INTEGRITY_EXCEPTION")
    assert error_of(make(rest, "Contact.Bad__c", {"type": "Magic", "label": "x"})) == (400, "FIELD_INTEGRITY_EXCEPTION")
    for number in range(24):
        assert make(rest, f"Contact.Key_{number}__c", TEXT).status_code == 201
    assert error_of(make(rest, "Contact.Key_25__c", TEXT)) == (400, "LIMIT_EXCEEDED")
    org.switches(allow_setup=False)
    assert error_of(make(rest, "Lead.Good__c", TEXT)) == (403, "INSUFFICIENT_ACCESS")


def test_the_permission_set_is_found_by_name(rest):
    assert rest.rows("SELECT Id FROM PermissionSet WHERE Name = 'Lockstep_Sync'")[0]["Id"] == PERMISSION_SET_ID


def test_hidden_standard_fields_are_gone(org, rest):
    org.switches(hidden_fields=["Contact.Birthdate"])
    assert "Birthdate" not in fields(rest)
    assert error_of(rest.get("/query", params={"q": "SELECT Birthdate FROM Contact"})) == (400, "INVALID_FIELD")
    assert "Birthdate" not in rest.get(f"/sobjects/Contact/{rest.create('Contact', LastName='x')}").json()
