"""What people read on a terminal: tables of reports, plans, sections and mistakes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flows.reports import RunReport
from mappings.document import Mistake
from warehouse.diary import Entry
from warehouse.explanation import Section
from warehouse.identity.questions import Candidate, Question
from warehouse.outbox.changes import Plan

WIDTH_ELSEWHERE = 160  # columns, where the output is no terminal


def console(stderr: bool = False) -> Console:
    """Where people read; in a file or a pipe lines are long rather than folded."""
    made = Console(stderr=stderr)
    return made if made.is_terminal else Console(stderr=stderr, width=WIDTH_ELSEWHERE)


_TIERS = {"healthy": "green", "monitor": "yellow", "at_risk": "dark_orange", "critical": "red"}


def words(value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return "—"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, list):
        return "; ".join(map(words, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {words(part)}" for name, part in value.items())
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def table(console: Console, title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    shown = Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False)
    for column in columns:
        shown.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        shown.add_row(*(_cell(value) for value in row))
    console.print(shown)
    console.print()


def _cell(value: Any) -> str:
    text = escape(words(value))
    return f"[{_TIERS[text]}]{text}[/]" if text in _TIERS else text


def section(console: Console, part: Section) -> None:
    if part.rows:
        table(console, part.title, part.columns, part.rows)
    else:
        console.print(f"[bold]{escape(part.title)}[/]\n[dim]{escape(part.empty)}[/]\n")


def questions(console: Console, found: Sequence[Question]) -> None:
    """Records without an account, one a line, with their candidates."""
    if not found:
        console.print("[green]every record has its account[/]")
        return
    rows = [(q.system, q.record, q.name, q.kind, q.why, [_candidate(c) for c in q.candidates]) for q in found]
    table(console, "records without an account", ("system", "record", "name", "kind", "why", "may be"), rows)
    console.print("[dim]`crmpulse links accept SYSTEM RECORD ACCOUNT` links one, `links reject` rules one out[/]")


def _candidate(candidate: Candidate) -> str:
    return f"{candidate.account_id} {candidate.name or ''} ({', '.join(candidate.because)})"


def report(console: Console, done: RunReport) -> None:
    """What every step of a run did, and in one line how it ended."""
    rows = [(s.step, s.system, _counts(s.counts), s.stopped or s.note) for s in done.steps]
    as_of = f", as of {done.as_of}" if done.as_of else ""
    table(console, f"{done.verb} {done.run}{as_of}", ("step", "system", "did", "remarks"), rows)
    console.print(_ENDS[int(done.exit_status)])


_ENDS = {
    0: "[green]complete[/]",
    1: "[yellow]complete, but some records were refused or not answered: `crmpulse status` lists them[/]",
    2: "[red]stopped by configuration or credentials[/]",
    3: "[yellow]part of the work was stopped; when its reason is gone the next run goes on where this one ended[/]",
}


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{n:,} {what.replace('_', ' ')}" for what, n in counts.items() if n) or "nothing to do"


def plan(console: Console, planned: Plan, calls: int, most: int = 40) -> None:
    """The planned writes: record, field, before, after and why."""
    rows = [
        (c.object, c.external_id or c.key, f.field, f.before, f.after, f.why, c.message or (c.status or ""))
        for c in planned.changes
        for f in c.fields
    ]
    title = f"{planned.system}: {len(planned.changes)} records, {calls} API calls"
    table(console, title, ("object", "record", "field", "before", "after", "why", "stands in the way"), rows[:most])
    if len(rows) > most:
        console.print(f"[dim]{len(rows) - most} more fields; --json shows all[/]")


def mistakes(console: Console, found: Sequence[Mistake]) -> None:
    for mistake in found:
        colour = "yellow" if mistake.warning else "red"
        console.print(f"[{colour}]{escape(str(mistake))}[/]", soft_wrap=True, highlight=False)


def diary(console: Console, entries: Sequence[Entry]) -> None:
    """What happened, a day after the other; a day on which nothing happened is not printed."""
    rows, shown = [], None
    for entry in entries:
        day = "" if entry.day == shown else f"{entry.day:%a %d %b}"
        shown = entry.day
        rows.append((day, entry.account, f"{entry.what} {entry.happened}", entry.which, entry.because))
    table(console, "what was opened, escalated and closed", ("day", "account", "what", "which", "who or why"), rows)


def plan_document(planned: Plan, calls: int) -> dict[str, Any]:
    """A plan for machines: every change with its fields."""
    changes = [
        {
            **asdict(change),
            "fields": [f._asdict() for f in change.fields],
            "drifts": [d._asdict() for d in change.drifts],
        }
        for change in planned.changes
    ]
    head = {"system": planned.system, "as_of": planned.as_of, "api_calls": calls, "counts": planned.counts()}
    return {**head, "changes": changes}
