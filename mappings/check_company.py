"""Whether the company's rules name columns that exist and money that can be converted."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from mappings import conditions, vocabulary
from mappings.mistakes import Finding, below, meant, one_of
from mappings.models import Company, Condition, CurrencySettings, Place, SystemMapping
from mappings.vocabulary import Kind

PLACES = {"contract": "subscriptions", "opportunity": "opportunities"}

RESERVED = ("crmpulse", "scorecards", "segments", "playbooks", "alerts", "links")
"""Names of files that are no systems."""

FITTING_TESTS: Mapping[Kind, tuple[str, ...]] = {
    "boolean": ("is", "known"),
    "date": ("known",),
    "datetime": ("known",),
    **dict.fromkeys(("integer", "number", "decimal"), ("equals", "in", "not_in", "at_least", "at_most", "known")),
}
FITTING_TEXT_TESTS = ("equals", "in", "not_in", "starts_with", "known")


def company(company: Company, systems: Mapping[str, SystemMapping], every_system: bool) -> Iterator[Finding]:
    """Everything wrong in crmpulse.yaml; columns of conditions are judged once every system could be read."""
    for n, name in enumerate(company.systems):
        if name in RESERVED:
            yield Finding(("systems", n), f"a system cannot be called `{name}`: that is a file of its own")
        if name in company.systems[:n]:
            yield Finding(("systems", n), f"`{name}` stands here twice; the order decides, so keep one")
    yield from below(("field_sources",), _field_sources(company))
    yield from below(("currency",), _currency(company.currency))
    for key, table in (("arr", "arr_native"), ("renewal_date", "renewal_date")):
        yield from below((key,), _place(getattr(company, key), table, systems, every_system))
    if company.renewal_date.pick == "sum":
        yield Finding(("renewal_date", "pick"), "dates have no sum; pick earliest or latest")
    if every_system:
        yield from _conditions(company, systems)


def _field_sources(company: Company) -> Iterator[Finding]:
    """Attributes have names of their own, so any name may stand here; the systems are known."""
    for name, order in company.field_sources.items():
        if name in ("link_key", *vocabulary.ACCOUNT_EXTRAS):
            yield Finding((name,), f"`{name}` is ours and comes from no system")
        for n, system in enumerate(order):
            if system not in company.systems:
                listed = meant(system, company.systems) or f"; {one_of(company.systems)}"
                yield Finding((name, n), f"there is no system `{system}`{listed}")


def _currency(currency: CurrencySettings) -> Iterator[Finding]:
    for year, rates in currency.plan_rates.items():
        here = ("plan_rates", str(year))
        if rates.get(currency.reporting) != 1:
            yield Finding(here, f'the reporting currency needs the rate 1: `{currency.reporting}: "1"`')
        for code, rate in rates.items():
            if not (len(code) == 3 and code.isascii() and code.isupper() and code.isalpha()):
                yield Finding((*here, code), f"`{code}` is no currency code of three capital letters, such as EUR")
            if not (rate.is_finite() and rate > 0):
                yield Finding((*here, code), f"a rate must be a number above 0, not {rate}")


def _place(place: Place, column: str, systems: Mapping[str, SystemMapping], every_system: bool) -> Iterator[Finding]:
    if place.from_ == "account_field" and place.where is not None:
        yield Finding(("where",), "`where` belongs to contract and opportunity")
    wanted = _column_of_place(place, column)
    if every_system and wanted[1] not in _mapped(systems, wanted[0]):
        yield Finding((), f"no system fills `{wanted[1]}` of {wanted[0]}, so this stays unknown for everybody", True)


def _column_of_place(place: Place, column: str) -> tuple[str, str]:
    if place.from_ == "account_field":
        return "accounts", column
    columns = {
        ("contract", "arr_native"): "arr_native",
        ("contract", "renewal_date"): "end_date",
        ("opportunity", "arr_native"): "amount_native",
        ("opportunity", "renewal_date"): "close_date",
    }
    return PLACES[place.from_], columns[place.from_, column]


def _mapped(systems: Mapping[str, SystemMapping], table: str) -> set[str]:
    return {name for system in systems.values() for p in system.pull.values() if p.table == table for name in p.fields}


# --- conditions -------------------------------------------------------------------------------------------------------


def _conditions(company: Company, systems: Mapping[str, SystemMapping]) -> Iterator[Finding]:
    named: list[tuple[tuple[str, ...], Condition | None, str]] = [
        (("customers", "customer_when"), company.customers.customer_when, "accounts"),
        (("customers", "exclude"), company.customers.exclude, "accounts"),
        (("expansion_when",), company.expansion_when, "opportunities"),
    ]
    for key in ("arr", "renewal_date"):
        place: Place = getattr(company, key)
        named.append(((key, "where"), place.where, PLACES.get(place.from_, "accounts")))
    for place_in_file, condition, table in named:
        if condition is not None:
            yield from below(place_in_file, fits(condition, columns(systems, table), table))


def columns(systems: Mapping[str, SystemMapping], table: str) -> dict[str, Kind]:
    """What a condition over the table may name: its columns, and the attributes that streams add to it."""
    own = {
        name: field.as_
        for system in systems.values()
        for pull in system.pull.values()
        if pull.table == table
        for name, field in pull.attributes.items()
    }
    return {**own, **vocabulary.TABLES[table]}


def fits(condition: Condition, known: Mapping[str, Kind], table: str) -> Iterator[Finding]:
    """Unknown columns, and tests that a column's values can never meet."""
    for place, column, test, operand in conditions.tests(condition):
        kind = known.get(column)
        if kind is None:
            yield Finding(place, f"{table} has no column or attribute `{column}`{meant(column, known)}")
            continue
        fitting = FITTING_TESTS.get(kind, FITTING_TEXT_TESTS)
        if test not in fitting:
            yield Finding((*place, test), f"`{column}` holds {_holds(kind)}: test it with {one_of(fitting)}")
        elif not _comparable(kind, operand):
            yield Finding((*place, test), f"`{column}` holds {_holds(kind)}; {_spell(kind)}")


def _comparable(kind: Kind, operand: object) -> bool:
    operands: Collection[object] = operand if isinstance(operand, list) else [operand]
    if kind in FITTING_TESTS:
        return all(not isinstance(one, str) for one in operands)
    return all(isinstance(one, str) for one in operands) or isinstance(operand, bool)


def _holds(kind: Kind) -> str:
    return {"boolean": "true or false", "date": "a day", "datetime": "a moment"}.get(
        kind, "a number" if kind in FITTING_TESTS else "text"
    )


def _spell(kind: Kind) -> str:
    return "write the numbers without quotes" if kind in FITTING_TESTS else "put the values in quotes"
