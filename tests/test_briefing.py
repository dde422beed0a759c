"""What the words of tasks and handoffs are made of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine

from tests.decision_rows import ACCOUNT, AS_OF, contact, customers, link, put, read, score
from tests.decision_rows import account as row_of_account
from warehouse import tables
from warehouse.work import briefing


@pytest.fixture
def conn(warehouse: Engine) -> Iterator[Connection]:
    """One account that two CRMs know."""
    with warehouse.begin() as conn:
        customers(conn, row_of_account())
        put(conn, tables.links, {**link(ACCOUNT, "77", "hubspot"), "object": "companies"})
        put(conn, tables.score_history, score())
        yield conn


def test_a_person_of_two_systems_is_named_once(conn: Connection) -> None:
    """By e-mail, with the title that one of them knows; who is champion in one is nobody else in the other."""
    hubspot = {"system": "hubspot", "stream": "contacts"}
    put(
        conn,
        tables.contacts,
        contact("003A", "Ivo Kaya", "champion", email="ivo@kaya.example"),
        contact("003B", "Bo Jansen", "user", email="bo@kaya.example", title="Analyst"),
        contact("1", "Ivo Kaya", "champion", "77", email="ivo@kaya.example", **hubspot),
        contact("2", "Bo Jansen", "user", "77", email="Bo@kaya.example", **hubspot),
        contact("3", "Ida Moe", "user", "77", **hubspot),
    )
    told = briefing.briefings(conn, read(), AS_OF, {ACCOUNT})[ACCOUNT].names()
    assert told["champions"] == ["Ivo Kaya"]
    assert told["contacts"] == ["Ivo Kaya (champion, ivo@kaya.example)"]
    assert told["other_contacts"] == ["Bo Jansen (Analyst, bo@kaya.example)", "Ida Moe"]
