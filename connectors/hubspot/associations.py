"""Which records hang together: read for a page of records at a time, because no page of records carries it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from connectors.base import Record
from connectors.hubspot import codes
from connectors.hubspot.api import Api, Raw, said_by


class Link(NamedTuple):
    """One record at the other end."""

    id: str
    types: frozenset[int]
    """Of the associations that HubSpot defines."""
    labels: tuple[str, ...]


class Ambiguous(NamedTuple):
    """Several records at the other end, and none of them is marked as the one that counts."""

    ids: tuple[str, ...]


def links(api: Api, object: str, other: str, ids: Sequence[str]) -> Mapping[str, list[Link]]:
    """Record id -> what it is associated with; ids without any are absent."""
    found: defaultdict[str, list[Link]] = defaultdict(list)
    waiting: list[Raw] = [{"id": id} for id in ids]
    while waiting:
        some, waiting = waiting[: codes.ASSOCIATION_BATCH], waiting[codes.ASSOCIATION_BATCH :]
        for result in _ask(api, object, other, some):
            id = str(result["from"]["id"])
            found[id] += [_link(to) for to in result.get("to") or ()]
            after = ((result.get("paging") or {}).get("next") or {}).get("after")
            if after:
                waiting.append({"id": id, "after": after})
    return found


def one(object: str, other: str, found: Sequence[Link]) -> str | Ambiguous | None:
    """The primary record, or the only one; never a guess."""
    primary = codes.PRIMARY.get((object, other))
    ids = [link.id for link in found if primary in link.types] or [link.id for link in found]
    distinct = tuple(dict.fromkeys(ids))
    if len(distinct) > 1:
        return Ambiguous(distinct)
    return distinct[0] if distinct else None


def pairs(api: Api, object: str, other: str, ids: Sequence[str]) -> list[Record]:
    """Each association as a record of its own."""
    return [_pair(id, link) for id, found in links(api, object, other, ids).items() for link in _distinct(found)]


def read_pairs(api: Api, object: str, other: str, asked: Iterable[str]) -> dict[str, Record]:
    """The pairs among those asked for that exist."""
    wanted = set(asked)
    ids = sorted({pair.partition(":")[0] for pair in wanted})
    return {record.id: record for record in pairs(api, object, other, ids) if record.id in wanted}


def associate(api: Api, object: str, other: str, ends: Sequence[tuple[str, str]]) -> None:
    """Hang records on others, in the plain way; doing it twice does no harm. ConfigError when the vendor says no."""
    call = api.client.associations.v4.batch_api.create_default
    for start in range(0, len(ends), codes.ASSOCIATION_BATCH):
        some = ends[start : start + codes.ASSOCIATION_BATCH]
        body = {"inputs": [{"from": {"id": id}, "to": {"id": to}} for id, to in some]}
        reply = api.get(call, object, other, body)
        for error in reply.body.get("errors") or ():
            raise api.refusal(reply._replace(body=error), f"associate {object} with {other}")


def _ask(api: Api, object: str, other: str, inputs: Sequence[Raw]) -> list[Raw]:
    """Records that exist no more, and those without associations, are told as errors of their own."""
    reply = api.get(api.client.associations.v4.batch_api.get_page, object, other, {"inputs": inputs})
    for error in reply.body.get("errors") or ():
        if "NOT_FOUND" not in said_by(error).code and "NO_ASSOCIATIONS" not in str(error.get("subCategory")).upper():
            raise api.refusal(reply._replace(body=error), f"associations of {object} with {other}")
    return list(reply.body["results"])


def _link(to: Raw) -> Link:
    kinds = to.get("associationTypes") or ()
    types = frozenset(int(k["typeId"]) for k in kinds if k.get("category") == "HUBSPOT_DEFINED")
    return Link(str(to["toObjectId"]), types, tuple(sorted({str(k["label"]) for k in kinds if k.get("label")})))


def _distinct(found: Sequence[Link]) -> list[Link]:
    return list({link.id: link for link in found}.values())


def _pair(id: str, link: Link) -> Record:
    key = f"{id}:{link.id}"
    return Record(key, {"id": key, "from": id, "to": link.id, "label": ";".join(link.labels) or None})
