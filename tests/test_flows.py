"""The deployments name flows that exist and take the parameters that they are given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.setup import ticking

DEPLOYMENTS = yaml.safe_load((Path(__file__).parent.parent / "prefect.yaml").read_text())["deployments"]


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda d: str(d["name"]))
def test_a_deployment_leads_to_its_flow(deployment: dict[str, Any]) -> None:
    """Its module path is a flow, and the flow understands the deployment's parameters and a moment as text."""
    module, name = deployment["entrypoint"].rsplit(".", 1)
    flow = getattr(import_module(module), name)
    given = {**deployment.get("parameters", {}), "now": "2026-11-22T12:00:00Z"}
    understood = flow.validate_parameters(given)
    assert understood["now"].isoformat() == "2026-11-22T12:00:00+00:00"
    assert flow.name == name


def test_a_moment_without_a_zone_is_utc() -> None:
    """`--now 2026-11-22T12:00:00` can be compared with the vendors' own moments."""
    told = ticking(datetime.fromisoformat("2026-11-22T12:00:00"))()
    assert told.utcoffset() == timedelta(0)
    assert told >= datetime(2026, 11, 22, 12, tzinfo=UTC)
