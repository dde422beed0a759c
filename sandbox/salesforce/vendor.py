"""Salesforce as one of the sandbox's vendors: its org behind the server, and people at work in its pages."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from sandbox.salesforce.objects import SObject
from sandbox.salesforce.org import Org, Settings
from sandbox.salesforce.routes import Salesforce, shape
from sandbox.salesforce.schema import BY_LOWER_NAME
from sandbox.salesforce.seed import by_person, sow
from sandbox.salesforce.writes import delete, merge
from sandbox.standin import Seed, Seeds, StandIn
from sandbox.store import Store


def stand_in(store: Store, settings: Settings | None, seeds: Seeds, now: datetime) -> StandIn:
    """An org with its seeds; the caller moves the clock to `now`."""
    org = Org(store, settings or Settings())
    sow(org, seeds, now)
    salesforce = Salesforce(org)
    return StandIn(
        settings=org.settings,
        paths=("/services",),
        respond=salesforce.respond,
        shape=shape,
        save=partial(_save, org),
        delete=partial(_delete, org),
        merge=partial(_merge, org),
        access_token=salesforce.tokens.issue,
        environment=partial(_environment, org.settings),
    )


def _environment(settings: Settings, url: str) -> dict[str, str]:
    client_id, client_secret = next(iter(settings.clients.items()))
    return {
        "SALESFORCE_INSTANCE_URL": url,
        "SALESFORCE_CLIENT_ID": client_id,
        "SALESFORCE_CLIENT_SECRET": client_secret,
    }


def _object(name: str) -> SObject:
    """People see every field, also those that our user may not."""
    if name.lower() not in BY_LOWER_NAME:
        raise ValueError(f"the Salesforce stand-in has no object {name}")
    return BY_LOWER_NAME[name.lower()]


def _save(org: Org, object: str, record: Seed) -> str:
    return by_person(org, _object(object), record)


def _delete(org: Org, object: str, record_id: str) -> None:
    delete(org, _object(object), record_id, thorough=True)


def _merge(org: Org, object: str, record_id: str, into: str) -> None:
    merge(org, _object(object), record_id, into)
