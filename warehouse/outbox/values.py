"""Values as a CRM holds them: when two of them are the same, and which ones a field cannot take."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

import orjson

from connectors.base import FieldSchema

Value = str | int | float | bool | Decimal | date | datetime | None
"""A value of ours on its way out, or one of theirs as JSON brought it."""

NUMBERS = frozenset({"double", "currency", "percent", "int", "long", "integer", "number"})
NO_FIELD = FieldSchema("", "", True, True)
HTML = "html"
"""The type of a text that the vendor keeps as HTML, and rewrites as it likes: only its words are compared."""


def plain(value: Value) -> str | int | float | bool | None:
    """The value as JSON knows it, so that it reads the same from the ledger as it was sent."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def to_json(value: Value | Mapping[str, Value]) -> str:
    """JSON of one value, or of several by name."""
    told = {name: plain(v) for name, v in value.items()} if isinstance(value, Mapping) else plain(value)
    return orjson.dumps(told).decode()


def blank(value: Value) -> bool:
    """Absent, null and empty text are one thing: CRMs store empty text as null."""
    return value is None or (isinstance(value, str) and not value.strip())


def same(ours: Value, theirs: Value, field: FieldSchema = NO_FIELD) -> bool:
    """Whether both mean the same content in this field; only the vendor's spelling may differ (72 and 72.0)."""
    if type(ours) is type(theirs) and ours == theirs:
        return True
    if blank(ours) or blank(theirs):
        return blank(ours) and blank(theirs)
    return _content(ours, field.type) == _content(theirs, field.type)


def as_html(text: str) -> str:
    """Plain text as it looks the same in a field of HTML."""
    return "<br>".join(html.escape(text, quote=False).splitlines())


def _words(text: str) -> list[str]:
    """What a person reads, however it is marked up."""
    return html.unescape(re.sub(r"<[^>]*>", " ", text)).split()


def _content(value: Value, kind: str) -> object:
    if kind in NUMBERS or isinstance(value, int | float | Decimal):
        number = as_number(value)
        return str(value) if number is None else number
    if kind == HTML:
        return _words(str(value))
    if kind == "datetime" or isinstance(value, datetime):
        return as_instant(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value).replace("\r\n", "\n").replace("\r", "\n").strip()  # CRMs trim text and choose its line ends


def as_number(value: Value) -> Decimal | None:
    """The number that the value spells; None where it spells none."""
    if isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def as_instant(value: Value) -> object:
    """The moment that the value spells, whatever its zone is called; other text stays as it is."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return str(value)
    return moment.astimezone(UTC) if moment.tzinfo else moment


def misfit(field: FieldSchema, value: Value) -> str:
    """Why the field cannot take the value, in words; empty when it can. Nothing is ever cut or rounded to fit."""
    if blank(value):
        return ""
    if field.type in NUMBERS:
        return _number_misfit(field, value)
    if field.type == "date" and not _is_date(value):
        return f"{field.name} takes a date, not {value!r}"
    if field.length and len(str(value)) > field.length:
        return f"{field.name} takes {field.length} characters and the text has {len(str(value))}"
    if field.restricted and str(value) not in field.values:
        return f"{field.name} is a restricted picklist without the value {value!r}; it has {', '.join(field.values)}"
    return ""


def _number_misfit(field: FieldSchema, value: Value) -> str:
    number = as_number(value)
    if number is None:
        return f"{field.name} takes a number, not {value!r}"
    if not field.precision:
        return ""
    exponent = number.normalize().as_tuple().exponent
    decimals = max(0, -exponent) if isinstance(exponent, int) else 0
    if decimals > field.scale:
        return f"{field.name} keeps {field.scale} decimals and {value} has {decimals}"
    if abs(number) >= Decimal(10) ** (field.precision - field.scale):
        return f"{field.name} takes {field.precision - field.scale} digits before the point and {value} has more"
    return ""


def _is_date(value: Value) -> bool:
    if isinstance(value, date):
        return not isinstance(value, datetime)
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return False
    return True
