"""What Salesforce's answers must hold."""

from datetime import datetime
from typing import Any, NotRequired, TypedDict

from connectors.shapes import Answers

ANSWERS = Answers("Salesforce")


class Token(TypedDict):
    """The answer to a login."""

    access_token: str
    instance_url: str


class Query(TypedDict):
    """One page of a query."""

    totalSize: int
    records: list[dict[str, Any]]
    nextRecordsUrl: NotRequired[str | None]


class Read(TypedDict):
    """A record of an entity."""

    Id: str
    SystemModstamp: datetime
    IsDeleted: bool


class Part(TypedDict):
    """The answer to one request of several."""

    httpStatusCode: int
    body: Any


class Composite(TypedDict):
    """The answer to several requests sent as one."""

    compositeResponse: list[Part]


class Saved(TypedDict):
    """The outcome of one record written."""

    success: bool
    id: NotRequired[str | None]


class Option(TypedDict):
    """A value of a picklist."""

    value: str
    active: bool


class Described(TypedDict):
    """A field of a describe."""

    name: str
    label: str
    type: str
    length: int
    picklistValues: list[Option]
    restrictedPicklist: bool
    createable: bool
    updateable: bool
    nillable: bool
    defaultedOnCreate: bool
    calculated: bool
    autoNumber: bool
    unique: bool
    custom: bool


class Describe(TypedDict):
    """The fields of an object."""

    fields: list[Described]


class Gone(TypedDict):
    """One entry of the delete log."""

    id: str
    deletedDate: datetime


class DeleteLog(TypedDict):
    """What was deleted in a span of time."""

    deletedRecords: list[Gone]


class Made(TypedDict):
    """What was just created: a job, a record of the setup."""

    id: str


class Job(TypedDict):
    """How a bulk job stands."""

    state: str


class Listed(TypedDict):
    """A bulk job in a list."""

    id: str
    object: NotRequired[str]
    state: str
    createdById: str
    createdDate: datetime


class Jobs(TypedDict):
    """A page of bulk jobs."""

    records: list[Listed]
    nextRecordsUrl: NotRequired[str | None]


class Whoami(TypedDict):
    """The user of the connection."""

    user_id: str


class Done(TypedDict):
    """A row of a job's successes."""

    sf__Id: str


class Refused(TypedDict):
    """A row of a job's failures."""

    sf__Error: str
