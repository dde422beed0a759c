"""Lists in pages: by cursor as far as one likes, by number until it gets too deep."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any

import orjson

from sandbox.zendesk.answers import Answer, listed, too_deep
from sandbox.zendesk.calls import Call
from sandbox.zendesk.shapes import Body, Shape

LARGEST = 100


def listing(call: Call, shape: Shape, rows: Sequence[Body], *, only_cursor: bool = False) -> Answer:
    """Rows that are sorted by id, as the page that the call asks for."""
    if only_cursor or any(name.startswith("page[") for name in call.query):
        return _by_cursor(call, shape, rows)
    return _by_number(call, shape, rows)


def _by_cursor(call: Call, shape: Shape, rows: Sequence[Body]) -> Answer:
    size = _number(call, "page[size]", LARGEST)
    if size > LARGEST:
        raise listed(400, "InvalidPaginationParameter", "Invalid parameter", f"page[size] is at most {LARGEST}")
    if call.query.get("page[before]"):
        end = bisect_left(rows, _id(call, "page[before]"), key=_by_id)
        begin = max(0, end - size)
    else:
        begin = bisect_right(rows, _id(call, "page[after]"), key=_by_id) if call.query.get("page[after]") else 0
        end = min(begin + size, len(rows))
    page = rows[begin:end]
    return Answer(200, {shape.plural: [call.show(shape, row) for row in page], **_around(call, page, end < len(rows))})


def _by_id(row: Body) -> Any:
    return row["id"]


def _around(call: Call, page: Sequence[Body], has_more: bool) -> dict[str, Any]:
    """meta and links; an empty page has no cursors."""
    if not page:
        return {"meta": {"has_more": has_more}, "links": {"next": None, "prev": None}}
    before, after = _cursor(page[0]), _cursor(page[-1])
    onwards = call.url(**{"page[after]": after, "page[before]": None}) if has_more else None
    back = call.url(**{"page[before]": before, "page[after]": None})
    return {
        "meta": {"has_more": has_more, "after_cursor": after, "before_cursor": before},
        "links": {"next": onwards, "prev": back},
    }


def _by_number(call: Call, shape: Shape, rows: Sequence[Body]) -> Answer:
    size, page = min(_number(call, "per_page", LARGEST), LARGEST), _number(call, "page", 1)
    if size * page > max(call.desk.settings.most_by_offset, size):
        raise too_deep()
    begin, end = size * (page - 1), size * page
    shown = [call.show(shape, row) for row in rows[begin:end]]
    onwards = call.url(page=page + 1) if end < len(rows) else None
    back = call.url(page=page - 1) if page > 1 else None
    return Answer(200, {shape.plural: shown, "count": len(rows), "next_page": onwards, "previous_page": back})


def _number(call: Call, name: str, otherwise: int) -> int:
    given = call.query.get(name, str(otherwise))
    if not given.isdigit() or int(given) < 1:
        raise listed(400, "InvalidPaginationParameter", "Invalid parameter", f"{name} is not a positive number")
    return int(given)


def _cursor(row: Body) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(["id", row["id"]])).decode()


def _id(call: Call, name: str) -> Any:
    try:
        return orjson.loads(base64.urlsafe_b64decode(call.query[name]))[1]
    except (binascii.Error, ValueError, IndexError, TypeError):
        raise listed(400, "InvalidPaginationParameter", "Invalid parameter", f"{name} is no cursor") from None
