"""What kind of thing a value is, told without importing the library it came from; and two kinds of text of our own."""

from __future__ import annotations

import math
from decimal import Decimal
from enum import Enum

_TABLES = frozenset({"DataFrame", "LazyFrame", "Series", "Table", "Index", "RecordBatch", "ChunkedArray"})


class CellText(str):
    """Text of an `@name = value` line: where JSON wants a value, `5` and `true` are what they look like."""

    __slots__ = ()


class Marked(str):
    """Text in which markers of secrets stand; `secrets` are their names. Where it may go is asked each time."""

    __slots__ = ("secrets",)
    secrets: tuple[str, ...]

    def __new__(cls, text: str, secrets: tuple[str, ...]) -> Marked:  # noqa: PYI034 - never subclassed
        """Return the text with the names of its secrets."""
        made = super().__new__(cls, text)
        made.secrets = secrets
        return made


class Instant(str):
    """The ISO text of a date or time that may still become seconds: a form wants those where JSON wants text."""

    __slots__ = ("epoch",)
    epoch: int

    def __new__(cls, text: str, epoch: int) -> Instant:  # noqa: PYI034 - never subclassed
        """Return the text with its whole seconds since 1970."""
        made = super().__new__(cls, text)
        made.epoch = epoch
        return made


def secret_name(value: object) -> str | None:
    """Return the name a secret's handle stands for, None for anything else."""
    try:
        name = getattr(value, "flarex_secret_name", None)
    except Exception:  # noqa: BLE001 - a foreign object's own attribute lookup may do anything
        return None
    return name if isinstance(name, str) else None


def is_table(value: object) -> bool:
    """Return whether the value is a data frame, a column of one, or an Arrow table."""
    return any(kind.__name__ in _TABLES and kind.__module__ != "builtins" for kind in type(value).__mro__)


def is_missing(value: object) -> bool:
    """Return whether the value is None, NaN, NaT or NA."""
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    value = unwrap(value)
    return (isinstance(value, float) and math.isnan(value)) or (isinstance(value, Decimal) and value.is_nan())


def unwrap(value: object) -> object:
    """Return the plain value inside an Enum member or a numpy scalar."""
    if isinstance(value, Enum):
        return unwrap(value.value)
    if hasattr(type(value), "dtype") and hasattr(type(value), "item") and getattr(value, "ndim", None) == 0:
        return value.item()  # type: ignore[attr-defined]  # looked for on the line above
    return value
