"""Incremental exports: everything that changed since a moment, in the order of its last change.

What changed in the last minute is withheld, so that no page misses a record that shares its second. The order is that
of generated_timestamp, which the system moves also where updated_at stays.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from sandbox.zendesk.answers import Answer, Refused, forbidden, invalid_value, no_such_endpoint, plain
from sandbox.zendesk.calls import Call
from sandbox.zendesk.desk import Key
from sandbox.zendesk.shapes import ORGANIZATIONS, TICKETS, USERS, Body, Shape

WITHHELD = 60
"""Seconds."""
LARGEST = 1000
BY_CURSOR = {shape.plural: shape for shape in (TICKETS, USERS)}
SIDELOADS = {"users": (USERS, "requester_id"), "organizations": (ORGANIZATIONS, "organization_id")}


def by_cursor(call: Call, resource: str) -> Answer:
    """GET incremental/{tickets|users}/cursor: start_time at first, a cursor ever after."""
    shape = BY_CURSOR.get(resource)
    if shape is None:
        raise no_such_endpoint()
    size = _page_size(call)
    after = _read_cursor(call.query["cursor"]) if call.query.get("cursor") else (_start_time(call), -1)
    rows, more = _page([row for row in _changed(call, shape, after) if _wanted(call, shape, row)], size)
    last = (rows[-1]["generated_timestamp"], rows[-1]["id"]) if rows else after
    body: dict[str, Any] = {
        shape.plural: [call.show(shape, row, metrics="metric_sets" in _included(call)) for row in rows]
    }
    body |= _sideloaded(call, shape, rows)
    cursor = None if _ends_silently(call, rows) else _cursor(last)
    onwards = cursor and _address(call, cursor=cursor, per_page=call.query.get("per_page"))
    body |= {"after_cursor": cursor, "after_url": onwards, "before_cursor": None, "before_url": None}
    return Answer(200, body | _end(call, more))


def by_time(call: Call) -> Answer:
    """GET incremental/organizations: pages hold whole seconds, begin with start_time and end with end_time."""
    size, start = _page_size(call), _start_time(call)
    found = _changed(call, ORGANIZATIONS, (start, -1))
    rows, more = _whole_seconds(found, size)
    end = rows[-1]["generated_timestamp"] if rows else start
    if rows and not call.desk.settings.repeats_boundary:
        end += 1
    silent = not more and not call.desk.settings.tells_end
    onwards = None if silent else _address(call, start_time=end, per_page=call.query.get("per_page"))
    body: dict[str, Any] = {
        "organizations": [call.show(ORGANIZATIONS, row) for row in rows],
        "count": len(rows),
        "end_time": end,
        "next_page": onwards,
    }
    return Answer(200, body | _end(call, more))


def check_admin(call: Call) -> None:
    if not call.who.is_admin:
        raise forbidden()


def _changed(call: Call, shape: Shape, after: Key) -> Sequence[Body]:
    check_admin(call)
    return call.desk.changed(shape, after, call.desk.seconds - WITHHELD)


def _page(rows: Sequence[Body], size: int) -> tuple[Sequence[Body], bool]:
    return rows[:size], len(rows) > size


def _whole_seconds(rows: Sequence[Body], size: int) -> tuple[Sequence[Body], bool]:
    """A full page goes on to the end of its last second."""
    end = size
    while 0 < end < len(rows) and rows[end]["generated_timestamp"] == rows[end - 1]["generated_timestamp"]:
        end += 1
    return _page(rows, end)


def _wanted(call: Call, shape: Shape, row: Body) -> bool:
    if shape is not TICKETS:
        return True
    if row["status"] == "deleted" and call.flag("exclude_deleted"):
        return False
    return call.query.get("support_type_scope", "agent") in ("all", row["support_type"])


def _page_size(call: Call) -> int:
    asked = call.query.get("per_page", str(LARGEST))
    if not asked.isdigit() or int(asked) < 1:
        raise invalid_value("per_page must be a positive number", 400)
    slow = call.desk.settings.slow_above
    if slow and int(asked) > slow:
        raise Refused(504, "upstream request timeout")
    return min(int(asked), LARGEST)


def _start_time(call: Call) -> int:
    """Unix seconds, also with a fraction; too recent ones are refused."""
    given = call.query.get("start_time")
    if given is None:
        raise plain(422, "StartTimeMissing", "GET parameter start_time is missing")
    try:
        start = int(float(given))
    except (ValueError, OverflowError):
        raise invalid_value("start_time must be a unix epoch time", 400) from None
    if start >= call.desk.seconds - WITHHELD:
        raise invalid_value("Too recent start_time. Use a start_time older than 5 minutes")
    return start


def _included(call: Call) -> list[str]:
    included = call.ids("include")
    if "last_audits" in included:
        raise invalid_value("last_audits cannot be included in an export", 400)
    return included


def _sideloaded(call: Call, shape: Shape, rows: Sequence[Body]) -> dict[str, Any]:
    """Related records as lists beside the rows."""
    beside: dict[str, Any] = {}
    for name in _included(call):
        if name in SIDELOADS and name != shape.plural:
            other, link = SIDELOADS[name]
            ids = dict.fromkeys(row[link] for row in rows if row.get(link) is not None)
            found = (call.desk.live(other, each) for each in ids)
            beside[name] = [call.show(other, each) for each in found if each is not None]
    return beside


def _end(call: Call, more: bool) -> dict[str, bool]:
    return {"end_of_stream": not more} if call.desk.settings.tells_end else {}


def _ends_silently(call: Call, rows: Sequence[Body]) -> bool:
    return not rows and not call.desk.settings.tells_end


def _address(call: Call, **query: Any) -> str:
    given = urlencode({name: value for name, value in query.items() if value is not None})
    return f"{call.host}/api/v2/{call.path}.json?{given}"


def _cursor(key: Key) -> str:
    return base64.b64encode(f"{key[0]}.0||{key[1]}|".encode()).decode()


def _read_cursor(cursor: str) -> Key:
    try:
        second, record_id = base64.b64decode(cursor).decode().rstrip("|").split("||")
        return int(float(second)), int(record_id)
    except (binascii.Error, ValueError):
        raise invalid_value("cursor is invalid", 400) from None
