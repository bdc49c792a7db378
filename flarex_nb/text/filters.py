"""The filters of an expression, `{{ x | iso }}`, and where the bars between them stand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from flarex_nb.errors import UsageError
from flarex_nb.text.kinds import is_missing, unwrap
from flarex_nb.text.scan import string_end
from flarex_nb.text.source import nearest, shown
from flarex_nb.text.values import epoch

if TYPE_CHECKING:
    from collections.abc import Callable

KNOWN = "default(x), iso, epoch, cents, first, one"
"""The filters, as advice lists them."""


def split_filters(text: str) -> list[tuple[str, int]]:
    """Return the expression and its filters, each with its offset: "a | iso" gives [("a ", 0), (" iso", 3)]."""
    parts, depth, begin, position = list[tuple[str, int]](), 0, 0, 0
    while position < len(text):
        character = text[position]
        if character in "\"'":
            position = string_end(text, position)
            continue
        depth += (character in "([{") - (character in ")]}")
        if character == "|" and depth <= 0:
            parts.append((text[begin:position], begin))
            begin = position + 1
        position += 1
    return [*parts, (text[begin:], begin)]


def default(value: object, instead: object) -> object:
    """Return `instead` where the value is None, NaN, NaT or NA, and the value itself otherwise."""
    return instead if is_missing(value) else value


def apply(name: str, value: object) -> object:
    """Return what the filter of that name makes of the value.

    Raises:
        UsageError: no such filter, or a value it does not take.
    """
    found = FILTERS.get(name)
    if found is None:
        msg = f"there is no filter {shown(name)}.{nearest(name, [*FILTERS, 'default'])}"
        raise UsageError(msg, hint=f"Filters: {KNOWN}.")
    if is_missing(value):
        msg = f"{name} got no value ({value!r})"
        raise UsageError(msg, hint=f"Say what stands for it: {{{{ x | default(...) | {name} }}}}.")
    return found(unwrap(value))


def _iso(value: object) -> str:
    """Return a date or time as ISO 8601, and seconds since 1970 as an instant in UTC (RFC 3339)."""
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return dt.datetime.fromtimestamp(value, dt.UTC).isoformat().replace("+00:00", "Z")
        except (OverflowError, ValueError, OSError):
            msg = "iso got a number that is no time in seconds since 1970"
            raise UsageError(msg, hint="Milliseconds? Divide by 1000 in a cell above.") from None
    raise _wrong(value, "iso", "a date, a time, or seconds since 1970")


def _epoch(value: object) -> int:
    """Return a date or an instant as whole seconds since 1970."""
    if isinstance(value, dt.date):
        return epoch(value)
    raise _wrong(value, "epoch", "a date or a datetime")


def _cents(value: object) -> int:
    """Return an amount of money in hundredths: 9.99 is 999. Refuses a part of a cent rather than round it."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise _wrong(value, "cents", "an amount such as 9.99")
    try:
        amount = Decimal(str(value).strip()).scaleb(2)
        whole = amount.to_integral_value()
    except InvalidOperation:
        raise _wrong(value, "cents", "an amount such as 9.99") from None
    if not amount.is_finite() or amount != whole or abs(amount.adjusted()) > _DIGITS:
        msg = "cents got an amount that is not a whole number of hundredths"
        raise UsageError(msg, hint="Round it first: round(x, 2).")
    return int(whole)


def _first(value: object) -> object:
    """Return the first item of a list."""
    if not isinstance(value, list | tuple):
        raise _wrong(value, "first", "a list")
    if not value:
        msg = "first got an empty list"
        raise UsageError(msg, hint="Say what stands for it in a cell above, or look at what was answered.")
    return value[0]


def _one(value: object) -> object:
    """Return the only item of a list: several are as likely a mistake as none."""
    if isinstance(value, list | tuple) and len(value) > 1:
        msg = f"one got a list of {len(value)} items"
        raise UsageError(msg, hint="Write | first for the first of them, or make the JSONPath narrower.")
    return _first(value)


_DIGITS = 24
FILTERS: dict[str, Callable[[object], object]] = {
    "iso": _iso,
    "epoch": _epoch,
    "cents": _cents,
    "first": _first,
    "one": _one,
}
"""The filters without an argument, by name."""


def _wrong(value: object, name: str, wanted: str) -> UsageError:
    msg = f"{name} takes {wanted}, not a {type(value).__name__}"
    return UsageError(msg, hint=f"Give it {wanted}, or leave | {name} out.")
