"""Who looks after an account (D22): the first place of a role that names an active user of the account's CRM."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyarrow as pa
from sqlalchemy import Connection, text

from mappings.models import Mappings, Role
from warehouse import bulk, tables
from warehouse.issues import Issue


class User(NamedTuple):
    system: str
    id: str
    name: str
    email: str
    active: bool
    manager: str | None


class Owner(NamedTuple):
    """The person in a role, as the account's CRM of record knows them."""

    role: Role
    system: str
    email: str
    external_id: str
    name: str


class Place(NamedTuple):
    """One place of the mapping where the person may be named."""

    system: str
    user_ref: str | None
    email: str | None
    manager_of: str | None


@dataclass(frozen=True, slots=True)
class People:
    """Users by id and by e-mail, and the places of roles by account, read once for the accounts asked for."""

    users: Mapping[tuple[str, str], User]
    by_email: Mapping[tuple[str, str], list[User]]
    crm: Mapping[str, str]
    places: Mapping[tuple[str, str], list[Place]] = field(default_factory=dict)

    def owner(self, account_id: str, role: Role) -> Owner | None:
        """The person in the role; inactive people, and those whom the CRM of record does not know, are passed over."""
        target = self.crm.get(account_id, "")
        for user in self._named(account_id, role, ()):
            known = self._in_target(user, target)
            if known:
                return Owner(role, target, known.email.lower(), known.id, known.name)
        return None

    def by_id(self, account_id: str, user_ref: str | None, role: Role) -> Owner | None:
        """The active user with this id in the account's CRM of record, as if in the role."""
        user = self.users.get((self.crm.get(account_id, ""), user_ref or ""))
        return Owner(role, user.system, user.email.lower(), user.id, user.name) if user and user.active else None

    def _named(self, account_id: str, role: str, asked: tuple[str, ...]) -> Iterator[User]:
        """Everybody whom the places of the role name, in their order, active or not."""
        for place in self.places.get((account_id, role), []):
            if place.user_ref and (user := self.users.get((place.system, place.user_ref))):
                yield user
            if place.email:
                yield User(place.system, "", "", place.email, True, None)
            if place.manager_of and place.manager_of not in (*asked, role):
                yield from self._managers(account_id, place.manager_of, (*asked, role))

    def _managers(self, account_id: str, role: str, asked: tuple[str, ...]) -> Iterator[User]:
        """The manager of the person in a role; where nobody active is in it, the managers of those who were."""
        named = [self._as_user(user) for user in self._named(account_id, role, asked)]
        for user in [user for user in named if user.active][:1] or named:
            if user.manager and (manager := self.users.get((user.system, user.manager))):
                yield manager

    def _as_user(self, user: User) -> User:
        return user if user.id else self._only_active(user.email, user.system) or user

    def _in_target(self, user: User, target: str) -> User | None:
        if not user.active:
            return None
        return user if user.system == target and user.id else self._only_active(user.email, target)

    def _only_active(self, email: str, system: str) -> User | None:
        """The active user with this e-mail; two of them are nobody, because picking one would be a guess."""
        found = [user for user in self.by_email.get((system, email.lower()), []) if user.active]
        return found[0] if len(found) == 1 else None


_CRMS = """
SELECT a.account_id, a.crm FROM accounts a JOIN {stage} t ON t.account_id = a.account_id WHERE a.crm IS NOT NULL"""

_PLACES = """
SELECT l.account_id, r.role, r.system, r.user_ref, r.email, r.manager_of
FROM account_roles r
JOIN account_links l ON l.system = r.system AND l.external_id = r.id
JOIN {stage} t ON t.account_id = l.account_id
ORDER BY r.ordinal, r.id"""


def people(conn: Connection, mappings: Mappings, account_ids: Collection[str]) -> People:
    """Everybody who may own something on these accounts.

    The CRM of record is asked first, then the other systems in the configured order.
    """
    users = [_user(row) for row in conn.execute(text("SELECT system, id, name, email, active, manager_ref FROM users"))]
    by_email: defaultdict[tuple[str, str], list[User]] = defaultdict(list)
    for user in users:
        by_email[user.system, user.email.lower()].append(user)
    asked = pa.table({"account_id": pa.array(sorted(account_ids), pa.string())})
    with bulk.staged(conn, tables.account_ids, asked) as stage:
        crms = {row.account_id: row.crm for row in conn.execute(text(_CRMS.format(stage=stage)))}
        places = conn.execute(text(_PLACES.format(stage=stage))).all()
    rank = {system: position for position, system in enumerate(mappings.company.systems)}
    sorted_places = sorted(places, key=lambda p: (p.system != crms.get(p.account_id), rank.get(p.system, len(rank))))
    found: defaultdict[tuple[str, str], list[Place]] = defaultdict(list)
    for account_id, role, *place in sorted_places:
        found[account_id, role].append(Place(*place))
    return People({(user.system, user.id): user for user in users}, by_email, crms, found)


def _user(row: tuple[str, str, str | None, str | None, bool | None, str | None]) -> User:
    system, id_, name, email, active, manager = row
    return User(system, id_, name or email or id_, email or "", active is not False and bool(email), manager)


def nobody(people: People, account: Mapping[Any, Any], role: Role, kind: str) -> Issue:
    """The question for a person when a role of an account (account_id, name) finds nobody."""
    account_id, system = account["account_id"], people.crm.get(account["account_id"], "")
    what_to_do = f"name one on the account in {system}, or add a fallback to the roles in {system}.yaml"
    message = (
        f"{account['name'] or account_id}: no active user is in the role {role}, so nobody gets the work; "
        f"{what_to_do if system else 'link the account to a CRM first'}"
    )
    return Issue(kind, system, "", account_id, role, message)
