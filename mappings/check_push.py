"""Whether what a system's file pushes names rows, columns and records that exist, and cannot write against itself."""

from __future__ import annotations

from collections.abc import Iterator

from mappings import streams, vocabulary
from mappings.mistakes import Finding, below, meant, one_of
from mappings.models import PullMapping, PushField, PushMapping, SystemMapping

NUMBERS = ("integer", "number", "decimal")


def pushes(system: SystemMapping) -> Iterator[Finding]:
    """Everything wrong in `push` of a system's file."""
    if system.kind == "files" and system.push:
        yield Finding(("push",), "files are only read; a push goes to a CRM")
        return
    for name, push in system.push.items():
        yield from below(("push", name), _push(system, push))
    yield from below(("push",), _twice(system))


def _push(system: SystemMapping, push: PushMapping) -> Iterator[Finding]:
    allowed = vocabulary.OPERATIONS[push.rows]
    if push.operation not in allowed:
        yield Finding(("operation",), f"{push.rows} cannot be pushed by `{push.operation}`; {one_of(allowed)}")
    yield from _origins(push)
    for name, field in push.fields.items():
        yield from below(("fields", name), _field(push, field))
    pulled = [pull for stream, pull in system.pull.items() if streams.object_of(stream, pull) == push.object]
    if not pulled:
        objects = {streams.object_of(stream, pull) for stream, pull in system.pull.items()}
        hint = meant(push.object, objects)
        yield Finding(("object",), f"no stream pulls {push.object}, and what we push is pulled too{hint}")
    yield from _keys(push, {pull.key for pull in pulled})
    for pull in pulled:
        yield from _recognised(push, pull)
        if system.is_crm:
            yield from _found_again(push, pull)


def _origins(push: PushMapping) -> Iterator[Finding]:
    known = vocabulary.PUSH[push.rows]
    origins = [(("key", name), key.from_) for name, key in push.key.items()]
    origins += [(("fields", name), field.from_) for name, field in push.fields.items() if field.from_ is not None]
    origins += [(("associations", name), association.from_) for name, association in push.associations.items()]
    for place, column in origins:
        if column not in known:
            listed = meant(column, known) or f"; {one_of(known)}"
            yield Finding((*place, "from"), f"{push.rows} has no column `{column}`{listed}")


def _field(push: PushMapping, field: PushField) -> Iterator[Finding]:
    words = vocabulary.PUSHED_WORDS.get((push.rows, field.from_ or ""), ())
    lacking = [word for word in words if field.values is not None and word not in field.values]
    if lacking:
        yield Finding(
            ("values",), f"`values` does not say what {', '.join(lacking)} becomes; such a change is never sent"
        )
    for word in field.values or ():
        if words and word not in words:
            yield Finding(
                ("values", word), f"`{word}` is no {field.from_} of ours; {one_of(words)}{meant(word, words)}"
            )
    if field.min_delta and vocabulary.PUSH[push.rows].get(field.from_ or "") not in NUMBERS:
        yield Finding(("min_delta",), "`min_delta` belongs to columns that hold numbers")
    if field.owner == "crm":
        yield Finding(("owner",), "a field with `owner: crm` is never written; remove it, or use fill_blank", True)


def _keys(push: PushMapping, record_ids: set[str]) -> Iterator[Finding]:
    for name in push.key:
        if name in push.fields:
            yield Finding(("fields", name), f"`{name}` is the key already; write it once")
    if not push.key:
        yield Finding(("key",), "`key` is missing: the field of theirs by which a record is found")
    elif push.operation != "create" and len(push.key) > 1:
        yield Finding(("key",), f"`{push.operation}` takes one key field, not {' and '.join(push.key)}")
    elif push.operation == "update":
        ((name, key),) = push.key.items()
        if record_ids and name not in record_ids:
            yield Finding(("key", name), f"an update finds its record by id: the key is {one_of(sorted(record_ids))}")
        if key.from_ != "external_id":
            yield Finding(("key", name, "from"), "the id of their record is `external_id`")
    elif push.operation == "upsert" and "key" in vocabulary.PUSH[push.rows]:
        ((name, key),) = push.key.items()
        if key.from_ != "key":
            yield Finding(("key", name, "from"), f"the unique name of one of {push.rows} is `key`")


def _recognised(push: PushMapping, pull: PullMapping) -> Iterator[Finding]:
    """What we create comes back with the next pull: then it must be known as ours."""
    key = next(iter(push.key), None)
    if push.rows in ("tasks", "handoff_notes") and pull.table == "touchpoints" and pull.ours != key:
        message = f"our own {push.object} records would count as touchpoints; add `ours: {key}` to their stream"
        yield Finding(("key",), message)
    if push.rows == "handoffs" and pull.table == "opportunities" and _source(pull, "key") != key:
        message = f"our own opportunities would not be known as ours; pull `key: {{from: {key}}}` into opportunities"
        yield Finding(("key",), message)


def _found_again(push: PushMapping, pull: PullMapping) -> Iterator[Finding]:
    """Accounts begin in a CRM, so that is where a lost warehouse finds their ids."""
    targets = [name for name, field in push.fields.items() if field.from_ == "account_id"]
    if push.rows == "account_health" and pull.table == "accounts" and _source(pull, "link_key") not in targets:
        message = (
            "a lost warehouse could not find its accounts again: push `account_id` where `link_key` is pulled from"
        )
        yield Finding(("fields",), message, True)


def _source(pull: PullMapping, column: str) -> str | None:
    return pull.fields[column].from_ if column in pull.fields else None


def _twice(system: SystemMapping) -> Iterator[Finding]:
    """Two mappings that write the same field of the same records would undo each other for ever."""
    named = list(system.push.items())
    for n, (name, push) in enumerate(named):
        for earlier_name, earlier in named[:n]:
            same_records = push.rows == earlier.rows or push.operation == earlier.operation == "update"
            for field in sorted(set(push.fields) & set(earlier.fields)):
                if push.object == earlier.object and same_records:
                    message = f"`{field}` of {push.object} is written by `{earlier_name}` already; keep one of the two"
                    yield Finding((name, "fields", field), message)
            if push.rows == earlier.rows:
                message = f"`{earlier_name}` pushes {push.rows} already; one mapping a system"
                yield Finding((name, "rows"), message)
