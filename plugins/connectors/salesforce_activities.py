"""Tasks and events point at people and things of many kinds by `WhoId` and `WhatId`; a mapping wants one kind at a time.

So each reads and writes as several fields, one per kind: `WhatAccountId` has the id while `WhatId` points at an account, else
nothing. Written together, the deal goes before its account, the contact before the lead. A task's `IsClosed`, which the API only
shows, can be written too: it sets the status.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.contract import Field, Write

ENTITIES = frozenset({"event", "task", "call"})
DONE = "IsClosed"
STATUSES = {True: "Completed", False: "Not Started"}
# Our name → the API's field and the key prefix of the ids it stands for; the first of a field goes before the second.
KINDS: Mapping[str, tuple[str, str]] = {
    "WhatOpportunityId": ("WhatId", "006"),
    "WhatAccountId": ("WhatId", "001"),
    "WhoContactId": ("WhoId", "003"),
    "WhoLeadId": ("WhoId", "00Q"),
}


def fields_of(described: Iterable[Field]) -> list[Field]:
    """Return the fields, those by kind besides, as writable as those they stand for."""
    known = {field.name: field for field in described}
    others = [replace(each, is_createable=True, is_updateable=True) if each.name == DONE else each for each in known.values()]
    return others + [
        replace(known[source], name=name, label=f"{known[source].label} ({name})")
        for name, (source, _) in KINDS.items()
        if source in known
    ]


def asked(fields: Sequence[str]) -> list[str]:
    """Return the names to ask the API for."""
    return [KINDS[name][0] if name in KINDS else name for name in fields]


def divided(raw: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """Return the wanted fields by kind."""
    wanted = [(name, *KINDS[name]) for name in fields if name in KINDS]
    return {name: raw[source] if str(raw.get(source)).startswith(prefix) else None for name, source, prefix in wanted}


def united(write: Write) -> Write:
    """Return the write in the API's own names."""
    if not (KINDS.keys() | {DONE}) & write.fields.keys():
        return write
    fields = {name: value for name, value in write.fields.items() if name not in KINDS and name != DONE}
    if DONE in write.fields:
        fields.setdefault("Status", STATUSES[bool(write.fields[DONE])])
    for name, (source, _) in KINDS.items():
        if name in write.fields:
            fields[source] = fields.get(source) or write.fields[name]
    return replace(write, fields=fields)
