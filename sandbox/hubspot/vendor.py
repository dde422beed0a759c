"""HubSpot as one of the sandbox's vendors: its account behind the server, and people at work in its pages."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from sandbox.hubspot.moments import stamp
from sandbox.hubspot.objects import seeded_type
from sandbox.hubspot.owners import save_owner
from sandbox.hubspot.portal import Portal, Settings
from sandbox.hubspot.routes import PATHS, HubSpot, shape
from sandbox.hubspot.saving import archive, merge
from sandbox.hubspot.seed import by_person, sow
from sandbox.hubspot.table import Held
from sandbox.standin import Seeds, StandIn
from sandbox.store import Store


def stand_in(store: Store, settings: Settings | None, seeds: Seeds, now: datetime) -> StandIn:
    """An account with its seeds; the caller moves the clock to `now`."""
    portal = Portal(store, settings or Settings())
    sow(portal, seeds, now)
    hubspot = HubSpot(portal)
    return StandIn(
        settings=portal.settings,
        paths=PATHS,
        respond=hubspot.respond,
        shape=shape,
        save=partial(by_person, portal),
        delete=partial(_delete, portal),
        merge=partial(_merge, portal),
        access_token=lambda: portal.settings.service_key,
        environment=partial(_environment, portal.settings),
    )


def _environment(settings: Settings, url: str) -> dict[str, str]:
    return {"HUBSPOT_BASE_URL": url, "HUBSPOT_ACCESS_TOKEN": settings.service_key}


def _live(portal: Portal, object: str, record_id: str) -> Held:
    record = portal.tables[seeded_type(object).name].current(record_id)
    if record is None:
        raise ValueError(f"the HubSpot stand-in has no {object} {record_id} at {stamp(portal.store.now)}")
    return record


def _delete(portal: Portal, object: str, record_id: str) -> None:
    """An owner is deactivated, everything else goes into the recycle bin."""
    if object == "owners":
        save_owner(portal, {"id": record_id, "archived": True})
    else:
        archive(portal, seeded_type(object), _live(portal, object, record_id))


def _merge(portal: Portal, object: str, record_id: str, into: str) -> None:
    merge(portal, seeded_type(object), _live(portal, object, into), _live(portal, object, record_id))
