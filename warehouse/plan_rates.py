"""Plan rates: one fixed rate a currency and fiscal year, so that exchange rates never look like growth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from mappings.models import CurrencySettings
from warehouse.intake import fits
from warehouse.issues import Issue

CENT = Decimal("0.0001")


@dataclass(frozen=True)
class Rates:
    """The rates of one fiscal year."""

    year: int
    reporting: str
    rates: Mapping[str, Decimal]


def of(settings: CurrencySettings, as_of: date) -> Rates:
    """The rates for a day; a fiscal year is called after the calendar year in which it ends."""
    later = settings.fiscal_year_starts > 1 and as_of.month >= settings.fiscal_year_starts
    year = as_of.year + (1 if later else 0)
    rates = {settings.reporting: Decimal(1), **settings.plan_rates.get(year, {})}
    return Rates(year, settings.reporting, rates)


def total(
    amounts: Iterable[tuple[Decimal | None, str | None]], rates: Rates, account_id: str, found: list[Issue]
) -> Decimal | None:
    """The amounts in the reporting currency; None when there is none, or one that has no rate."""
    sum_ = None
    for amount, currency in amounts:
        if amount is None:
            continue
        rate = rates.rates.get(currency or "")
        if rate is None:
            found.append(_missing(currency, rates, account_id))
            return None
        sum_ = (sum_ or Decimal(0)) + amount * rate
    if sum_ is not None and abs(sum_) >= fits.AMOUNT_LIMIT:
        message = f"{sum_:f} {rates.reporting} has more than 16 digits; it is left out"
        found.append(Issue("enormous_amount", "", "accounts", account_id, "arr_reporting", message))
        return None
    return None if sum_ is None else sum_.quantize(CENT)


def _missing(currency: str | None, rates: Rates, account_id: str) -> Issue:
    if currency is None:
        message = "an amount without a currency: its value is unknown; map `currency`, or give it as a constant"
        return Issue("missing_currency", "", "accounts", account_id, "currency", message)
    message = f"no plan rate from {currency} to {rates.reporting} in fiscal year {rates.year}; add it to crmpulse.yaml"
    return Issue("missing_rate", "", "accounts", f"{currency} {rates.year}", "arr_native", message)


def distinct(found: Iterable[Issue]) -> list[Issue]:
    """A missing rate is one finding, however many accounts need it."""
    counted = Counter(found)
    return [
        issue._replace(message=f"{issue.message} ({n} accounts have unknown ARR)") if n > 1 else issue
        for issue, n in counted.items()
    ]
