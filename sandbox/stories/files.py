"""Stories as the product's nightly files: usage, feature use and limits by day; the rest as it stands."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date

import orjson

from sandbox.stories.setting import Setting, email, workspace_id
from sandbox.stories.words import Company
from sandbox.world import HISTORY_DAYS, PLAYED_DAYS

Row = tuple[str | int | float, ...]
Customer = tuple[str, Company]
"""The product's own id of a company, and the company."""

USAGE = ("workspace_id", "date", "active_users", "product", "department", "user_email")
FEATURES = ("workspace_id", "date", "product", "feature", "uses")
LIMITS = ("workspace_id", "date", "product", "limit", "used", "allowed")
SUBSCRIPTIONS = ("id", "workspace_id", "product", "status", "start_date", "end_date", "arr", "currency")
GOALS = ("id", "workspace_id", "title", "status", "stated_on", "progressed_on", "reached_on")
SURVEYS = ("id", "workspace_id", "kind", "score", "email", "answered_on")


def deliver(
    companies: Sequence[Company], setting: Setting, played_days: int = PLAYED_DAYS
) -> Callable[[date], dict[str, bytes]]:
    """What the nightly export drops by the morning of a day; the first played day gets all days before it."""
    known = [(workspace, company) for company in companies if (workspace := workspace_id(company)) is not None]

    def files(day: date) -> dict[str, bytes]:
        ago = (setting.as_of - day).days
        agos = range(ago + HISTORY_DAYS, ago, -1) if ago == played_days - 1 else range(ago + 1, ago, -1)
        return {**_by_day(known, setting, agos), **_as_it_stands(known, setting, ago)}

    return files


def _by_day(customers: Sequence[Customer], setting: Setting, agos: range) -> dict[str, bytes]:
    """The history is compressed and says where it ends; a single day is named after itself."""
    name = setting.date(agos[-1])
    usage = _csv(USAGE, _rows(customers, setting, agos, _usage))
    features = _jsonl(FEATURES, _rows(customers, setting, agos, _features))
    limits = _csv(LIMITS, _rows(customers, setting, agos, _limits))
    if len(agos) == 1:
        return {
            f"usage/usage-{name}.csv": usage,
            f"features/features-{name}.jsonl.gz": _packed(features),
            f"limits/limits-{name}.csv": limits,
        }
    return {
        f"usage/usage-until-{name}.csv.gz": _packed(usage),
        f"features/features-until-{name}.jsonl.gz": _packed(features),
        f"limits/limits-until-{name}.csv.gz": _packed(limits),
    }


def _as_it_stands(customers: Sequence[Customer], setting: Setting, ago: int) -> dict[str, bytes]:
    return {
        "subscriptions/subscriptions.csv": _csv(SUBSCRIPTIONS, _each(customers, setting, ago, _subscriptions)),
        "goals/goals.csv": _csv(GOALS, _each(customers, setting, ago, _goals)),
        "surveys/surveys.jsonl": _jsonl(SURVEYS, _each(customers, setting, ago, _surveys)),
    }


def _rows(
    customers: Sequence[Customer],
    setting: Setting,
    agos: range,
    of_day: Callable[[str, Company, int, str], Iterator[Row]],
) -> Iterator[Row]:
    for ago in agos:
        day = setting.date(ago)
        for workspace, company in customers:
            yield from of_day(workspace, company, ago, day)


def _each(
    customers: Sequence[Customer],
    setting: Setting,
    ago: int,
    of_company: Callable[[str, Company, Setting, int], Iterator[Row]],
) -> Iterator[Row]:
    for workspace, company in customers:
        yield from of_company(workspace, company, setting, ago)


# --- by day -----------------------------------------------------------------------------------------------------------


def _usage(workspace: str, company: Company, ago: int, day: str) -> Iterator[Row]:
    """One row a product and department; one row a user where the story is about a person's logins."""
    users = 0 if company.usage is None else company.usage(ago)
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


def _features(workspace: str, company: Company, ago: int, day: str) -> Iterator[Row]:
    """Every feature once for each user of the day; nobody uses a feature on a day without users."""
    users = 0 if company.usage is None else company.usage(ago)
    if users and _sampled(company, ago):
        for feature in company.features:
            yield workspace, day, company.products[0], feature, users


def _limits(workspace: str, company: Company, ago: int, day: str) -> Iterator[Row]:
    for limit in company.limits if _sampled(company, ago) else ():
        yield workspace, day, company.products[0], limit.name, limit.used_on(ago), limit.allowed


def _sampled(company: Company, ago: int) -> bool:
    return ago % company.sampled == company.sampled_on


# --- as it stands -----------------------------------------------------------------------------------------------------


def _subscriptions(workspace: str, company: Company, setting: Setting, ago: int) -> Iterator[Row]:
    """One a product, from the day after it began; a former customer's is cancelled."""
    since = company.since
    if since is None or since <= ago:
        return
    active = company.type != "Former Customer"
    for number, product in enumerate(company.products):
        yield (
            f"sub-{workspace}-{number + 1}",
            workspace,
            product,
            "active" if active else "cancelled",
            setting.date(since),
            "" if active else setting.date(since - 365),
            "" if company.arr is None else f"{company.arr / len(company.products):.2f}",
            company.currency,
        )


def _goals(workspace: str, company: Company, setting: Setting, ago: int) -> Iterator[Row]:
    """Goals that were stated by then, with the progress that was known by then."""
    for number, goal in enumerate(company.goals):
        if goal.stated <= ago:
            continue
        advanced, reached = _happened(goal.advanced, ago), _happened(goal.reached, ago)
        yield (
            f"goal-{workspace}-{number + 1}",
            workspace,
            goal.title,
            "reached" if reached is not None else "open",
            setting.date(goal.stated),
            "" if advanced is None else setting.date(advanced),
            "" if reached is None else setting.date(reached),
        )


def _happened(day: int | None, ago: int) -> int | None:
    return day if day is not None and day > ago else None


def _surveys(workspace: str, company: Company, setting: Setting, ago: int) -> Iterator[Row]:
    address = email(company, company.contacts[0]) if company.contacts else ""
    for number, survey in enumerate(company.surveys):
        if survey.answered > ago:
            key = f"survey-{workspace}-{number + 1}"
            yield key, workspace, survey.kind, survey.score, address, setting.date(survey.answered)


# --- formats ----------------------------------------------------------------------------------------------------------


def _csv(columns: Sequence[str], rows: Iterable[Row]) -> bytes:
    content = io.BytesIO()
    with io.TextIOWrapper(content, encoding="utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
        text.flush()
        return content.getvalue()


def _jsonl(columns: Sequence[str], rows: Iterable[Row]) -> bytes:
    return b"".join(orjson.dumps(_named(columns, row)) + b"\n" for row in rows)


def _named(columns: Sequence[str], row: Row) -> Mapping[str, str | int | float | None]:
    return {column: value if value != "" else None for column, value in zip(columns, row, strict=True)}


def _packed(content: bytes) -> bytes:
    """Compressed without a date, so that the same world gives the same bytes."""
    return gzip.compress(content, compresslevel=6, mtime=0)
