"""Pull and land against a bare loop and the vendor's own client; conform after it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any

import orjson
import requests
from hubspot import HubSpot as HubSpotClient
from simple_salesforce.api import Salesforce as SalesforceClient
from sqlalchemy import Engine

from connectors import connect
from connectors.base import Stream
from connectors.http import open_session
from mappings import reader, streams
from tests.bench.figures import Figure, Stopwatch
from tests.bench.serving import NOW, served
from warehouse import conform
from warehouse import engine as engines
from warehouse.intake import raw

COUNT = 20_000
STREAMS = {"salesforce": "Account", "hubspot": "companies", "zendesk": "tickets"}
MAPPINGS = reader.load(reader.SHIPPED)


def figures() -> Iterator[Figure]:
    for vendor in STREAMS:
        with served(vendor, COUNT, repeating=True) as env, tempfile.TemporaryDirectory() as folder:
            pull_and_land(vendor, env, engines.open_warehouse(f"duckdb:///{folder}/warm.duckdb"))
            BARE[vendor](env)
            bare = Stopwatch()
            bare_rate = bare.rate(BARE[vendor](env))
            beside = {"bare requests loop": bare_rate}
            if vendor in OWN:
                name, way = OWN[vendor]
                way(env)
                own = Stopwatch()
                beside[name] = own.rate(way(env))
            warehouse = engines.open_warehouse(f"duckdb:///{folder}/timed.duckdb")
            watch = Stopwatch()
            rate = watch.rate(pull_and_land(vendor, env, warehouse))
            yield Figure(f"pull and land, {vendor}", rate, "rows/s", beside, "half of the bare loop")
            yield _conformed(vendor, warehouse)


def _conformed(vendor: str, warehouse: Engine) -> Figure:
    watch = Stopwatch()
    with warehouse.begin() as conn:
        conform.conform(conn, MAPPINGS, NOW)
    return Figure(f"conform, {vendor}", watch.rate(COUNT), "rows/s", {})


def stream_of(vendor: str) -> Stream:
    return streams.streams(MAPPINGS.systems[vendor])[STREAMS[vendor]]


def pull_and_land(vendor: str, env: dict[str, str], warehouse: Engine) -> int:
    """Everything of one stream into raw records, as a first pull does it; how many there were."""
    system, stream = MAPPINGS.systems[vendor], stream_of(vendor)
    pushed, key = streams.pushed_fields(system, stream.object), streams.key_field(system, stream.object)
    source = connect(vendor, vendor, env, lambda: NOW, lambda _: None)
    count = 0
    for batch in raw.gather(source.pull(stream, None), monotonic):
        with warehouse.begin() as conn:
            raw.land(conn, vendor, stream, system.pull[stream.name], pushed, key, batch, NOW, "bench")
        count += sum(len(page.records) for page in batch)
    return count


# --- bare loops -------------------------------------------------------------------------------------------------------


def _pages(session: requests.Session, url: str, following: Callable[[Any], str | None], key: str) -> int:
    count = 0
    while url:
        body = orjson.loads(session.get(url, timeout=60).content)
        count += len(body[key])
        url = following(body) or ""
    return count


def _session(token: str) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers["Authorization"] = f"Bearer {token}"
    return session


def salesforce_token(env: dict[str, str]) -> str:
    who = env["SALESFORCE_CLIENT_ID"], env["SALESFORCE_CLIENT_SECRET"]
    url = f"{env['SALESFORCE_INSTANCE_URL']}/services/oauth2/token"
    return str(
        requests.post(url, data={"grant_type": "client_credentials"}, auth=who, timeout=60).json()["access_token"]
    )


def _soql() -> str:
    fields = [field for field in stream_of("salesforce").fields if "." not in field]
    return f"SELECT {', '.join(fields)} FROM Account"


def _bare_salesforce(env: dict[str, str]) -> int:
    base = env["SALESFORCE_INSTANCE_URL"]
    first = requests.Request("GET", f"{base}/services/data/v66.0/query", params={"q": _soql()}).prepare().url or ""
    rest = lambda body: None if body["done"] else base + body["nextRecordsUrl"]  # noqa: E731
    return _pages(_session(salesforce_token(env)), first, rest, "records")


def _bare_hubspot(env: dict[str, str]) -> int:
    fields = [field for field in stream_of("hubspot").fields if "." not in field]
    url = f"{env['HUBSPOT_BASE_URL']}/crm/v3/objects/companies?limit=100&properties={','.join(fields)}"
    rest = lambda body: f"{url}&after={body['paging']['next']['after']}" if "paging" in body else None  # noqa: E731
    return _pages(_session(env["HUBSPOT_ACCESS_TOKEN"]), url, rest, "results")


def _bare_zendesk(env: dict[str, str]) -> int:
    grant = {"client_id": env["ZENDESK_CLIENT_ID"], "client_secret": env["ZENDESK_CLIENT_SECRET"]}
    grant |= {"grant_type": "client_credentials", "scope": "read"}
    token = requests.post(f"{env['ZENDESK_BASE_URL']}/oauth/tokens", json=grant, timeout=60).json()["access_token"]
    url = f"{env['ZENDESK_BASE_URL']}/api/v2/incremental/tickets/cursor?include=metric_sets&per_page=1000"
    rest = lambda body: None if body["end_of_stream"] else f"{url}&cursor={body['after_cursor']}"  # noqa: E731
    return _pages(_session(token), f"{url}&start_time=0", rest, "tickets")


BARE = {"salesforce": _bare_salesforce, "hubspot": _bare_hubspot, "zendesk": _bare_zendesk}

# --- the vendors' own clients -----------------------------------------------------------------------------------------


def _simple_salesforce(env: dict[str, str]) -> int:
    base = env["SALESFORCE_INSTANCE_URL"]
    client = SalesforceClient(session_id=salesforce_token(env), instance_url=base, session=open_session(base))
    return sum(1 for _ in client.query_all_iter(_soql()))


def _hubspot_api_client(env: dict[str, str]) -> int:
    base = env["HUBSPOT_BASE_URL"]
    client = HubSpotClient(access_token=env["HUBSPOT_ACCESS_TOKEN"], host=base, base_url=base)
    fields = [field for field in stream_of("hubspot").fields if "." not in field]
    return len(client.crm.companies.get_all(properties=fields))


OWN: dict[str, tuple[str, Callable[[dict[str, str]], int]]] = {
    "salesforce": ("simple-salesforce query_all_iter", _simple_salesforce),
    "hubspot": ("hubspot-api-client get_all", _hubspot_api_client),
}
"""Zendesk has no Python client of its own; zenpy is under the GPL and reads in `make strangers`."""
