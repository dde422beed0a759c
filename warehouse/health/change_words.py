"""The ledger of a score's changes in sentences, each with the source that it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from mappings.models import Mappings
from warehouse import measures
from warehouse.health import freshness, score_changes, words
from warehouse.health.score_changes import Change, Judged, Picture
from warehouse.work.templates import day

TITLES = {
    score_changes.LATE: "Late data: ",
    score_changes.EXPIRED: "Expired data: ",
    score_changes.FLIP: "",
}


@dataclass(frozen=True, slots=True)
class Told:
    """One change for people."""

    kind: str
    component: str
    points: int | None
    sentence: str
    source: str


@dataclass(frozen=True, slots=True)
class Since:
    """Everything that changed in an account's score between two days."""

    headline: str
    changes: Sequence[Told]

    def lines(self) -> list[str]:
        """Headline and changes as a person reads them."""
        return [self.headline, *(f"{_signed(told.points)}{told.sentence} ({told.source})" for told in self.changes)]

    def document(self) -> list[dict[str, Any]]:
        """The changes for machines."""
        return [{name: getattr(told, name) for name in Told.__dataclass_fields__} for told in self.changes]


def since(conn: Connection, mappings: Mappings, account_id: str, day_before: date) -> Since:
    """What changed since the last day that was scored up to `day_before`."""
    found = score_changes.pictures(conn, mappings, account_id, day_before)
    if found is None:
        return Since(f"Nothing to compare: no two days since {day(day_before)} were scored.", ())
    before, after = found
    changes = score_changes.changes(before, after)
    lines = {picture.as_of: _lines(conn, mappings, picture) for picture in found}
    systems = _systems(conn, account_id)
    told = [_told(change, before, after, lines, mappings, systems) for change in changes]
    return Since(_headline(before, after, changes), told)


def _lines(conn: Connection, mappings: Mappings, picture: Picture) -> dict[str, words.Line]:
    return {line.component: line for line in words.lines(conn, mappings).get(picture.version, [])}


def _headline(before: Picture, after: Picture, changes: Sequence[Change]) -> str:
    days = f"{_health(before)} on {day(before.as_of)}, {_health(after).lower()} on {day(after.as_of)}"
    if before.score is None or after.score is None:
        return f"{days}: without a score on both days the changes have no numbers."
    if not changes:
        return f"{days}: nothing came out differently."
    return f"{days}: {_difference(after.score - before.score)}, which is the sum of"


def _health(picture: Picture) -> str:
    return "No score" if picture.score is None else f"Health {picture.score}"


def _difference(points: int) -> str:
    if points == 0:
        return "no difference"
    return f"{'up' if points > 0 else 'down'} {abs(points)}"


def _signed(points: int | None) -> str:
    """The points in front of a sentence; nothing where a day has no score."""
    return "" if points is None else f"{points:+d}  "


# --- one change -------------------------------------------------------------------------------------------------------


def _told(
    change: Change,
    before: Picture,
    after: Picture,
    lines: dict[date, dict[str, words.Line]],
    mappings: Mappings,
    systems: Iterable[str],
) -> Told:
    if change.kind == score_changes.SCORECARD:
        return _of_scorecard(change, before, after, lines)
    line = lines[after.as_of][change.component]
    earlier = before.judged.get(change.component)
    then = lines[before.as_of].get(change.component)
    was = f"; before, {_phrase(then, change.component, earlier)}" if then and earlier else ""
    now = after.judged[change.component]
    began = f" since {day(now.since)}" if now.since else ""
    sentence = f"{TITLES[change.kind]}{line.label}{began}: {_phrase(line, change.component, now)}{was}"
    measure = next(c.measure for c in after.card if c.component == change.component)
    return Told(change.kind, change.component, change.points, sentence, _source(measure, mappings, systems))


def _of_scorecard(change: Change, before: Picture, after: Picture, lines: dict[date, dict[str, words.Line]]) -> Told:
    names = [_name(lines[picture.as_of]) for picture in (before, after)]
    moved = f"from {names[0]} to {names[1]}" if names[0] != names[1] else f"{names[1]} was changed"
    sentence = f"Scorecard: {moved}; the facts of {day(before.as_of)} count by the new one"
    source = f"scorecards.yaml, version {before.version} to {after.version}"
    return Told(change.kind, "", change.points, sentence, source)


def _name(lines: dict[str, words.Line]) -> str:
    return next((line.scorecard for line in lines.values()), "an unknown card")


def _phrase(line: words.Line, component: str, judged: Judged) -> str:
    stood = words.Judged(component, judged.result, judged.value, judged.stale_since, judged.reason)
    return words.phrase(line, stood)


def _source(measure: str, mappings: Mappings, systems: Iterable[str]) -> str:
    """The measure, and where its facts come from."""
    known = measures.load().get(measure)
    tables = {source.table for source in known.sources} if known else set()
    streams = [f"{f.system} {f.stream}" for f in freshness.feeds(mappings) if f.table in tables and f.system in systems]
    return f"{measure}: {', '.join(streams) or 'no connected stream'}"


def _systems(conn: Connection, account_id: str) -> set[str]:
    """The systems that the account is linked to."""
    found = conn.scalars(text("SELECT system FROM account_links WHERE account_id = :id"), {"id": account_id})
    return set(found)
