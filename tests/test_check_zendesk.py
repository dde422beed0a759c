"""The shipped mapping of Zendesk against an account: what is there, what is missing, what does not fit."""

from __future__ import annotations

import shutil
from pathlib import Path

from connectors import connect
from mappings import check_live, reader, streams
from sandbox.server import Sandbox
from tests.scripted_zendesk import NOW, Clock


def told(folder: Path) -> list[str]:
    """What the sandbox's account says against the mapping."""
    reading = reader.read(folder)
    assert reading.mappings is not None, reading.mistakes
    mapping, clock = reading.mappings.systems["zendesk"], Clock()
    with Sandbox({}, NOW) as sandbox:
        source = connect("zendesk", "zendesk", sandbox.environment(), clock, clock.sleep)
        objects = {stream.object for stream in streams.streams(mapping).values()}
        schemas = {object: source.describe(object) for object in objects}
    return [str(mistake) for mistake in check_live.live(mapping, schemas, reading.where)]


def changed(folder: Path, old: str, new: str) -> Path:
    """The shipped mappings with one place of zendesk.yaml changed."""
    shutil.copytree(reader.SHIPPED, folder / "mappings", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    file = folder / "mappings" / "zendesk.yaml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new, 1))
    return file.parent


def test_the_shipped_mapping_fits_an_account_with_its_fields() -> None:
    """Every field that is read or written is there and takes what we write."""
    assert told(reader.SHIPPED) == []


def test_an_organization_field_that_nobody_created_is_named_with_its_line(tmp_path: Path) -> None:
    """Zendesk would drop it without a word."""
    (mistake,) = told(changed(tmp_path, "organization_fields.crmpulse_tier:", "organization_fields.crmpulse_teir:"))
    assert mistake.startswith("zendesk.yaml:")
    assert "organizations shows us no field organization_fields.crmpulse_teir" in mistake
    assert "did you mean `organization_fields.crmpulse_tier`?" in mistake


def test_a_path_that_no_ticket_has_is_named(tmp_path: Path) -> None:
    """Also below what a ticket has."""
    (mistake,) = told(changed(tmp_path, "derived.rated_at", "derived.rated"))
    assert "tickets shows us no field derived.rated" in mistake


def test_a_list_that_would_be_overwritten_cannot_be_mapped(tmp_path: Path) -> None:
    """Writing domain_names replaces what people put there."""
    mistakes = told(changed(tmp_path, "organization_fields.crmpulse_tier:", "domain_names:"))
    assert any("our user may not change organizations.domain_names" in mistake for mistake in mistakes)


def test_a_number_does_not_fit_into_a_day(tmp_path: Path) -> None:
    """The type of the field is the account's own."""
    (mistake,) = told(changed(tmp_path, "{from: score, on_null: clear}", "{from: as_of}"))
    assert "organization_fields.crmpulse_score is a field of type int, and as_of does not fit into it" in mistake
