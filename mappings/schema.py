"""JSON Schemas for the YAML files, so that editors complete names and underline mistakes.

Generated from the models and the vocabulary and committed in mappings/schema; a test fails when they differ.
`python -m mappings.schema warehouse/measures` writes them again.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mappings import vocabulary
from mappings.models import Alerts, Company, Links, Model, Playbooks, Scorecards, Segments, SystemMapping
from mappings.vocabulary import Columns

Schema = dict[str, Any]

FOLDER = Path(__file__).parent / "schema"

EITHER = {
    "PullField": ("from", "constant"),
    "PushField": ("from", "constant"),
    "RoleSource": ("user", "email_from", "email", "manager_of"),
    "Component": ("at_least", "at_most"),
}
"""Definitions that need exactly one of these keys."""


def schemas(measures: Sequence[str]) -> dict[str, Schema]:
    """Every schema by the name of its file; `measures` are the names that components may use."""
    return {
        "crmpulse": _schema(Company, "crmpulse.yaml: the company, its money, who is a customer"),
        "system": _system(_schema(SystemMapping, "A system: what is pulled from it and pushed into it")),
        "scorecards": _scorecards(_schema(Scorecards, "scorecards.yaml: what health is made of"), measures),
        "segments": _schema(Segments, "segments.yaml: who gets which care"),
        "alerts": _schema(Alerts, "alerts.yaml: what somebody should know of, who, and what to do about it"),
        "playbooks": _schema(Playbooks, "playbooks.yaml: what opens, for whom, in which words"),
        "links": _schema(Links, "links.yaml: which record is which account, where people know better"),
    }


def write(folder: Path, measures: Sequence[str]) -> None:
    """All schemas, byte for byte the same for the same models."""
    folder.mkdir(exist_ok=True)
    for name, schema in schemas(measures).items():
        (folder / f"{name}.json").write_text(text(schema), encoding="utf-8")


def text(schema: Schema) -> str:
    """A schema as it is committed."""
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def measure_names(folder: Path) -> list[str]:
    """One query a measure, one file a query."""
    return sorted(path.stem for path in folder.glob("*.sql"))


def _schema(model: type[Model], title: str) -> Schema:
    plain: Schema = _plain(model.model_json_schema())
    definitions = plain.pop("$defs", {})
    for name, keys in EITHER.items():
        if name in definitions:
            definitions[name]["oneOf"] = [{"required": [key]} for key in keys]
    if '"#/$defs/Condition"' in json.dumps(plain) + json.dumps(definitions):
        definitions |= {"Condition": _condition(), "Test": _test()}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **plain, "$defs": definitions}


def _plain(node: Any) -> Any:
    """Without titles that only repeat a key, and with conditions as what they are."""
    if isinstance(node, list):
        return [_plain(one) for one in node]
    if not isinstance(node, dict):
        return node
    if node.get("title") == "Condition":
        kept = {key: value for key, value in node.items() if key == "description"}
        return {**kept, "$ref": "#/$defs/Condition"}
    return {key: _plain(value) for key, value in node.items() if key != "title" or not isinstance(value, str)}


# --- conditions -------------------------------------------------------------------------------------------------------


def _condition() -> Schema:
    """Columns complete; others are allowed, because attributes have names of the company's own."""
    names = {name for table in ("accounts", "opportunities", "subscriptions") for name in vocabulary.TABLES[table]}
    several = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/Condition"}}
    return {
        "description": "One of all, any, not, or a column with one test.",
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": {
            "all": several,
            "any": several,
            "not": {"$ref": "#/$defs/Condition"},
            **{name: {"$ref": "#/$defs/Test"} for name in sorted(names)},
        },
        "additionalProperties": {"$ref": "#/$defs/Test"},
    }


def _test() -> Schema:
    value = {"type": ["string", "number", "boolean"]}
    values = {"type": "array", "minItems": 1, "items": value}
    return {
        "description": "One test of one column.",
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": {
            "is": {"type": "boolean"},
            "in": values,
            "not_in": values,
            "equals": value,
            "starts_with": {"type": "string", "minLength": 1},
            "at_least": {"type": "number"},
            "at_most": {"type": "number"},
            "known": {"type": "boolean"},
        },
        "additionalProperties": False,
    }


# --- what the vocabulary adds -----------------------------------------------------------------------------------------


def _system(schema: Schema) -> Schema:
    pull, push = schema["$defs"]["PullMapping"], schema["$defs"]["PushMapping"]
    pull["properties"]["table"]["enum"] = list(vocabulary.TABLES)
    pull["allOf"] = [_when("table", table, _pulled(table, columns)) for table, columns in vocabulary.TABLES.items()]
    push["allOf"] = [_when("rows", rows, _pushed(columns)) for rows, columns in vocabulary.PUSH.items()]
    mode = schema["properties"].pop("mode")
    pushes = {**schema["properties"]["push"], "properties": {"mode": mode}}
    pushes.pop("default")
    schema["properties"]["push"] = {"anyOf": [{"enum": mode["enum"]}, pushes]}
    return schema


def _when(key: str, value: str, then: Schema) -> Schema:
    return {"if": {"properties": {key: {"const": value}}, "required": [key]}, "then": {"properties": then}}


def _pulled(table: str, columns: Columns) -> Schema:
    described = {name: _column(table, name, kind) for name, kind in columns.items()}
    return {"fields": {"properties": described, "additionalProperties": False}}


def _column(table: str, name: str, kind: str) -> Schema:
    words = vocabulary.CLOSED_LISTS.get((table, name))
    needed = "; needed" if name in vocabulary.NEEDED[table] else ""
    return {"description": f"{', '.join(words) if words else kind}{needed}", "$ref": "#/$defs/PullField"}


def _pushed(columns: Columns) -> Schema:
    column = {"additionalProperties": {"properties": {"from": {"enum": list(columns)}}}}
    return {"key": column, "fields": column, "associations": column}


def _scorecards(schema: Schema, measures: Sequence[str]) -> Schema:
    schema["$defs"]["Component"]["properties"]["measure"]["enum"] = sorted(measures)
    return schema


if __name__ == "__main__":
    write(FOLDER, measure_names(Path(sys.argv[1])))
