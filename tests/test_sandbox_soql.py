"""SOQL in the stand-in: queries in, records or the vendor's errors out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from sandbox.salesforce.answers import Refused
from sandbox.salesforce.org import Org, Settings
from sandbox.salesforce.seed import sow
from sandbox.salesforce.soql_dates import span
from sandbox.salesforce.soql_run import run
from sandbox.store import Store

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ACME, BOLT, CUBE, DUNE = (f"00100000000000{n}AAA" for n in "1234")
ANNA, BEN = "003000000000001AAA", "003000000000002AAA"
OWNER = "005000000000001AAA"

RECORDS: dict[str, list[dict[str, Any]]] = {
    "User": [{"Id": OWNER, "Username": "o@x.example", "LastName": "Owner", "Email": "o@x.example"}],
    "Account": [
        {"Id": ACME, "Name": "Acme", "Type": "Customer", "ARR__c": 100, "OwnerId": OWNER, "BillingCity": "Berlin",
         "CreatedDate": "2026-11-01T10:00:00Z", "Description": "long"},
        {"Id": BOLT, "Name": "bolt", "Type": "Prospect", "ARR__c": 50, "ParentId": ACME, "CreatedDate": "2026-11-20T01:00:00Z"},
        {"Id": CUBE, "Name": "Cube 100%", "Type": None, "CreatedDate": "2026-11-19T23:59:59Z"},
        {"Id": DUNE, "Name": "O'Dune", "Type": "Customer", "ARR__c": 75, "CreatedDate": "2026-11-05T00:00:00Z",
         "_deleted_at": "2026-11-18T00:00:00Z"},
    ],
    "Contact": [
        {"Id": ANNA, "LastName": "Anders", "FirstName": "Anna", "AccountId": ACME, "Left_Company__c": True},
        {"Id": BEN, "LastName": "Berg", "AccountId": ACME, "Email": "ben@acme.example"},
    ],
    "Opportunity": [
        {"Id": "006000000000001AAA", "Name": "Deal", "StageName": "Closed Won", "CloseDate": "2026-10-01", "AccountId": ACME, "Amount": 10},
        {"Id": "006000000000002AAA", "Name": "Next", "StageName": "Prospecting", "CloseDate": "2026-12-31", "AccountId": BOLT, "Amount": 20},
    ],
    "Task": [
        {"Id": "00T000000000001AAA", "Subject": "Call", "WhatId": ACME, "WhoId": ANNA},
        {"Id": "00T000000000002AAA", "Subject": "Old", "WhatId": ACME, "Status": "Completed",
         "CompletedDateTime": "2025-11-01T00:00:00Z", "CreatedDate": "2025-10-01T00:00:00Z"},
    ],
}  # fmt: skip


@pytest.fixture
def org() -> Org:
    store = Store()
    org = Org(store, Settings(hidden=frozenset({"Account.Rating"})))
    sow(org, RECORDS, NOW)
    store.move(NOW)
    return org


def rows(org: Org, text: str, *, include_deleted: bool = False) -> list[dict[str, Any]]:
    result = run(org, text, "/services/data/v66.0", include_deleted=include_deleted)
    return [{k: v for k, v in result.show(row).items() if k != "attributes"} for row in result.rows]


def names(org: Org, where: str) -> list[str]:
    return [row["Name"] for row in rows(org, f"SELECT Name FROM Account WHERE {where} ORDER BY Name")]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("Name = 'ACME'", ["Acme"]),
        ("Name != 'acme'", ["bolt", "Cube 100%"]),
        ("Type != 'Customer'", ["bolt", "Cube 100%"]),
        ("Type = null", ["Cube 100%"]),
        ("ARR__c >= 50 AND ARR__c < 100", ["bolt"]),
        ("ARR__c < 60 OR (Type = 'Customer' AND NOT Name LIKE 'x%')", ["Acme", "bolt"]),
        ("NOT (ARR__c > 60)", ["bolt", "Cube 100%"]),
        ("Name LIKE '_olt'", ["bolt"]),
        (r"Name LIKE '%\%'", ["Cube 100%"]),
        ("Name IN ('acme', 'bolt')", ["Acme", "bolt"]),
        ("Name NOT IN ('acme', 'bolt')", ["Cube 100%"]),
        ("Id IN ('001000000000001', '001000000000002AAA')", ["Acme", "bolt"]),
        ("Id IN (SELECT AccountId FROM Contact WHERE Left_Company__c = true)", ["Acme"]),
        ("Parent.Name = 'Acme'", ["bolt"]),
        ("Account.Owner.Email = 'o@x.example'", ["Acme"]),
        ("CreatedDate = TODAY", ["bolt"]),
        ("CreatedDate = YESTERDAY", ["Cube 100%"]),
        ("CreatedDate = LAST_N_DAYS:2", ["bolt", "Cube 100%"]),
        ("CreatedDate < THIS_WEEK", ["Acme"]),
        ("CreatedDate >= 2026-11-20T02:00:00+01:00", ["bolt"]),
        ("CreatedDate > 2026-11-20T01:00:00Z", []),
        ("LastActivityDate = null AND IsDeleted = false AND Name > 'b'", ["bolt", "Cube 100%"]),
    ],
)
def test_conditions_find_what_the_vendor_would(org: Org, where: str, expected: list[str]) -> None:
    """Each kind of condition selects the same accounts as in a real org."""
    assert names(org, where) == expected


def test_escaped_quotes_are_part_of_the_text(org: Org) -> None:
    r"""'O\'Dune' is found, among the deleted ones."""
    found = rows(org, r"SELECT Id, IsDeleted FROM Account WHERE Name = 'O\'Dune'", include_deleted=True)
    assert found == [{"Id": DUNE, "IsDeleted": True}]


def test_parents_children_and_order(org: Org) -> None:
    """Parents are nested and null where there is none; children come as a small result of their own."""
    found = rows(org, "SELECT Id, Parent.Name, (SELECT LastName FROM Contacts ORDER BY LastName DESC) FROM Account a"
                      " ORDER BY ARR__c DESC NULLS LAST, Id LIMIT 2")  # fmt: skip
    assert [row["Id"] for row in found] == [ACME, BOLT]
    assert [row["Parent"] and row["Parent"]["Name"] for row in found] == [None, "Acme"]
    contacts = found[0]["Contacts"]
    assert (contacts["totalSize"], contacts["done"]) == (2, True)
    assert [each["LastName"] for each in contacts["records"]] == ["Berg", "Anders"]
    assert found[1]["Contacts"] is None


def test_nulls_come_first_unless_told_otherwise(org: Org) -> None:
    """The vendor's default is NULLS FIRST in both directions."""
    for order, expected in [
        ("ASC", [CUBE, BOLT, ACME]),
        ("DESC", [CUBE, ACME, BOLT]),
        ("ASC NULLS LAST", [BOLT, ACME, CUBE]),
    ]:
        assert [row["Id"] for row in rows(org, f"SELECT Id FROM Account ORDER BY ARR__c {order}")] == expected


def test_a_lookup_to_many_objects_shows_names(org: Org) -> None:
    """What.Name and Who.Type work whatever they point to."""
    [found] = rows(org, "SELECT Who.Name, What.Name, What.Type, AccountId FROM Task")
    assert (found["Who"]["Name"], found["What"]["Name"], found["What"]["Type"]) == ("Anna Anders", "Acme", "Account")
    assert found["AccountId"] == ACME


def test_archived_activities_are_only_in_query_all(org: Org) -> None:
    """A task that was closed more than a year ago has left ordinary queries."""
    assert [row["Subject"] for row in rows(org, "SELECT Subject FROM Task")] == ["Call"]
    found = rows(org, "SELECT Subject FROM Task WHERE IsArchived = true", include_deleted=True)
    assert [row["Subject"] for row in found] == ["Old"]


def test_counts_and_groups(org: Org) -> None:
    """COUNT() is a size without records; aggregates are named by alias or exprN."""
    assert run(org, "SELECT COUNT() FROM Account", "").total == 3
    grouped = rows(
        org,
        "SELECT StageName, COUNT(Id), SUM(Amount) total FROM Opportunity GROUP BY StageName ORDER BY SUM(Amount) DESC",
    )
    assert grouped == [
        {"StageName": "Prospecting", "expr0": 1, "total": 20.0},
        {"StageName": "Closed Won", "expr0": 1, "total": 10.0},
    ]
    assert rows(org, "SELECT MAX(Amount), AVG(Amount) FROM Opportunity") == [{"expr0": 20.0, "expr1": 15.0}]


def test_fields_functions_need_a_small_limit(org: Org) -> None:
    """FIELDS(ALL) lists what our user sees, and only with LIMIT 200 or less."""
    [found] = rows(org, "SELECT FIELDS(ALL) FROM Account WHERE Name = 'Acme' LIMIT 200")
    assert found["BillingCity"] == "Berlin"
    assert found["BillingAddress"]["city"] == "Berlin"
    assert "Rating" not in found
    with pytest.raises(Refused, match="The SOQL FIELDS function must have a LIMIT of at most 200"):
        rows(org, "SELECT FIELDS(CUSTOM) FROM Account")


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("SELECT Id FROM XYZZY", "INVALID_TYPE", "ERROR at Row:1:Column:16\nsObject type 'XYZZY' is not supported."),
        ("SELECT Geo__c FROM Case", "INVALID_FIELD", "ERROR at Row:1:Column:8\nNo such column 'Geo__c' on entity 'Case'."),
        ("SELECT Rating FROM Account", "INVALID_FIELD", "No such column 'Rating' on entity 'Account'."),
        ("SELECT Id FROM Account WHERE Rating = 'Hot'", "INVALID_FIELD", "No such column 'Rating'"),
        ("SELECT Id FORM Account", "MALFORMED_QUERY", "unexpected token: 'FORM'"),
        ("SELECT Id FROM Account WHERE Name = 'x", "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id FROM Account LIMIT x", "MALFORMED_QUERY", "unexpected token: 'x'"),
        ("SELECT Id FROM Account WHERE", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("SELECT Id, Nope.Name FROM Account", "INVALID_FIELD", "Didn't understand relationship 'Nope'"),
        ("SELECT Id, id FROM Account", "INVALID_FIELD", "duplicate field selected: id"),
        ("SELECT Id FROM Account WHERE CreatedDate > '2026-01-01'", "INVALID_FIELD", "must be of type dateTime"),
        ("SELECT Id FROM Account WHERE CreatedDate > 2026-01-01", "INVALID_FIELD", "must be of type dateTime"),
        ("SELECT Id FROM Account WHERE CreatedDate > 2026-01-01T00:00:00", "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id FROM Account WHERE Name = 5", "INVALID_FIELD", "should be enclosed in quotes"),
        ("SELECT Id FROM Account WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered in a query call"),
        ("SELECT Id FROM Account WHERE Id = 'nope'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: nope"),
        ("SELECT Name, COUNT(Id) FROM Account", "MALFORMED_QUERY", "Field must be grouped or aggregated: Name"),
        ("SELECT Id, (SELECT Id FROM Nopes) FROM Account", "INVALID_TYPE", "Didn't understand relationship 'Nopes'"),
        ("SELECT Id FROM Account LIMIT 1 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset"),
        (f"SELECT Id FROM Account WHERE Name = '{'x' * 100_000}'", "MALFORMED_QUERY", "100,000 characters"),
        ("SELECT Id FROM Account WHERE CreatedDate > 2026-02-30T00:00:00Z", "MALFORMED_QUERY", "invalid date"),
        ("SELECT Id FROM Account WHERE CreatedDate = LAST_N_YEARS:99999", "MALFORMED_QUERY", "last_n_years:99999"),
        ("SELECT Id n FROM Account", "MALFORMED_QUERY", "unexpected token: 'n'"),
    ],
)  # fmt: skip
def test_mistakes_are_refused_in_the_vendors_words(org: Org, text: str, code: str, words: str) -> None:
    """One bad word fails the whole query, with the code and the place that clients look for."""
    with pytest.raises(Refused) as refused:
        rows(org, text)
    assert refused.value.code == code
    assert words in refused.value.message


@pytest.mark.parametrize(
    ("literal", "first", "after"),
    [
        ("tomorrow", date(2026, 11, 21), date(2026, 11, 22)),
        ("last_week", date(2026, 11, 8), date(2026, 11, 15)),
        ("this_month", date(2026, 11, 1), date(2026, 12, 1)),
        ("next_month", date(2026, 12, 1), date(2027, 1, 1)),
        ("last_quarter", date(2026, 7, 1), date(2026, 10, 1)),
        ("this_year", date(2026, 1, 1), date(2027, 1, 1)),
        ("next_n_days:3", date(2026, 11, 21), date(2026, 11, 24)),
        ("n_days_ago:2", date(2026, 11, 18), date(2026, 11, 19)),
        ("last_n_months:2", date(2026, 9, 1), date(2026, 11, 1)),
    ],
)
def test_relative_dates_are_spans_of_days(literal: str, first: date, after: date) -> None:
    """Seen from Friday, 20 November 2026."""
    assert span(literal, NOW.date()) == (first, after)
