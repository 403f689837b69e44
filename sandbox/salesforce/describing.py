"""Describe: the objects, and the fields the integration user may see, with every key the platform sends."""

from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from sandbox.salesforce.answers import Answer, ApiRequest
from sandbox.salesforce.fields import LONG_TEXT, NUMBER_TYPES, TEXT_TYPES, Field
from sandbox.salesforce.ids import MASTER_RECORD_TYPE_ID
from sandbox.salesforce.moments import parse_moment
from sandbox.salesforce.objects import OBJECTS, SObject
from sandbox.salesforce.org import Org

SOAP_TYPES = {
    "id": "tns:ID", "reference": "tns:ID", "boolean": "xsd:boolean", "int": "xsd:int", "double": "xsd:double",
    "currency": "xsd:double", "percent": "xsd:double", "date": "xsd:date", "datetime": "xsd:dateTime",
    "address": "urn:address",
}  # fmt: skip
AUTO_NUMBERS = frozenset({"ContractNumber", "OrderNumber"})


def versions(org: Org) -> Answer:
    """Answer the list of API versions; needs no session."""
    first, last = org.switch("versions")
    listed = [
        {"label": f"Version {number}", "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
        for number in range(first, last + 1)
    ]
    return Answer(body=listed)


def resources(org: Org, request: ApiRequest) -> Answer:
    """Answer the resources of a version."""
    names = ("sobjects", "query", "queryAll", "composite", "limits", "jobs", "tooling")
    return Answer(body={name: f"{request.base}/{name}" for name in names})


def all_objects(org: Org, request: ApiRequest) -> Answer:
    """Answer the global describe."""
    listed = [_object(found, request.base) for found in OBJECTS.values() if not found.is_tooling]
    return Answer(body={"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": listed})


def about(org: Org, request: ApiRequest, name: str) -> Answer:
    """Answer the basic information of one object."""
    found = org.object(name)
    recent = [record for record in list(org.store.table(found.name).values())[-5:] if not record["IsDeleted"]]
    base = f"{request.base}/sobjects/{found.name}"
    shown = [
        {"attributes": {"type": found.name, "url": f"{base}/{record['Id']}"}, "Id": record["Id"], "Name": record.get("Name")}
        for record in recent
    ]
    return Answer(body={"objectDescribe": _object(found, request.base), "recentItems": shown})


def describe(org: Org, request: ApiRequest, name: str) -> Answer:
    """Answer the full describe of one object, or 304 when nothing changed since `If-Modified-Since`."""
    found = org.object(name)
    changed = parse_moment(org.store.value("schema_changed", "2026-01-01T00:00:00.000+0000"))
    since = request.headers.get("if-modified-since")
    if since and changed <= parsedate_to_datetime(since):
        return Answer(304)
    body = {
        **_object(found, request.base),
        "actionOverrides": [],
        "childRelationships": [_child_relation(child, field) for child, field in _children(found)],
        "compactLayoutable": not found.is_setup,
        "fields": [_field(field, found) for field in org.fields(found.name).values()],
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": [_master_record_type(found, request.base)],
        "searchLayoutable": not found.is_setup,
        "supportedScopes": [{"label": f"All {found.plural}", "name": "everything"}],
    }
    return Answer(body=body, headers={"Last-Modified": format_datetime(changed, usegmt=True)})


def _object(found: SObject, base: str) -> dict[str, Any]:
    own = f"{base}/sobjects/{found.name}"
    return {
        "activateable": False,
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": found.is_createable,
        "custom": False,
        "customSetting": False,
        "deepCloneable": False,
        "defaultImplementation": None,
        "deletable": found.is_deletable,
        "deprecatedAndHidden": False,
        "extendedBy": None,
        "extendsInterfaces": None,
        "feedEnabled": not found.is_setup,
        "hasSubtypes": False,
        "implementedBy": None,
        "implementsInterfaces": None,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": found.prefix,
        "label": found.name,
        "labelPlural": found.plural,
        "layoutable": not found.is_setup,
        "mergeable": found.is_mergeable,
        "mruEnabled": not found.is_setup,
        "name": found.name,
        "queryable": True,
        "replicateable": not found.is_setup,
        "retrieveable": True,
        "searchable": not found.is_setup,
        "sobjectDescribeOption": None,
        "triggerable": not found.is_setup,
        "undeletable": found.is_restorable,
        "updateable": True,
        "urls": {"sobject": own, "describe": f"{own}/describe", "rowTemplate": own + "/{ID}"},
    }


def _field(field: Field, found: SObject) -> dict[str, Any]:
    is_text = field.type in TEXT_TYPES or field.type in ("id", "reference")
    is_long = field.type == "textarea" and field.length > LONG_TEXT
    is_name = field.name == ("Subject" if found.name in ("Task", "Event") else "Name")
    return {
        "aggregatable": not is_long and field.type not in ("boolean", "address"),
        "aiPredictionField": False,
        "autoNumber": field.name in AUTO_NUMBERS,
        "byteLength": field.length if field.type in ("id", "reference") else field.length * 3,
        "calculated": "f" in field.flags,
        "calculatedFormula": None,
        "cascadeDelete": False,
        "caseSensitive": "C" in field.flags,
        "compoundFieldName": _compound(field, found),
        "controllerName": None,
        "createable": field.is_createable,
        "custom": field.is_custom,
        "defaultValue": _default(field),
        "defaultValueFormula": None,
        "defaultedOnCreate": field.is_defaulted,
        "dependentPicklist": False,
        "deprecatedAndHidden": False,
        "digits": field.precision if field.type == "int" else 0,
        "displayLocationInDecimal": False,
        "encrypted": False,
        "externalId": field.is_external_id,
        "extraTypeInfo": _extra_type(field, found),
        "filterable": field.is_filterable,
        "filteredLookupInfo": None,
        "formulaTreatNullNumberAsZero": False,
        "groupable": (is_text and not is_long) or field.type in ("boolean", "date", "int"),
        "highScaleNumber": False,
        "htmlFormatted": False,
        "idLookup": field.is_lookup_key or field.type == "id",
        "inlineHelpText": None,
        "label": field.label,
        "length": field.length if is_text else 0,
        "mask": None,
        "maskType": None,
        "name": field.name,
        "nameField": is_name,
        "namePointing": len(field.references) > 1,
        "nillable": field.is_nillable,
        "permissionable": field.is_nillable and field.is_updateable,
        "picklistValues": _options(field),
        "polymorphicForeignKey": len(field.references) > 1,
        "precision": field.precision if field.type in NUMBER_TYPES - {"int"} else 0,
        "queryByDistance": field.type == "address",
        "referenceTargetField": None,
        "referenceTo": list(field.references),
        "relationshipName": field.relationship,
        "relationshipOrder": None,
        "restrictedDelete": False,
        "restrictedPicklist": field.is_restricted,
        "scale": field.scale,
        "searchPrefilterable": field.type == "reference",
        "soapType": SOAP_TYPES.get(field.type, "xsd:string"),
        "sortable": not is_long and field.type != "address",
        "type": field.type,
        "unique": field.is_unique,
        "updateable": field.is_updateable,
        "writeRequiresMasterRead": False,
    }


def _compound(field: Field, found: SObject) -> str | None:
    if found.is_person and field.name in ("FirstName", "LastName", "Salutation"):
        return "Name"
    for name in found.by_name.values():
        prefix = name.name.removesuffix("Address")
        parts = ("Street", "City", "State", "PostalCode", "Country", "Latitude", "Longitude", "GeocodeAccuracy")
        if name.type == "address" and field.name in {prefix + part for part in parts}:
            return name.name
    return None


def _extra_type(field: Field, found: SObject) -> str | None:
    if field.type == "textarea":
        return "plaintextarea"
    return "personname" if field.name == "Name" and found.is_person else None


def _default(field: Field) -> Any:
    return False if field.type == "boolean" else None


def _options(field: Field) -> list[dict[str, Any]]:
    return [
        {"active": True, "defaultValue": value == field.default, "label": value, "validFor": None, "value": value}
        for value in field.values
    ]


def _children(found: SObject) -> list[tuple[SObject, Field]]:
    return [
        (child, field)
        for child in OBJECTS.values()
        for field in child.fields
        if found.name in field.references and not child.is_setup
    ]


def _child_relation(child: SObject, field: Field) -> dict[str, Any]:
    return {
        "cascadeDelete": False,
        "childSObject": child.name,
        "deprecatedAndHidden": False,
        "field": field.name,
        "junctionIdListNames": [],
        "junctionReferenceTo": [],
        "relationshipName": child.plural if field.name in ("AccountId", "WhoId", "WhatId", "OpportunityId") else None,
        "restrictedDelete": False,
    }


def _master_record_type(found: SObject, base: str) -> dict[str, Any]:
    return {
        "active": True,
        "available": True,
        "defaultRecordTypeMapping": True,
        "developerName": "Master",
        "master": True,
        "name": "Master",
        "recordTypeId": MASTER_RECORD_TYPE_ID,
        "urls": {"layout": f"{base}/sobjects/{found.name}/describe/layouts/{MASTER_RECORD_TYPE_ID}"},
    }
