"""Appends what a person decided to links.yaml, and leaves every comment and line of theirs as it is."""

from __future__ import annotations

import re
from pathlib import Path

from connectors.base import ConfigError
from mappings import document
from mappings.check_links import contradiction
from mappings.models import LinkDecision, Links

FILE = "links.yaml"

HEAD = """\
# yaml-language-server: $schema=schema/links.json
# Which record is which account, where people know better: `accept` links for good, `reject` never links.
# Every run reads it; taking a line out takes the decision back.

links:
"""


def append(folder: Path, known: Links, link: LinkDecision) -> bool:
    """Add the decision as the last line of the folder's links.yaml; False when it stands there already.

    ConfigError when it contradicts an earlier one, or when the file is written in a way that a line cannot be added to.
    """
    if any(_same(earlier, link) for earlier in known.links):
        return False
    for earlier in known.links:
        if message := contradiction(earlier, link):
            raise ConfigError(f"{folder / FILE}: {message}; take the earlier line out first")
    path = folder / FILE
    before = path.read_text(encoding="utf-8") if path.is_file() else HEAD
    after = f"{before if before.endswith(chr(10)) else before + chr(10)}{_indent(before)}- {_line(link)}\n"
    beside = path.with_name(f"{FILE}.new")
    beside.write_text(after, encoding="utf-8")
    if not _holds_one_more(beside, known, link):
        beside.unlink()
        raise ConfigError(f"{path} is not a block list that a line can be added to; add it by hand: {_line(link)}")
    beside.replace(path)
    return True


def _same(one: LinkDecision, other: LinkDecision) -> bool:
    return one.model_copy(update={"note": ""}) == other.model_copy(update={"note": ""})


def _indent(text: str) -> str:
    """That of the items which are there."""
    items = re.findall(r"^( *)- ", text, re.MULTILINE)
    return str(items[-1]) if items else "  "


def _line(link: LinkDecision) -> str:
    told = [f"decision: {link.decision}", f"system: {link.system}", f"record: {_quoted(link.record)}"]
    told += [f"account: {_quoted(link.account)}"] + ([f"note: {_quoted(link.note)}"] if link.note else [])
    return f"{{{', '.join(told)}}}"


def _quoted(text: str) -> str:
    """Text that YAML takes for nothing else."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def _holds_one_more(path: Path, known: Links, link: LinkDecision) -> bool:
    read = document.read(path)
    return not read.mistakes and read.tree == {"links": [_plain(one) for one in (*known.links, link)]}


def _plain(link: LinkDecision) -> dict[str, str]:
    return link.model_dump(exclude_unset=True)
