"""Records of the plain kinds: checking, keeping and showing them."""

from collections.abc import Mapping
from typing import Any

from sandbox.activecampaign.errors import duplicate, invalid, missing, not_found
from sandbox.activecampaign.moments import central, naive
from sandbox.activecampaign.panel import Panel, Row
from sandbox.activecampaign.resources import Resource


def found(panel: Panel, resource: Resource, key: Any) -> Row:
    """Return a record. Refuses with 404 where there is none."""
    record = panel.get(resource.kind, key)
    if record is None:
        raise not_found(resource.model, key)
    return record


def create(panel: Panel, resource: Resource, given: Mapping[str, Any]) -> Row:
    """Check and keep a new record."""
    for name in resource.required:
        if given.get(name) is None or not str(given[name]).strip():
            raise missing(name)
    checked = check(panel, resource, given, None)
    now = panel.now()
    stamps = dict.fromkeys(resource.stamps, now)
    record = {**resource.attributes, **checked, **stamps, "id": panel.new_id(resource.kind)}
    panel.put(resource.kind, record)
    return record


def update(panel: Panel, resource: Resource, old: Row, given: Mapping[str, Any]) -> Row:
    """Check and keep the attributes given; the others stay."""
    record = {**old, **check(panel, resource, given, old["id"]), resource.stamps[1]: panel.now()}
    panel.put(resource.kind, record)
    return record


def check(panel: Panel, resource: Resource, given: Mapping[str, Any], key: int | None) -> dict[str, Any]:
    """Return the known attributes of `given`, references as text."""
    kept = {name: value for name, value in given.items() if name in resource.attributes}
    for name, kind in resource.references.items():
        if name in kept:
            kept[name] = str(kept[name])
            if panel.get(kind, kept[name]) is None:
                raise invalid(name, f"The {name} {kept[name]} does not exist.")
    name = resource.unique
    if name in kept and any(row["id"] != key for row in panel.of(resource.kind, name, kept[name])):
        raise duplicate(name, f"The {name} already exists in the system.")
    return kept


def delete(panel: Panel, resource: Resource, key: int) -> None:
    """Remove a record and what hangs on it."""
    found(panel, resource, key)
    sweep(panel, resource.cascades, key)
    panel.remove(resource.kind, key)


def sweep(panel: Panel, cascades: tuple[tuple[str, str], ...], key: int) -> None:
    """Remove the records that name a record which goes."""
    for kind, attribute in cascades:
        for row in panel.of(kind, attribute, str(key)):
            panel.remove(kind, row["id"])


def show(resource: Resource, record: Row, base: str, written: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a record as answers show it: everything text, but what was just `written` in the type it was sent in."""
    created, updated = resource.stamps
    shown = {name: text_of(record.get(name)) for name in resource.attributes}
    shown |= {created: central(record[created]), updated: central(record[updated])}
    if resource.has_naive_stamps:
        shown |= {"created_timestamp": naive(record[created]), "updated_timestamp": naive(record[updated])}
        shown |= {"created_by": None, "updated_by": None}
    echo = {name: value for name, value in (written or {}).items() if name in resource.attributes}
    links = {name: f"{base}/api/3/{resource.kind}/{record['id']}/{name}" for name in resource.references}
    return shown | echo | {"links": links, "id": str(record["id"])}


def text_of(value: Any) -> Any:
    """Return a value as reads show it."""
    if isinstance(value, bool):
        return str(int(value))
    return str(value) if isinstance(value, int | float) else value
