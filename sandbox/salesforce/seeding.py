"""What a fresh org holds: users, rules, a permission set, a few custom fields, and on demand the company's records."""

from collections.abc import Mapping
from typing import Any

from sandbox.company import generate_salesforce, salesforce_company
from sandbox.company.demo import demo_salesforce
from sandbox.company.salesforce import USERS
from sandbox.salesforce import customfields, rules
from sandbox.salesforce.ids import COMPANY_INSTANCE, INTEGRATION_USER_ID, PERMISSION_SET_ID, PROFILE_ID, make_id
from sandbox.salesforce.objects import OBJECTS
from sandbox.salesforce.org import Org
from sandbox.salesforce.records import insert

SEEDS = {"company": salesforce_company, "demo": demo_salesforce}
REGIONS = ("Nord", "Süd", "Ost", "West")
CROSS_REFERENCES = ("Account.FDACCOUNTID__c", "Contact.FDCONTACTID__c")
LOCALE = {
    "TimeZoneSidKey": "Europe/Berlin", "LocaleSidKey": "de_DE", "LanguageLocaleKey": "de",
    "EmailEncodingKey": "UTF-8", "ProfileId": PROFILE_ID, "UserType": "Standard",
}  # fmt: skip


def seed(org: Org, name: str, generate: Mapping[str, Any]) -> None:
    """Fill a cleared org. `generate`: contacts, accounts (numbers), cross_references (true or a list of full names)."""
    _basics(org)
    _custom_fields(org)
    wished = generate.get("cross_references") or ()
    for full_name in CROSS_REFERENCES if wished is True else wished:
        add_cross_reference(org, full_name)
    if name in SEEDS:
        for kind, records in SEEDS[name](org.now()).items():
            insert(org, kind, records)
        _settle(org)
    elif name != "empty":
        raise ValueError(f"no seed is called {name}")
    contacts, accounts = int(generate.get("contacts", 0)), int(generate.get("accounts", 0))
    if contacts or accounts:
        for kind, record in generate_salesforce(contacts, accounts, int(generate.get("random_seed", 1))):
            insert(org, kind, [record])


def name_organization(org: Org) -> None:
    """Store the Organization record as the switches say."""
    for key in list(org.store.table("Organization")):
        org.store.remove("Organization", key)
    words = {"Name": "Nordwerk GmbH", "OrganizationType": "Enterprise Edition", "Country": "Germany", "InstanceName": "EU12"}
    insert(org, "Organization", [{"Id": org.id, **words, "IsSandbox": org.switch("is_sandbox")}])


def _settle(org: Org) -> None:
    """Let children of deleted accounts follow the winner of a merge, or stand alone."""
    for account in list(org.store.table("Account").values()):
        for found in OBJECTS.values() if account["IsDeleted"] else ():
            for key in org.store.find(found.name, "AccountId", account["Id"]):
                child = dict(org.store.table(found.name)[key])
                org.store.put(found.name, key, {**child, "AccountId": account.get("MasterRecordId")})


def add_cross_reference(org: Org, full_name: str) -> None:
    """Create a unique external-id field that the integration user sees."""
    label = full_name.partition(".")[2].removesuffix("__c")
    words = {"label": label, "type": "Text", "length": 255, "unique": True, "externalId": True, "caseSensitive": True}
    customfields.add(org.store, full_name, words)
    customfields.grant(org.store, full_name)


def _basics(org: Org) -> None:
    insert(org, "User", [_user(number, *user) for number, user in enumerate(USERS, 1)])
    name_organization(org)
    rule = {"Id": rules.ASSIGNMENT_RULE_ID, "Name": "Standard", "SobjectType": "Lead", "Active": True}
    insert(org, "AssignmentRule", [rule])
    permission_set = {"Id": PERMISSION_SET_ID, "Name": "Lockstep_Sync", "Label": "Lockstep Sync"}
    insert(org, "PermissionSet", [permission_set])
    insert(org, "PermissionSetAssignment", [{"PermissionSetId": PERMISSION_SET_ID, "AssigneeId": INTEGRATION_USER_ID}])
    status = OBJECTS["Lead"].by_name["status"]
    stages = [
        {"MasterLabel": value, "ApiName": value, "IsDefault": value == status.default, "IsConverted": "Converted" in value}
        for value in status.values
        if "Not Converted" not in value
    ]
    insert(org, "LeadStatus", [{**stage, "SortOrder": place} for place, stage in enumerate(stages, 1)])


def _user(number: int, username: str, first: str, last: str, alias: str, is_active: bool) -> dict[str, Any]:
    names = {"FirstName": first, "LastName": last, "Username": username, "Email": username, "Alias": alias}
    user_id = make_id("005", number, COMPANY_INSTANCE)
    return {"Id": user_id, **names, "CommunityNickname": alias, **LOCALE, "IsActive": is_active}


def _custom_fields(org: Org) -> None:
    regions = {"valueSetDefinition": {"value": [{"fullName": region} for region in REGIONS]}, "restricted": True}
    wished: dict[str, dict[str, Any]] = {
        "Contact.Freshdesk_Tags__c": {"label": "Freshdesk tags", "type": "Text", "length": 255},
        "Contact.Region__c": {"label": "Region", "type": "Picklist", "valueSet": regions},
        "Contact.Is_Vip__c": {"label": "VIP", "type": "Checkbox", "defaultValue": False},
        "Contact.Last_Visit__c": {"label": "Last visit", "type": "Date"},
        "Contact.Last_Login__c": {"label": "Last login", "type": "DateTime"},
        "Contact.Score__c": {"label": "Score", "type": "Number", "precision": 8, "scale": 2},
        "Contact.Interests__c": {
            "label": "Interests",
            "type": "MultiselectPicklist",
            "valueSet": {"valueSetDefinition": {"value": [{"fullName": name} for name in ("Pumps", "Valves", "Service")]}},
        },
        "Contact.Notes__c": {"label": "Notes", "type": "LongTextArea", "length": 32000},
        "Account.Region__c": {"label": "Region", "type": "Picklist", "valueSet": regions},
        "Account.Customer_Since__c": {"label": "Customer since", "type": "Date"},
        "Account.Health_Score__c": {"label": "Health score", "type": "Number", "precision": 5, "scale": 1},
        "Account.Is_Key_Account__c": {"label": "Key account", "type": "Checkbox", "defaultValue": False},
        "Account.Notes__c": {"label": "Notes", "type": "LongTextArea", "length": 32000},
        "Lead.Region__c": {"label": "Region", "type": "Picklist", "valueSet": regions},
        "Lead.Score__c": {"label": "Score", "type": "Number", "precision": 8, "scale": 2},
    }
    for full_name, metadata in wished.items():
        customfields.add(org.store, full_name, metadata)
        customfields.grant(org.store, full_name)
