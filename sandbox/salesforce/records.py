"""Records as a person or the tests handle them: put without rules, edited and deleted in the system's own pages."""

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.salesforce import deriving, saving
from sandbox.salesforce.ids import ADMIN_USER_ID, full_id
from sandbox.salesforce.objects import OBJECTS
from sandbox.salesforce.org import DELETED, Org
from sandbox.salesforce.saving import Options
from sandbox.store import Key, Record

BY_PERSON = Options(user_id=ADMIN_USER_ID)


def insert(org: Org, kind: str, records: Sequence[Mapping[str, Any]]) -> list[Key]:
    """Put records as they are; ids, stamps, owner and name are added where they lack."""
    return [_insert(org, kind, record) for record in records]


def edit(org: Org, kind: str, text: str, fields: Mapping[str, Any]) -> None:
    """Change a record as a person would: the stamps move, no rule is applied."""
    old = found(org, kind, text)
    now = org.stamp()
    stamps = {"LastModifiedDate": now, "SystemModstamp": now, "LastModifiedById": ADMIN_USER_ID}
    record = {**old, **fields, **stamps}
    if OBJECTS[kind].is_person:
        record["Name"] = deriving.person_name(record)
    org.store.put(kind, old["Id"], {name: value for name, value in record.items() if value is not None})


def delete(org: Org, kind: str, text: str) -> None:
    """Delete a record as a person would, its dependants with it."""
    old = found(org, kind, text)
    if org.switch("cascades_deletes"):
        deriving.cascade(org, OBJECTS[kind], old["Id"], lambda child, child_id: delete(org, child.name, child_id))
    saving.bury(org, OBJECTS[kind], old, ADMIN_USER_ID)


def found(org: Org, kind: str, text: str) -> Record:
    """Return a live record; raises KeyError."""
    record = org.live(kind, full_id(text))
    if record is None:
        raise KeyError(f"{kind} {text}")
    return record


def _insert(org: Org, kind: str, fields: Mapping[str, Any]) -> str:
    record_id = str(fields.get("Id") or org.new_id(OBJECTS[kind]))
    stamp = fields.get("SystemModstamp") or fields.get("LastModifiedDate") or fields.get("CreatedDate") or org.stamp()
    record = {
        "IsDeleted": False,
        "CreatedDate": stamp,
        "CreatedById": ADMIN_USER_ID,
        "LastModifiedDate": stamp,
        "LastModifiedById": ADMIN_USER_ID,
        "SystemModstamp": stamp,
        **{name: value for name, value in fields.items() if value is not None},
        "Id": record_id,
    }
    if "ownerid" in OBJECTS[kind].by_name:
        record.setdefault("OwnerId", ADMIN_USER_ID)
    if OBJECTS[kind].is_person and "Name" not in record:
        record["Name"] = deriving.person_name(record)
    org.store.put(kind, record_id, record)
    if record["IsDeleted"]:
        org.store.put(DELETED, record_id, {"id": record_id, "object": kind, "deletedDate": record["SystemModstamp"]})
    return record_id
