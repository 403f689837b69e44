"""What GetResponse's answers must hold."""

from datetime import datetime
from typing import Any, NotRequired, TypedDict

from connectors.shapes import Answers

ANSWERS = Answers("GetResponse")


class Account(TypedDict):
    """Whose key it is."""

    accountId: str


class Campaign(TypedDict):
    """A list."""

    campaignId: str
    name: str


class Home(TypedDict):
    """The list that a contact is on."""

    campaignId: str


class Tag(TypedDict):
    """A tag of the account, or of a contact."""

    tagId: str
    name: str


class CustomField(TypedDict):
    """A custom field."""

    customFieldId: str
    name: str
    values: NotRequired[list[Any] | None]


class CustomValue(TypedDict):
    """The values of a custom field in one contact."""

    customFieldId: str
    name: str
    value: NotRequired[list[Any] | None]
    values: NotRequired[list[Any] | None]


class Listed(TypedDict):
    """A contact as lists show it."""

    contactId: str
    createdOn: datetime
    changedOn: datetime
    campaign: Home
    tags: NotRequired[list[Tag]]
    customFieldValues: NotRequired[list[CustomValue] | None]


class Found(TypedDict):
    """A contact as searches show it."""

    contactId: str
    createdOn: datetime
    deletedOn: NotRequired[datetime | None]
