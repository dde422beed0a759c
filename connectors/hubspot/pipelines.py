"""Pipelines and their stages: what a stage is called, and whether it means closed; never its id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from connectors.hubspot.api import Api, Raw


class Stage(NamedTuple):
    label: str
    closed: bool


def stages(api: Api, object: str) -> Mapping[tuple[str, str], Stage]:
    """(Pipeline id, stage id) -> the stage."""
    pipelines = api.get(api.client.pipelines.pipelines_api.get_all, object).body["results"]
    return {
        (str(pipeline["id"]), str(stage["id"])): Stage(str(stage.get("label") or stage["id"]), _is_closed(stage))
        for pipeline in pipelines
        for stage in pipeline.get("stages") or ()
    }


def _is_closed(stage: Raw) -> bool:
    """Tickets say CLOSED, deals say isClosed, both as text."""
    metadata = stage.get("metadata") or {}
    state = metadata.get("ticketState")
    return state == "CLOSED" if state else str(metadata.get("isClosed")).lower() == "true"
