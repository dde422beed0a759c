"""What the sandbox says to plain HTTP: no client library in between, each vendor by its own paths."""

from __future__ import annotations

from typing import Any

import requests

NAMES = {"Account": "Name", "companies": "name", "contacts": "email", "tickets": "subject", "organizations": "name"}
"""The field that tells records apart when all of them are read; `email` for users."""


def everything(vendor: str, env: dict[str, str], object: str) -> dict[str, Any]:
    """Every record's id and name."""
    return {"salesforce": _accounts, "hubspot": _hubspot_list, "zendesk": _zendesk_list}[vendor](env, object)


def one(vendor: str, env: dict[str, str], object: str, id: str, fields: list[str]) -> dict[str, Any]:
    """Some fields of one record; `a.b` is b inside of a."""
    return {"salesforce": _sobject, "hubspot": _hubspot_one, "zendesk": _zendesk_one}[vendor](env, object, id, fields)


def _get(url: str, token: str, **params: Any) -> Any:
    answer = requests.get(url, headers={"Authorization": f"Bearer {token}"}, params=params, timeout=60)
    answer.raise_for_status()
    return answer.json()


def _salesforce(env: dict[str, str]) -> tuple[str, str]:
    base = env["SALESFORCE_INSTANCE_URL"]
    who = (env["SALESFORCE_CLIENT_ID"], env["SALESFORCE_CLIENT_SECRET"])
    grant = {"grant_type": "client_credentials"}
    answer = requests.post(f"{base}/services/oauth2/token", data=grant, auth=who, timeout=60)
    return f"{base}/services/data/v66.0", answer.json()["access_token"]


def _accounts(env: dict[str, str], object: str) -> dict[str, Any]:
    base, token = _salesforce(env)
    page = _get(f"{base}/query", token, q=f"SELECT Id, Name FROM {object}")
    found = page["records"]
    while not page["done"]:
        page = _get(env["SALESFORCE_INSTANCE_URL"] + page["nextRecordsUrl"], token)
        found += page["records"]
    return {record["Id"]: record["Name"] for record in found}


def _sobject(env: dict[str, str], object: str, id: str, fields: list[str]) -> dict[str, Any]:
    base, token = _salesforce(env)
    record = _get(f"{base}/sobjects/{object}/{id}", token)
    return {field: record.get(field) for field in fields}


def _hubspot_list(env: dict[str, str], object: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    after = None
    while after != "":
        params = {"limit": 100, "properties": NAMES[object]} | ({"after": after} if after else {})
        page = _get(f"{env['HUBSPOT_BASE_URL']}/crm/v3/objects/{object}", env["HUBSPOT_ACCESS_TOKEN"], **params)
        found |= {record["id"]: record["properties"].get(NAMES[object]) for record in page["results"]}
        after = page.get("paging", {}).get("next", {}).get("after", "")
    return found


def _hubspot_one(env: dict[str, str], object: str, id: str, fields: list[str]) -> dict[str, Any]:
    url = f"{env['HUBSPOT_BASE_URL']}/crm/v3/objects/{object}/{id}"
    return _get(url, env["HUBSPOT_ACCESS_TOKEN"], properties=",".join(fields))["properties"]


def _zendesk_token(env: dict[str, str]) -> str:
    grant = {"client_id": env["ZENDESK_CLIENT_ID"], "client_secret": env["ZENDESK_CLIENT_SECRET"]}
    grant |= {"grant_type": "client_credentials", "scope": "read"}
    return requests.post(f"{env['ZENDESK_BASE_URL']}/oauth/tokens", json=grant, timeout=60).json()["access_token"]


def _zendesk_list(env: dict[str, str], object: str) -> dict[str, Any]:
    token, found, after, name = _zendesk_token(env), {}, "", "email" if object == "users" else NAMES[object]
    while True:
        params = {"page[size]": 100} | ({"page[after]": after} if after else {})
        page = _get(f"{env['ZENDESK_BASE_URL']}/api/v2/{object}", token, **params)
        found |= {str(record["id"]): record[name] for record in page[object]}
        if not page["meta"]["has_more"]:
            return found
        after = page["meta"]["after_cursor"]


def _zendesk_one(env: dict[str, str], object: str, id: str, fields: list[str]) -> dict[str, Any]:
    url = f"{env['ZENDESK_BASE_URL']}/api/v2/{object}/{id}"
    (record,) = _get(url, _zendesk_token(env)).values()
    return {field: _inside(record, field) for field in fields}


def _inside(record: Any, path: str) -> Any:
    for name in path.split("."):
        record = record[name]
    return record
