"""What Salesforce itself fills in when a record is saved: names, closed flags, the account of a task, roll-ups."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import date, timedelta

from sandbox.salesforce.objects import SObject
from sandbox.salesforce.org import Org
from sandbox.salesforce.sales import STAGES
from sandbox.salesforce.service import CLOSED_CASE, CLOSED_TASK
from sandbox.salesforce.values import moment, read_moment
from sandbox.store import Record, Value

Draft = dict[str, Value]
FORECAST = {"Best Case": "BestCase", "Commit": "Forecast"}
ARCHIVED_AFTER = timedelta(days=365)


def derive(org: Org, sobject: SObject, before: Record | None, draft: Draft) -> None:
    """Fill in the read-only fields that follow from the written ones."""
    if rule := _RULES.get(sobject.name):
        rule(org, before, draft)


def after_save(org: Org, sobject: SObject, record: Record) -> None:
    """What saving one record does to others."""
    if sobject.activity:
        _roll_up_activity(org, record)
    elif sobject.name == "OpportunityContactRole" and record.get("IsPrimary"):
        _only_one_primary(org, record)


def archive(org: Org) -> None:
    """Tasks closed and events ended more than 365 days ago leave ordinary queries; nothing else about them changes."""
    limit = moment(org.store.now - ARCHIVED_AFTER) if org.store.now.year > 1 else ""
    for object, ended in (("Task", "CompletedDateTime"), ("Event", "EndDateTime")):
        old = [
            r for r in org.table(object).values() if not r.get("IsArchived") and "" < str(r.get(ended) or "") < limit
        ]
        for record in old:
            org.put(object, {**record, "IsArchived": True})


def _changed(before: Record | None, draft: Draft, *names: str) -> bool:
    return before is None or any(before.get(name) != draft.get(name) for name in names)


def _person(_: Org, __: Record | None, draft: Draft) -> None:
    draft["Name"] = " ".join(str(draft[name]) for name in ("FirstName", "LastName") if draft.get(name)) or None


def _opportunity(org: Org, before: Record | None, draft: Draft) -> None:
    if _changed(before, draft, "StageName"):
        probability, closed, won, category = STAGES.get(str(draft.get("StageName")), (0, False, False, "Pipeline"))
        draft |= {"IsClosed": closed, "IsWon": won, "LastStageChangeDate": org.now}
        if before is not None or draft.get("Probability") is None:
            draft["Probability"] = float(probability)
        if before is not None or draft.get("ForecastCategoryName") is None:
            draft["ForecastCategoryName"] = category
    category = str(draft["ForecastCategoryName"])
    draft["ForecastCategory"] = FORECAST.get(category, category)
    amount, probability_now = draft.get("Amount"), draft.get("Probability")
    known = isinstance(amount, (int, float)) and isinstance(probability_now, (int, float))
    draft["ExpectedRevenue"] = round(float(amount) * float(probability_now) / 100, 2) if known else None  # type: ignore[arg-type]


def _case(org: Org, before: Record | None, draft: Draft) -> None:
    closed = draft.get("Status") in CLOSED_CASE
    if _changed(before, draft, "Status"):
        draft["IsClosed"] = closed
        was_closed = before is not None and before.get("IsClosed")
        draft["ClosedDate"] = (draft.get("ClosedDate") if was_closed else org.now) if closed else None


def _task(org: Org, before: Record | None, draft: Draft) -> None:
    _activity_account(org, before, draft)
    draft["IsHighPriority"] = draft.get("Priority") == "High"
    if _changed(before, draft, "Status"):
        closed = draft.get("Status") in CLOSED_TASK
        was_closed = before is not None and before.get("IsClosed")
        draft["IsClosed"] = closed
        draft["CompletedDateTime"] = (draft.get("CompletedDateTime") if was_closed else org.now) if closed else None


def _event(org: Org, before: Record | None, draft: Draft) -> None:
    _activity_account(org, before, draft)
    if _changed(before, draft, "ActivityDateTime") and draft.get("ActivityDateTime"):
        draft["StartDateTime"] = draft["ActivityDateTime"]
    start, minutes = draft.get("StartDateTime"), draft.get("DurationInMinutes")
    if (
        start
        and isinstance(minutes, int)
        and (not draft.get("EndDateTime") or _changed(before, draft, "DurationInMinutes"))
    ):
        draft["EndDateTime"] = moment(read_moment(str(start)) + timedelta(minutes=minutes))
    if start:
        draft["ActivityDateTime"], draft["ActivityDate"] = start, str(start)[:10]
    if start and (end := draft.get("EndDateTime")):
        length = read_moment(str(end)) - read_moment(str(start))
        draft["DurationInMinutes"], draft["EndDate"] = int(length.total_seconds() // 60), str(end)[:10]


def _activity_account(org: Org, before: Record | None, draft: Draft) -> None:
    """AccountId comes from WhatId (an account, or what belongs to one), else from the contact of WhoId."""
    if not _changed(before, draft, "WhatId", "WhoId"):
        return
    draft["AccountId"] = None
    for related in (draft.get("WhatId"), draft.get("WhoId")):
        found = org.find(str(related)) if related else None
        if found:
            draft["AccountId"] = found[1]["Id"] if found[0].name == "Account" else found[1].get("AccountId")
        if draft["AccountId"]:
            return


def _contract(_: Org, before: Record | None, draft: Draft) -> None:
    start, months = draft.get("StartDate"), draft.get("ContractTerm")
    if start and isinstance(months, int) and _changed(before, draft, "StartDate", "ContractTerm"):
        draft["EndDate"] = (_plus_months(date.fromisoformat(str(start)), months) - timedelta(days=1)).isoformat()


def _plus_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _roll_up_activity(org: Org, record: Record) -> None:
    """A finished activity moves its account's LastActivityDate and SystemModstamp, not LastModifiedDate."""
    account = org.live(str(record.get("AccountId")))
    day = record.get("ActivityDate")
    done = record.get("IsClosed") if "Status" in record else str(day) <= org.now[:10]
    if account and day and done and str(account.get("LastActivityDate") or "") < str(day):
        stamp = max(org.now, str(account["SystemModstamp"]))
        org.put("Account", {**account, "LastActivityDate": day, "SystemModstamp": stamp})


def _only_one_primary(org: Org, record: Record) -> None:
    for other in list(org.table("OpportunityContactRole").values()):
        same = other.get("OpportunityId") == record["OpportunityId"] and other["Id"] != record["Id"]
        if same and other.get("IsPrimary") and not other.get("IsDeleted"):
            stamps = {"LastModifiedDate": org.now, "SystemModstamp": org.now}
            org.put("OpportunityContactRole", {**other, "IsPrimary": False, **stamps})


_RULES: dict[str, Callable[[Org, Record | None, Draft], None]] = {
    "Contact": _person,
    "User": _person,
    "Opportunity": _opportunity,
    "Case": _case,
    "Task": _task,
    "Event": _event,
    "Contract": _contract,
}
