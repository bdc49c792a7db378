"""Numbers and texts that a profile declares to be instants become UTC datetimes, exactly or not at all.

Microseconds, as pandas 3 has them by default; nanoseconds only where a value needs them. Nothing is guessed: a field
that is not declared stays as it came.
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from flarex_nb.model import Json

_FIRST, _LAST = -62_135_596_800, 253_402_300_799
"""Seconds since 1970 of the years 1 to 9999, which Python's own datetime can hold."""

_NS = 1_000_000_000
_NS_MOST = 2**63 - 1

_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,}))?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


class NotInstantsError(ValueError):
    """Some value of the column is no such instant; the text says which, in words that follow the column's name."""


def from_epoch_seconds(values: Sequence[Json]) -> NDArray[np.datetime64]:
    """Return seconds since 1970, whole or with a fraction, as datetimes.

    Raises:
        NotInstantsError: for a value that is no number, outside the years 1 to 9999, or finer than a nanosecond.
    """
    if set(map(type, values)) == {int} and min(values) >= _FIRST and max(values) <= _LAST:
        return np.array(values, dtype="int64").astype("M8[s]").astype("M8[us]")
    return _datetimes([_epoch_nanoseconds(value) for value in values], values)


def from_rfc3339(values: Sequence[Json]) -> NDArray[np.datetime64]:
    """Return RFC 3339 date-times (section 5.6: the offset is required) as UTC datetimes.

    Raises:
        NotInstantsError: for a value that is no such text, or finer than a nanosecond.
    """
    return _datetimes([_rfc3339_nanoseconds(value) for value in values], values)


def _epoch_nanoseconds(value: Json) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if not _FIRST <= value <= _LAST:  # also NaN and the infinities
        return None
    if isinstance(value, int):
        return value * _NS
    fraction, whole = math.modf(value)
    for per_second in (1_000_000, _NS):
        ticks = int(whole) * per_second + round(fraction * per_second)
        if ticks / per_second == value:  # division of integers rounds once, so equal means nothing was lost
            return ticks * (_NS // per_second)
    return None


def _rfc3339_nanoseconds(value: Json) -> int | None:
    match = _RFC3339.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    date, time, fraction, offset = match.groups(default="")
    digits = fraction.rstrip("0")
    if len(digits) > 9:  # noqa: PLR2004 - nanoseconds
        return None
    try:
        seconds = int(datetime.fromisoformat(f"{date}T{time}{offset.upper()}").timestamp())
    except (ValueError, OverflowError):
        return None
    if not _FIRST <= seconds <= _LAST:  # an offset can lead out of the years there are
        return None
    return seconds * _NS + int(digits.ljust(9, "0"))


def _datetimes(nanoseconds: list[int | None], values: Sequence[Json]) -> NDArray[np.datetime64]:
    whole: list[int] = []
    for instant, value in zip(nanoseconds, values, strict=True):
        if instant is None:
            raise NotInstantsError(_which(value))
        whole.append(instant)
    if all(instant % 1_000 == 0 for instant in whole):
        return np.array([instant // 1_000 for instant in whole], dtype="int64").view("M8[us]")
    if any(abs(instant) > _NS_MOST for instant in whole):
        msg = "holds nanoseconds beside dates that are too far off for them"
        raise NotInstantsError(msg)
    return np.array(whole, dtype="int64").view("M8[ns]")


def _which(value: Json) -> str:
    """Return in words, bounded, what is there instead of an instant."""
    if isinstance(value, str):
        return f"holds {value[:40]!r}"
    if isinstance(value, (list, dict)):
        return "holds a list" if isinstance(value, list) else "holds an object"
    if isinstance(value, int) and value.bit_length() > 100:  # noqa: PLR2004 - some thirty digits
        return "holds a very large integer"
    return f"holds {value!r}"[:60]
