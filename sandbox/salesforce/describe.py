"""Describe answers: every key that a real org sends, for the objects and fields that our user sees."""

from __future__ import annotations

from typing import Any

from sandbox.salesforce.answers import Answer
from sandbox.salesforce.calls import Call
from sandbox.salesforce.fields import Field
from sandbox.salesforce.objects import SObject
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import children_of

SOAP_TYPES = {"boolean": "xsd:boolean", "int": "xsd:int", "double": "xsd:double", "currency": "xsd:double",
              "percent": "xsd:double", "date": "xsd:date", "datetime": "xsd:dateTime", "id": "tns:ID",
              "reference": "tns:ID", "address": "urn:address"}  # fmt: skip
NEWEST = 68
OLDEST = 31


def versions(newest: int = NEWEST) -> list[dict[str, str]]:
    """All API versions, ascending; clients take the last."""
    seasons = ("Spring", "Summer", "Winter")
    return [
        {"label": _season(seasons, n), "url": f"/services/data/v{n}.0", "version": f"{n}.0"}
        for n in range(OLDEST, newest + 1)
    ]


def _season(seasons: tuple[str, ...], number: int) -> str:
    """v68 is Winter '27, v67 Summer '26, v66 Spring '26."""
    year, season = divmod(number - 66, 3)
    return f"{seasons[season]} '{26 + year + (season == 2)}"


def resources(call: Call) -> Answer:
    """What the version offers."""
    names = ("sobjects", "query", "queryAll", "composite", "limits", "search")
    return Answer(200, {name: f"{call.base}/{name}" for name in names})


def describe_global(call: Call) -> Answer:
    """GET sobjects."""
    shown = [_summary(sobject, call.base) for sobject in call.org.objects().values()]
    return Answer(200, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": shown})


def describe_basic(call: Call, object: str) -> Answer:
    """GET sobjects/X."""
    sobject = call.org.sobject(object)
    return Answer(200, {"objectDescribe": _summary(sobject, call.base), "recentItems": []})


def describe(call: Call, object: str) -> Answer:
    """GET sobjects/X/describe; 304 while nothing changed."""
    sobject = call.org.sobject(object)
    if call.headers.get("if-modified-since") == _CHANGED:
        return Answer(304, None, {"Last-Modified": _CHANGED})
    shown = _summary(sobject, call.base) | {
        "actionOverrides": [],
        "childRelationships": _children(call.org, sobject),
        "compactLayoutable": True,
        "defaultImplementation": None,
        "extendedBy": None,
        "extendsInterfaces": None,
        "fields": [_field(field) for field in sobject.fields.values()],
        "implementedBy": None,
        "implementsInterfaces": None,
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": [_master_record_type(sobject, call.base)],
        "searchLayoutable": True,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [{"label": f"All {sobject.plural}".lower(), "name": "everything"}],
    }
    return Answer(200, shown, {"Last-Modified": _CHANGED})


_CHANGED = "Thu, 01 Jan 2026 00:00:00 GMT"


def _summary(sobject: SObject, base: str) -> dict[str, Any]:
    url = f"{base}/sobjects/{sobject.name}"
    writable = sobject.writable
    urls = {
        "sobject": url,
        "describe": f"{url}/describe",
        "rowTemplate": f"{url}/{{ID}}",
        "layouts": f"{url}/describe/layouts",
    }
    return {
        "activateable": False,
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": writable,
        "custom": False,
        "customSetting": False,
        "deepCloneable": False,
        "deletable": writable,
        "deprecatedAndHidden": False,
        "feedEnabled": True,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": sobject.prefix,
        "label": sobject.label,
        "labelPlural": sobject.plural,
        "layoutable": True,
        "mergeable": sobject.mergeable,
        "mruEnabled": True,
        "name": sobject.name,
        "queryable": True,
        "replicateable": True,
        "retrieveable": True,
        "searchable": True,
        "triggerable": True,
        "undeletable": writable,
        "updateable": writable,
        "urls": urls,
    }


def _master_record_type(sobject: SObject, base: str) -> dict[str, Any]:
    return {
        "active": True,
        "available": True,
        "defaultRecordTypeMapping": True,
        "developerName": "Master",
        "master": True,
        "name": "Master",
        "recordTypeId": "012000000000000AAA",
        "urls": {"layout": f"{base}/sobjects/{sobject.name}/describe/layouts/012000000000000AAA"},
    }


def _children(org: Org, sobject: SObject) -> list[dict[str, Any]]:
    return [
        {
            "cascadeDelete": child.field.on_parent_delete == "cascade",
            "childSObject": child.object,
            "deprecatedAndHidden": False,
            "field": child.field.name,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": child.field.children or None,
            "restrictedDelete": child.field.on_parent_delete == "restrict",
        }
        for child in children_of(sobject.name)
        if org.sobject(child.object).field(child.field.name)
    ]


def _field(field: Field) -> dict[str, Any]:
    """One field with the full set of keys."""
    texts = field.length if field.type != "reference" else 18
    whole = field.type == "int"
    return {
        "aggregatable": field.filterable,
        "aiPredictionField": False,
        "autoNumber": field.auto_number,
        "byteLength": 18 if field.type in {"id", "reference"} else texts * 3,
        "calculated": field.calculated,
        "calculatedFormula": None,
        "cascadeDelete": field.on_parent_delete == "cascade",
        "caseSensitive": False,
        "compoundFieldName": field.compound or None,
        "controllerName": None,
        "createable": field.createable,
        "custom": field.custom,
        "defaultValue": field.default if field.type == "boolean" else None,
        "defaultValueFormula": None,
        "defaultedOnCreate": field.defaulted,
        "dependentPicklist": False,
        "deprecatedAndHidden": False,
        "digits": field.precision if whole else 0,
        "displayLocationInDecimal": False,
        "encrypted": False,
        "externalId": field.external_id,
        "extraTypeInfo": "plaintextarea" if field.type == "textarea" else None,
        "filterable": field.filterable,
        "filteredLookupInfo": None,
        "formulaTreatNullNumberAsZero": False,
        "groupable": field.filterable and field.type not in {"double", "currency", "percent", "datetime"},
        "highScaleNumber": False,
        "htmlFormatted": False,
        "idLookup": field.id_lookup,
        "inlineHelpText": None,
        "label": field.label,
        "length": texts,
        "mask": None,
        "maskType": None,
        "name": field.name,
        "nameField": field.name_field,
        "namePointing": len(field.to) > 1,
        "nillable": field.nillable,
        "permissionable": field.createable and field.nillable and not field.name_field,
        "picklistValues": [_value(field, value) for value in field.values],
        "polymorphicForeignKey": len(field.to) > 1,
        "precision": 0 if whole else field.precision,
        "queryByDistance": False,
        "referenceTargetField": None,
        "referenceTo": list(field.to),
        "relationshipName": field.relationship or None,
        "relationshipOrder": None,
        "restrictedDelete": field.on_parent_delete == "restrict",
        "restrictedPicklist": field.restricted,
        "scale": field.scale,
        "searchPrefilterable": False,
        "soapType": SOAP_TYPES.get(field.type, "xsd:string"),
        "sortable": field.filterable,
        "type": field.type,
        "unique": field.unique,
        "updateable": field.updateable,
        "writeRequiresMasterRead": False,
    }


def _value(field: Field, value: str) -> dict[str, Any]:
    return {"active": True, "defaultValue": value == field.default, "label": value, "validFor": None, "value": value}
