"""What `check` says about a folder and about a CRM, in words for somebody in a hurry."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from connectors.base import FieldSchema, ObjectSchema
from mappings import check, reader, schema, streams
from mappings.models import SystemMapping
from mappings.reader import SHIPPED
from warehouse import tables

MEASURES = schema.measure_names(Path(tables.__file__).parent / "measures")


def said(folder: Path, file: str, old: str, new: str, warnings: bool = False) -> str:
    """What `check` says about the shipped mappings after one change."""
    for shipped in SHIPPED.glob("*.yaml"):
        shutil.copy(shipped, folder)
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1))
    reading = reader.read(folder, MEASURES)
    return "\n".join(str(mistake) for mistake in (reading.warnings if warnings else reading.mistakes))


PULL = [
    ("as: currency}", "as: dat}", "`as: dat` is not a converter; one of text, email,"),
    ("as: currency}", "as: dat}", "did you mean `date`?"),
    ("domain: {from", "domian: {from", "accounts has no column `domian`; did you mean `domain`?"),
    ("table: users", "table: user", "there is no table `user`; did you mean `users`?"),
    ("table: contacts", "tabel: contacts", "`tabel` is no key here; did you mean `table`?"),
    ("[{manager_of: csm}]", "[{manager_of: cms}]", "`manager_of: cms` is not possible; one of csm,"),
    ("csm: [{user: CSM__c}, {user: OwnerId}]", "csm: [{manager_of: csm_manager}]", "the manager of itself"),
    ("csm: [{user: CSM__c}, {user: OwnerId}]", "csm: []", "must not be empty"),
    ("      manager_ref: {from: ManagerId}\n", "", "nobody's manager is known"),
    ("as: boolean}\n      won", "as: text}\n      won", "`closed` holds true or false: write `as: boolean`"),
    ("Critical: critical,", "Critical: critcal,", "`critcal` is no severity; one of critical, high, normal, low"),
    (
        "{from: Priority, values: {Critical: critical, High: high, Medium: normal, Low: low}}",
        "{from: Priority}",
        "needs `values`",
    ),
    ("values: {Good: good,", "else: keep, values: {Good: good,", "`else: keep` would let words into `rating`"),
    (
        "product: {from: Workspace_Id__c}",
        "prodct: {from: Workspace_Id__c}",
        "no system `prodct`; did you mean `product`?",
    ),
    ("employees: {from", "industry: {from", "`industry` is a column of accounts; move it to `fields`"),
    ("name: {from: Name}", "name: {from: Name, required: yes}", "`required: yes` must be true or false"),
    ("name: {from: Name}", "name: {from: Name, constant: x}", "either `from` (a field of theirs) or `constant`"),
    ("name: {from: Name}", "name: {from: Name, optional: true}", "`optional` belongs to columns of files"),
    ("opened_at: {from: CreatedDate, as: datetime}\n", "\n", "`opened_at` (or `opened_day`) is missing"),
    ("kind: {constant: meeting}", "kind: {constant: true}", "`kind` holds text, and `true` is none"),
    ("table: contacts", "table: contacts\n    files: x/*", "`files` belongs to systems of the kind `files`"),
    ("table: contacts", "table: contacts\n    roles: {csm: [{user: X}]}", "belongs to the stream that fills accounts"),
    ("system: salesforce", "system: salesforce_eu", "must be the file's own name, `salesforce`"),
]

PUSH = [
    ("{from: score, on", "{from: scor, on", "account_health has no column `scor`; did you mean `score`?"),
    ("operation: update", "operation: upsert", "account_health cannot be pushed by `upsert`; one of update"),
    ("operation: update", "operation: updat", "`operation: updat` is not an operation; one of update,"),
    ("mode: active", "mode: pause", "`mode: pause` is not possible; one of active, paused"),
    ("    ours: Crmpulse_Key__c", "    where: ''", "would count as touchpoints; add `ours: Crmpulse_Key__c`"),
    ("      key: {from: Crmpulse_Key__c}\n", "", "would not be known as ours"),
    ("values: {high: High, normal: Normal, low: Low}", "values: {high: High}", "what normal, low becomes"),
    ("values: {high: High, normal", "values: {hihg: High, normal", "`hihg` is no priority of ours"),
    ("object: Opportunity\n", "object: Oportunity\n", "no stream pulls Oportunity"),
    (
        "key: {Id: {from: external_id}}",
        "key: {Crmpulse_Key__c: {from: external_id}}",
        "finds its record by id: the key is one of Id",
    ),
    ("key: {Id: {from: external_id}}", "key: {Id: {from: account_id}}", "the id of their record is `external_id`"),
    (
        "    key: {Crmpulse_Key__c: {from: key}}",
        "    key: {A: {from: key}, B: {from: key}}",
        "takes one key field, not A and B",
    ),
    (
        "    key: {Crmpulse_Key__c: {from: key}}",
        "    key: {Crmpulse_Key__c: {from: subject}}",
        "the unique name of one of tasks is `key`",
    ),
    ("Subject: {from: subject}", "Crmpulse_Key__c: {from: key}", "is the key already; write it once"),
    ("Crmpulse_Tier__c: {from: tier}", "Crmpulse_Tier__c: {from: tier, min_delta: 1}", "columns that hold numbers"),
    ("rows: handoff_notes", "rows: tasks", "`Subject` of Task is written by `tasks` already"),
]

COMPANY = [
    (
        "{status: {in: [Customer]}}",
        "{statsu: {in: [Customer]}}",
        "no column or attribute `statsu`; did you mean `status`?",
    ),
    ("{status: {in: [Customer]}}", "{status: {inn: [Customer]}}", "`inn` is no test; did you mean `in`?"),
    ("{status: {in: [Customer]}}", "{status: {at_least: 5}}", "`status` holds text: test it with one of equals,"),
    ("{status: {in: [Customer]}}", "{employees: {equals: many}}", "holds a number; write the numbers without quotes"),
    ("{status: {in: [Customer]}}", "{domain: {in: [1]}}", "holds text; put the values in quotes"),
    ("{closed: {is: false}}", "{closed: {is: no}}", "`is` takes true or false"),
    (
        "{closed: {is: false}}",
        "{closed: {equals: false}}",
        "`closed` holds true or false: test it with one of is, known",
    ),
    ("{closed: {is: false}}", "{close_date: {at_least: 5}}", "`close_date` holds a day"),
    ("installation: demo", "installation: my company gmbh", "must be 1 to 16 letters, digits, _ or -"),
    ("zendesk, product]", "zendesk, product, product]", "`product` stands here twice"),
    ('2026: {USD: "1"', '2026: {USD: "2"', "the reporting currency needs the rate 1"),
    ('EUR: "1.10"', 'EUR: "1,10"', "`EUR: 1,10` must be a number"),
    ('EUR: "1.10"', 'EUR: "-1"', "a rate must be a number above 0"),
    ('EUR: "1.10"', 'Euro: "1.10"', "`Euro` is no currency code"),
    ("pick: earliest", "pick: sum", "dates have no sum"),
    ("pick: earliest", "pick: first", "`pick: first` is not possible; one of earliest, latest, sum"),
    ("arr: {from: account_field}", "arr: {from: opportunity}", "`pick` belongs to contract and opportunity"),
    ("changed_pct: 50", "changed_pct: 50%", "`changed_pct: 50%` must be a number"),
    ("changed_pct: 50", "changed_pct: 500", "`changed_pct: 500` must be at most 100"),
]

RULES = [
    ("scorecards.yaml", "points: 5", "points: 6", "add up to 101, not to 100"),
    ("scorecards.yaml", "measure: goals_stated", "measure: goals_statd", "did you mean `goals_stated`?"),
    (
        "scorecards.yaml",
        "id: champion",
        "id: executive_sponsor",
        "a component `executive_sponsor` in this scorecard already",
    ),
    (
        "scorecards.yaml",
        "down {{ drop_pct }}",
        "down {{ drop }}",
        "nothing fills `{{ drop }}`; did you mean `drop_pct`?",
    ),
    ("scorecards.yaml", "down {{ drop_pct }}", "down {{ drop_pct }", "this template does not read (its line 1)"),
    ("scorecards.yaml", "monitor: 60", "monitor: 30", "tiers go down"),
    ("scorecards.yaml", "points: 10", "points: ten", "`points: ten` must be a whole number"),
    (
        "scorecards.yaml",
        "- name: default",
        "- name: default\n    when: {status: {known: true}}",
        "must take every account",
    ),
    ("segments.yaml", "high_touch_pct: 20", "high_touch_pct: 60", "below mid_touch_pct"),
    ("segments.yaml", "mid_market: 10000", "mid_market: 90000", "thresholds go up"),
    (
        "playbooks.yaml",
        "{{ account.name }} is {{ state_words }}: health",
        "{{ acount.name }}: health",
        "did you mean `account`?",
    ),
    (
        "playbooks.yaml",
        "{{ account.name }} is {{ state_words }}: health",
        "{{ account.nmae }}: health",
        "did you mean `name`?",
    ),
    ("playbooks.yaml", "amount: empty", "amount: some", "`amount: some` must be empty or must be a number"),
    (
        "playbooks.yaml",
        "critical: high}",
        "critcal: high}",
        "is not known here; one of healthy, monitor, at_risk, critical",
    ),
    (
        "playbooks.yaml",
        "priority: {at_risk: normal, critical: high}",
        "priority: {critical: high}",
        "`at_risk` is missing",
    ),
    ("product.yaml", "    day: date\n", "", "`day` is missing: the column of the file"),
    ("product.yaml", "    key: id\n", "", "`key` is missing: the column of the file"),
    ("product.yaml", "day: {from: date, as: date}", "day: {from: datum, as: date}", "must be the same column"),
    ("product.yaml", "account_ref: {from: workspace_id}\n      day", "day", "`account_ref` is missing"),
    (
        "product.yaml",
        "as: integer}\n      product",
        "as: integer, optional: true}\n      product",
        "cannot be optional",
    ),
    (
        "product.yaml",
        "accounts_by: key",
        "push: {x: {rows: tasks, object: T, operation: create, key: {}, fields: {}}}",
        "files are only read",
    ),
]


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        *[("salesforce.yaml", *one) for one in (*PULL, *PUSH)],
        *[("crmpulse.yaml", *one) for one in COMPANY],
        *RULES,
    ],
)
def test_a_mistake_is_named_in_plain_words(tmp_path: Path, file: str, old: str, new: str, says: str) -> None:
    """The message names what stands there and what could."""
    assert says in said(tmp_path, file, old, new)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("salesforce.yaml", "industry: {from: Industry}", "industri: {from: Industry}"),
        ("salesforce.yaml", "values: {Good: good, Neutral: neutral, Bad: bad}", "values: {Good: god, Neutral: neutral, Bad: bad}"),
        ("salesforce.yaml", "Crmpulse_State__c: {from: state}", "Crmpulse_State__c: {from: sate}"),
        ("salesforce.yaml", "sponsor_owner: [{manager_of: csm}]", "sponsor_owner: [{manager_off: csm}]"),
        ("crmpulse.yaml", "{closed: {is: false}}", "{closed: {is: 0}}"),
        ("crmpulse.yaml", '2026: {USD: "1", EUR: "1.10"', '2026: {USD: "1", EUR: "0"'),
        ("scorecards.yaml", "measure: sponsors_active", "measure: sponsor_active"),
        ("playbooks.yaml", "critical: high}", "critical: higher}"),
    ],
)  # fmt: skip
def test_a_mistake_has_the_line_of_what_must_change(tmp_path: Path, file: str, old: str, new: str) -> None:
    """The first line of the file that differs from the shipped one."""
    told = said(tmp_path, file, old, new)
    text = (SHIPPED / file).read_text()
    assert told.startswith(f"{file}:{text[: text.index(old)].count(chr(10)) + 1}: ")


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("salesforce.yaml", "{from: tier}", "{from: tier, owner: crm}", "is never written"),
        ("salesforce.yaml", "Crmpulse_Key__c: {from: account_id}", "Other_Key__c: {from: account_id}", "a lost warehouse"),
        ("crmpulse.yaml", "renewal_date: {from: contract, where: {status: {in: [Activated]}}, pick: earliest}", "renewal_date: {from: account_field}", "this stays unknown for everybody"),
    ],
)  # fmt: skip
def test_what_may_be_meant_is_only_a_warning(tmp_path: Path, file: str, old: str, new: str, says: str) -> None:
    """The folder can be used; `check` says what will not happen."""
    assert says in said(tmp_path, file, old, new, warnings=True)
    assert reader.read(tmp_path, MEASURES).mappings is not None


@pytest.mark.parametrize(
    ("old", "new", "also_old", "also_new", "says"),
    [
        ("operation: update", "operation: updat", "{from: tier}", "{from: teir}", "no column `teir`"),
        ("    rows: account_health\n", "", "{from: subject}", "{from: subjet}", "tasks has no column `subjet`"),
        ("    object: Account\n", "", "{from: tier}", "{from: teir}", "no column `teir`"),
        ("    table: users\n", "", "{from: Industry}", "{from: Industry, as: date}", "`industry`"),
        ("    key: {Id: {from: external_id}}\n", "", "{from: tier}", "{from: teir}", "no column `teir`"),
    ],
)  # fmt: skip
def test_a_broken_shape_hides_no_broken_meaning(
    tmp_path: Path, old: str, new: str, also_old: str, also_new: str, says: str
) -> None:
    """What a mapping lacks is said beside what the rest of it means, and nothing is said that does not hold."""
    said(tmp_path, "salesforce.yaml", old, new)
    file = tmp_path / "salesforce.yaml"
    file.write_text(file.read_text().replace(also_old, also_new, 1))
    told = [mistake.message for mistake in reader.read(tmp_path, MEASURES).mistakes]
    assert len(told) == 2
    assert any(says in message for message in told), told


# --- live -------------------------------------------------------------------------------------------------------------

CRM = reader.load(SHIPPED).systems["salesforce"]
READING = reader.read(SHIPPED)
DATES = dict.fromkeys(("CloseDate", "ActivityDate", "Crmpulse_As_Of__c", "Crmpulse_Next_Touch_Due__c"), "date")
TYPES = {**DATES, "Amount": "currency"}
NUMBERS = ("Score", "Coverage", "Change", "Open_")


def plain(name: str) -> FieldSchema:
    """A field as an administrator would create it for what we write."""
    number = any(word in name for word in NUMBERS) and name.endswith("__c")
    type_ = TYPES.get(name, "double" if number else "string")
    return FieldSchema(name, type_, createable=True, updateable=True)


def described() -> dict[str, dict[str, FieldSchema]]:
    """An org that has every field of the shipped mapping."""
    objects: dict[str, dict[str, FieldSchema]] = {}
    for stream in streams.streams(CRM).values():
        objects.setdefault(stream.object, {}).update({name: plain(name) for name in stream.fields})
    for name in ("Task", "Opportunity"):
        key = objects[name]["Crmpulse_Key__c"]
        objects[name]["Crmpulse_Key__c"] = key._replace(external_id=True, unique=True, length=64)
    return objects


def live(objects: Mapping[str, Mapping[str, FieldSchema]], system: SystemMapping = CRM) -> list[str]:
    schemas = {name: ObjectSchema(name, fields) for name, fields in objects.items()}
    return [str(mistake) for mistake in check.live(system, schemas, READING.where)]


def altered(object: str, field: str, **changes: Any) -> list[str]:
    objects = described()
    objects[object][field] = objects[object][field]._replace(**changes)
    return live(objects)


def only(found: Iterable[str]) -> str:
    (one,) = found
    return one


def test_an_org_with_every_field_has_nothing_to_complain_about() -> None:
    """The fields that the README lists are enough."""
    assert live(described()) == []


def test_a_missing_field_and_a_hidden_one_share_a_sentence() -> None:
    """Describe leaves out what field-level security hides, so both are named, with the line of the mapping."""
    objects = described()
    del objects["Account"]["CSM__c"]
    del objects["Account"]["Crmpulse_Detail__c"]
    found = live(objects)
    assert len(found) == 2
    assert found[0].startswith(READING.where("salesforce", "pull", "Account", "roles", "csm", 0))
    assert found[1].startswith(READING.where("salesforce", "push", "account_health", "fields", "Crmpulse_Detail__c"))
    assert all("does not exist, or field-level security hides it" in one for one in found)


@pytest.mark.parametrize(
    ("object", "field", "changes", "says"),
    [
        ("Account", "Crmpulse_Score__c", {"updateable": False}, "our user may not change Account.Crmpulse_Score__c"),
        ("Opportunity", "CloseDate", {"createable": False}, "may not set Opportunity.CloseDate on a new record"),
        ("Opportunity", "StageName", {"updateable": False}, ": warning: "),
        ("Task", "Crmpulse_Key__c", {"external_id": False}, "is no external id"),
        ("Opportunity", "Crmpulse_Key__c", {"unique": False}, ": warning: "),
        ("Opportunity", "Crmpulse_Key__c", {"length": 40}, "our keys have up to 64"),
        ("Account", "Crmpulse_Key__c", {"length": 18}, "holds 18 characters, account_id up to 26"),
        ("Account", "Crmpulse_Reason_1__c", {"length": 80}, ": warning: "),
        ("Account", "Crmpulse_Tier__c", {"length": 5}, "insufficient_data is longer"),
        ("Account", "Crmpulse_Score__c", {"type": "string"}, "and score does not fit into it"),
        ("Account", "Crmpulse_As_Of__c", {"type": "double"}, "and as_of does not fit into it"),
        ("Opportunity", "StageName", {"type": "picklist", "values": ("Discovery", "Won")}, "does not know Prospecting; its values are Discovery, Won"),
        ("Opportunity", "Type", {"type": "picklist", "values": ("New",), "restricted": True}, "does not know Existing Customer - Upgrade"),
        ("Task", "Priority", {"type": "picklist", "values": ("High", "Normal"), "restricted": True}, "does not know Low"),
        ("Account", "Crmpulse_State__c", {"type": "picklist", "values": ("healthy",), "restricted": True}, "does not know monitor, at_risk"),
    ],
)  # fmt: skip
def test_a_field_that_cannot_take_what_we_write_is_found_before_the_first_write(
    object: str, field: str, changes: dict[str, Any], says: str
) -> None:
    """Read-only, too short, of another type, or a picklist that lacks the value: each in a sentence."""
    assert any(says in one for one in altered(object, field, **changes))


def test_a_stage_must_be_one_of_theirs_and_another_open_list_only_warns() -> None:
    """Salesforce would take any stage and no report would show it; other open picklists take new words by design."""
    values = {"type": "picklist", "values": ("Something",)}
    assert ": warning: " not in only(altered("Opportunity", "StageName", **values))
    assert ": warning: " in only(altered("Opportunity", "Type", **values))


def test_a_required_field_that_nothing_fills_is_named() -> None:
    """Unless the CRM fills it itself, or it is a checkbox."""
    objects = described()
    needed = FieldSchema("Region__c", "string", createable=True, updateable=True, nillable=False)
    objects["Opportunity"]["Region__c"] = needed
    assert "Opportunity requires Region__c on a new record" in only(live(objects))
    for harmless in ({"defaulted": True}, {"type": "boolean"}, {"createable": False}):
        objects["Opportunity"]["Region__c"] = needed._replace(**harmless)
        assert live(objects) == []


def test_spelling_matters_where_we_write_and_not_where_we_read() -> None:
    """Salesforce reads field names in any case; what we write is matched with what we read by name."""
    objects = described()
    account = objects["Account"]
    account["website"] = account.pop("Website")
    assert live(objects) == []
    account["crmpulse_score__c"] = account.pop("Crmpulse_Score__c")
    assert "write crmpulse_score__c as Account spells it" in only(live(objects))


def test_an_object_that_our_user_does_not_see_is_named_once() -> None:
    """At the stream that pulls it; what would be pushed into it is not judged beside that."""
    objects = described()
    del objects["OpportunityContactRole"]
    told = only(live(objects))
    assert told.startswith(READING.where("salesforce", "pull", "OpportunityContactRole"))
    assert "there is no object OpportunityContactRole, or our user may not see it" in told


def test_files_are_judged_when_they_arrive() -> None:
    """A folder has no description to ask for."""
    mappings = reader.load(SHIPPED)
    assert live({}, mappings.systems["product"]) == []
