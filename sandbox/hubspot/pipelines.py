"""Pipelines of deals and tickets; what a stage means stands in its metadata, as text."""

from __future__ import annotations

from typing import Any

LONG_AGO = "2015-01-01T00:00:00.000Z"
_DEALS = {
    "appointmentscheduled": ("Appointment Scheduled", "0.2"),
    "qualifiedtobuy": ("Qualified To Buy", "0.4"),
    "presentationscheduled": ("Presentation Scheduled", "0.6"),
    "decisionmakerboughtin": ("Decision Maker Bought-In", "0.8"),
    "contractsent": ("Contract Sent", "0.9"),
    "closedwon": ("Closed Won", "1.0"),
    "closedlost": ("Closed Lost", "0.0"),
}
_TICKETS = {"1": "New", "2": "Waiting on contact", "3": "Waiting on us", "4": "Closed"}


def stage(stage_id: str, label: str, order: int, metadata: dict[str, str]) -> dict[str, Any]:
    """A stage as the pipelines API shows it."""
    told = {"id": stage_id, "label": label, "displayOrder": order, "metadata": metadata}
    return {**told, "createdAt": LONG_AGO, "updatedAt": LONG_AGO, "archived": False}


def _deal_stages() -> list[dict[str, Any]]:
    return [
        stage(name, label, order, {"isClosed": str(probability in {"0.0", "1.0"}).lower(), "probability": probability})
        for order, (name, (label, probability)) in enumerate(_DEALS.items())
    ]


def _ticket_stages() -> list[dict[str, Any]]:
    return [
        stage(
            name,
            label,
            order,
            {"isClosed": str(name == "4").lower(), "ticketState": "CLOSED" if name == "4" else "OPEN"},
        )
        for order, (name, label) in enumerate(_TICKETS.items())
    ]


class Pipelines:
    """Pipelines by object type and id; the first one is where records without a pipeline go."""

    def __init__(self) -> None:
        self.of: dict[str, dict[str, dict[str, Any]]] = {"deals": {}, "tickets": {}}
        self.add("deals", "default", "Sales Pipeline", _deal_stages())
        self.add("tickets", "0", "Support Pipeline", _ticket_stages())

    def add(self, type_name: str, pipeline_id: str, label: str, stages: list[dict[str, Any]]) -> None:
        told = {"id": pipeline_id, "label": label, "displayOrder": len(self.of[type_name]), "stages": stages}
        self.of[type_name][pipeline_id] = {**told, "createdAt": LONG_AGO, "updatedAt": LONG_AGO, "archived": False}

    def default(self, type_name: str) -> str:
        return next(iter(self.of[type_name]))

    def stage(self, type_name: str, pipeline_id: str, stage_id: str) -> dict[str, Any] | None:
        """The stage of that id in that pipeline."""
        stages = self.of[type_name].get(pipeline_id, {}).get("stages", [])
        return next((each for each in stages if each["id"] == stage_id), None)
