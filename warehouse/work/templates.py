"""How texts of the mappings are filled in, and how dates and amounts read in them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from connectors.base import ConfigError

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day(value: date) -> str:
    """ "18 Nov 2026": read the same on both sides of the ocean."""
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def money(amount: Decimal | None, currency: str | None) -> str:
    """ "48,000 USD"; empty for an unknown amount."""
    if amount is None:
        return ""
    digits = f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,.2f}"
    return f"{digits} {currency}" if currency else digits


def _sandbox() -> SandboxedEnvironment:
    sandbox = SandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    sandbox.filters["day"] = day
    return sandbox


_SANDBOX = _sandbox()


@lru_cache(maxsize=1_000)
def _template(source: str) -> Template:
    return _SANDBOX.from_string(source)


def render(source: str, names: Mapping[str, Any], where: str) -> str:
    """A template of the mappings with these names; ConfigError says `where` it stands when it does not work."""
    try:
        return _template(source).render(names).strip()
    except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
        known = ", ".join(sorted(names))
        raise ConfigError(f"{where}: {error}; the names that it may use are {known}") from error
