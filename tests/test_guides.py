"""The table of the guides' elements against the tree."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "guides.md").read_text().splitlines()
    if line.startswith("| S")
]


def test_every_element_stands_in_the_table_once() -> None:
    """S1 to S110, in order."""
    numbers = [int(number) for row in ROWS for number in re.findall(r"S(\d+)", row[0])]
    assert numbers == list(range(1, 111))


def test_what_the_table_names_exists() -> None:
    """Every file that it points to is there."""
    paths = {path for row in ROWS for path in re.findall(r"`([a-z_]+/[a-z0-9_./]*)`", row[2])}
    assert len(paths) > 15
    assert not [path for path in sorted(paths) if not (ROOT / path).exists()]


def test_an_element_without_code_says_why() -> None:
    """Whatever points to no file is a document only, with the reason."""
    without = [row for row in ROWS if "`" not in row[2]]
    assert all(re.match(r"document( for now)?: .+", row[2]) for row in without)


def test_the_playbooks_and_tables_that_it_names_exist() -> None:
    """`playbooks.yaml: renewal` is a playbook there, `score_history` a table."""
    playbooks = (ROOT / "mappings" / "playbooks.yaml").read_text()
    named = {name for row in ROWS for name in re.findall(r"playbooks\.yaml`: ([a-z_]+)", row[2])}
    assert named
    assert not [name for name in sorted(named) if not re.search(rf"^ *{name}:", playbooks, re.MULTILINE)]
    tables = (ROOT / "warehouse" / "tables.py").read_text()
    shown = {name for row in ROWS for name in re.findall(r"`([a-z]+_[a-z]+|episodes)`", row[2] + row[3])}
    assert not [name for name in sorted(shown) if f'"{name}"' not in tables]
