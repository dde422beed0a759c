"""Lists and batch reads: pages of an object by id, and records by id or key, archived and merged ones too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from connectors.base import ConfigError, Record, Unavailable
from connectors.http import Reply
from connectors.hubspot import codes
from connectors.hubspot.api import Api, Raw, said_by
from connectors.hubspot.associations import links, pairs, read_pairs
from connectors.hubspot.records import Selection

PARENTS = ("companies", "deals")
"""What activities of ours hang on."""


class Answer(NamedTuple):
    """One page of a list."""

    raws: list[Raw]
    next: str
    """The cursor of the following page; "" after the last one, and only then: a page may be short, or empty."""
    reply: Reply


def listed(
    api: Api, object: str, properties: Sequence[str] = (), after: str = "", *, archived: bool = False
) -> Iterator[Answer]:
    """All pages of an object by id; with `archived` those of the recycle bin instead."""
    call = api.client.objects.basic_api.get_page
    asked: dict[str, Any] = {"limit": codes.LIST_PAGE, "archived": archived}
    if properties:
        asked["properties"] = list(properties)
    while True:
        reply = api.get(call, object, **asked, **({"after": after} if after else {}))
        following = next_cursor(reply.body)
        yield Answer(reply.body["results"], following, reply)
        if not following:
            return
        if following == after:
            raise Unavailable(f"{api.system}: the list of {object} does not get past {after}; the next run resumes")
        after = following


def next_cursor(body: Raw) -> str:
    return str(((body.get("paging") or {}).get("next") or {}).get("after") or "")


def pages(api: Api, chosen: Selection, after: str = "") -> Iterator[Answer]:
    """Pages with the selection's properties; too many of them for an address are read in a batch of their own."""
    if sum(len(name) + 12 for name in chosen.properties) <= codes.LONGEST_PROPERTIES:
        yield from listed(api, chosen.object, chosen.properties, after)
        return
    for answer in listed(api, chosen.object, (), after):
        yield answer._replace(raws=batch(api, chosen, [str(raw["id"]) for raw in answer.raws])[0])


def batch(
    api: Api, chosen: Selection, ids: Sequence[str], *, archived: bool = False, key: str = ""
) -> tuple[list[Raw], list[Reply]]:
    """Records by id, or by the unique property `key`, and the answers that brought them; absent ones are left out."""
    found: list[Raw] = []
    replies: list[Reply] = []
    distinct = list(dict.fromkeys(ids))
    for start in range(0, len(distinct), codes.BATCH):
        body: Raw = {
            "properties": list(chosen.properties),
            "inputs": [{"id": id} for id in distinct[start : start + codes.BATCH]],
            **({"idProperty": key} if key else {}),
        }
        reply = api.get(api.client.objects.batch_api.read, chosen.object, body, archived=archived)
        for error in reply.body.get("errors") or ():
            if said_by(error).code != codes.GONE:
                raise api.refusal(reply._replace(body=error), f"read {chosen.object}")
        found += reply.body["results"]
        replies.append(reply)
    return found, replies


def ids(api: Api, chosen: Selection) -> Iterator[list[str]]:
    """All ids that exist, in pages."""
    for answer in listed(api, chosen.object, [chosen.has or "hs_object_id"]):
        some = [str(raw["id"]) for raw in chosen.meant(answer.raws)]
        yield [pair.id for pair in pairs(api, chosen.object, chosen.pairs_with, some)] if chosen.pairs_with else some


def read(api: Api, chosen: Selection, asked: Sequence[str]) -> Mapping[str, Record]:
    """Records under the ids that were asked for, also where one was archived or merged into another."""
    if chosen.pairs_with:
        return read_pairs(api, chosen.object, chosen.pairs_with, asked)
    found = _by_id(chosen, batch(api, chosen, asked)[0])
    for archived in (True, False):
        lacking = [id for id in asked if id not in found]
        if archived and lacking:
            found |= _by_id(chosen, batch(api, chosen, lacking, archived=True)[0])
        elif lacking:
            found |= _merged(api, chosen.object, lacking)
    return found


def _by_id(chosen: Selection, raws: Sequence[Raw]) -> dict[str, Record]:
    wanted = {str(raw["id"]) for raw in raws}
    return {record.id: record for record in chosen.make(raws).records if record.id in wanted}


def _merged(api: Api, object: str, asked: Sequence[str]) -> dict[str, Record]:
    """Only the single read answers to the id of a merged record: with the record that it was merged into."""
    found = {}
    for id in asked:
        reply = api.send(api.client.objects.basic_api.get_by_id, object, id)
        if reply.status == 404:
            continue
        winner = str(api.got(reply, f"read {object}").body["id"])
        if winner != id:
            found[id] = Record(id, {}, True, winner)
    return found


# --- by key -----------------------------------------------------------------------------------------------------------


def find(
    api: Api, chosen: Selection, key: str, keys: Sequence[str], parents: Mapping[str, Sequence[str]] | None
) -> Mapping[str, Record]:
    """Records by our key; what exists goes before what is archived, and two that exist are a ConfigError."""
    if chosen.object in codes.ACTIVITIES:
        found = _among_children(api, chosen, key, keys, parents or {})
    else:
        found = _by_key(chosen, key, batch(api, chosen, keys, key=key)[0])
    if any(k not in found for k in keys):
        found = {**_in_the_bin(api, chosen, key), **found}
    return {k: found[k] for k in keys if k in found}


def _among_children(
    api: Api, chosen: Selection, key: str, keys: Sequence[str], parents: Mapping[str, Sequence[str]]
) -> dict[str, Record]:
    """Activities have no unique property, and the search index is seconds behind: we look at what their parents have.

    Also at what went over to another record because a parent was merged into it.
    """
    orphans = sorted(set(keys) - {k for k, ids in parents.items() if ids})
    if orphans:
        raise ConfigError(
            f"{api.system}: {chosen.object} cannot be looked up by {key} alone ({', '.join(orphans[:5])}); name what "
            "they hang on under `associations` of the push mapping"
        )
    around = {id for k in keys for id in parents[k]}
    found = _by_key(chosen, key, _children(api, chosen, around))
    lost = sorted({id for k in keys if k not in found for id in parents[k]})
    heirs = {str(record.merged_into) for other in PARENTS for record in _merged(api, other, lost).values()}
    return found | _by_key(chosen, key, _children(api, chosen, heirs)) if heirs else found


def _children(api: Api, chosen: Selection, around: Iterable[str]) -> list[Raw]:
    """What hangs on records with these ids; what hangs on a stranger with the same id has no key of ours."""
    children: dict[str, None] = {}
    for other in PARENTS:
        for found in links(api, other, chosen.object, sorted(around)).values():
            children |= dict.fromkeys(link.id for link in found)
    return batch(api, chosen, list(children))[0]


def _in_the_bin(api: Api, chosen: Selection, key: str) -> dict[str, Record]:
    """What is archived hangs on nothing any more, and answers to no key."""
    found: dict[str, Record] = {}
    for answer in listed(api, chosen.object, chosen.properties, archived=True):
        found |= _by_key(chosen, key, answer.raws)
    return found


def _by_key(chosen: Selection, key: str, raws: Sequence[Raw]) -> dict[str, Record]:
    found: dict[str, Record] = {}
    for record in _by_id(chosen, raws).values():
        value = record.fields.get(key)
        if value is None:
            continue
        twin = found.get(value)
        if twin is not None and not (twin.deleted or record.deleted):
            raise ConfigError(
                f"{chosen.object}: {key} {value!r} stands on several records ({twin.id}, {record.id}); clear it on the "
                "copies"
            )
        if twin is None or twin.deleted:
            found[value] = record
    return found
