"""By what a record is recognised: each rule decides, leaves the record to the next one, or asks a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from ulid import ULID

from warehouse.issues import Issue


class Unlinked(NamedTuple):
    """An account record that belongs to no account of ours yet."""

    stream: str
    id: str
    link_key: str | None


@dataclass
class Known:
    """What is known about accounts when the records of a system are linked."""

    merged: dict[str, str | None]
    """Every account id of ours and what it was merged into."""
    taken: set[str]
    """Accounts that have a record in the system already."""
    former: dict[str, tuple[str, str]]
    """Account and rule of the last link that a record had."""
    by_key: dict[str, set[str]]
    """Accounts that name the record by an explicit key, or that it names."""
    by_domain: dict[str, set[str]]
    """Accounts of other systems that share a domain with the record."""
    rejected: set[tuple[str, str]]
    """(record, account) that a person ruled out."""


def decide(
    system: str, records: Sequence[Unlinked], known: Known, mints: bool, now: datetime, found: list[Issue]
) -> list[tuple[Unlinked, str, str]]:
    """Record, account and rule, for every record that can be decided."""
    decided = []
    rest: Iterable[Unlinked] = records
    for rule in (_by_former, _by_link_key, _by_key, _by_domain):
        left = []
        claims = rule(system, list(rest), known, found)
        for record in rest:
            account_id, name = claims.get(record.id, (None, ""))
            if account_id is not None:
                known.taken.add(account_id)
                decided.append((record, account_id, name))
            elif not name:
                left.append(record)
        rest = left
    if mints:
        return decided + [(record, str(ULID.from_datetime(now)), "minted") for record in rest]
    found += [_unlinked(system, record) for record in rest]
    return decided


Claims = dict[str, tuple[str | None, str]]
"""By record id the account and the rule; no account: open between several, so no later rule may decide."""


def _by_former(system: str, records: Sequence[Unlinked], known: Known, found: list[Issue]) -> Claims:
    """A record that came back gets its account back."""
    back = {r.id: known.former[r.id] for r in records if r.id in known.former}
    return {id: (account, rule) for id, (account, rule) in back.items() if _free(known, id, account)}


def _free(known: Known, id: str, account: str) -> bool:
    """The account has no record in the system, and nobody ruled this one out."""
    return account not in known.taken and (id, account) not in known.rejected


def _by_link_key(system: str, records: Sequence[Unlinked], known: Known, found: list[Issue]) -> Claims:
    """Our own key in the CRM, also when this warehouse never minted it; a key on two records recovers nothing."""
    shown = Counter(r.link_key for r in records)
    claims: Claims = {}
    for record in records:
        if record.link_key is None:
            continue
        if not _ours(record.link_key):
            found.append(_foreign(system, record))
            continue
        account = known.merged.get(record.link_key) or record.link_key
        if shown[record.link_key] == 1 and _free(known, record.id, account):
            claims[record.id] = (account, "link_key")
    return claims


def _by_key(system: str, records: Sequence[Unlinked], known: Known, found: list[Issue]) -> Claims:
    candidates = {r.id: known.by_key[r.id] for r in records if r.id in known.by_key}
    return _unambiguous(system, records, candidates, "key", known, found)


def _by_domain(system: str, records: Sequence[Unlinked], known: Known, found: list[Issue]) -> Claims:
    candidates = {r.id: known.by_domain[r.id] for r in records if r.id in known.by_domain}
    return _unambiguous(system, records, candidates, "domain", known, found)


def _unambiguous(
    system: str,
    records: Sequence[Unlinked],
    candidates: Mapping[str, set[str]],
    rule: str,
    known: Known,
    found: list[Issue],
) -> Claims:
    """One account that no other record claims; everything else is a question."""
    claimed = Counter(account for accounts in candidates.values() for account in accounts)
    claims: Claims = {}
    for record in records:
        accounts = candidates.get(record.id, set())
        if not accounts:
            continue
        only = next(iter(accounts))
        if len(accounts) == 1 and claimed[only] == 1 and only not in known.taken:
            claims[record.id] = (only, rule)
        else:
            claims[record.id] = (None, rule)
            found.append(_ambiguous(system, record, rule, accounts))
    return claims


def _ours(link_key: str) -> bool:
    """Whether we may have minted it."""
    try:
        return str(ULID.from_str(link_key)) == link_key
    except ValueError:
        return False


# --- questions for a person -------------------------------------------------------------------------------------------


def _foreign(system: str, record: Unlinked) -> Issue:
    message = f"the field of our link key holds {record.link_key!r}, which is no key of ours; it was not followed"
    return Issue("foreign_link_key", system, record.stream, record.id, "", message)


def _ambiguous(system: str, record: Unlinked, rule: str, accounts: Iterable[str]) -> Issue:
    what = "its domains" if rule == "domain" else "an explicit key"
    message = f"by {what} the record may belong to {', '.join(sorted(accounts))}, or not alone; it was not linked"
    return Issue(f"ambiguous_{rule}", system, record.stream, record.id, "", message)


def _unlinked(system: str, record: Unlinked) -> Issue:
    message = "no account of a CRM has its link key, its explicit key or its domain; it was not linked"
    return Issue("unlinked_account", system, record.stream, record.id, "", message)
