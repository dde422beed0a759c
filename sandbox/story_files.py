"""Stories as the product's nightly files: usage, feature use and limits by day; the rest as it stands."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from sandbox.story_records import Calendar, email, workspace_id
from sandbox.story_words import Company
from sandbox.world import HISTORY_DAYS, PLAYED_DAYS

Row = tuple[str | int | float, ...]

USAGE = ("workspace_id", "date", "active_users", "product", "department", "user_email")
FEATURES = ("workspace_id", "date", "product", "feature", "uses")
LIMITS = ("workspace_id", "date", "product", "limit", "used", "allowed")
SUBSCRIPTIONS = ("id", "workspace_id", "product", "status", "start_date", "end_date", "arr", "currency")
GOALS = ("id", "workspace_id", "title", "status", "stated_on", "progressed_on", "reached_on")
SURVEYS = ("id", "workspace_id", "kind", "score", "email", "answered_on")


def deliver(companies: Sequence[Company], as_of: date) -> Callable[[date], dict[str, bytes]]:
    """What the nightly export drops by the morning of a day; the first played day gets all days before it."""
    known = [company for company in companies if workspace_id(company) is not None]

    def files(day: date) -> dict[str, bytes]:
        ago = (as_of - day).days
        agos = range(ago + HISTORY_DAYS, ago, -1) if ago == PLAYED_DAYS - 1 else range(ago + 1, ago, -1)
        return {**_by_day(known, as_of, agos), **_as_it_stands(known, as_of, ago)}

    return files


def _by_day(companies: Sequence[Company], as_of: date, agos: range) -> dict[str, bytes]:
    """The history is compressed and says where it ends; a single day is named after itself."""
    name = (as_of - timedelta(days=agos[-1])).isoformat()
    usage = _csv(USAGE, _rows(companies, as_of, agos, _usage))
    features = _jsonl(FEATURES, _rows(companies, as_of, agos, _features))
    limits = _csv(LIMITS, _rows(companies, as_of, agos, _limits))
    if len(agos) == 1:
        return {
            f"usage/usage-{name}.csv": usage,
            f"features/features-{name}.jsonl.gz": packed(features),
            f"limits/limits-{name}.csv": limits,
        }
    return {
        f"usage/usage-until-{name}.csv.gz": packed(usage),
        f"features/features-until-{name}.jsonl.gz": packed(features),
        f"limits/limits-until-{name}.csv.gz": packed(limits),
    }


def _as_it_stands(companies: Sequence[Company], as_of: date, ago: int) -> dict[str, bytes]:
    calendar = Calendar(as_of)
    return {
        "subscriptions/subscriptions.csv": _csv(SUBSCRIPTIONS, _each(companies, calendar, ago, _subscriptions)),
        "goals/goals.csv": _csv(GOALS, _each(companies, calendar, ago, _goals)),
        "surveys/surveys.jsonl": _jsonl(SURVEYS, _each(companies, calendar, ago, _surveys)),
    }


def _rows(
    companies: Sequence[Company], as_of: date, agos: range, of_day: Callable[[Company, int, str], Iterator[Row]]
) -> Iterator[Row]:
    for ago in agos:
        day = (as_of - timedelta(days=ago)).isoformat()
        for company in companies:
            yield from of_day(company, ago, day)


def _each(
    companies: Sequence[Company],
    calendar: Calendar,
    ago: int,
    of_company: Callable[[Company, Calendar, int], Iterator[Row]],
) -> Iterator[Row]:
    for company in companies:
        yield from of_company(company, calendar, ago)


# --- by day -----------------------------------------------------------------------------------------------------------


def _usage(company: Company, ago: int, day: str) -> Iterator[Row]:
    """One row a product and department; one row a user where the story is about a person's logins."""
    users = 0 if company.usage is None else company.usage(ago)
    workspace = workspace_id(company) or ""
    if users == 0:
        return
    if company.champion_logs_in:
        for address in _users(company, users):
            yield workspace, day, 1, company.products[0], "Operations", address
        return
    parts = [(product, department) for product in company.products for department in company.departments or ("",)]
    for number, (product, department) in enumerate(parts):
        share = users // len(parts) + (number < users % len(parts))
        yield workspace, day, share, product, department, ""


def _users(company: Company, users: int) -> list[str]:
    """Who logs in: the champion first, then colleagues who are no contacts of ours."""
    people = [email(company, contact) for contact in company.contacts if contact.who == "champion"]
    domain = people[0].split("@")[1]
    return people + [f"user{number}@{domain}" for number in range(users - len(people))]


def _features(company: Company, ago: int, day: str) -> Iterator[Row]:
    """Every feature once for each user of the day; nobody uses a feature on a day without users."""
    users = 0 if company.usage is None else company.usage(ago)
    if users:
        for feature in company.features:
            yield workspace_id(company) or "", day, company.products[0], feature, users


def _limits(company: Company, ago: int, day: str) -> Iterator[Row]:
    for limit in company.limits:
        yield workspace_id(company) or "", day, company.products[0], limit.name, limit.used_on(ago), limit.allowed


# --- as it stands -----------------------------------------------------------------------------------------------------


def _subscriptions(company: Company, calendar: Calendar, ago: int) -> Iterator[Row]:
    """One a product, from the day after it began; a former customer's is cancelled."""
    since = company.since
    if since is None or since <= ago:
        return
    active = company.type != "Former Customer"
    for number, product in enumerate(company.products):
        yield (
            f"sub-{workspace_id(company)}-{number + 1}",
            workspace_id(company) or "",
            product,
            "active" if active else "cancelled",
            calendar.date(since),
            "" if active else calendar.date(since - 365),
            "" if company.arr is None else f"{company.arr / len(company.products):.2f}",
            company.currency,
        )


def _goals(company: Company, calendar: Calendar, ago: int) -> Iterator[Row]:
    """Goals that were stated by then, with the progress that was known by then."""
    for number, goal in enumerate(company.goals):
        if goal.stated <= ago:
            continue
        advanced, reached = _happened(goal.advanced, ago), _happened(goal.reached, ago)
        yield (
            f"goal-{workspace_id(company)}-{number + 1}",
            workspace_id(company) or "",
            goal.title,
            "reached" if reached is not None else "open",
            calendar.date(goal.stated),
            "" if advanced is None else calendar.date(advanced),
            "" if reached is None else calendar.date(reached),
        )


def _happened(day: int | None, ago: int) -> int | None:
    return day if day is not None and day > ago else None


def _surveys(company: Company, calendar: Calendar, ago: int) -> Iterator[Row]:
    address = email(company, company.contacts[0]) if company.contacts else ""
    for number, survey in enumerate(company.surveys):
        if survey.answered > ago:
            key = f"survey-{workspace_id(company)}-{number + 1}"
            yield key, workspace_id(company) or "", survey.kind, survey.score, address, calendar.date(survey.answered)


# --- formats ----------------------------------------------------------------------------------------------------------


def _csv(columns: Sequence[str], rows: Iterable[Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def _jsonl(columns: Sequence[str], rows: Iterable[Row]) -> bytes:
    return "".join(json.dumps(_named(columns, row)) + "\n" for row in rows).encode()


def _named(columns: Sequence[str], row: Row) -> Mapping[str, str | int | float | None]:
    return {column: value if value != "" else None for column, value in zip(columns, row, strict=True)}


def packed(content: bytes) -> bytes:
    """Compressed without a date, so that the same world gives the same bytes."""
    return gzip.compress(content, compresslevel=6, mtime=0)
