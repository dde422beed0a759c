"""What the vendors show to a stranger who asks over their own APIs, and what people do there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import requests

from sandbox.server import Sandbox


def _get(sandbox: Sandbox, vendor: str, url: str, **params: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {sandbox.access_token(vendor)}"}
    answer = requests.get(url, params=params, headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def salesforce(sandbox: Sandbox, soql: str) -> list[dict[str, Any]]:
    """All records of a query."""
    answer = _get(sandbox, "salesforce", f"{sandbox.url}/services/data/v66.0/query", q=soql)
    found = list(answer["records"])
    while not answer["done"]:
        answer = _get(sandbox, "salesforce", sandbox.url + answer["nextRecordsUrl"])
        found += answer["records"]
    return found


def hubspot(
    sandbox: Sandbox, object: str, properties: Sequence[str], associations: Sequence[str] = ()
) -> dict[str, dict[str, Any]]:
    """All live records of an object: id -> properties, and under `associations` ids by object."""
    found, after = dict[str, dict[str, Any]](), ""
    asked = {"limit": 100, "properties": ",".join(properties), "associations": ",".join(associations)}
    while True:
        url = f"{sandbox.url}/crm/v3/objects/{object}"
        page = _get(sandbox, "hubspot", url, **asked, **({"after": after} if after else {}))
        for record in page["results"]:
            linked = {
                kind: sorted({link["id"] for link in links["results"]})
                for kind, links in record.get("associations", {}).items()
            }
            found[record["id"]] = {**record["properties"], "associations": linked}
        after = page.get("paging", {}).get("next", {}).get("after", "")
        if not after:
            return found


def zendesk_organizations(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """All organizations: id -> the fields that the account added."""
    found, url = dict[str, dict[str, Any]](), f"{sandbox.url}/api/v2/organizations?page[size]=100"
    while url:
        page = _get(sandbox, "zendesk", url)
        found |= {str(row["id"]): row["organization_fields"] for row in page["organizations"]}
        url = page["links"]["next"]
    return found


def edit(sandbox: Sandbox, vendor: str, object: str, **record: Any) -> None:
    """A person changes a record."""
    url = f"{sandbox.control}/records/{vendor}/{object}"
    requests.post(url, json=record, timeout=10).raise_for_status()


def delete(sandbox: Sandbox, vendor: str, object: str, id: str) -> None:
    """A person deletes a record."""
    url = f"{sandbox.control}/records/{vendor}/{object}/{id}/delete"
    requests.post(url, timeout=10).raise_for_status()
