"""A scripted Salesforce: token and describe are always right, everything else is what the test says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from connectors.salesforce import Salesforce
from tests.scripted import Answer, Request, Scripted

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TOKEN = {
    "access_token": "00Dxx0000001gPL!AQ.token",
    "instance_url": "https://acme.my.salesforce.com",
    "id": "https://login.salesforce.com/id/00Dxx0000001gPL/005xx000001Sv6A",
    "token_type": "Bearer",
}
FIELDS = {
    "Id": "id",
    "Name": "string",
    "Website": "url",
    "SystemModstamp": "datetime",
    "IsDeleted": "boolean",
    "MasterRecordId": "reference",
}


def field(name: str, type: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": type, "createable": True, "updateable": True, "nillable": True, **more}


def scripted_org(
    answer: Callable[[Request], Answer], without: tuple[str, ...] = (), replicateable: bool = False
) -> Scripted:
    """A server whose object has FIELDS but those in `without`, and answers everything else by `answer`."""

    def respond(request: Request) -> Answer:
        if request.path.endswith("/oauth2/token"):
            return Answer(200, TOKEN)
        if request.path.endswith("/describe"):
            object = request.path.split("/")[-2]
            fields = [field(name, type) for name, type in FIELDS.items() if name not in without]
            return Answer(200, {"name": object, "replicateable": replicateable, "fields": fields})
        return answer(request)

    return Scripted(respond)


def salesforce(vendor: Scripted, waits: list[float] | None = None) -> Salesforce:
    """A connector to it that keeps its waits instead of sleeping."""
    env = {"SF_INSTANCE_URL": vendor.url, "SF_CLIENT_ID": "app", "SF_CLIENT_SECRET": "hush"}
    return Salesforce("sf", env, lambda: NOW, (waits if waits is not None else []).append)


def account(n: int, stamp: str = "2026-11-20T10:00:00.000+0000", **more: Any) -> dict[str, Any]:
    """A record as a query shows it."""
    return {
        "attributes": {"type": "Account", "url": "…"},
        "Id": f"001{n:012d}AAA",
        "Name": f"Company {n}",
        "SystemModstamp": stamp,
        "IsDeleted": False,
        "MasterRecordId": None,
        **more,
    }


def page(records: list[dict[str, Any]], next: str = "") -> Answer:
    body = {"totalSize": len(records), "done": not next, "records": records}
    return Answer(200, {**body, "nextRecordsUrl": next} if next else body)


def error(code: str, message: str = "no", status: int = 400) -> Answer:
    return Answer(status, [{"errorCode": code, "message": message}])
