"""How long one attempt may take, and which choices of times make no sense; knows no clock."""

from __future__ import annotations

import math

from flarex_nb.errors import UsageError

MOST_ATTEMPTS = 100
"""Attempts of one call at most; more is a loop, not a retry."""


def attempt_limit(attempt_timeout: float, left: float) -> float:
    """Return the seconds one attempt may take with `left` seconds before the deadline; 0 when none are left."""
    return max(0.0, min(attempt_timeout, left))


def check_times(attempts: int, attempt_timeout: float, deadline: float, total: float | None = None) -> None:
    """Raise UsageError, naming the option, for times no call can keep.

    Each time is finite and above 0 seconds; an attempt must fit into the deadline and into the total; attempts are a
    whole number from 1 to 100. A total below the deadline is fine: it ends the call first.
    """
    _check_attempts(attempts)
    _check_time("attempt_timeout", attempt_timeout)
    _check_time("deadline", deadline)
    _check_fits(attempt_timeout, "deadline", deadline)
    if total is not None:
        _check_time("total", total)
        _check_fits(attempt_timeout, "total", total)


def _check_attempts(attempts: object) -> None:
    if isinstance(attempts, bool) or not isinstance(attempts, int) or not 1 <= attempts <= MOST_ATTEMPTS:
        message = f"attempts must be a whole number from 1 to {MOST_ATTEMPTS}, not {attempts!r}."
        raise UsageError(message, hint="The first send counts: attempts=1 means no retry.", place="attempts")


def _check_time(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not _is_length(value):
        message = f"the option {name} must be a number of seconds above 0, not {value!r}."
        raise UsageError(message, hint=f"For example {name}=30.", place=name)


def _is_length(value: float) -> bool:
    try:
        return math.isfinite(value) and value > 0
    except OverflowError:
        return False


def _check_fits(attempt_timeout: float, name: str, value: float) -> None:
    if attempt_timeout > value:
        what = f"the option attempt_timeout={attempt_timeout:g}"
        message = f"{what} is longer than {name}={value:g}, so no attempt could use it."
        hint = f"Raise {name} to {attempt_timeout:g} or more, or lower attempt_timeout."
        raise UsageError(message, hint=hint, place="attempt_timeout")
