"""The folder that RevOps edit: read with its lines, streams derived from it, schemas for its editors."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base import ConfigError
from mappings import document, reader, schema, streams, vocabulary
from mappings.models import PushMapping, SystemMapping
from mappings.reader import SHIPPED
from warehouse import tables
from warehouse.work import briefing

MEASURES = schema.measure_names(Path(tables.__file__).parent / "measures")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped mappings."""
    for file in SHIPPED.glob("*.yaml"):
        shutil.copy(file, tmp_path)
    return tmp_path


def change(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1))


def said(folder: Path) -> list[str]:
    return [str(mistake) for mistake in reader.read(folder, MEASURES).mistakes]


# --- reading ----------------------------------------------------------------------------------------------------------


def test_the_shipped_mappings_have_no_mistake_and_no_warning() -> None:
    """What a newcomer copies is right."""
    reading = reader.read(SHIPPED, MEASURES)
    assert reading.mistakes == []
    assert reading.warnings == []
    assert reader.load(SHIPPED) == reading.mappings


def test_a_place_in_a_file_has_its_line(folder: Path) -> None:
    """Other parts name the line of the key that somebody must change, or of the closest key above it."""
    lines = (folder / "salesforce.yaml").read_text().splitlines()
    line = next(n for n, text in enumerate(lines, 1) if text.strip().startswith("StageName:"))
    where = reader.read(folder).where
    assert where("salesforce", "push", "handoffs", "fields", "StageName") == f"salesforce.yaml:{line}"
    assert (
        where("salesforce.yaml", "push", "handoffs", "fields", "StageName", "values", "x") == f"salesforce.yaml:{line}"
    )
    assert where("elsewhere") == "elsewhere.yaml"


def test_all_mistakes_of_all_files_come_at_once(folder: Path) -> None:
    """A misspelt key does not hide a wrong column in the same file, nor a mistake in another one."""
    change(folder, "crmpulse.yaml", "on_exit: clear", "on_exit: clean")
    change(folder, "salesforce.yaml", "domain: {from: Website, as: domain}", "domain: {from: Website, as: domian}")
    change(folder, "salesforce.yaml", "industry: {from: Industry}", "industri: {from: Industry}")
    change(folder, "scorecards.yaml", "measure: goals_stated", "measure: goals_statd")
    (folder / "segments.yaml").unlink()
    with pytest.raises(ConfigError) as error:
        reader.load(folder, MEASURES)
    told = str(error.value).splitlines()[1:]
    files = [re.match(r"  (\w+\.yaml:\d+): ", line) for line in told]
    assert [found and found[1].split(":")[0] for found in files] == [
        "crmpulse.yaml",
        "salesforce.yaml",
        "salesforce.yaml",
        "scorecards.yaml",
        "segments.yaml",
    ]


def test_a_broken_place_is_reported_once_and_not_also_as_missing(folder: Path) -> None:
    """The checks across files see the sound rest of a file and do not blame it for the part that is broken."""
    change(folder, "product.yaml", "active_users: {from: active_users, as: integer}", "active_users: {from: [a, b]}")
    (only,) = said(folder)
    assert "must be text" in only


def test_values_mean_what_they_look_like(tmp_path: Path) -> None:
    """Only true and false are booleans; dates, clocks and codes with leading zeros stay text."""
    file = tmp_path / "some.yaml"
    file.write_text("a: [on, NO, yes, true, 2026-11-20, 010, 1_000, 0x1F, 12:30, 7, .5, ~, null]\nno: 1\n1: 2\n")
    read = document.read(file)
    dates_and_more = ["on", "NO", "yes", True, "2026-11-20", "010", "1_000", "0x1F", "12:30", 7, 0.5, None, None]
    assert read.tree == {"a": dates_and_more, "no": 1, "1": 2}
    assert read.mistakes == []


def test_anchors_and_merges_are_read_where_they_are_used(tmp_path: Path) -> None:
    """Own keys beat merged ones; an alias knows the lines of what it repeats."""
    file = tmp_path / "some.yaml"
    file.write_text("base: &base\n  x: 1\n  y: 2\nuse:\n  <<: *base\n  y: 3\nlist: &l [*base]\nagain: *l\n")
    read = document.read(file)
    assert read.tree["use"] == {"x": 1, "y": 3}
    assert read.tree["again"] == [{"x": 1, "y": 2}]
    assert read.line(("use", "x")) == 2
    assert read.line(("use", "y")) == 6


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: 1\nb: 2\na: 3\n", "some.yaml:3: `a` stands here a second time (first on line 1); keep one"),
        ("a:\n\tb: 1\n", "some.yaml:2: a tab indents this line; YAML takes spaces only"),
        ("a: [1, 2\nb: 3\n", "some.yaml:2: this is not YAML"),
        ("a: *nobody\n", "some.yaml:1: this is not YAML: found undefined alias 'nobody'"),
        ("a: &a [*a]\n", "some.yaml:1: an alias that holds itself has no end"),
        ("a: !!python/name:os.system x\n", "some.yaml:1: the tag"),
        ("a: 1\n---\nb: 2\n", "some.yaml:2: `---` begins a second document"),
        ("a: note: this\n", "some.yaml:1: a second `: ` in one line; put text that holds a colon in quotes"),
        ("a: @here\n", "some.yaml:1: a value begins with a sign that means something to YAML"),
        ("a: 'x\n", "is never closed"),
        ("", "some.yaml:1: the file is empty"),
        ("a: caf\udce9\n", "some.yaml:1: the file is not UTF-8"),
    ],
)
def test_what_is_not_yaml_says_where(tmp_path: Path, text: str, says: str) -> None:
    """A syntax error is a mistake like any other, with its line."""
    file = tmp_path / "some.yaml"
    file.write_bytes(text.encode(errors="surrogateescape"))
    assert any(says in str(mistake) for mistake in document.read(file).mistakes)


def test_an_empty_folder_says_what_belongs_there(tmp_path: Path) -> None:
    """Every missing file is named, and where an example is."""
    told = said(tmp_path)
    assert [line.split(":")[0] for line in told] == [
        "crmpulse.yaml",
        "scorecards.yaml",
        "segments.yaml",
        "playbooks.yaml",
    ]
    assert all("is an example" in line for line in told)


def test_files_of_systems_and_the_list_of_systems_belong_together(folder: Path) -> None:
    """A file that nobody lists and a listed system without a file are both mistakes."""
    change(folder, "crmpulse.yaml", "zendesk, product]", "zendesk, intercom]")
    told = "\n".join(said(folder))
    assert "product.yaml describes a system that `systems` does not list" in told
    assert "intercom.yaml:1: " in told


def test_a_push_is_paused_in_a_word(folder: Path) -> None:
    """The kill switch is short; with `mode: paused` the mappings stay and their changes are shown as blocked."""
    shipped = reader.load(folder).systems["salesforce"]
    change(folder, "salesforce.yaml", "mode: active", "mode: paused")
    paused = reader.load(folder).systems["salesforce"]
    assert (shipped.mode, paused.mode) == ("active", "paused")
    assert paused.push == shipped.push
    assert system(pull={"Account": ACCOUNT}, push="paused").mode == "paused"


FILES = {file.name: file.read_text().splitlines() for file in SHIPPED.glob("*.yaml")}
DAMAGE = st.sampled_from(["", "  x: 1", "\t", "{", "a: [1, [b], {c: d}]", "- y", "<<: 1", ":", "'"])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(FILES)), st.integers(1, 10_000), DAMAGE)
def test_a_damaged_file_is_reported_and_never_breaks_the_reading(folder: Path, name: str, n: int, damage: str) -> None:
    """Whatever line is overwritten, every complaint has a line of its file."""
    lines = list(FILES[name])
    lines[n % len(lines)] = damage
    (folder / name).write_text("\n".join(lines))
    reading = reader.read(folder, MEASURES)
    (folder / name).write_text("\n".join(FILES[name]))
    assert (reading.mappings is None) == bool(reading.mistakes)
    assert all(1 <= mistake.line <= len(lines) + 1 for mistake in reading.mistakes if mistake.file == name)


# --- streams ----------------------------------------------------------------------------------------------------------


def system(**values: Any) -> SystemMapping:
    return SystemMapping.model_validate({"system": "crm", "kind": "salesforce", **values})


ACCOUNT = {
    "table": "accounts",
    "fields": {"name": {"from": "Name"}, "status": {"constant": "Customer"}},
    "keys": {"product": {"from": "Workspace__c"}},
    "roles": {"csm": [{"user": "CSM__c"}, {"email_from": "CSM_Email__c"}, {"email": "cs@example.com"}]},
    "attributes": {"employees": {"from": "Employees", "as": "number"}},
}
HEALTH = {
    "rows": "account_health",
    "object": "Account",
    "operation": "update",
    "key": {"Id": {"from": "external_id"}},
    "fields": {"Score__c": {"from": "score"}, "Source__c": {"constant": "crmpulse"}},
}


def test_a_stream_asks_for_everything_that_is_mapped_and_pushed() -> None:
    """Columns, keys, people, attributes, the key, and every field that we push into the object; each once, sorted."""
    stream = streams.streams(system(pull={"Account": ACCOUNT}, push={"health": HEALTH}))["Account"]
    asked = ("CSM_Email__c", "CSM__c", "Employees", "Id", "Name", "Score__c", "Source__c", "Workspace__c")
    assert stream.fields == asked
    assert (stream.object, stream.key, stream.day) == ("Account", "Id", "")


def test_pushed_fields_are_those_that_we_write_or_find_by() -> None:
    """Without the record id; a field that is mapped as well is in both sets."""
    crm = reader.load(SHIPPED).systems["salesforce"]
    assert streams.pushed_fields(crm, "OpportunityContactRole") == {"OpportunityId", "ContactId", "Role"}
    assert "Id" not in streams.pushed_fields(crm, "Account")
    assert {"StageName", "Crmpulse_Key__c"} <= streams.pushed_fields(crm, "Opportunity") & streams.mapped_fields(
        crm.pull["Opportunity"]
    )
    assert streams.pushed_fields(crm, "Case") == frozenset()
    assert streams.key_field(crm, "Task") == "Crmpulse_Key__c"
    assert streams.key_field(crm, "Account") is None


def test_files_of_a_day_have_no_key_and_may_lack_optional_columns() -> None:
    """A usage row has no id; a file without departments is still a file."""
    usage = streams.streams(reader.load(SHIPPED).systems["product"])["usage"]
    assert (usage.object, usage.key, usage.day) == ("usage/*", "", "date")
    assert usage.optional_fields == {"product", "department", "user_email"}


def test_the_definition_changes_with_what_is_asked_for_and_with_nothing_else() -> None:
    """A new field or filter starts a stream anew; a new converter does not."""

    def definition(account: dict[str, Any]) -> str:
        return streams.definition(streams.streams(system(pull={"Account": account}))["Account"])

    converted = {**ACCOUNT, "attributes": {"employees": {"from": "Employees", "as": "integer"}}}
    assert definition(converted) == definition(ACCOUNT)
    assert definition({**ACCOUNT, "where": "IsDeleted = false"}) != definition(ACCOUNT)
    assert definition({**ACCOUNT, "attributes": {}}) != definition(ACCOUNT)


# --- the vocabulary ---------------------------------------------------------------------------------------------------

BOOKKEEPING = {"system", "stream", "id", "seen_at", "file_hash", "line", "superseded_at"}
DERIVED = {
    "accounts": {"account_ref", "customer", "excluded"},
    "users": {"account_ref"},
    "opportunities": {"expansion"},
}
KINDS = {"text": "VARCHAR", "date": "DATE", "boolean": "BOOLEAN", "datetime": "DATETIME", "decimal": "NUMERIC(20, 4)"}


def test_mappings_know_the_tables_of_the_warehouse() -> None:
    """Every column that a mapping may fill exists, and every column that nobody derives may be filled."""
    warehouse = {**tables.FACTS, **tables.DAY_GRAINED}
    warehouse["accounts"] = warehouse.pop("account_records")
    assert {
        name: {c.name for c in table.columns} - BOOKKEEPING - DERIVED.get(name, set())
        for name, table in warehouse.items()
    } == {name: set(columns) for name, columns in vocabulary.TABLES.items()}


def test_mappings_know_the_types_of_the_warehouse() -> None:
    """A column's converter makes what the column holds."""
    for name, columns in vocabulary.TABLES.items():
        table = (tables.kept if name in tables.DAY_GRAINED else tables.derived).tables[
            "account_records" if name == "accounts" else name
        ]
        for column, kind in columns.items():
            held = str(table.c[column].type)
            expected = {"integer": ("INTEGER", "BIGINT"), "number": ("DOUBLE",)}.get(
                kind, (KINDS.get(kind, "VARCHAR"),)
            )
            assert held in expected, f"{name}.{column}"


def test_templates_are_offered_the_names_that_they_get() -> None:
    """What `check` accepts in a text is what the text will be filled with."""
    health = dict.fromkeys(("score", "previous_score", "coverage_pct", "tier"), 1) | {"state": "at_risk"}
    empty: dict[str, Any] = {field.name: [] for field in dataclasses.fields(briefing.Briefing)}
    told = briefing.Briefing(**{**empty, "account": {}, "health": health})
    assert set(told.names()) == set(vocabulary.BRIEFING_NAMES)


# --- schemas ----------------------------------------------------------------------------------------------------------


def errors_in_editor(file: Path) -> list[str]:
    """What an editor underlines that follows the schema in the file's first line."""
    named = file.read_text().splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    validator = jsonschema.Draft202012Validator(json.loads((SHIPPED / named).read_text()))
    return [error.message for error in validator.iter_errors(document.read(file).tree)]


def test_the_committed_schemas_are_the_generated_ones() -> None:
    """Whoever changes a model or adds a measure runs `python -m mappings.schema warehouse/measures`."""
    for name, generated in schema.schemas(MEASURES).items():
        jsonschema.Draft202012Validator.check_schema(generated)
        assert (schema.FOLDER / f"{name}.json").read_text(encoding="utf-8") == schema.text(generated), name


def test_editors_find_nothing_wrong_in_the_shipped_files() -> None:
    """Every file names its schema and keeps to it."""
    assert {file.name: errors_in_editor(file) for file in SHIPPED.glob("*.yaml")} == {
        file.name: [] for file in SHIPPED.glob("*.yaml")
    }


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("salesforce.yaml", "table: contacts", "table: contact"),
        ("salesforce.yaml", "as: currency}", "as: dat}"),
        ("salesforce.yaml", "industry: {from: Industry}", "industri: {from: Industry}"),
        ("salesforce.yaml", "name: {from: Name}", "name: {from: Name, constant: Acme}"),
        ("salesforce.yaml", "Crmpulse_Tier__c: {from: tier}", "Crmpulse_Tier__c: {from: teir}"),
        ("salesforce.yaml", "mode: active", "mode: pause"),
        ("crmpulse.yaml", "status: {in: [Customer]}", "status: {inn: [Customer]}"),
        ("crmpulse.yaml", "{closed: {is: false}}", "{closed: {is: no}}"),
        ("crmpulse.yaml", "fiscal_year_starts: 1", "fiscal_year_starts: 13"),
        ("scorecards.yaml", "measure: goals_stated", "measure: goals_statd"),
        ("segments.yaml", "pushed: rank", "pushed: ranks"),
        ("playbooks.yaml", "role: csm", "role: cms"),
    ],
)
def test_editors_underline_typical_mistakes(folder: Path, file: str, old: str, new: str) -> None:
    """What the editor underlines, `check` refuses too."""
    change(folder, file, old, new)
    assert errors_in_editor(folder / file)
    assert said(folder)


def test_editors_accept_a_pause_in_a_word(folder: Path) -> None:
    """Both spellings of the kill switch are in the schema."""
    change(folder, "product.yaml", "accounts_by: key", "push: paused\naccounts_by: key")
    assert errors_in_editor(folder / "product.yaml") == []


def test_a_mapping_survives_being_written_and_read() -> None:
    """Python callers may build models by the names of the YAML."""
    assert PushMapping.model_validate(HEALTH).model_dump(by_alias=True, exclude_unset=True) == HEALTH
