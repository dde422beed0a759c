"""`make strangers`: every client reads and writes, and what it says is compared with what plain HTTP says.

Exit status 0 when all agree, 1 when one does not, 2 when a client cannot be run on this machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from sandbox.salesforce import ids
from sandbox.server import Sandbox
from tests.strangers import environments, plain

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
COUNT = 2_300
"""Records of each object: more than any vendor's page."""
NAUGHTY = (
    "Zoë – 保持",
    "O'Brien & Söhne",
    'say "hi"',
    "back\\slash",
    "<b>bold</b>",
    "null",
    "1e3",
    "  blanks  ",
    "=1+1",
)
SECONDS = 240
"""For one client."""
OBJECTS = {
    "salesforce": ["Account"],
    "hubspot": ["companies", "contacts"],
    "zendesk": ["tickets", "organizations", "users"],
}
"""What is read as a whole."""


class Stranger(NamedTuple):
    vendor: str
    name: str
    command: list[str]
    folder: Path


def main() -> int:
    try:
        strangers = _strangers()
    except environments.Missing as missing:
        print(f"make strangers: {missing}", file=sys.stderr)
        return 2
    agreed = [_agrees(stranger) for stranger in strangers]
    return 0 if all(agreed) else 1


def _strangers() -> list[Stranger]:
    here, node, python = Path.cwd(), environments.node(), str(environments.python())
    folder = environments.HERE
    return [
        Stranger("salesforce", "npm jsforce", ["node", "jsforce.mjs"], node),
        Stranger("hubspot", "npm @hubspot/api-client", ["node", "hubspot_api_client.mjs"], node),
        Stranger("hubspot", "PyPI hubspot-sdk", [python, "-I", str(folder / "hubspot_sdk_client.py")], here),
        Stranger("zendesk", "PyPI zenpy", [python, "-I", str(folder / "zenpy_client.py")], here),
    ]


def _agrees(stranger: Stranger) -> bool:
    """One client against a sandbox of its own, with plain HTTP before and after it."""
    print(stranger.name, flush=True)
    with Sandbox(_records(), NOW) as sandbox:
        env = sandbox.environment() | {"HUBSPOT_ACCESS_TOKEN": sandbox.access_token("hubspot")}
        before = {object: plain.everything(stranger.vendor, env, object) for object in OBJECTS[stranger.vendor]}
        said = _run(stranger, env)
        found = list(_differences(stranger.vendor, env, before, said)) if said else ["it did not come to its end"]
    agreement = f"  ok  the same as plain HTTP: {', '.join(f'{len(all)} {object}' for object, all in before.items())}"
    print("\n".join(f"  DIFFERS  {difference}" for difference in found) or agreement, flush=True)
    return not found


def _run(stranger: Stranger, env: dict[str, str]) -> dict[str, Any]:
    """What the client read and wrote, in its own words; nothing when one of its checks did not hold."""
    done = subprocess.run(
        stranger.command,
        cwd=stranger.folder,
        env=_surroundings(env),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    *checks, last = done.stdout.strip().splitlines() or [""]
    print("\n".join(f"  {check}" for check in checks))
    if done.returncode or not last.startswith("{"):
        print(f"  {last}\n{done.stderr[-2000:]}")
        return {}
    return dict(json.loads(last))


def _surroundings(env: dict[str, str]) -> dict[str, str]:
    """The sandbox's variables, and no proxy between the client and this machine."""
    return {**os.environ, **env, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


def _differences(vendor: str, env: dict[str, str], before: dict[str, Any], said: dict[str, Any]) -> Iterator[str]:
    """Records that only one side read or read differently, and values that were written and are not there."""
    for object, theirs in said["read"].items():
        ours = before[object]
        if len(theirs) != len(ours):
            yield f"{object}: {len(theirs)} read, {len(ours)} there are"
        for id in sorted(ours.keys() | theirs.keys()):
            if id not in ours or id not in theirs or theirs[id] != ours[id]:
                yield f"{object} {id}: {theirs.get(id)!r} read, {ours.get(id)!r} there is"
    for object, records in said["wrote"].items():
        for id, fields in records.items():
            held = plain.one(vendor, env, object, id, list(fields))
            for field, value in fields.items():
                if held.get(field) != value:
                    yield f"{object} {id}: {field} was written as {value!r} and is {held.get(field)!r}"


def _records() -> dict[str, dict[str, list[dict[str, Any]]]]:
    """The same invented companies in all three vendors, some with names that are easy to break."""
    names = [NAUGHTY[n] if n < len(NAUGHTY) else f"Company {n}" for n in range(COUNT)]
    at = [(NOW - timedelta(days=30) + timedelta(minutes=n)).strftime("%Y-%m-%dT%H:%M:%SZ") for n in range(COUNT)]
    return {
        "salesforce": {
            "Account": [
                {"Id": ids.new("001", n + 1), "Name": name, "CreatedDate": at[n]} for n, name in enumerate(names)
            ]
        },
        "hubspot": {
            "companies": [
                {"id": str(n + 1), "createdAt": at[n], "properties": {"name": name}} for n, name in enumerate(names)
            ],
            "contacts": [
                {"id": str(n + 10_001), "createdAt": at[n], "properties": {"email": f"c{n}@example.com"}}
                for n in range(COUNT)
            ],
        },
        "zendesk": {
            "organizations": [{"id": n + 1, "name": name, "created_at": at[n]} for n, name in enumerate(names)],
            "users": [
                {"id": n + 10_001, "email": f"c{n}@example.com", "name": f"C {n}", "created_at": at[n]}
                for n in range(COUNT)
            ],
            "tickets": [{"id": n + 50_001, "subject": name, "created_at": at[n]} for n, name in enumerate(names)],
        },
    }


if __name__ == "__main__":
    sys.exit(main())
