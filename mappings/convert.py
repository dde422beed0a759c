"""Converters: a value of theirs becomes a value of ours exactly, or is refused with the reason.

Nothing is stripped, rounded, cut or guessed. An empty text is no value; the text "NA" is a text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mappings.convert_values import READERS, Refused, as_text, shown
from mappings.models import PullField, Scalar

__all__ = ["Converted", "as_text", "converter"]

Converted = tuple[Any, str | None]
"""The value, and why it was refused (then the value is None)."""


def converter(field: PullField) -> Callable[[Any], Converted]:
    """What turns a value of the field into ours; built once a field, called once a record."""
    if field.from_ is None:
        constant = field.constant
        return lambda _: (constant, None)
    read = READERS[field.as_]
    change = None if field.values is None else _by_map(field.values, field.else_)

    def convert(value: Any) -> Converted:
        if value is None or value == "":
            return None, None
        try:
            ours = read(value)
            return (ours if change is None else change(ours)), None
        except Refused as refused:
            return None, str(refused)

    return convert


def _by_map(values: Mapping[str, Scalar], otherwise: str) -> Callable[[Any], Any]:
    def change(value: Any) -> Any:
        if value is None:
            return None
        key = as_text(value)
        if key in values:
            return values[key]
        if otherwise == "refuse":
            raise Refused(f"{shown(value)} is not listed in `values` ({', '.join(values)}); add it, or an `else`")
        return value if otherwise == "keep" else None

    return change
