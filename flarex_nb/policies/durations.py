"""Texts that mean a length of time, read to seconds; a text that does not fit its form is None, never a guess.

Nothing here raises, whatever the text. Only ASCII digits count: other scripts' digits are not HTTP.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flarex_nb.model import Json

CEILING = 1e10
"""Seconds any wait is cut to (317 years), so that an absurd but valid one stays finite and still means "not now"."""

_DECIMAL = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_COUNT = re.compile(r"([0-9]{1,18})(?:\.[0-9]*)?(?:[ \t]*[,;].*)?", re.DOTALL)
_GO_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h|d)")
_PROTO = re.compile(r"-?[0-9]+(?:\.[0-9]{1,9})?s")
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def bounded(seconds: float) -> float:
    """Return the seconds as a wait: 0 for a moment that is over, at most the ceiling."""
    return min(max(seconds, 0.0), CEILING)


def plain(seconds: float) -> str:
    """Return seconds as a person writes them: "3600", "0.65", "29.98"."""
    text = f"{seconds:.3f}".rstrip("0").rstrip(".")
    return "0.001" if text == "0" and seconds > 0 else text


def decimal(text: str) -> float | None:
    """Return the number of digits with an optional point and minus; None for exponents, "inf", "nan" and words."""
    trimmed = text.strip(" \t")
    return float(trimmed) if _DECIMAL.fullmatch(trimmed) else None


def count(text: str) -> int | None:
    """Return the first number of a limit's list (`100, 100;w=60` is 100); None for a negative one: it means unknown."""
    match = _COUNT.fullmatch(text.strip(" \t"))
    return int(match[1]) if match else None


def number(value: Json) -> float | None:
    """Return a number of a JSON document, also one in quotes; None for anything else, for infinities and NaN."""
    if isinstance(value, str):
        return decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        read = float(value)
    except OverflowError:
        return CEILING if value > 0 else 0.0
    return read if math.isfinite(read) else None


def go_duration(text: str) -> float | None:
    """Return the seconds of a Go duration (`6m0s`, `20ms`, `1h2m3.5s`) or of a bare number of seconds.

    The form is that of Go's time.ParseDuration, without a sign: -1 is what some servers send for "unknown". A day
    ("d") is taken too.
    """
    trimmed = text.strip(" \t")
    bare = decimal(trimmed)
    if bare is not None:
        return bounded(bare) if bare >= 0 else None
    total, end = 0.0, 0
    while part := _GO_PART.match(trimmed, end):  # from where the last one ended: a search would be quadratic
        total, end = total + float(part[1]) * _UNITS[part[2]], part.end()
    return bounded(total) if 0 < end == len(trimmed) else None


def proto_duration(value: Json) -> float | None:
    """Return the seconds of a protobuf Duration in JSON: `"12s"`, `"1.5s"`, or an object of seconds and nanos.

    See the JSON mapping of google.protobuf.Duration (protobuf.dev/programming-guides/json).
    """
    if isinstance(value, str):
        return bounded(float(value[:-1])) if _PROTO.fullmatch(value) else None
    if isinstance(value, dict):
        seconds, nanos = number(value.get("seconds", 0)), number(value.get("nanos", 0))
        return None if seconds is None or nanos is None else bounded(seconds + nanos * 1e-9)
    return None
