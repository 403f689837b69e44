"""The plain kinds of records: what each is called, must have and may not repeat. Contacts and deals add their own rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of record; `attributes` are those a client may write, with their defaults."""

    kind: str
    singular: str
    model: str  # its name in 404 messages
    attributes: Mapping[str, Any]
    required: tuple[str, ...] = ()
    references: Mapping[str, str] = field(default_factory=dict)  # attribute → kind
    unique: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)  # words of filters[…] → attribute
    stamps: tuple[str, str] = ("cdate", "udate")
    has_naive_stamps: bool = True
    cascades: tuple[tuple[str, str], ...] = ()  # what goes with it: kind, attribute that names it
    limit: int = 20
    is_crm: bool = False
    has_soft_status: bool = False  # recorded 201, described 200


TAGS = Resource(
    "tags", "tag", "Tag", {"tagType": "contact", "tag": "", "description": ""}, ("tag",), unique="tag",
    filters={"search": "tag"}, cascades=(("contactTags", "tag"),),
)  # fmt: skip
CONTACT_TAGS = Resource(
    "contactTags", "contactTag", "SubscriberTag", {"contact": None, "tag": None}, ("contact", "tag"),
    {"contact": "contacts", "tag": "tags"}, stamps=("cdate", "udate"),
)  # fmt: skip
LISTS = Resource(
    "lists", "list", "_List",
    {"stringid": "", "name": "", "userid": 1, "channel": "email", "sender_url": "", "sender_reminder": ""},
    ("name", "stringid", "sender_url", "sender_reminder"), filters={"name": "name"},
    cascades=(("contactLists", "list"),), has_soft_status=True,
)  # fmt: skip
CONTACT_LISTS = Resource(
    "contactLists", "contactList", "SubscriberList",
    {"contact": None, "list": None, "status": 1, "form": None, "seriesid": 0, "sourceid": 3, "responder": 1, "sync": 0,
     "unsubreason": None, "campaign": None, "message": None, "first_name": "", "last_name": "", "unsubscribeAutomation": None},
    ("contact", "list", "status"), {"contact": "contacts", "list": "lists"}, stamps=("sdate", "udate"), has_soft_status=True,
)  # fmt: skip
FIELDS = Resource(
    "fields", "field", "Field",
    {"title": "", "descript": "", "type": "text", "isrequired": 0, "perstag": "", "defval": None, "show_in_list": 0, "rows": 0,
     "cols": 0, "visible": 1, "service": "", "ordernum": 0},
    ("title", "type"), unique="title", cascades=(("fieldValues", "field"), ("fieldOptions", "field"), ("fieldRels", "field")),
    limit=100, has_soft_status=True,
)  # fmt: skip
FIELD_OPTIONS = Resource(
    "fieldOptions", "fieldOption", "FieldOption", {"field": None, "label": "", "value": "", "orderid": 0, "isdefault": 0},
    ("field", "value"), {"field": "fields"}, limit=100,
)  # fmt: skip
FIELD_RELS = Resource(
    "fieldRels", "fieldRel", "FieldRel", {"field": None, "relid": 0, "dorder": 0}, ("field", "relid"), {"field": "fields"},
)  # fmt: skip
FIELD_VALUES = Resource(
    "fieldValues", "fieldValue", "FieldValue", {"contact": None, "field": None, "value": ""}, ("contact", "field"),
    {"contact": "contacts", "field": "fields"}, has_naive_stamps=False, has_soft_status=True,
)  # fmt: skip
ACCOUNTS = Resource(
    "accounts", "account", "CustomerAccount", {"name": "", "accountUrl": None, "owner": 1}, ("name",), unique="name",
    stamps=("createdTimestamp", "updatedTimestamp"), has_naive_stamps=False, cascades=(("accountContacts", "account"),),
    is_crm=True,
)  # fmt: skip
ACCOUNT_CONTACTS = Resource(
    "accountContacts", "accountContact", "CustomerAccountSubscriber", {"account": None, "contact": None, "jobTitle": None},
    ("account", "contact"), {"account": "accounts", "contact": "contacts"}, filters={"contact": "contact", "account": "account"},
    stamps=("createdTimestamp", "updatedTimestamp"), has_naive_stamps=False, is_crm=True,
)  # fmt: skip
DEAL_GROUPS = Resource(
    "dealGroups", "dealGroup", "DealGroup", {"title": "", "currency": "eur", "allgroups": 1, "allusers": 1, "autoassign": 0},
    ("title", "currency"), filters={"title": "title"}, has_naive_stamps=False, cascades=(("dealStages", "group"),), is_crm=True,
)  # fmt: skip
DEAL_STAGES = Resource(
    "dealStages", "dealStage", "DealStage", {"title": "", "group": None, "order": 1, "color": "32B0FC", "width": 280},
    ("title", "group"), {"group": "dealGroups"}, filters={"title": "title", "d_groupid": "group"}, has_naive_stamps=False,
    is_crm=True,
)  # fmt: skip
DEAL_FIELDS = Resource(
    "dealCustomFieldMeta", "dealCustomFieldMetum", "DealCustomFieldMeta",
    {"fieldLabel": "", "fieldType": "text", "fieldOptions": None, "fieldDefault": None, "isFormVisible": 1, "isRequired": 0,
     "displayOrder": 1, "personalization": ""},
    ("fieldLabel", "fieldType"), stamps=("createdTimestamp", "updatedTimestamp"), has_naive_stamps=False,
    cascades=(("dealCustomFieldData", "customFieldId"),), limit=100, is_crm=True, has_soft_status=True,
)  # fmt: skip
DEAL_DATA = Resource(
    "dealCustomFieldData", "dealCustomFieldDatum", "DealCustomFieldData",
    {"dealId": None, "customFieldId": None, "fieldValue": None, "fieldCurrency": None}, ("dealId", "customFieldId"),
    {"dealId": "deals", "customFieldId": "dealCustomFieldMeta"}, stamps=("createdTimestamp", "updatedTimestamp"),
    has_naive_stamps=False, limit=100, is_crm=True,
)  # fmt: skip
USERS = Resource(
    "users", "user", "User", {"username": "", "firstName": "", "lastName": "", "email": "", "phone": ""}, ("email",),
    has_naive_stamps=False,
)  # fmt: skip

RESOURCES = {
    each.kind: each
    for each in (
        TAGS, CONTACT_TAGS, LISTS, CONTACT_LISTS, FIELDS, FIELD_OPTIONS, FIELD_RELS, FIELD_VALUES, ACCOUNTS, ACCOUNT_CONTACTS,
        DEAL_GROUPS, DEAL_STAGES, DEAL_FIELDS, DEAL_DATA, USERS,
    )
}  # fmt: skip
CONTACT_CASCADES = (
    ("contactTags", "contact"),
    ("contactLists", "contact"),
    ("fieldValues", "contact"),
    ("accountContacts", "contact"),
)
