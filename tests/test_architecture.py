"""The tree says who may import whom; these tests hold the code to it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent
ROOMS = ("flows", "connectors", "mappings", "warehouse", "sandbox")
MAY_IMPORT = {
    "flows": {"connectors", "mappings", "warehouse"},
    "warehouse": {"mappings"},
    "connectors": set(),
    "mappings": set(),
    "sandbox": set(),
}
EVERYBODYS = "connectors.base"
MODULES = sorted(path for room in ROOMS for path in (HOUSE / room).rglob("*.py"))


def _imports(path: Path, top_level_only: bool = False) -> Iterator[str]:
    tree = ast.parse(path.read_text())
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names if node.module in ROOMS)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(HOUSE)))
def test_rooms_import_only_their_neighbours(path: Path) -> None:
    """flows -> connectors, mappings, warehouse; warehouse -> mappings; the CLI also sandbox; connectors/base.py is everybody's."""
    room = path.relative_to(HOUSE).parts[0]
    allowed = (
        MAY_IMPORT[room]
        | {room}
        | ({"sandbox"} if path.name in {"cli.py", "demo.py", "simulate.py"} and room == "flows" else set())
    )
    for name in _imports(path):
        other = name.split(".")[0]
        if other in ROOMS and name not in {EVERYBODYS, "connectors"} and not name.startswith(EVERYBODYS):
            assert other in allowed, f"{path.relative_to(HOUSE)} imports {name}"
        if name == "connectors" and room != "flows":
            assert room == "connectors" or _only_base(path), (
                f"{path.relative_to(HOUSE)} imports more than connectors.base"
            )


def _only_base(path: Path) -> bool:
    names = [name for name in _imports(path) if name.startswith("connectors")]
    return all(name in {"connectors", "connectors.base"} or name.startswith("connectors.base.") for name in names)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(HOUSE)))
def test_prefect_lives_in_flows_only(path: Path) -> None:
    """Only flows import prefect, and the command line and the steps not even they when they are imported."""
    prefect = [name for name in _imports(path) if name.split(".")[0] == "prefect"]
    if path.parent != HOUSE / "flows":
        assert not prefect
    elif path.name in {"cli.py", "steps.py", "demo.py", "reports.py"}:
        assert not [name for name in _imports(path, top_level_only=True) if name.split(".")[0] == "prefect"]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(HOUSE)))
def test_the_clock_and_the_environment_come_in_as_arguments(path: Path) -> None:
    """Warehouse and mappings read neither the clock nor the environment."""
    if path.relative_to(HOUSE).parts[0] not in {"warehouse", "mappings"}:
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) not in {
                ("datetime", "now"),
                ("datetime", "utcnow"),
                ("date", "today"),
                ("time", "time"),
                ("os", "environ"),
                ("os", "getenv"),
            }, f"{path.relative_to(HOUSE)}:{node.lineno}"


def test_no_room_has_a_junk_drawer() -> None:
    """Nothing is called utils, common, helpers, core or manager."""
    assert not [p for p in MODULES if p.stem in {"utils", "common", "helpers", "core", "manager"}]
