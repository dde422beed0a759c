"""Several CRMs and support tools: recognised by keys and domains, and by what people say in links.yaml."""

from __future__ import annotations

import json
import re
from pathlib import Path
from shutil import copytree

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from typer.testing import CliRunner

from connectors.base import ConfigError, Record
from flows.cli import app
from mappings import links, reader
from mappings.models import LinkDecision
from tests import intake
from tests.several import HUBSPOT, THREE, ZENDESK, account_of, company, conformed, found, land, rule_of, saying
from warehouse import tables
from warehouse.engine import open_warehouse
from warehouse.identity import questions

ACME = {"Id": "001A", "Name": "Acme", "Website": "acme.com", "Workspace_Id__c": "w1", "Type": "Customer"}
GLOBEX = {"Id": "001B", "Name": "Globex", "Website": "globex.com", "Workspace_Id__c": "w2", "Type": "Customer"}
SHIPPED = Path(reader.__file__).parent


# --- recognised by rules ----------------------------------------------------------------------------------------------


def test_a_company_is_one_account_in_three_systems(warehouse: Engine) -> None:
    """HubSpot names the Salesforce id, Zendesk the HubSpot id; who is in HubSpot only is an account too."""
    land(warehouse, "salesforce", "Account", [ACME])
    land(
        warehouse,
        "hubspot",
        "companies",
        [
            {"Id": "1", "name": "Acme Inc", "domain": "elsewhere.com", "salesforceaccountid": "001A"},
            {"Id": "2", "name": "Hooli", "domain": "hooli.com"},
        ],
    )
    land(warehouse, "zendesk", "organizations", [{"Id": "71", "name": "Hooli support", "external_id": "2"}])
    conformed(warehouse)
    assert account_of(warehouse, "hubspot", "1") == account_of(warehouse, "salesforce", "001A")
    assert account_of(warehouse, "zendesk", "71") == account_of(warehouse, "hubspot", "2") is not None
    assert [rule_of(warehouse, "hubspot", id) for id in "12"] == ["key", "minted"]
    with warehouse.connect() as conn:
        crms = conn.execute(sa.select(tables.accounts.c.name, tables.accounts.c.crm).order_by("name")).all()
    assert crms == [("Acme", "salesforce"), ("Hooli", "hubspot")]


def test_any_of_several_domains_links(warehouse: Engine) -> None:
    """A second domain in HubSpot's text and one of Zendesk's list count as much as the first; shared ones never."""
    land(warehouse, "salesforce", "Account", [ACME, GLOBEX])
    land(
        warehouse,
        "hubspot",
        "companies",
        [
            {"Id": "1", "name": "Acme", "domain": "acme.io", "hs_additional_domains": "acme.de;www.acme.com"},
            {"Id": "3", "name": "Freelancer", "domain": "gmail.com", "hs_additional_domains": "outlook.com"},
        ],
    )
    organizations = [
        {"Id": "71", "name": "A", "domain_names": ["acme.de"]},
        {"Id": "72", "name": "G", "domain_names": ["gmail.com", "globex.com"]},
        {"Id": "73", "name": "F", "domain_names": ["gmail.com"]},
    ]
    land(warehouse, "zendesk", "organizations", organizations)
    conformed(warehouse)
    assert account_of(warehouse, "hubspot", "1") == account_of(warehouse, "salesforce", "001A")
    assert account_of(warehouse, "zendesk", "71") == account_of(warehouse, "salesforce", "001A")
    assert account_of(warehouse, "zendesk", "72") == account_of(warehouse, "salesforce", "001B")
    assert rule_of(warehouse, "hubspot", "3") == "minted"
    assert found(warehouse) == [("unlinked_account", "zendesk", "73")]


def test_two_domains_of_two_accounts_are_a_question(warehouse: Engine) -> None:
    """A record whose domains belong to two accounts is linked to neither."""
    land(warehouse, "salesforce", "Account", [ACME, GLOBEX])
    land(warehouse, "zendesk", "organizations", [{"Id": "71", "name": "?", "domain_names": ["acme.com", "globex.com"]}])
    conformed(warehouse)
    assert account_of(warehouse, "zendesk", "71") is None
    assert found(warehouse) == [("ambiguous_domain", "zendesk", "71")]


def test_the_order_of_systems_does_not_hide_an_account(warehouse: Engine) -> None:
    """A support tool that is configured first is still linked to the accounts of the CRMs of the same run."""
    first = company("zendesk", "salesforce", "hubspot", "product")
    land(warehouse, "zendesk", "organizations", [{"Id": "71", "name": "Acme", "domain_names": ["acme.com"]}])
    land(warehouse, "salesforce", "Account", [ACME])
    conformed(warehouse, mappings=first)
    assert account_of(warehouse, "zendesk", "71") == account_of(warehouse, "salesforce", "001A")
    with warehouse.connect() as conn:
        assert conn.scalar(sa.select(tables.accounts.c.crm)) == "salesforce"


def test_a_key_that_changes_its_mind_is_a_question(warehouse: Engine) -> None:
    """A link is never moved by a guess: the record stays where it is and the contradiction is told."""
    land(warehouse, "salesforce", "Account", [ACME])
    land(warehouse, "hubspot", "companies", [{"Id": "1", "name": "Acme"}])
    conformed(warehouse)
    own = account_of(warehouse, "hubspot", "1")
    land(warehouse, "hubspot", "companies", [{"Id": "1", "name": "Acme", "salesforceaccountid": "001A"}], 1)
    conformed(warehouse, 61)
    assert account_of(warehouse, "hubspot", "1") == own != account_of(warehouse, "salesforce", "001A")
    assert found(warehouse) == [("conflicting_key", "hubspot", "1")]


# --- decided by people ------------------------------------------------------------------------------------------------


def test_a_person_beats_the_rules_and_everything_follows(warehouse: Engine) -> None:
    """The record, its tickets and what was decided about its own account are the other account's from now on."""
    land(warehouse, "salesforce", "Account", [ACME])
    land(warehouse, "hubspot", "companies", [{"Id": "1", "name": "Acme Labs", "domain": "acmelabs.com"}])
    land(warehouse, "zendesk", "organizations", [{"Id": "71", "name": "Labs", "domain_names": ["acmelabs.com"]}])
    land(warehouse, "zendesk", "tickets", [{"Id": "9", "organization_id": "71", "created_at": "2026-11-01T08:00:00Z"}])
    conformed(warehouse)
    acme, labs = account_of(warehouse, "salesforce", "001A"), account_of(warehouse, "hubspot", "1")
    assert labs == account_of(warehouse, "zendesk", "71") != acme
    said = saying(THREE, ("accept", "hubspot", "1", acme), ("accept", "zendesk", "71", acme))
    assert conformed(warehouse, 61, said).accounts == 1
    assert (account_of(warehouse, "hubspot", "1"), rule_of(warehouse, "hubspot", "1")) == (acme, "person")
    whose = sa.text(
        "SELECT l.account_id FROM tickets t JOIN account_links l ON l.system = t.system AND l.external_id = t.account_ref"
    )
    with warehouse.connect() as conn:
        assert conn.scalars(whose).all() == [acme]
        merged = sa.select(tables.account_ids.c.merged_into).where(tables.account_ids.c.account_id == labs)
        assert conn.scalar(merged) == acme
        marked = conn.scalars(sa.select(tables.changed_accounts.c.account_ref)).all()
    assert {"1", "71"} <= set(marked)
    before = _links(warehouse)
    conformed(warehouse, 62, said)
    assert _links(warehouse) == before


def test_a_decision_is_taken_back_with_its_line(warehouse: Engine) -> None:
    """Without the line the record has its own account again, with everything that was decided about it."""
    land(warehouse, "salesforce", "Account", [ACME])
    land(warehouse, "hubspot", "companies", [{"Id": "1", "name": "Acme Labs"}])
    conformed(warehouse)
    acme, labs = account_of(warehouse, "salesforce", "001A"), account_of(warehouse, "hubspot", "1")
    conformed(warehouse, 61, saying(THREE, ("accept", "hubspot", "1", acme)))
    assert conformed(warehouse, 62).accounts == 2
    assert account_of(warehouse, "hubspot", "1") == labs
    assert account_of(warehouse, "salesforce", "001A") == acme


def test_what_a_person_rejects_is_never_linked(warehouse: Engine) -> None:
    """Neither by key nor by domain, and a link that stood ends; the record becomes an account of its own."""
    land(warehouse, "salesforce", "Account", [ACME])
    company_one = {"Id": "1", "name": "Acme", "domain": "acme.com", "salesforceaccountid": "001A"}
    land(warehouse, "hubspot", "companies", [company_one])
    land(warehouse, "zendesk", "organizations", [{"Id": "71", "name": "Acme", "external_id": "001A"}])
    conformed(warehouse)
    acme = account_of(warehouse, "salesforce", "001A")
    assert acme == account_of(warehouse, "hubspot", "1") == account_of(warehouse, "zendesk", "71")
    never = saying(
        THREE,
        ("reject", "hubspot", "1", acme),
        ("reject", "zendesk", "71", acme),
        ("reject", "product", "w1", acme),
    )
    conformed(warehouse, 61, never)
    own = account_of(warehouse, "hubspot", "1")
    assert own not in (None, acme)
    assert account_of(warehouse, "zendesk", "71") is None is account_of(warehouse, "product", "w1")
    before = _links(warehouse)
    conformed(warehouse, 62, never)
    assert _links(warehouse) == before


def test_a_person_links_a_workspace_that_no_account_names(warehouse: Engine) -> None:
    """Usage of a workspace whose id stands in no CRM belongs to the account that a person names."""
    land(warehouse, "salesforce", "Account", [ACME])
    conformed(warehouse)
    acme = account_of(warehouse, "salesforce", "001A")
    conformed(warehouse, 61, saying(THREE, ("accept", "product", "w77", acme)))
    assert (account_of(warehouse, "product", "w77"), rule_of(warehouse, "product", "w77")) == (acme, "person")
    assert account_of(warehouse, "product", "w1") == acme


def test_a_link_to_nothing_is_told(warehouse: Engine) -> None:
    """An account that never was and a record that is not there change nothing and are shown."""
    land(warehouse, "salesforce", "Account", [ACME])
    conformed(warehouse)
    acme = account_of(warehouse, "salesforce", "001A")
    nobody = "01JD0000000000000000000000"
    wrong = saying(THREE, ("accept", "salesforce", "001A", nobody), ("accept", "hubspot", "404", acme))
    conformed(warehouse, 61, wrong)
    assert account_of(warehouse, "salesforce", "001A") == acme
    assert found(warehouse) == [("unknown_link", "hubspot", "404"), ("unknown_link", "salesforce", "001A")]


def test_a_merged_account_is_meant_by_its_old_id(warehouse: Engine) -> None:
    """links.yaml names an account that a CRM merged away since: the one that stayed is meant."""
    land(warehouse, "salesforce", "Account", [ACME, GLOBEX])
    land(warehouse, "hubspot", "companies", [{"Id": "1", "name": "Acme"}])
    conformed(warehouse)
    acme = account_of(warehouse, "salesforce", "001A")
    land(warehouse, "salesforce", "Account", [Record("001A", {}, deleted=True, merged_into="001B")], 1)
    conformed(warehouse, 61)
    conformed(warehouse, 62, saying(THREE, ("accept", "hubspot", "1", acme)))
    assert account_of(warehouse, "hubspot", "1") == account_of(warehouse, "salesforce", "001B")


def _links(engine: Engine) -> list[tuple[object, ...]]:
    with engine.connect() as conn:
        ordered = sa.select(tables.links).order_by(*tables.links.c)
        return [tuple(row) for row in conn.execute(ordered)]


# --- fields of several systems ----------------------------------------------------------------------------------------


def test_each_field_has_its_order_of_sources(warehouse: Engine) -> None:
    """By default the first system decides; a field may ask another one first; who decided stands beside it."""
    told = {"Id": "1", "name": "Acme Inc", "salesforceaccountid": "001A", "arr": "500", "account_currency": "EUR"}
    land(warehouse, "salesforce", "Account", [ACME | {"ARR__c": 900, "CurrencyIsoCode": "USD"}])
    land(warehouse, "hubspot", "companies", [told])
    c = tables.accounts.c
    asked = sa.select(c.name, c.arr_native, c.currency, c.sources)
    for minutes, order, expected in (
        (60, {}, ("Acme", 900, "USD", "salesforce")),
        (61, {"arr_native": ["hubspot"]}, ("Acme", 500, "EUR", "hubspot")),
    ):
        mappings = company("salesforce", "hubspot", "zendesk", "product", field_sources=order)
        conformed(warehouse, minutes, mappings)
        with warehouse.connect() as conn:
            name, arr, currency, sources = conn.execute(asked).one()
        assert (name, arr, currency) == expected[:3]
        assert f'"arr_native":"{expected[3]}"' in sources
        assert f'"currency":"{expected[3]}"' in sources


# --- the file ---------------------------------------------------------------------------------------------------------

ACCOUNT = "01JD3V8X5S0000000000000000"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copied = tmp_path / "mappings"
    copytree(SHIPPED, copied, ignore=lambda _, names: [n for n in names if not n.endswith(".yaml") or n == links.FILE])
    return copied


def decision(word: str, record: str, account: str = ACCOUNT, **more: str) -> LinkDecision:
    told = {"decision": word, "system": "salesforce", "record": record, "account": account}
    return LinkDecision.model_validate(told | more)


def test_without_the_file_nobody_decided_anything(folder: Path) -> None:
    """links.yaml is optional."""
    assert reader.load(folder).links.links == ()


def test_a_decision_is_appended_and_comments_stay(folder: Path) -> None:
    """What people wrote stays byte for byte; the line is added once."""
    written = (
        "links:   # ours\n"
        f'- {{decision: reject, system: salesforce, record: "001A", account: {ACCOUNT}}}  # Kim, on the phone\n'
        "  # the rest is open\n"
    )
    (folder / links.FILE).write_text(written)
    known = reader.load(folder).links
    assert links.append(folder, known, decision("accept", "00'1\"B", note="two: colons # and a hash"))
    text = (folder / links.FILE).read_text()
    assert text.startswith(written)
    told = reader.load(folder).links
    assert told.accepted() == [decision("accept", "00'1\"B", note="two: colons # and a hash")]
    assert not links.append(folder, told, decision("accept", "00'1\"B"))
    assert (folder / links.FILE).read_text() == text


def test_the_first_decision_makes_the_file(folder: Path) -> None:
    assert links.append(folder, reader.load(folder).links, decision("accept", "001A"))
    assert reader.load(folder).links.accepted() == [decision("accept", "001A")]


def test_a_decision_against_an_earlier_one_is_refused(folder: Path) -> None:
    """Accepted and rejected, or accepted for two accounts: the person must say which line goes."""
    known = reader.load(folder).links
    links.append(folder, known, decision("accept", "001A"))
    known = reader.load(folder).links
    with pytest.raises(ConfigError, match="accepted and rejected; keep one"):
        links.append(folder, known, decision("reject", "001A"))
    with pytest.raises(ConfigError, match="a record is one account"):
        links.append(folder, known, decision("accept", "001A", "01JD3V8X5S0000000000000001"))


def test_a_file_in_another_style_is_left_alone(folder: Path) -> None:
    """A list in brackets takes no line at its end: the file stays as it is, and the line is said."""
    (folder / links.FILE).write_text("links: []\n")
    with pytest.raises(ConfigError, match=r"add it by hand: \{decision: accept"):
        links.append(folder, reader.load(folder).links, decision("accept", "001A"))
    assert (folder / links.FILE).read_text() == "links: []\n"
    assert [path.name for path in folder.glob("links*")] == [links.FILE]


def test_mistakes_in_the_file_have_their_lines(folder: Path) -> None:
    """Systems that do not exist, ids that are none, and lines against each other are found before the first call."""
    (folder / links.FILE).write_text(
        "links:\n"
        f'  - {{decision: accept, system: salesforse, record: "001A", account: {ACCOUNT}}}\n'
        '  - {decision: accept, system: salesforce, record: "001A", account: acme}\n'
    )
    told = [str(mistake) for mistake in reader.read(folder).mistakes]
    assert told == [
        "links.yaml:3: `account: acme` must be an account id of ours, 26 characters as `crmpulse links` shows them"
    ]
    (folder / links.FILE).write_text(
        "links:\n"
        f'  - {{decision: accept, system: salesforse, record: "001A", account: {ACCOUNT}}}\n'
        f'  - {{decision: accept, system: salesforce, record: "001B", account: {ACCOUNT}}}\n'
        f'  - {{decision: reject, system: salesforce, record: "001B", account: {ACCOUNT}}}\n'
    )
    told = [str(mistake) for mistake in reader.read(folder).mistakes]
    assert told == [
        "links.yaml:2: there is no system `salesforse`; did you mean `salesforce`?",
        f"links.yaml:4: salesforce 001B and {ACCOUNT} are accepted and rejected; keep one of the two lines",
    ]


# --- what is open -----------------------------------------------------------------------------------------------------


def test_open_questions_come_with_candidates_and_reasons(warehouse: Engine) -> None:
    """What is ambiguous or unlinked is listed by system, with the accounts that it may be; what was ruled out is not."""
    land(warehouse, "salesforce", "Account", [ACME, GLOBEX])
    organizations = [
        {"Id": "71", "name": "Both", "domain_names": ["acme.com", "globex.com"]},
        {"Id": "72", "name": "acme", "domain_names": []},
    ]
    land(warehouse, "zendesk", "organizations", organizations)
    conformed(warehouse)
    acme, globex = (account_of(warehouse, "salesforce", id) for id in ("001A", "001B"))
    mappings = saying(THREE, ("reject", "zendesk", "71", globex))
    with warehouse.begin() as conn:
        both, alone = questions.open_questions(conn, THREE)
        ruled_out, _ = questions.open_questions(conn, mappings)
    assert (both.system, both.record, both.name, both.kind) == ("zendesk", "71", "Both", "ambiguous")
    assert {c.account_id: (c.name, c.because) for c in both.candidates} == {
        acme: ("Acme", ["the same domain acme.com"]),
        globex: ("Globex", ["the same domain globex.com"]),
    }
    assert (alone.record, alone.kind, alone.candidates[0].because) == ("72", "unlinked", ["the same name"])
    assert [c.account_id for c in ruled_out.candidates] == [acme]


def test_usage_without_an_account_is_a_question(warehouse: Engine) -> None:
    """A workspace that delivers usage and that no account names is listed under its system."""
    intake.land_lines(warehouse, "usage", [{"workspace_id": "w9", "date": "2026-11-19", "active_users": "3"}])
    land(warehouse, "salesforce", "Account", [ACME])
    conformed(warehouse)
    with warehouse.begin() as conn:
        (lost,) = questions.open_questions(conn, THREE)
    assert (lost.system, lost.record, lost.kind, lost.candidates) == ("product", "w9", "unlinked", [])


def test_the_command_line_asks_and_takes_the_answer(folder: Path, tmp_path: Path) -> None:
    """`links` lists as a table and as JSON; `accept` writes the file, and the next run follows it."""
    url = f"duckdb:///{tmp_path / 'links.duckdb'}"
    for name in ("hubspot", "zendesk"):
        (folder / f"{name}.yaml").unlink(missing_ok=True)
    told = {"hubspot": HUBSPOT, "zendesk": ZENDESK}
    for name, mapping in told.items():
        (folder / f"{name}.yaml").write_text(json.dumps(mapping))
    lines = (folder / "crmpulse.yaml").read_text()
    (folder / "crmpulse.yaml").write_text(
        re.sub("systems: .*", "systems: [salesforce, hubspot, zendesk, product]", lines)
    )
    env = {"CRMPULSE_MAPPINGS": str(folder), "CRMPULSE_WAREHOUSE_URL": url}
    engine = open_warehouse(url)
    land(engine, "salesforce", "Account", [ACME])
    land(engine, "zendesk", "organizations", [{"Id": "71", "name": "Somebody", "domain_names": []}])
    conformed(engine)
    engine.dispose()
    runner = CliRunner()
    listed = runner.invoke(app, ["links", "--json"], env=env)
    assert [(q["system"], q["record"], q["kind"]) for q in json.loads(listed.stdout)] == [("zendesk", "71", "unlinked")]
    assert "Somebody" in runner.invoke(app, ["links"], env=env).stdout
    wrong = runner.invoke(app, ["links", "accept", "zendesk", "17", "acme.com"], env=env)
    assert (wrong.exit_code, "no account record 17" in wrong.stderr) == (2, True)
    assert runner.invoke(app, ["links", "accept", "zendesk", "71", "acme.com", "--note", "Kim"], env=env).exit_code == 0
    mappings = reader.load(folder)
    assert [(link.record, link.note) for link in mappings.links.accepted()] == [("71", "Kim")]
    engine = open_warehouse(url)
    conformed(engine, 61, mappings)
    assert rule_of(engine, "zendesk", "71") == "person"
    engine.dispose()
    assert json.loads(runner.invoke(app, ["links", "list", "--json"], env=env).stdout) == []
