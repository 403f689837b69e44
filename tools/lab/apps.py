"""The apps that the laboratory plays: what people do in each, and what the settings that are shipped promise."""

from tools.lab.kinds import FILL, RATCHET, TO_APP, TO_SALESFORCE, App, Field, FirstName, Kind, OptOut, Phone, Place, Tags

FRESHDESK = App(
    name="freshdesk",
    person=Kind(
        entity="contact",
        here={"Contact": "contact"},
        there="contacts",
        fields=(
            FirstName("first name", "FirstName", "name", may_be_empty=False),
            Field("title", "Title", "job_title"),
            Field("note", "Description", "description"),
            Tags("tags", "Freshdesk_Tags__c", "tags"),
            Field("address", "MailingCity", "address", TO_APP),
            Phone("phone", "Phone", "phone", FILL),
        ),
        name_here="LastName",
        name_there="name",
        belongs={"salesforce": "AccountId", "app": "company_id"},
    ),
    account=Kind(
        entity="account",
        here={"Account": "account"},
        there="companies",
        fields=(Field("note", "Description", "description"),),
        name_here="Name",
        name_there="name",
        may_go=False,
    ),
    births={
        "Contact": {"LastName": "{token}", "Email": "{address}"},
        "contacts": {"name": "Mara {token}", "email": "{address}"},
        "Account": {"Name": "Nord {token}"},
        "companies": {"name": "Nord {token}"},
    },
    verbs={"edit": 60, "clear": 8, "clash": 10, "delete": 4, "restore": 9, "merge": 3, "belong": 6, "touch": 2},
    reset={"cross_references": True},
    switches={"rate_limit": False},
)
ACTIVECAMPAIGN = App(
    name="activecampaign",
    person=Kind(
        entity="person",
        here={"Lead": "lead", "Contact": "contact"},
        there="contacts",
        fields=(
            Field("first name", "FirstName", "firstName"),
            Place("city", "MailingCity", "CITY"),
            Phone("phone", "MobilePhone", "phone", FILL),
            OptOut("opted out", "HasOptedOutOfEmail", "newsletter", RATCHET, may_be_empty=False),
            Tags("tags", "AC_Tags__c", "tags", TO_SALESFORCE, may_be_empty=False, typed_on=("app",)),
        ),
        name_here="LastName",
        name_there="lastName",
    ),
    account=None,
    births={
        "Lead": {"LastName": "{token}", "Email": "{address}", "Company": "Nordwerk", "Status": "Open"},
        "Contact": {"LastName": "{token}", "Email": "{address}"},
        "contacts": {"lastName": "{token}", "email": "{address}", "account": "Nordwerk", "lists": {"newsletter": "active"}},
    },
    verbs={
        "edit": 55,
        "clear": 8,
        "clash": 10,
        "convert": 12,
        "delete": 8,
        "restore": 5,
        "merge": 4,
        "untag": 2,
        "touch": 2,
    },
    reset={"cross_references": True},
    switches={"rate_limit": False},
    reset_salesforce={"cross_references": ["Lead.ACCONTACTID__c", "Contact.ACCONTACTID__c"]},
    new_fields={f"{kind}.AC_Tags__c": {"type": "Text", "length": 255, "label": "Tags"} for kind in ("Lead", "Contact")},
    changes=(
        ("settings.yaml", "enabled: true ", "enabled: false "),
        ("contact.csv", "# MailingCity,", "MailingCity,"),
        ("contact.csv", "# AC_Tags__c,", "AC_Tags__c,"),
        ("lead.csv", "# City,", "City,"),
        ("lead.csv", "# AC_Tags__c,", "AC_Tags__c,"),
    ),
    merges_known=True,
    reference="ACCONTACTID__c",
)
APPS = {app.name: app for app in (ACTIVECAMPAIGN, FRESHDESK)}
