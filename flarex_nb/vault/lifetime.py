"""How long a secret counts: lifetimes as people write them, dates as they read them. Pure; asks no clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from flarex_nb.errors import SecretExpired, UsageError

Lifetime: TypeAlias = "float | str | timedelta | datetime | None"
"""Seconds, "90d", "12h", "10m", "2027-01-31" (its end, UTC), a timedelta or an aware datetime; None for no end."""

KEPT: Final = 600.0
"""Seconds the replaced value still counts after a rotation, unless said otherwise."""

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_WRITTEN: Final = re.compile(r"([0-9]{1,6})\s*([smhdw])")
_LONGEST: Final = 100 * 366 * 86400


def seconds_of(length: float | str | timedelta) -> float:
    """Return a length of time in seconds.

    Raises:
        UsageError: it is none, or is not between 0 and 100 years.
    """
    found: float = -1.0
    if isinstance(length, timedelta):
        found = length.total_seconds()
    elif isinstance(length, str):
        written = _WRITTEN.fullmatch(length.strip().lower())
        found = int(written[1]) * _SECONDS[written[2]] if written else -1.0
    else:
        found = float(length)
    if not 0 <= found <= _LONGEST:
        msg = "this is no length of time"
        raise UsageError(msg, hint="Write 10m, 12h or 90d, or a number of seconds.")
    return found


def end_of(lifetime: Lifetime, now: float) -> float:
    """Return when the lifetime ends, in seconds since 1970; 0.0 for never.

    Raises:
        UsageError: it cannot be read, or is over already.
    """
    if lifetime is None:
        return 0.0
    end = _moment(lifetime)
    end = now + seconds_of(lifetime) if end is None and not isinstance(lifetime, datetime) else end or 0.0
    if end <= now:
        msg = "the secret's time would be over already"
        raise UsageError(msg, hint="Write how long it counts from now (90d), or a date to come (2027-01-31).")
    return end


def _moment(lifetime: float | str | timedelta | datetime) -> float | None:
    """Return the moment that a date means, None for what is a length of time."""
    if isinstance(lifetime, datetime):
        if lifetime.tzinfo is None:
            msg = "the date has no time zone"
            raise UsageError(msg, hint="Give it one: datetime(..., tzinfo=timezone.utc).")
        return lifetime.timestamp()
    if isinstance(lifetime, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", lifetime.strip()):
        try:
            return datetime.fromisoformat(lifetime.strip()).replace(tzinfo=UTC).timestamp() + _SECONDS["d"]
        except ValueError:
            msg = "there is no such date"
            raise UsageError(msg, hint="Write it as 2027-01-31.") from None
    return None


def date(wall: float) -> str:
    """Return the day, "2027-01-31", in UTC."""
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%d")


def moment(wall: float) -> str:
    """Return day and time, "2027-01-31 09:30:00Z"."""
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def expired(name: str, end: float) -> SecretExpired:
    """Return the error for a value whose time is over."""
    msg = f"{name} expired on {moment(end)}"
    return SecretExpired(msg, hint=f"Give it a new value: %flarex_secrets rotate {name}.")
