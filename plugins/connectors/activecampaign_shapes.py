"""What ActiveCampaign's answers must hold: every list under its own name, single records under that of their kind.

Numbers come as numbers in one place and as text in another, even in the vendor's own examples.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Annotated, Any, NotRequired, TypedDict

from msgspec import Meta

from connectors.shapes import Answers, an_object, having, many

ANSWERS = Answers("ActiveCampaign")

Id = int | Annotated[str, Meta(pattern=r"^\d+$")]
Number = int | float | Annotated[str, Meta(pattern=r"^(-?\d+(\.\d+)?)?$")] | None
Status = Annotated[int, Meta(ge=0, le=3)] | Annotated[str, Meta(pattern=r"^[0-3]$")]
Stamp = Annotated[str, Meta(pattern=r"^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*)?$")] | None


class Contact(TypedDict):
    """A contact."""

    id: Id
    cdate: datetime
    udate: NotRequired[Stamp]


class Named(TypedDict):
    """An account; one that comes along with contacts has no times."""

    id: Id
    name: str
    createdTimestamp: NotRequired[datetime]
    updatedTimestamp: NotRequired[Stamp]


class Deal(TypedDict):
    """A deal; one that the key's user may not see has only title and id."""

    id: Id
    cdate: NotRequired[datetime]
    mdate: NotRequired[Stamp]
    value: NotRequired[Number]
    stage: NotRequired[Id | None]


class FieldValue(TypedDict):
    """A custom value of a contact."""

    contact: Id
    field: Id
    value: Any


class Tagging(TypedDict):
    """A tag on a contact."""

    id: Id
    contact: Id
    tag: Id


class Membership(TypedDict):
    """A contact's status on a list."""

    contact: Id
    list: Id
    status: Status
    sdate: NotRequired[Stamp]
    udate: NotRequired[Stamp]


class Employment(TypedDict):
    """A contact's account."""

    id: Id
    contact: Id
    account: Id


class Tag(TypedDict):
    """A tag."""

    id: Id
    tag: str


class List(TypedDict):
    """A list."""

    id: Id
    stringid: str
    name: str


class ContactField(TypedDict):
    """A custom field of contacts."""

    id: Id
    title: str
    type: str


class DealField(TypedDict):
    """A custom field of deals."""

    id: Id
    fieldLabel: str
    fieldType: str
    fieldOptions: NotRequired[list[Any] | None]


class Choice(TypedDict):
    """A value that a custom field may have."""

    field: Id


class DealValue(TypedDict):
    """A custom value of a deal."""

    dealId: Id
    customFieldId: Id
    fieldValue: Any


class Stage(TypedDict):
    """A stage of a pipeline."""

    id: Id
    title: str
    group: Id
    order: NotRequired[Number]


class User(TypedDict):
    """Somebody who may own records."""

    id: Id


class Total(TypedDict):
    """What is told about a list."""

    total: NotRequired[Number]


LISTS: Mapping[str, Any] = {
    "contacts": Contact, "accounts": Named, "deals": Deal, "fieldValues": FieldValue, "contactTags": Tagging,
    "contactLists": Membership, "accountContacts": Employment, "tags": Tag, "lists": List, "fields": ContactField,
    "dealCustomFieldMeta": DealField, "dealCustomFieldData": DealValue, "dealStages": Stage, "users": User,
}  # fmt: skip
BESIDE: Mapping[str, tuple[str, ...]] = {
    "contacts": ("fieldValues", "contactTags", "contactLists", "accountContacts", "tags", "accounts")
}
SINGLE: Mapping[str, Any] = {
    "contact": Contact, "account": Named, "deal": Deal, "tag": Tag, "field": User, "user": having("id"),
}  # fmt: skip


@cache
def listed(kind: str) -> Any:
    """Return the shape of a page of a list, with what comes along."""
    beside = {other: many(LISTS[other]) for other in BESIDE.get(kind, ())}
    options = {"fieldOptions": list[Choice] | None} if kind == "fields" else {}
    return an_object({kind: many(LISTS[kind])}, {**beside, **options, "meta": Total | None})


@cache
def single(kind: str) -> Any:
    """Return the shape of one record, wrapped under the name of its kind."""
    return an_object({kind: SINGLE[kind]})


@cache
def made(kind: str) -> Any:
    """Return the shape of the answer to a write, of which the id is all that is needed."""
    return an_object({kind: User})
