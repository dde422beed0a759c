"""Zendesk as one of the sandbox's vendors: its account behind the server, and people at work in its pages."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from sandbox.standin import Seed, Seeds, StandIn
from sandbox.store import Store
from sandbox.zendesk.desk import Desk, Settings
from sandbox.zendesk.people import merge, put_down, shape, take_away
from sandbox.zendesk.routes import LOGIN, Zendesk
from sandbox.zendesk.routes import shape as call_shape
from sandbox.zendesk.seed import sow


def stand_in(store: Store, settings: Settings | None, seeds: Seeds, now: datetime) -> StandIn:
    """An account with its seeds; the caller moves the clock to `now`."""
    desk = Desk(store, settings or Settings())
    sow(desk, seeds, now)
    zendesk = Zendesk(desk)
    return StandIn(
        settings=desk.settings,
        paths=("/api/v2", LOGIN),
        respond=zendesk.respond,
        shape=call_shape,
        save=partial(_save, desk),
        delete=partial(_delete, desk),
        merge=partial(_merge, desk),
        access_token=zendesk.tokens.issue,
        environment=partial(_environment, desk.settings),
    )


def _environment(settings: Settings, url: str) -> dict[str, str]:
    client_id, client_secret = next(iter(settings.clients.items()))
    return {"ZENDESK_BASE_URL": url, "ZENDESK_CLIENT_ID": client_id, "ZENDESK_CLIENT_SECRET": client_secret}


def _save(desk: Desk, object: str, record: Seed) -> str:
    return str(put_down(desk, shape(object), record)["id"])


def _delete(desk: Desk, object: str, record_id: str) -> None:
    take_away(desk, shape(object), record_id)


def _merge(desk: Desk, object: str, record_id: str, into: str) -> None:
    merge(desk, shape(object), record_id, into)
