"""What every connector offers, and the plain values that pass between connectors and stages.

Raw names in, raw names out: a connector speaks the field names of its API. Nested custom fields are flattened with a dot
(`custom_fields.region`), so that a record is one flat mapping and a mapping row can name any field.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from connectors.errors import PermanentError

Operation = Literal["create", "update", "delete"]
FieldType = Literal[
    "id", "text", "email", "phone", "url", "integer", "number", "boolean", "date", "datetime",
    "picklist", "multipicklist", "tags", "reference", "other",
]  # fmt: skip


UNREADABLE = "!unreadable"  # in `Record.raw`: a list of reasons why the source has no record here; it is rejected with them


NewField = Literal["reference", "text", "long_text", "checkbox", "number", "date", "datetime"]


@dataclass(frozen=True, slots=True)
class Entity:
    """The declared facts of one kind of record in one system."""

    name: str  # our word: account, contact, lead …
    path: str  # the API's word: "Contact", "contacts"
    id_field: str
    modified_field: str
    has_delete_feed: bool  # read_changes reports deletions
    ids_per_call: int = 1  # records that `read` gets in one call
    can_delete: bool = True
    can_restore: bool = False  # a create with the id of a deleted record brings that back
    creates_in_parts: bool = False  # a create is several calls: broken off, it leaves a record without some of its values


@dataclass(frozen=True, slots=True)
class Field:
    """One field as the live system describes it. `length` 0 means no limit known; `options` None means any value."""

    name: str
    label: str
    type: FieldType
    length: int = 0
    options: tuple[str, ...] | None = None
    is_restricted: bool = False  # a value outside `options` is refused
    is_required: bool = False  # a create without it is refused
    is_createable: bool = True
    is_updateable: bool = True
    is_calculated: bool = False  # formula, roll-up, auto number
    is_unique: bool = False
    is_custom: bool = False
    form: str = ""  # the transform that writes what this field takes, where plain text may not fit


@dataclass(frozen=True, slots=True)
class Record:
    """One record as read. `raw` is flat; `modified_at` is aware UTC; a deleted record may have an almost empty `raw`."""

    id: str
    raw: Mapping[str, Any]
    modified_at: datetime
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One page of records. `server_time` is the system's own clock when it was asked (never later than what it shows), aware UTC."""

    records: list[Record]
    server_time: datetime


@dataclass(frozen=True, slots=True)
class Write:
    """One change to send. `id` is None for a create, but for one that restores; `fields` are raw names; only what differs is named.

    `<field>_add` and `<field>_remove` are lists of what to put into a list of tags and to take out of it, whatever else it holds.
    """

    operation: Operation
    id: str | None
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one write, never an exception for a row.

    `accepted`: the system took it and shows the record only later, if at all; `id` is not known yet.
    `done`: the system has it, `id` is set; `record` is the state after the write where the API answers with it. `is_read_back`: it
    does not, and `record` was read some seconds later, when somebody may have edited it again.
    `failed`: refused for this row, `code` and `message` are the API's own words; `is_transient` says that the same write
    may succeed later (row lock, row-level limit); code NOT_SENT that it was broken off and is sent again as a whole by the same run.
    `unknown`: the answer was lost, look before any repeat.
    """

    state: Literal["done", "failed", "unknown", "accepted"]
    id: str | None = None
    record: Record | None = None
    code: str = ""
    message: str = ""
    is_transient: bool = False
    is_read_back: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """Whom we speak to. `id` is stable for the life of the org or account and tells production from sandbox."""

    id: str
    name: str
    is_sandbox: bool = False


@dataclass(frozen=True, slots=True)
class User:
    """A person who may own records. `email` is blank where the system does not tell."""

    id: str
    email: str
    name: str
    is_active: bool = True


NOT_SENT = "not_sent"
Known = Callable[[str, datetime], bool]  # tells whether a record was read before in the form it had at that moment


def check_entity(system: str, entities: Mapping[str, Entity], name: str) -> str:
    """Return the name of an entity that the system has; names come from settings. Raises PermanentError."""
    if name not in entities:
        raise PermanentError(f"{system} has no entity {name!r}: there are {', '.join(entities)}.")
    return name


class Connector(Protocol):
    """Reads and writes one system. Built from plain values and a session; no state, SQL, mapping, sleep or retry inside.

    Every method may raise TransientError (RateLimitError), AuthError or PermanentError, never for a single row.
    """

    system: str  # "salesforce", "freshdesk" …
    custom_prefix: str  # how the names of fields begin that `create_field` may make; blank where the API makes none by name
    entities: Mapping[str, Entity]

    def account_id(self) -> str:
        """Return the stable id of the org or account we speak to, without a counted call."""
        ...

    def ping(self) -> Account:
        """Check host, credentials, rights and edition with the cheapest call."""
        ...

    def describe(self, entity: str) -> Sequence[Field]:
        """Return the live fields of `entity`."""
        ...

    def read_changes(
        self, entity: str, since: datetime | None, fields: Sequence[str], known: Known | None = None
    ) -> Iterator[Page]:
        """Yield every record changed at or after `since` (inclusive), deletions included, in any order; None = all live ones.

        A record that `known(id, modified_at)` vouches for may be left out where its details would cost a call of its own.
        At least one page is yielded even when nothing changed. A record may come twice; none is left out.
        Raises PermanentError where the API's page limit would cut the answer off.
        """
        ...

    def read(self, entity: str, ids: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Yield the present state of `ids`; unknown ids are left out, deleted ones carry `is_deleted` if the API tells."""
        ...

    def find(self, entity: str, key: str, values: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Yield every live record whose raw field `key` equals one of `values`; text compares without regard to case.

        Serves matching and the look-up of lost answers; chooses the cheapest way for the number of values.
        """
        ...

    def write(self, entity: str, writes: Sequence[Write]) -> Iterator[Result]:
        """Send `writes`; yield one result per write, in the same order. No writes: no request.

        One bad row does not stop the others. Results come as soon as they are known; should the run be stopped (AuthError,
        RateLimitError …) the exception is raised after the results known so far, the writes without a result were not sent.
        """
        ...

    def users(self) -> Sequence[User]:
        """Return everybody who may own records; none where records have no owners."""
        ...

    def create_field(self, entity: str, name: str, label: str, kind: NewField = "reference") -> None:
        """Create the custom field `name`, unless it is there.

        A `reference` holds our cross-reference: 255 characters, unique where the API can, hidden from users. The others hold data, a
        text 255 characters; a system that knows texts only makes them all texts. Raises PermanentError, with what to do by hand,
        where the API can make no such field.
        """
        ...
