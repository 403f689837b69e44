"""The Tooling API, as far as custom fields go: make, read, change, remove and query them."""

from collections.abc import Mapping
from typing import Any

import msgspec

from sandbox.salesforce import customfields, querying
from sandbox.salesforce.answers import Answer, ApiError, ApiRequest, not_found
from sandbox.salesforce.cursors import Cursors
from sandbox.salesforce.ids import full_id
from sandbox.salesforce.objects import BY_LOWER_NAME
from sandbox.salesforce.org import Org
from sandbox.salesforce.shapes import CustomField
from sandbox.salesforce.soql.running import select
from sandbox.store import Record

NAME_LIMIT = 43
EXTERNAL_IDS = 25


def create(org: Org, request: ApiRequest) -> Answer:
    """POST a custom field; nobody sees it before a permission is granted."""
    _check_rights(org)
    wish = request.shaped(CustomField)
    full_name, metadata = wish.FullName, wish.Metadata
    table, _, name = full_name.partition(".")
    found = BY_LOWER_NAME.get(table.lower())
    home = found.name if found else customfields.ACTIVITY
    is_known = found is not None or table == home
    if not is_known or customfields.home(home) != home or not name.endswith("__c") or len(name) > NAME_LIMIT:
        raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", "FullName is Object.Name__c")
    if customfields.find(org.store, full_name):
        message = f"There is already a field named {name.removesuffix('__c')} on {home}."
        raise ApiError(400, "DUPLICATE_DEVELOPER_NAME", message)
    _check_external_ids(org, home, metadata)
    _checked({"DeveloperName": name, "Metadata": metadata})
    field_id = customfields.add(org.store, f"{home}.{name}", metadata)
    _touch(org)
    return Answer(201, {"id": field_id, "success": True, "errors": [], "warnings": [], "infos": []})


def read(org: Org, request: ApiRequest, field_id: str) -> Answer:
    """GET a custom field with its metadata."""
    custom = _found(org, field_id)
    url = f"{request.base}/tooling/sobjects/CustomField/{custom['Id']}"
    return Answer(body={"attributes": {"type": "CustomField", "url": url}, **custom})


def change(org: Org, request: ApiRequest, field_id: str) -> Answer:
    """PATCH the whole metadata."""
    _check_rights(org)
    custom = _found(org, field_id)
    changed = {**custom, "Metadata": request.json().get("Metadata")}
    _checked(changed)
    org.store.put(customfields.KIND, custom["Id"], changed)
    _touch(org)
    return Answer(204)


def remove(org: Org, request: ApiRequest, field_id: str) -> Answer:
    """DELETE a custom field; the values stay in the records, unseen."""
    _check_rights(org)
    org.store.remove(customfields.KIND, _found(org, field_id)["Id"])
    _touch(org)
    return Answer(204)


def query(org: Org, cursors: Cursors, request: ApiRequest) -> Answer:
    """GET `?q=` over setup objects."""
    if "q" not in request.query:
        raise ApiError(400, "MALFORMED_QUERY", "The query parameter q is required")
    selection = select(org, request.query["q"], f"{request.base}/tooling", False, is_tooling=True)
    body = querying.page(cursors, request.base, selection, 0, org.switch("page_size"))
    return Answer(body={"size": len(body["records"]), "entityTypeName": selection.name, "queryLocator": None, **body})


def _checked(custom: Record) -> None:
    try:
        customfields.as_field(custom)
    except (KeyError, msgspec.ValidationError) as problem:
        raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", f"Metadata: {problem}") from None


def _found(org: Org, field_id: str) -> Record:
    custom = org.store.get(customfields.KIND, full_id(field_id) or "")
    if custom is None:
        raise not_found()
    return custom


def _touch(org: Org) -> None:
    customfields.touch(org.store)
    org.store.set_value("schema_changed", org.stamp())


def _check_rights(org: Org) -> None:
    if not org.switch("allow_setup"):
        raise ApiError(403, "INSUFFICIENT_ACCESS", "insufficient access rights on entity: CustomField")


def _check_external_ids(org: Org, name: str, metadata: Mapping[str, Any]) -> None:
    present = [custom for custom in org.store.table(customfields.KIND).values() if custom["TableEnumOrId"] == name]
    keys = [custom for custom in present if custom["Metadata"].get("externalId")]
    if metadata.get("externalId") and len(keys) >= EXTERNAL_IDS:
        raise ApiError(400, "LIMIT_EXCEEDED", f"{name} has {EXTERNAL_IDS} external id fields already")
