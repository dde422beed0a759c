"""From the fields that somebody asks for to properties of an object, and from its answers back to records."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from connectors.base import ConfigError, ObjectSchema, Record, Refusal, Stream
from connectors.hubspot import codes
from connectors.hubspot import schema as schemas
from connectors.hubspot.api import Api, Raw
from connectors.hubspot.associations import Ambiguous, links, one, pairs
from connectors.hubspot.pipelines import stages

KEY_LINE = re.compile(
    r"(?:^|\r?\n|<br ?/?>|<p>)\s*([A-Za-z0-9_-]{1,16}:[0-9A-HJKMNP-TV-Z]{26}(?::[A-Za-z0-9_-]+)*)\s*(?:</p>)?\s*$"
)
"""A key of ours as the last line of a text, which people's tools may have made HTML of."""

Described = Callable[[str], ObjectSchema]
Maker = Callable[[Raw], Any]
"""A record of theirs -> the value of a field that we make."""


class Made(NamedTuple):
    """What a page of answers becomes."""

    records: list[Record]
    refusals: list[Refusal]


class Selection(NamedTuple):
    """What is asked of one object, and how a page of answers becomes records."""

    object: str
    properties: tuple[str, ...]
    stamp: str
    """The property that moves with every change."""
    make: Callable[[Sequence[Raw]], Made]
    pairs_with: str = ""
    """The other object, where the records are associations."""
    has: str = ""
    """A property without which a record is not meant; lists know no filter, so we leave those out ourselves."""

    def meant(self, raws: Iterable[Raw]) -> list[Raw]:
        return [raw for raw in raws if not self.has or raw["properties"].get(self.has)]


def of_stream(api: Api, described: Described, stream: Stream) -> Selection:
    """The stream against what the portal has; ConfigError names what our key does not see, before any query."""
    place = f"{api.system}.yaml, pull {stream.name}"
    if stream.key not in ("id", "hs_object_id"):
        raise ConfigError(f"{place}: HubSpot records are known by `key: id`, not by {stream.key}")
    chosen = of_fields(api, described, stream.object, stream.fields, place)
    return chosen if not stream.where else _filtered(described, chosen, stream.where, place)


def _filtered(described: Described, chosen: Selection, where: str, place: str) -> Selection:
    """ConfigError for any other filter than the one that we can apply ourselves."""
    operator, _, name = where.partition(" ")
    if operator != "HAS_PROPERTY" or "." in name or chosen.pairs_with:
        raise ConfigError(
            f"{place}: HubSpot's lists know no filter but ours, `where: HAS_PROPERTY name`, not {where!r}"
        )
    schemas.missing(described(chosen.object), [name], place)
    return chosen._replace(has=name, properties=tuple(sorted({*chosen.properties, name})))


def of_fields(api: Api, described: Described, object: str, fields: Sequence[str], place: str) -> Selection:
    """Named fields of an object, with what tells its changes and merges."""
    schemas.missing(described(object), fields, place)
    if schemas.is_pair(object):
        return _pairs(api, object, fields)
    makers = {name: _maker(api, object, name) for name in fields if _is_made(name)}
    plain = tuple(name for name in fields if name not in makers)
    merged = (codes.MERGED,) if codes.MERGED in described(object).fields else ()
    stamp = codes.CONTACTS_STAMP if object == "contacts" else codes.STAMP
    properties = {*plain, *merged, stamp, *(p for name in makers for p in _needs(object, name))}
    associated = [name.partition(".")[2] for name in makers if name.startswith("associations.")]

    def make(raws: Sequence[Raw]) -> Made:
        refusals = _associate(api, object, associated, raws)
        found = [Record(str(raw["id"]), _fields(raw, plain, makers), raw.get("archived") is True) for raw in raws]
        return Made([*found, *_swallowed(raws)] if merged else found, refusals)

    return Selection(object, tuple(sorted(properties)), stamp, make)


def _pairs(api: Api, object: str, fields: Sequence[str]) -> Selection:
    left, _, right = object.partition("/")
    stamp = codes.CONTACTS_STAMP if left == "contacts" else codes.STAMP

    def make(raws: Sequence[Raw]) -> Made:
        found = pairs(api, left, right, [str(raw["id"]) for raw in raws])
        return Made([record._replace(fields={f: record.fields[f] for f in fields}) for record in found], [])

    return Selection(left, (), stamp, make, right)


def _fields(raw: Raw, plain: Sequence[str], makers: Mapping[str, Maker]) -> Raw:
    made = {name: make(raw) for name, make in makers.items()}  # first, because a key leaves the text that holds it
    properties = raw["properties"]
    found = {name: properties.get(name) for name in plain}
    return {**found, **made} if made else found


def _swallowed(raws: Sequence[Raw]) -> list[Record]:
    """Records that were merged into these exist no more under their own ids."""
    return [
        Record(id, {}, True, str(raw["id"]))
        for raw in raws
        for id in (raw["properties"].get(codes.MERGED) or "").split(";")
        if id and id != str(raw["id"])
    ]


# --- fields that we make ----------------------------------------------------------------------------------------------


def _is_made(name: str) -> bool:
    return "." in name or name in ("id", "full_name")


def _needs(object: str, name: str) -> tuple[str, ...]:
    """The properties from which a field is made."""
    if name == "full_name":
        return schemas.FULL_NAME
    if name in schemas.PIPELINE_FIELDS:
        return (*schemas.STAGES[object], schemas.CLOSED_AT[object])
    return (name.rpartition(".")[0],) if name.endswith((".day", ".key")) else ()


def _maker(api: Api, object: str, name: str) -> Maker:
    if name == "id":
        return lambda raw: str(raw["id"])
    if name == "full_name":
        return lambda raw: full_name(*(raw["properties"].get(part) for part in schemas.FULL_NAME))
    if name in schemas.PIPELINE_FIELDS:
        return _of_pipeline(api, object, name)
    head, _, tail = name.rpartition(".")
    if head == "associations":
        return lambda raw: raw["associated"].get(tail)
    if tail == "day":
        return lambda raw: day(api, raw["properties"].get(head))
    return lambda raw: taken_out(raw["properties"], head)


def full_name(first: str | None, last: str | None) -> str | None:
    return " ".join(part for part in (first, last) if part) or None


def day(api: Api, moment: str | None) -> str | None:
    """The day that people in the portal see; what is no moment stays as it is, and is refused where it is read."""
    try:
        read = datetime.fromisoformat(moment) if moment else None
    except ValueError:
        return moment
    return read.astimezone(api.zone()).date().isoformat() if read and read.tzinfo else moment


def taken_out(properties: Raw, text: str) -> str | None:
    """The key on the last line of a text, if there is one; the text itself is what stands above it."""
    found = KEY_LINE.search(properties.get(text) or "")
    if found is None:
        return None
    properties[text] = properties[text][: found.start()]
    return found[1]


def _of_pipeline(api: Api, object: str, name: str) -> Maker:
    known = stages(api, object)
    pipeline, stage, closed_at = *schemas.STAGES[object], schemas.CLOSED_AT[object]

    def made(raw: Raw) -> Any:
        properties = raw["properties"]
        at = known.get((properties.get(pipeline) or "", properties.get(stage) or ""))
        if at is None:
            return None
        if name == "pipeline.stage":
            return at.label
        if name == "pipeline.closed":
            return "true" if at.closed else "false"
        return properties.get(closed_at) if at.closed else None

    return made


def _associate(api: Api, object: str, others: Sequence[str], raws: Sequence[Raw]) -> list[Refusal]:
    """Put the one associated id of each kind into the raw records; several companies are told, never chosen from."""
    refusals = []
    for raw in raws:
        raw["associated"] = {}
    for other in others if raws else ():
        found = links(api, object, other, [str(raw["id"]) for raw in raws])
        for raw in raws:
            id = str(raw["id"])
            end = one(object, other, found.get(id, ()))
            if isinstance(end, Ambiguous):
                if other == "companies":
                    refusals.append(_several(object, id, end))
                continue
            raw["associated"][other] = end
    return refusals


def _several(object: str, id: str, end: Ambiguous) -> Refusal:
    listed = ", ".join(end.ids[:10])
    return Refusal(
        id, f"{object} {id} is associated with several companies ({listed}), and none is primary; mark one as primary"
    )
