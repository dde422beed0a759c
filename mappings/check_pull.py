"""Whether what a system's file pulls can become rows of ours."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from mappings import convert, vocabulary
from mappings.mistakes import Finding, below, meant, one_of
from mappings.models import PullField, PullMapping, RoleSource, Scalar, SystemMapping
from mappings.vocabulary import Kind

TEXTS: tuple[Kind, ...] = ("text", "email", "domain", "currency", "time_zone")

ACCEPTED: Mapping[Kind, tuple[Kind, ...]] = {
    "text": TEXTS,
    "number": ("number", "integer"),
    "decimal": ("decimal", "integer"),
}
"""What a column takes beside the converter of its own name."""

MAP_TARGETS: Mapping[Kind, tuple[type, ...]] = {
    **dict.fromkeys(TEXTS, (str,)),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "decimal": (int,),
}


def pulls(name: str, system: SystemMapping, systems: Collection[str]) -> Iterator[Finding]:
    """Everything wrong in `system` and `pull` of the file that describes the system of that name."""
    if system.system != name:
        yield Finding(("system",), f"`system: {system.system}` must be the file's own name, `{name}`")
    for stream, pull in system.pull.items():
        yield from below(("pull", stream), _stream(system, pull, systems))
    yield from below(("pull",), _people(system))


def _stream(system: SystemMapping, pull: PullMapping, systems: Collection[str]) -> Iterator[Finding]:
    if pull.table not in vocabulary.TABLES:
        known = vocabulary.TABLES
        yield Finding(("table",), f"there is no table `{pull.table}`{meant(pull.table, known) or f'; {one_of(known)}'}")
        return
    yield from _source(system, pull)
    yield from _columns(pull)
    yield from _needed(pull)
    yield from below(("fields",), _optional(system, pull))
    yield from _attributes(pull)
    yield from _account_parts(pull, systems)


def _source(system: SystemMapping, pull: PullMapping) -> Iterator[Finding]:
    """A stream of files names files; a stream of a CRM does not, and only files come by the day."""
    if system.kind == "files":
        yield from _files(pull)
        return
    for key in ("files", "day"):
        if getattr(pull, key) is not None:
            yield Finding((key,), f"`{key}` belongs to systems of the kind `files`")
    if pull.table in vocabulary.DAY_TABLES:
        yield Finding(("table",), f"`{pull.table}` is filled from files, a day at a time, not from {system.kind}")


def _files(pull: PullMapping) -> Iterator[Finding]:
    if pull.files is None:
        yield Finding((), "`files` is missing: the names of the files below the folder, as in `usage/*`")
    for key in ("object", "where"):
        if getattr(pull, key):
            yield Finding((key,), f"`{key}` means nothing for files")
    if pull.table in vocabulary.DAY_TABLES:
        yield from _day_column(pull)
    elif pull.day is not None:
        yield Finding(("day",), f"`day` belongs to {', '.join(vocabulary.DAY_TABLES)}; `{pull.table}` needs a `key`")
    elif "key" not in pull.model_fields_set:
        yield Finding((), "`key` is missing: the column of the file that identifies a row")


def _day_column(pull: PullMapping) -> Iterator[Finding]:
    source = pull.fields["day"].from_ if "day" in pull.fields else None
    if pull.day is None:
        yield Finding(
            (), f"`day` is missing: the column of the file that says which day a row of {pull.table} is about"
        )
    elif source is not None and source != pull.day:
        yield Finding(("day",), f"`day: {pull.day}` and the column `day` (from `{source}`) must be the same column")


# --- columns ----------------------------------------------------------------------------------------------------------


def _columns(pull: PullMapping) -> Iterator[Finding]:
    known = vocabulary.TABLES[pull.table]
    for column, field in pull.fields.items():
        place = ("fields", column)
        if column in known:
            yield from below(place, _fits(column, known[column], field))
            yield from below(place, _closed_list(pull.table, column, field))
        else:
            own = " (columns of your own go below `attributes`)" if pull.table == "accounts" else ""
            listed = meant(column, known) or f"; {one_of(known)}"
            yield Finding(place, f"{pull.table} has no column `{column}`{listed}{own}")


def _fits(column: str, kind: Kind, field: PullField) -> Iterator[Finding]:
    converts = field.from_ is not None and (field.values is None or field.else_ == "keep")
    if converts and field.as_ not in ACCEPTED.get(kind, (kind,)):
        yield Finding(("as",), f"`{column}` holds {_article(kind)}: write `as: {kind}` instead of `as: {field.as_}`")
    targets = {"constant": field.constant} if field.from_ is None else dict(field.values or {})
    for key, target in targets.items():
        if target is not None and not _is_kind(target, kind):
            place = ("constant",) if field.from_ is None else ("values", key)
            yield Finding(place, f"`{column}` holds {_article(kind)}, and `{convert.as_text(target)}` is none")


def _is_kind(target: Scalar, kind: Kind) -> bool:
    allowed = MAP_TARGETS.get(kind, ())
    return isinstance(target, allowed) and (bool in allowed or not isinstance(target, bool))


def _article(kind: Kind) -> str:
    return {"text": "text", "integer": "a whole number", "boolean": "true or false", "email": "an e-mail address"}.get(
        kind, f"a {kind.replace('_', ' ')}"
    )


def _closed_list(table: str, column: str, field: PullField) -> Iterator[Finding]:
    words = vocabulary.CLOSED_LISTS.get((table, column))
    if words is None:
        return
    if field.from_ is not None and field.values is None:
        yield Finding((), f"`{column}` needs `values` that turn their words into ours: {', '.join(words)}")
    elif field.from_ is not None and field.else_ == "keep":
        yield Finding(("else",), f"`else: keep` would let words into `{column}` that no rule knows; use refuse or null")
    targets = {"constant": field.constant} if field.from_ is None else dict(field.values or {})
    for key, target in targets.items():
        if isinstance(target, str) and target not in words:
            place = ("constant",) if field.from_ is None else ("values", key)
            yield Finding(place, f"`{target}` is no {column}; {one_of(words)}{meant(target, words)}")


def _needed(pull: PullMapping) -> Iterator[Finding]:
    for column in vocabulary.NEEDED[pull.table]:
        instead = vocabulary.INSTEAD.get((pull.table, column))
        if column not in pull.fields and instead not in pull.fields:
            other = f" (or `{instead}`)" if instead else ""
            yield Finding(("fields",), f"`{column}`{other} is missing: without it no row of {pull.table} can be used")


def _optional(system: SystemMapping, pull: PullMapping) -> Iterator[Finding]:
    for column, field in pull.fields.items():
        if field.optional and system.kind != "files":
            yield Finding(
                (column, "optional"), "`optional` belongs to columns of files; a CRM's field is there or it is not"
            )
        elif field.optional and column in vocabulary.NEEDED[pull.table]:
            yield Finding(
                (column, "optional"), f"`{column}` cannot be optional: no row of {pull.table} can do without it"
            )


def _attributes(pull: PullMapping) -> Iterator[Finding]:
    if pull.attributes and pull.table in vocabulary.DAY_TABLES:
        yield Finding(("attributes",), f"{pull.table} takes no attributes: it is kept as delivered")
    for name in pull.attributes:
        if name in vocabulary.TABLES[pull.table]:
            yield Finding(("attributes", name), f"`{name}` is a column of {pull.table}; move it to `fields`")


# --- keys and people --------------------------------------------------------------------------------------------------


def _account_parts(pull: PullMapping, systems: Collection[str]) -> Iterator[Finding]:
    for part in ("roles", "domains"):
        if getattr(pull, part) and pull.table != "accounts":
            yield Finding((part,), f"`{part}` belongs to the stream that fills accounts")
    if pull.keys and pull.table not in ("accounts", "opportunities"):
        yield Finding(("keys",), "`keys` belongs to the streams that fill accounts and opportunities")
    for name in pull.keys:
        if name not in systems:
            yield Finding(
                ("keys", name), f"there is no system `{name}`{meant(name, systems) or f'; {one_of(systems)}'}"
            )


def _people(system: SystemMapping) -> Iterator[Finding]:
    """Users must be pulled where a role names one, and nobody may be the manager of himself by a detour.

    A stream whose table is misspelt or missing may be the one that fills users.
    """
    may_be = ("users", *(pull.table for pull in system.pull.values() if pull.table not in vocabulary.TABLES))
    users = [pull for pull in system.pull.values() if pull.table in may_be]
    managers = any("manager_ref" in pull.fields for pull in users)
    for stream, pull in system.pull.items():
        for place, source in _sources(pull):
            here = (stream, *place)
            if source.user is not None and not users:
                yield Finding(here, "no stream fills users, so nobody can be found by a user field")
            if source.manager_of is not None and not managers:
                yield Finding(here, "no stream fills `manager_ref` of users, so nobody's manager is known")
        yield from below((stream, "roles"), _circles(pull))


def _sources(pull: PullMapping) -> Iterator[tuple[tuple[str | int, ...], RoleSource]]:
    for role, sources in pull.roles.items():
        for n, source in enumerate(sources):
            yield ("roles", role, n), source


def _circles(pull: PullMapping) -> Iterator[Finding]:
    managed = {role: {s.manager_of for s in sources if s.manager_of} for role, sources in pull.roles.items()}
    for role in pull.roles:
        reached, ahead = set[str](), set(managed[role])
        while ahead - reached:
            reached |= ahead
            ahead = {further for one in ahead for further in managed.get(one, ())}
        if role in reached:
            yield Finding((role,), f"`{role}` is looked up as the manager of itself; end the circle of `manager_of`")
        for other in sorted(managed[role] - set(pull.roles)):
            yield Finding((role,), f"`manager_of: {other}` leads nowhere: the role {other} is not mapped here")
