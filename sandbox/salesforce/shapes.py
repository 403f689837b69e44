"""The shapes of request bodies; a body of another shape is refused before anything else is looked at."""

from typing import Any

from msgspec import Struct, field


class Records(Struct):
    """A Collections write."""

    records: list[dict[str, Any]]
    allOrNone: bool | None = False


class Selected(Struct):
    """A Collections read."""

    ids: list[str]
    fields: list[str]


class Part(Struct):
    """One sub-request of a composite."""

    method: str
    url: str
    referenceId: str
    body: Any = None
    httpHeaders: dict[str, str] | None = None


class Composite(Struct):
    """A composite call."""

    compositeRequest: list[Part]
    allOrNone: bool | None = False


class BatchPart(Struct):
    """One sub-request of a batch."""

    method: str
    url: str
    richInput: Any = None


class Batch(Struct):
    """A batch call."""

    batchRequests: list[BatchPart]


class IngestJob(Struct):
    """A new ingest job."""

    object: str
    operation: str
    externalIdFieldName: str | None = None
    assignmentRuleId: str | None = None
    contentType: str = "CSV"
    lineEnding: str = "LF"
    columnDelimiter: str = "COMMA"


class QueryJob(Struct):
    """A new query job."""

    operation: str
    query: str
    contentType: str = "CSV"
    lineEnding: str = "LF"
    columnDelimiter: str = "COMMA"


class JobState(Struct):
    """A change of a job."""

    state: str


class Option(Struct):
    """One value of a picklist."""

    fullName: str
    default: bool | None = False


class ValueSetDefinition(Struct):
    """The values of a picklist."""

    value: list[Option] = field(default_factory=list)


class ValueSet(Struct):
    """What a picklist takes."""

    valueSetDefinition: ValueSetDefinition | None = None
    restricted: bool | None = False


class Metadata(Struct):
    """The Tooling metadata of a custom field."""

    label: str
    type: str
    length: int | None = None
    precision: int = 18
    scale: int = 0
    required: bool | None = False
    unique: bool | None = False
    externalId: bool | None = False
    caseSensitive: bool | None = False
    referenceTo: str = ""
    formula: str | None = None
    valueSet: ValueSet | None = None


class CustomField(Struct):
    """A new custom field."""

    FullName: str
    Metadata: dict[str, Any]
