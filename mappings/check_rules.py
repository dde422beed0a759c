"""Whether scorecards and segments can be followed, and their texts be filled in."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from jinja2 import StrictUndefined, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import SandboxedEnvironment

from mappings import vocabulary
from mappings.check_company import fits
from mappings.mistakes import Finding, below, meant, one_of
from mappings.models import Component, Scorecard, Scorecards, Segments
from mappings.vocabulary import Columns

OF_A_RECORD = ("link_key", "parent_ref")
"""What a record of one system says, and the account of all of them does not."""

ACCOUNT_COLUMNS: Columns = {
    **{
        column: kind
        for column, kind in vocabulary.TABLES["accounts"].items()
        if column not in OF_A_RECORD and not column.startswith("override_")
    },
    **vocabulary.ACCOUNT_EXTRAS,
    "lifecycle": "text",
    "segment": "text",
}
"""What `when` of a scorecard may look at."""


def scorecards(scorecards: Scorecards, measures: Collection[str] | None) -> Iterator[Finding]:
    """Everything wrong in scorecards.yaml; without `measures` their names are not judged."""
    tiers = scorecards.tiers
    if not 100 >= tiers.healthy > tiers.monitor > tiers.at_risk > tiers.critical == 0:
        yield Finding(("tiers",), "tiers go down from healthy over monitor and at_risk to critical, which begins at 0")
    yield from _cards(scorecards.scorecards, measures)


def _cards(cards: Sequence[Scorecard], measures: Collection[str] | None) -> Iterator[Finding]:
    """Every card by itself, and whether the ones before it leave anything to it."""
    for n, card in enumerate(cards):
        here = ("scorecards", n)
        earlier = [other for other in cards[:n] if other.product == card.product]
        if card.name in [other.name for other in cards[:n]]:
            yield Finding((*here, "name"), f"there is a scorecard `{card.name}` above already")
        if card.when is not None:
            yield from below((*here, "when"), fits(card.when, ACCOUNT_COLUMNS, "accounts"))
        for other in earlier:
            yield from below(here, _behind(card, other))
        for m, component in enumerate(card.components):
            ids = [other.id for other in card.components[:m]]
            yield from below((*here, "components", m), _component(component, ids, measures))
    last = max((n for n, card in enumerate(cards) if card.product is None), default=None)
    if last is None:
        yield Finding(("scorecards",), "every scorecard is of a product; one without `product` must score the accounts")
    elif cards[last].when is not None:
        yield Finding(("scorecards", last), "the last scorecard must take every account: leave out its `when`")


def _behind(card: Scorecard, earlier: Scorecard) -> Iterator[Finding]:
    """What a card above of the same product, or of accounts too, leaves to this one."""
    if earlier.when is None:
        yield Finding((), f"`{earlier.name}` above has no `when`, so `{card.name}` is never reached; put it above")
    if card.product and card.core_features not in (None, earlier.core_features):
        said = f"the core features of {card.product} are those of `{earlier.name}`; name them there only"
        yield Finding(("core_features",), said)


def _component(component: Component, earlier: list[str], measures: Collection[str] | None) -> Iterator[Finding]:
    if component.id in earlier:
        yield Finding(("id",), f"there is a component `{component.id}` in this scorecard already")
    if measures is not None and component.measure not in measures:
        listed = meant(component.measure, measures) or f"; {one_of(sorted(measures))}"
        yield Finding(("measure",), f"there is no measure `{component.measure}`{listed}")
    for key in ("failed", "passed"):
        yield from below((key,), template(getattr(component, key), vocabulary.COMPONENT_NAMES))


def segments(segments: Segments) -> Iterator[Finding]:
    """Everything wrong in segments.yaml."""
    rank, least = segments.rank, segments.threshold
    if not 0 < rank.high_touch_pct < rank.mid_touch_pct <= 100:
        yield Finding(("rank",), "high_touch_pct must be above 0 and below mid_touch_pct, which is at most 100")
    if not 0 <= least.smb < least.mid_market < least.enterprise < least.strategic:
        yield Finding(("threshold",), "thresholds go up from smb over mid_market and enterprise to strategic")


# --- templates --------------------------------------------------------------------------------------------------------


def _sandbox() -> SandboxedEnvironment:
    sandbox = SandboxedEnvironment(undefined=StrictUndefined)
    sandbox.filters |= dict.fromkeys(vocabulary.FILTERS, str)
    return sandbox


_SANDBOX = _sandbox()


class _Read(NamedTuple):
    """A template as Jinja reads it."""

    wrong: str = ""
    """Why it does not read."""
    names: frozenset[str] = frozenset()
    of_account: frozenset[str] = frozenset()


@lru_cache(maxsize=1_000)
def _read(text: str) -> _Read:
    """A text is read once a process: flows open the mappings again and again."""
    try:
        parsed = _SANDBOX.parse(text)
        of_account = frozenset(_of_account(parsed))
        names = frozenset(meta.find_undeclared_variables(parsed))  # complains of unknown filters and tests too
    except TemplateSyntaxError as error:
        return _Read(f"this template does not read (its line {error.lineno}): {error.message}")
    return _Read("", names, of_account)


def template(text: str, names: Collection[str]) -> Iterator[Finding]:
    """Why a text cannot be filled in: not Jinja, or names that nobody fills."""
    read = _read(text)
    if read.wrong:
        yield Finding((), read.wrong)
    for name in sorted(read.names - set(names)):
        yield Finding((), f"nothing fills `{{{{ {name} }}}}`{meant(name, names) or f'; {one_of(sorted(names))}'}")
    for column in sorted(read.of_account - set(vocabulary.BRIEFED_ACCOUNT)):
        known = vocabulary.BRIEFED_ACCOUNT
        yield Finding((), f"nothing fills `account.{column}`{meant(column, known) or f'; {one_of(known)}'}")


def _of_account(parsed: nodes.Template) -> set[str]:
    """What the template reads of `account`."""
    found = parsed.find_all(nodes.Getattr)
    return {one.attr for one in found if isinstance(one.node, nodes.Name) and one.node.name == "account"}
