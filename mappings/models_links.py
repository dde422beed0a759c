"""The shape of links.yaml: which record is which account, as people decided it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mappings.models_system import Model


class LinkDecision(Model):
    """A person's word about one record and one account; it beats every automatic rule."""

    decision: Literal["accept", "reject"]
    """accept: this record is this account. reject: these two are never the same."""
    system: str
    """The system that the record is in."""
    record: Annotated[str, Field(min_length=1)]
    """Its id there; for files what `account_ref` holds."""
    account: Annotated[str, Field(pattern=r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$")]
    """Our id of the account, as `crmpulse links` and `crmpulse explain` show it."""
    note: str = ""
    """Why, for those who read it later."""


class Links(Model):
    """links.yaml; `crmpulse links accept` and `crmpulse links reject` append to it."""

    links: tuple[LinkDecision, ...] = ()

    def accepted(self) -> list[LinkDecision]:
        return [link for link in self.links if link.decision == "accept"]

    def rejected(self) -> list[LinkDecision]:
        return [link for link in self.links if link.decision == "reject"]
