"""The command line: thin verbs over steps. Prefect is imported only by the verb that needs it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
import typer
from rich.markup import escape

from connectors.base import ConfigError, CrmpulseError
from flows import checking, linking, progress, show, steps
from flows.pushing import destination
from flows.reports import Exit, RunReport
from flows.running import running
from flows.setup import Setup, mappings_folder, opened, ticking
from warehouse import desired, explanation, status
from warehouse.health import change_words

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="Customer health, kept inside your CRM.",
)

Json = Annotated[bool, typer.Option("--json", help="For machines: one JSON document on standard output.")]
Now = Annotated[datetime | None, typer.Option(help="Run as if it were this moment (UTC); for replays and the sandbox.")]
AsOf = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day to score; today (UTC) by default.")]
Since = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Say what changed in the score since this day, and by how much."),
]
System = Annotated[str | None, typer.Argument(help="One system of crmpulse.yaml; all of them by default.")]
Approve = Annotated[
    bool,
    typer.Option(
        "--approve", help="Approve the first push of a mapping to a system, and once what the guard would stop."
    ),
]

people = show.console()
errors = show.console(stderr=True)


class Verb(StrEnum):
    PULL = "pull"
    SCORE = "score"
    PUSH = "push"
    SYNC = "sync"


@contextmanager
def speaking(as_json: bool = False) -> Iterator[None]:
    """Errors that we raise on purpose end in one sentence and the exit status that belongs to them.

    Machines get the same as a document on standard output: `{"error": ..., "exit_status": 2 or 3}`.
    """
    try:
        yield
    except CrmpulseError as error:
        status, colour = (Exit.CONFIGURATION, "red") if isinstance(error, ConfigError) else (Exit.STOPPED, "yellow")
        errors.print(f"[{colour}]{escape(str(error))}[/]", highlight=False, soft_wrap=True)
        if as_json:
            emit({"error": str(error), "exit_status": int(status)})
        raise typer.Exit(status) from error


def emit(document: Any) -> None:
    sys.stdout.buffer.write(orjson.dumps(document, default=str, option=orjson.OPT_INDENT_2) + b"\n")


def _run(
    verb: Verb, now: datetime | None, as_json: bool, work: Callable[[Setup, RunReport, progress.Tell], None]
) -> None:
    """Open everything, do the work as a run, and report it."""
    with (
        speaking(as_json),
        opened(os.environ, ticking(now)) as setup,
        running(setup, verb) as report,
        progress.bars(errors) as tell,
    ):
        work(setup, report, tell)
    if as_json:
        emit(report.as_json())
    else:
        show.report(people, report)
    raise typer.Exit(report.exit_status)


@app.command()
def pull(
    system: System = None,
    full: Annotated[bool, typer.Option("--full", help="From the beginning, with a reconciliation of all ids.")] = False,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Bring in what changed, and turn it into accounts, contacts, tickets, usage."""
    _run(Verb.PULL, now, as_json, lambda setup, report, tell: steps.pull(setup, report, system, full=full, tell=tell))


@app.command()
def score(as_of: AsOf = None, now: Now = None, as_json: Json = False) -> None:
    """Compute health, segments and decisions for a day."""
    _run(Verb.SCORE, now, as_json, lambda setup, report, tell: steps.score(setup, report, _day(as_of), tell=tell))


@app.command()
def plan(system: System = None, now: Now = None, as_json: Json = False) -> None:
    """Show every write that a push would make: record, field, before, after and why. Writes nothing."""
    with speaking(as_json), opened(os.environ, ticking(now)) as setup:
        plans = [
            (planned, planned.calls(destination(setup, planned.system).batch_size))
            for planned in steps.plans(setup, system)
        ]
    if as_json:
        emit([show.plan_document(planned, calls) for planned, calls in plans])
        return
    for planned, calls in plans:
        show.plan(people, planned, calls)


@app.command()
def push(
    system: System = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Plan and judge, but write nothing.")] = False,
    approve: Approve = False,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Write scores, tasks and handoffs where people work."""
    _run(
        Verb.PUSH,
        now,
        as_json,
        lambda setup, report, tell: steps.push(setup, report, system, approve=approve, dry_run=dry_run, tell=tell),
    )


@app.command()
def sync(
    approve: Approve = False,
    full: Annotated[bool, typer.Option("--full", help="Pull from the beginning and reconcile all ids.")] = False,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """All of it: pull, score, push."""
    _run(
        Verb.SYNC,
        now,
        as_json,
        lambda setup, report, tell: steps.sync(setup, report, full=full, approve=approve, tell=tell),
    )


@app.command()
def check(
    offline: Annotated[bool, typer.Option("--offline", help="Read the files only; call nobody.")] = False,
    as_json: Json = False,
) -> None:
    """Find every mistake in the configuration, with file and line; then hold it against the systems themselves."""
    with speaking(as_json):
        found = checking.check(os.environ, ticking(None), live=not offline)
    if as_json:
        emit([{"file": m.file, "line": m.line, "message": m.message} for m in found])
    elif found:
        show.mistakes(people, found)
    else:
        people.print(f"[green]no mistakes in {mappings_folder(os.environ)}[/]")
    wrong = any(not mistake.warning for mistake in found)
    raise typer.Exit(Exit.CONFIGURATION if wrong else Exit.COMPLETE)


@app.command()
def explain(
    account: Annotated[str, typer.Argument(help="Our id, a CRM id, a domain or a name.")],
    since: Since = None,
    as_json: Json = False,
) -> None:
    """Why an account is where it is: every step from what was received to what was written."""
    with speaking(as_json), opened(os.environ, ticking(None)) as setup, setup.engine.connect() as conn:
        account_id = explanation.find(conn, account)
        detail = desired.detail(conn, setup.mappings, account_id)
        changed = change_words.since(conn, setup.mappings, account_id, since.date()) if since else None
        parts = explanation.sections(conn, account_id)
    if as_json:
        changes = {"since": changed.document()} if changed else {}
        emit({"account_id": account_id, "detail": detail, **changes, "sections": _documents(parts)})
        return
    for told in (detail, "\n".join(changed.lines()) if changed else ""):
        if told:
            people.print(told, highlight=False, markup=False)
            people.print()
    for part in parts:
        show.section(people, part)


@app.command(name="status")
def show_status(as_json: Json = False) -> None:
    """Where everything stands: runs, freshness, tiers, open work, refused records, issues."""
    with speaking(as_json), opened(os.environ, ticking(None)) as setup, setup.engine.connect() as conn:
        parts = status.sections(conn)
    if as_json:
        emit(_documents(parts))
        return
    for part in parts:
        show.section(people, part)


links = typer.Typer(help="Whose record is whose: what the rules left open, and what people decide.")
app.add_typer(links, name="links", invoke_without_command=True)

LinkedSystem = Annotated[str, typer.Argument(metavar="SYSTEM", help="A system of crmpulse.yaml.")]
LinkedRecord = Annotated[str, typer.Argument(metavar="RECORD", help="The id of its account record.")]
LinkedAccount = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Our id, a CRM id, a domain or a name.")]
Note = Annotated[str, typer.Option(help="Why, for those who read links.yaml later.")]


@links.callback()
def ask(context: typer.Context, as_json: Json = False) -> None:
    """List records that are unlinked or ambiguous, with the accounts that they may be, and why."""
    if context.invoked_subcommand is None:
        list_questions(as_json)


@links.command(name="list")
def list_questions(as_json: Json = False) -> None:
    """List records that are unlinked or ambiguous, with the accounts that they may be, and why."""
    with speaking(as_json), opened(os.environ, ticking(None)) as setup:
        found = linking.open_questions(setup)
    if as_json:
        emit(linking.documents(found))
    else:
        show.questions(people, found)


@links.command()
def accept(system: LinkedSystem, record: LinkedRecord, account: LinkedAccount, note: Note = "") -> None:
    """Link a record to an account for good, whatever the rules say."""
    _decide("accept", system, record, account, note)


@links.command()
def reject(system: LinkedSystem, record: LinkedRecord, account: LinkedAccount, note: Note = "") -> None:
    """Never link a record to an account, whatever the rules say."""
    _decide("reject", system, record, account, note)


def _decide(decision: Literal["accept", "reject"], system: str, record: str, account: str, note: str) -> None:
    with speaking(), opened(os.environ, ticking(None)) as setup:
        means = linking.decide(setup, decision, system, record, account, note)
    people.print(means, highlight=False, markup=False)


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo's warehouse and files go; emptied first.")] = Path(
        ".crmpulse/demo"
    ),
    as_json: Json = False,
) -> None:
    """Ten days of 93 story companies: pulled, scored, pushed into the sandbox, explained."""
    from flows import demo as show_demo

    with speaking(as_json):
        document = show_demo.play(folder, errors if as_json else people)
    if as_json:
        emit(document)


@app.command()
def simulate(
    days: Annotated[int, typer.Option(min=2, max=365, help="How many days to play, up to --as-of.")] = 45,
    as_of: AsOf = None,
    folder: Annotated[Path | None, typer.Option(help="Keep the warehouse and the files of the play here.")] = None,
    as_json: Json = False,
) -> None:
    """Play weeks of stories: what opens, escalates and closes when people act on their tasks, or do not."""
    from flows import simulate as play

    with speaking(as_json), progress.bars(errors) as tell:
        told = play.simulate(days, _day(as_of) or datetime.now(UTC).date(), folder, tell)
    if as_json:
        emit(play.document(told))
    else:
        show.diary(people, told)


@app.command()
def sandbox(
    accounts: Annotated[int, typer.Option(help="Generate this many accounts instead of the story companies.")] = 0,
    seed: Annotated[int, typer.Option(help="The same seed makes the same accounts.")] = 1,
    port: Annotated[int, typer.Option(help="The port on loopback.")] = 8765,
    folder: Annotated[Path, typer.Option(help="Where usage files are dropped.")] = Path(".crmpulse/sandbox"),
    as_of: AsOf = None,
) -> None:
    """Serve a stand-in for Salesforce on loopback, with data, a clock and faults on demand."""
    from flows import demo as show_demo

    show_demo.serve(people, accounts, seed, port, folder, _day(as_of))


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _documents(parts: list[explanation.Section]) -> list[dict[str, Any]]:
    return [{"title": p.title, "rows": [dict(zip(p.columns, row, strict=True)) for row in p.rows]} for p in parts]


if __name__ == "__main__":
    app()
