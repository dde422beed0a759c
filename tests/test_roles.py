"""Who looks after an account: the places of the mapping in their order, and who is passed over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from tests.decision_rows import ACCOUNT, account, customers, link, put, read, role, user
from warehouse import tables
from warehouse.work import roles


@pytest.fixture
def conn(warehouse: Engine) -> Iterator[Connection]:
    """A customer, two colleagues and their manager, one who left, and two who share an e-mail."""
    with warehouse.begin() as connection:
        customers(connection, account())
        put(
            connection,
            tables.users,
            user("005A", "cara@example.com", manager_ref="005M"),
            user("005B", "Sven@Example.com", manager_ref="005N"),
            user("005L", "left@example.com", active=False, manager_ref="005N"),
            user("005M", "mona@example.com"),
            user("005N", "nora@example.com"),
            user("005X", "twins@example.com"),
            user("005Y", "twins@example.com"),
            user("005Z", None),
            {**user("u1", "cara@example.com"), "system": "other"},
            {**user("u2", "stranger@example.com"), "system": "other"},
        )
        yield connection


def csm(conn: Connection, *places: dict[str, Any]) -> str | None:
    """The Salesforce id of the CSM that these places name."""
    put(conn, tables.account_roles, *(role("001A", "csm", n, **place) for n, place in enumerate(places)))
    owner = roles.people(conn, read(), [ACCOUNT]).owner(ACCOUNT, "csm")
    return owner.external_id if owner else None


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([{"user_ref": "005A"}, {"user_ref": "005B"}], "005A"),
        ([{"user_ref": None}, {"user_ref": "005B"}], "005B"),
        ([{"user_ref": "005L"}, {"user_ref": "005B"}], "005B"),
        ([{"user_ref": "005-unknown"}, {"email": "SVEN@example.com"}], "005B"),
        ([{"email": "left@example.com"}], None),
        ([{"email": "nobody@example.com"}], None),
        ([{"email": "twins@example.com"}, {"user_ref": "005A"}], "005A"),
        ([{"user_ref": "005X"}], "005X"),
        ([{"user_ref": "005Z"}], None),
        ([{"manager_of": "csm"}], None),
        ([], None),
    ],
    ids=[
        "first",
        "empty",
        "inactive",
        "by e-mail",
        "left",
        "unknown",
        "two of them",
        "one of two by id",
        "no e-mail",
        "own manager",
        "no place",
    ],
)
def test_the_first_active_user_wins(conn: Connection, places: list[dict[str, Any]], expected: str | None) -> None:
    """Empty, unknown, inactive and ambiguous places are passed over in the order of the mapping."""
    assert csm(conn, *places) == expected


def test_the_owner_as_the_crm_knows_them(conn: Connection) -> None:
    """E-mails are compared and kept in lower case."""
    put(conn, tables.account_roles, role("001A", "csm", user_ref="005B"))
    owner = roles.people(conn, read(), [ACCOUNT]).owner(ACCOUNT, "csm")
    assert owner == roles.Owner("csm", "salesforce", "sven@example.com", "005B", "Sven")


@pytest.mark.parametrize(
    ("csm_places", "manager"),
    [
        ([{"user_ref": "005A"}], "005M"),
        ([{"user_ref": "005L"}, {"user_ref": "005A"}], "005M"),
        ([{"user_ref": "005L"}], "005N"),
        ([{"email": "sven@example.com"}], "005N"),
    ],
)
def test_the_manager_of_another_role(conn: Connection, csm_places: list[dict[str, Any]], manager: str) -> None:
    """It is the manager of the person in the role; where nobody is left there, of the one who was named."""
    put(
        conn,
        tables.account_roles,
        *(role("001A", "csm", n, **p) for n, p in enumerate(csm_places)),
        role("001A", "csm_manager", manager_of="csm"),
    )
    owner = roles.people(conn, read(), [ACCOUNT]).owner(ACCOUNT, "csm_manager")
    assert owner is not None and owner.external_id == manager


def test_roles_that_name_each_other_end(conn: Connection) -> None:
    """Two roles that are each other's managers name nobody instead of going round."""
    put(
        conn,
        tables.account_roles,
        role("001A", "csm", manager_of="csm_manager"),
        role("001A", "csm_manager", manager_of="csm"),
    )
    assert roles.people(conn, read(), [ACCOUNT]).owner(ACCOUNT, "csm") is None


@pytest.mark.parametrize(("other_user", "expected"), [("u1", "005A"), ("u2", None)])
def test_a_role_of_another_system_needs_a_user_in_the_crm(
    conn: Connection, other_user: str, expected: str | None
) -> None:
    """A person named elsewhere owns tasks by the e-mail that the CRM of record knows too."""
    put(conn, tables.links, link(ACCOUNT, "X1", system="other"))
    put(conn, tables.account_roles, {**role("X1", "csm", user_ref=other_user), "system": "other"})
    assert csm(conn) == expected


def test_the_crm_of_record_is_asked_first(conn: Connection) -> None:
    """Another system that names somebody too comes after the CRM of record, whatever their ordinals."""
    put(conn, tables.links, link(ACCOUNT, "X1", system="other"))
    put(
        conn,
        tables.account_roles,
        {**role("X1", "csm", 0, user_ref="u1"), "system": "other"},
        role("001A", "csm", 5, user_ref="005B"),
    )
    owner = roles.people(conn, read(), [ACCOUNT]).owner(ACCOUNT, "csm")
    assert owner is not None and owner.external_id == "005B"
