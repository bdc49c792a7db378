"""Dates in headers, read to seconds since 1970 UTC; asks no clock: what is needed of "now" comes as an argument.

Nothing here raises, whatever the text.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from flarex_nb.policies.durations import bounded, decimal

_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_DAY = r"(?:mon|tue|wed|thu|fri|sat|sun)"
_CLOCK = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)})"
_ZONE = r"(?:gmt|utc)"
_HTTP_DATES = tuple(
    re.compile(form, re.IGNORECASE | re.ASCII)
    for form in (
        rf"{_DAY}, ?(?P<day>[0-9]{{1,2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_CLOCK} {_ZONE}",
        rf"{_DAY}[a-z]*, ?(?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{2}}) {_CLOCK} {_ZONE}",
        rf"{_DAY} {_MONTH} (?P<day>[ 0-9][0-9]) {_CLOCK} (?P<year>[0-9]{{4}})",
    )
)
_RFC3339 = re.compile(
    rf"(?P<year>[0-9]{{4}})-(?P<month>[0-9]{{2}})-(?P<day>[0-9]{{2}})[Tt ]{_CLOCK}(?P<fraction>\.[0-9]+)?"
    r"(?:[Zz]|(?P<sign>[+-])(?P<hours>[0-9]{2}):?(?P<minutes>[0-9]{2}))"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LEAP_SECOND = 60
_TWO_DIGITS = 100
_HALF_CENTURY = 50

_EPOCH_SECONDS_FROM = 1e9
"""A number this large is seconds since 1970 (September 2001); no server asks for 31 years."""

_EPOCH_MILLIS_FROM = 1e11
"""A number this large is milliseconds since 1970 (March 1973); as seconds it would be the year 5138."""


def http_date(text: str, now: float) -> float | None:
    """Return the moment of an HTTP-date in any of its three forms (RFC 9110 5.6.7), None when it is none of them.

    A two-digit year that would lie more than 50 years after `now` is the past year of those digits.
    """
    trimmed = text.strip(" \t")
    for form in _HTTP_DATES:
        match = form.fullmatch(trimmed)
        if match:
            year = int(match["year"])
            if len(match["year"]) == len("94"):
                year = _century(year, now)
            return _moment(year, _MONTHS[match["month"].lower()], match)
    return None


def rfc3339(text: str) -> float | None:
    """Return the moment of an RFC 3339 date and time with its zone, None when it is not one."""
    match = _RFC3339.fullmatch(text.strip(" \t"))
    if match is None:
        return None
    moment = _moment(int(match["year"]), int(match["month"]), match)
    if moment is None:
        return None
    offset = int(match["hours"] or 0) * 3600 + int(match["minutes"] or 0) * 60
    return moment + float(match["fraction"] or 0) - (-offset if match["sign"] == "-" else offset)


def reset_in(text: str, now: float) -> float | None:
    """Return how many seconds from `now` a limit resets, from a text whose meaning shows in its size.

    A number from 1e11 is milliseconds since 1970, from 1e9 seconds since 1970, below that seconds from now; a date is
    itself. None for anything else, and for negative numbers, which servers send for "unknown".
    """
    value = decimal(text)
    if value is None:
        moment = rfc3339(text)
        moment = http_date(text, now) if moment is None else moment
        return None if moment is None else bounded(moment - now)
    if value < 0:
        return None
    if value >= _EPOCH_MILLIS_FROM:
        return bounded(value / 1000 - now)
    return bounded(value - now if value >= _EPOCH_SECONDS_FROM else value)


def _century(digits: int, now: float) -> int:
    this_year = 1970 + int(now // 31_556_952)
    year = this_year - this_year % _TWO_DIGITS + digits
    return year - _TWO_DIGITS if year > this_year + _HALF_CENTURY else year


def _moment(year: int, month: int, match: re.Match[str]) -> float | None:
    second = int(match["second"])
    leap = second == _LEAP_SECOND
    try:
        whole = datetime(
            year, month, int(match["day"]), int(match["hour"]), int(match["minute"]), second - leap, tzinfo=UTC
        )
    except ValueError:
        return None
    return (whole - _EPOCH) / timedelta(seconds=1) + leap
