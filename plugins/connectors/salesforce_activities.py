"""Tasks and events point at people and things of many kinds by `WhoId` and `WhatId`; a mapping wants one kind at a time.

So each reads and writes as several fields, one per kind: `WhatAccountId` has the id while `WhatId` points at an account, else
nothing. Written together, the deal goes before its account, the contact before the lead.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.contract import Field, Write

ENTITIES = frozenset({"event", "task"})
# Our name → the API's field and the key prefix of the ids it stands for; the first of a field goes before the second.
KINDS: Mapping[str, tuple[str, str]] = {
    "WhatOpportunityId": ("WhatId", "006"),
    "WhatAccountId": ("WhatId", "001"),
    "WhoContactId": ("WhoId", "003"),
    "WhoLeadId": ("WhoId", "00Q"),
}


def fields_of(described: Iterable[Field]) -> list[Field]:
    """Return the fields by kind, as writable as those they stand for."""
    known = {field.name: field for field in described}
    return [
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
    if not KINDS.keys() & write.fields.keys():
        return write
    fields = {name: value for name, value in write.fields.items() if name not in KINDS}
    for name, (source, _) in KINDS.items():
        if name in write.fields:
            fields[source] = fields.get(source) or write.fields[name]
    return replace(write, fields=fields)
