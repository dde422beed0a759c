"""Whether links.yaml names systems that exist and does not contradict itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from mappings.mistakes import Finding, meant, one_of
from mappings.models import LinkDecision, Links


def links(decided: Links, systems: Collection[str]) -> Iterator[Finding]:
    """Everything wrong in links.yaml; which records and accounts exist only the warehouse knows."""
    for n, link in enumerate(decided.links):
        if link.system not in systems:
            listed = meant(link.system, systems) or f"; {one_of(systems)}"
            yield Finding(("links", n, "system"), f"there is no system `{link.system}`{listed}")
        yield from (
            Finding(("links", n), message)
            for message in (contradiction(earlier, link) for earlier in decided.links[:n])
            if message
        )


def contradiction(earlier: LinkDecision, link: LinkDecision) -> str:
    """Why the two cannot both hold; empty when they can."""
    if (earlier.system, earlier.record) != (link.system, link.record):
        return ""
    what = f"{link.system} {link.record}"
    if earlier.account == link.account:
        if earlier.decision == link.decision:
            return f"{what} and {link.account} stand here twice; keep one line"
        return f"{what} and {link.account} are accepted and rejected; keep one of the two lines"
    if earlier.decision == link.decision == "accept":
        return f"{what} is accepted for {earlier.account} and for {link.account}; a record is one account"
    return ""
