"""Creates, updates, upserts and deletes records by the rules of the platform.

Order of the checks: fields known, fields writable, types and lengths, required, references, unique values, duplicate rule,
validation rules, triggers (here: injected row faults).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.salesforce import customfields, deriving, duplicates, rules
from sandbox.salesforce.answers import RowError, RowRefusedError, not_found
from sandbox.salesforce.fields import Field
from sandbox.salesforce.ids import INTEGRATION_USER_ID, full_id
from sandbox.salesforce.objects import SObject
from sandbox.salesforce.org import DELETED, Org
from sandbox.salesforce.values import convert
from sandbox.store import Record


@dataclass(frozen=True, slots=True)
class Options:
    """What the headers and the kind of call say about a save."""

    auto_assign: bool = True
    allow_duplicates: bool = False
    shows_duplicates: bool = True  # the error names the matched records
    is_text: bool = False  # values come from CSV
    user_id: str = INTEGRATION_USER_ID


def create(org: Org, found: SObject, fields: Mapping[str, Any], options: Options) -> str:
    """Create a record; returns its id."""
    if not found.is_createable:
        raise _refused("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type {found.name} cannot be inserted")
    if any(name.lower() == "id" for name in fields):
        raise _refused("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", "Id")
    changes = _prepared(org, found, fields, True, options)
    _require(org, found, changes)
    changes = {**_defaults(org, found, options), **changes}
    record_id = org.new_id(found)
    now = org.stamp()
    record = {"Id": record_id, "IsDeleted": False, "CreatedDate": now, "CreatedById": options.user_id, **changes}
    _save(org, found, record, changes, None, options)
    return record_id


def update(org: Org, found: SObject, text: str, fields: Mapping[str, Any], options: Options) -> str:
    """Change the record with the id `text`; returns its full id."""
    old = locate(org, found, text, org.switch("deleted_patch_status"))
    if old.get("IsConverted"):
        error = RowError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
        raise RowRefusedError(error, status=org.switch("converted_lead_status"))
    if any(name.lower() == "id" for name in fields):
        raise _refused("INVALID_FIELD", "The Id field should not be specified in the sobject data.")
    changes = _prepared(org, found, fields, False, options)
    _require(org, found, {**old, **changes}, changes)
    _save(org, found, {**old, **changes}, changes, old, options)
    return str(old["Id"])


class AmbiguousError(Exception):
    """The key of an upsert fits several records."""

    def __init__(self, ids: list[str]) -> None:
        self.ids = ids
        super().__init__(f"{len(ids)} records")


def lookup_key(org: Org, found: SObject, name: str) -> Field:
    """Return the field `name` if it may be the key of an upsert; raises 404."""
    field = org.fields(found.name).get(name.lower())
    if field is None or not (field.is_lookup_key or field.name == "Id"):
        raise not_found(f"Provided external ID field does not exist or is not accessible: {name}")
    return field


def by_key(org: Org, found: SObject, field: Field, value: Any) -> list[str]:
    """Return the ids of the live records whose key `field` has this value."""
    ids = [str(key) for key in org.store.find(found.name, field.name, value) if org.live(found.name, str(key))]
    if "C" in field.flags:
        ids = [record_id for record_id in ids if (org.record(found.name, record_id) or {}).get(field.name) == value]
    return ids


def upsert(
    org: Org, found: SObject, field: Field, value: Any, fields: Mapping[str, Any], options: Options, only: bool = False
) -> tuple[str, bool]:
    """Update the record with this key, or create it; returns id and whether it was created. `only` never creates."""
    key = convert(field, value, True, org.switch("trims_text"))
    ids = by_key(org, found, field, key) if key is not None else []
    if len(ids) > 1:
        raise AmbiguousError(ids)
    if ids:
        return update(org, found, ids[0], fields, options), False
    if only:
        raise not_found()
    return create(org, found, {**fields, field.name: key} if key is not None else fields, options), True


def delete(org: Org, found: SObject, text: str, options: Options) -> str:
    """Move a record to the recycle bin, its dependants with it; returns its full id."""
    if not found.is_deletable:
        raise _refused("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
    old = locate(org, found, text, 404)
    rules.trigger(org, old["Id"], old)
    if org.switch("cascades_deletes"):
        deriving.cascade(org, found, str(old["Id"]), lambda child, child_id: delete(org, child, child_id, options))
    bury(org, found, old, options.user_id)
    return str(old["Id"])


def bury(org: Org, found: SObject, old: Record, user_id: str, **fields: Any) -> None:
    """Mark a record deleted now and note it in the delete log."""
    now = org.stamp()
    stamps = {"LastModifiedDate": now, "SystemModstamp": now, "LastModifiedById": user_id}
    org.store.put(found.name, old["Id"], {**old, "IsDeleted": True, **stamps, **fields})
    org.store.put(DELETED, old["Id"], {"id": old["Id"], "object": found.name, "deletedDate": now})
    if found.is_setup:
        customfields.touch(org.store)


def locate(org: Org, found: SObject, text: str, deleted_status: int) -> Record:
    """Return the live record with the id `text`; raises the refusals of unknown, deleted and malformed ids."""
    record_id = full_id(str(text))
    if record_id is None:
        raise _refused("MALFORMED_ID", f"{found.name} ID: id value of incorrect type: {text}", "Id")
    record = org.record(found.name, record_id)
    if record is None:
        raise RowRefusedError(RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"), status=404)
    if record["IsDeleted"]:
        raise RowRefusedError(RowError("ENTITY_IS_DELETED", "entity is deleted"), status=deleted_status)
    return record


def _save(
    org: Org, found: SObject, record: dict[str, Any], changes: Mapping[str, Any], old: Record | None, options: Options
) -> None:
    _check_references(org, found, changes)
    deriving.derive(org, found, record, changes, old)
    _check_unique(org, found, record, changes)
    duplicates.check(org, found, record, changes, options.allow_duplicates, options.shows_duplicates)
    rules.validate(org, found, record)
    rules.trigger(org, record["Id"] if old else None, record)
    if options.auto_assign:
        rules.assign(org, found, record)
    now = org.stamp()
    record |= {"LastModifiedDate": now, "SystemModstamp": now, "LastModifiedById": options.user_id}
    org.store.put(found.name, record["Id"], {name: value for name, value in record.items() if value is not None})


def _prepared(org: Org, found: SObject, fields: Mapping[str, Any], is_create: bool, options: Options) -> dict[str, Any]:
    named = dict(_named(org, found, fields))
    allowed = "c" if is_create else "u"
    refused = [field.name for field, _ in named.values() if allowed not in field.flags]
    if refused:
        message = f"Unable to create/update fields: {', '.join(refused)}. Please check the security settings of this field"
        message += " and verify that it is read/write for your profile or permission set."
        raise _refused("INVALID_FIELD_FOR_INSERT_UPDATE", message, *refused)
    trims = org.switch("trims_text")
    changes: dict[str, Any] = {}
    errors: list[RowError] = []
    for field, value in named.values():
        try:
            changes[field.name] = convert(field, value, options.is_text, trims)
        except RowRefusedError as problem:
            errors += problem.errors
    if errors:
        raise RowRefusedError(*errors)
    return changes


def _named(org: Org, found: SObject, fields: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Field, Any]]]:
    known = org.fields(found.name)
    for name, value in fields.items():
        field = known.get(name.lower())
        if field is not None:
            yield field.name, (field, value)
        elif isinstance(value, Mapping) and name != "attributes":
            link = _link(org, found, name)
            yield link.name, (link, _parent_id(org, link, value))
        elif name != "attributes":
            raise _refused("INVALID_FIELD", f"No such column '{name}' on sobject of type {found.name}")


def _link(org: Org, found: SObject, name: str) -> Field:
    for field in org.fields(found.name).values():
        if field.relationship and field.relationship.lower() == name.lower():
            return field
    raise _refused("INVALID_FIELD", f"No such column '{name}' on sobject of type {found.name}")


def _parent_id(org: Org, link: Field, parent: Mapping[str, Any]) -> str:
    keys = {name: value for name, value in parent.items() if name != "attributes"}
    if not keys:
        raise _refused("INVALID_FIELD", f"{link.relationship} needs a field that finds the record")
    name, value = next(iter(keys.items()))
    for parent_name in link.references:
        parent_object = org.object(parent_name)
        field = org.fields(parent_name).get(name.lower())
        if field is not None and field.is_lookup_key:
            ids = by_key(org, parent_object, field, value)
            if len(ids) == 1:
                return ids[0]
    where = f"for field {name} in entity {link.references[0]}"
    raise _refused("INVALID_FIELD", f"Foreign key external ID: {value} not found {where}")


def _require(org: Org, found: SObject, record: Mapping[str, Any], changes: Mapping[str, Any] | None = None) -> None:
    required = org.required(found.name)
    missing = [name for name in required if record.get(name) is None and (changes is None or name in changes)]
    if missing:
        raise _refused("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", *missing)


def _defaults(org: Org, found: SObject, options: Options) -> dict[str, Any]:
    known = org.fields(found.name)
    defaults: dict[str, Any] = {field.name: field.default for field in known.values() if field.default}
    if "ownerid" in known:
        defaults["OwnerId"] = options.user_id
    return defaults


def _check_references(org: Org, found: SObject, changes: Mapping[str, Any]) -> None:
    known = org.fields(found.name)
    for name, value in changes.items():
        field = known[name.lower()]
        if field.type != "reference" or value is None:
            continue
        parent = org.parent(field, value)
        if parent is None or parent[1]["IsDeleted"]:
            raise _refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", field.name)
        if field.name == "OwnerId" and parent[1].get("IsActive") is False:
            message = f"operation performed with inactive user [{value}] as owner of {found.name.lower()}"
            raise _refused("INACTIVE_OWNER_OR_USER", message, field.name)


def _check_unique(org: Org, found: SObject, record: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
    known = org.fields(found.name)
    for name, value in changes.items():
        field = known[name.lower()]
        if value is None or not field.is_unique:
            continue
        others = [record_id for record_id in by_key(org, found, field, value) if record_id != record["Id"]]
        if others:
            message = f"duplicate value found: {field.name} duplicates value on record with id: {others[0][:15]}"
            raise _refused("DUPLICATE_VALUE", message)


def _refused(code: str, message: str, *fields: str) -> RowRefusedError:
    return RowRefusedError(RowError(code, message, fields))
