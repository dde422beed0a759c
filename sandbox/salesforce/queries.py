"""Queries come in pages, each perhaps shorter than asked for: the end is where the vendor says so."""

from __future__ import annotations

import random
from typing import Any

from sandbox.salesforce.answers import Answer, Refused
from sandbox.salesforce.calls import Call
from sandbox.salesforce.cursors import LIFE, Cursor
from sandbox.salesforce.soql_run import run
from sandbox.salesforce.soql_tree import Aggregate, FieldsOf, Path, Query

FULL_PAGE = 2000
SMALLEST_PAGE = 200


def query(call: Call) -> Answer:
    """GET query?q=... and GET queryAll?q=..., which shows deleted and archived records too."""
    text = call.query.get("q")
    if not text:
        raise Refused("MALFORMED_QUERY", "unexpected token: '<EOF>'")
    include_deleted = call.path.lower().startswith("queryall")
    result = run(call.org, text, call.base, include_deleted=include_deleted)
    if call.flag("columns"):
        return Answer(200, {"columnMetadata": [_column(each) for each in result.query.selected]})
    cursor = Cursor(result.total, result.rows, result.show, _batch_size(call), call.org.store.now + LIFE)
    return Answer(200, _page(call, cursor, "", 0))


def query_more(call: Call, locator: str) -> Answer:
    """GET query/{locator}-{offset}."""
    name, _, offset = locator.partition("-")
    cursor = call.org.cursors.find(name, call.org.store.now)
    if not offset.isdigit() or int(offset) > len(cursor.rows):
        raise Refused("INVALID_QUERY_LOCATOR", "invalid query locator")
    return Answer(200, _page(call, cursor, name, int(offset)))


def _page(call: Call, cursor: Cursor, locator: str, offset: int) -> dict[str, Any]:
    end = offset + _page_size(call, cursor.page_size, offset)
    done = end >= len(cursor.rows)
    page: dict[str, Any] = {"totalSize": cursor.total, "done": done}
    if not done:
        locator = locator or call.org.cursors.keep(cursor)
        page["nextRecordsUrl"] = f"{call.base}/query/{locator}-{end}"
    show = cursor.show
    page["records"] = [show(row) for row in cursor.rows[offset:end]]
    return page


def _batch_size(call: Call) -> int:
    options = call.headers.get("sforce-query-options", "").lower().replace(" ", "")
    _, found, size = options.partition("batchsize=")
    if not found or not size.isdigit():
        return FULL_PAGE
    return min(max(int(size), SMALLEST_PAGE), FULL_PAGE)


def _page_size(call: Call, asked: int, offset: int) -> int:
    """As many as asked for, or a few less: there is no guarantee."""
    seed = call.org.settings.page_seed
    return asked if seed is None else random.Random(f"{seed}:{offset}").randint(asked // 2, asked)


def _column(each: Path | Aggregate | FieldsOf | Query) -> dict[str, Any]:
    """What `query?columns=true` tells about one selected column; a parent's columns are joined to it."""
    parts = each.parts if isinstance(each, Path) else ()
    name = _column_name(each)
    return {
        "aggregate": not parts,
        "apexType": None,
        "booleanType": False,
        "columnName": name,
        "custom": name.endswith("__c"),
        "displayName": name,
        "foreignKeyName": None,
        "insertable": bool(parts),
        "joinColumns": [_column(Path(parts[1:], 0))] if len(parts) > 1 else [],
        "numberType": False,
        "textType": True,
        "updatable": bool(parts),
    }


def _column_name(each: Path | Aggregate | FieldsOf | Query) -> str:
    if isinstance(each, Path):
        return each.alias or each.parts[0]
    return each.object if isinstance(each, Query) else "expr0"
