"""How long an attempt may take, and times that make no sense."""

from __future__ import annotations

import math
from typing import Any

import pytest

from flarex_nb.errors import UsageError
from flarex_nb.policies.deadline import attempt_limit, check_times


def test_an_attempt_ends_at_its_limit_or_at_the_deadline_whichever_is_first() -> None:
    assert attempt_limit(10.0, 30.0) == 10.0
    assert attempt_limit(10.0, 4.0) == 4.0
    assert attempt_limit(10.0, -1.0) == 0.0


def test_case_28_three_attempts_of_ten_seconds_end_within_a_total_of_25() -> None:
    now, total, limits = 0.0, 25.0, []

    for wait in (0.0, 1.0, 2.0):
        now += wait
        limits.append(attempt_limit(10.0, total - now))
        now += limits[-1]

    assert limits == [10.0, 10.0, 2.0]
    assert now == 25.0


def test_case_29_an_attempt_longer_than_the_deadline_is_refused() -> None:
    with pytest.raises(UsageError, match="attempt_timeout=40 is longer than deadline=30"):
        check_times(3, 40.0, 30.0)
    with pytest.raises(UsageError, match="longer than total=8"):
        check_times(3, 10.0, 30.0, 8.0)


def test_times_that_fit_are_accepted() -> None:
    check_times(3, 10.0, 30.0)
    check_times(1, 30, 30, 30)
    check_times(100, 0.1, 30.0, 20.0)


@pytest.mark.parametrize("attempts", [0, -1, 101, 2.0, True, "3", None])
def test_attempts_outside_one_to_a_hundred_are_refused(attempts: Any) -> None:
    with pytest.raises(UsageError, match="attempts must be a whole number") as caught:
        check_times(attempts, 10.0, 30.0)

    assert caught.value.place == "attempts"


@pytest.mark.parametrize("value", [0, 0.0, -1.0, math.nan, math.inf, True, "30", 10**400])
@pytest.mark.parametrize("name", ["attempt_timeout", "deadline", "total"])
def test_times_that_are_no_length_are_refused_by_name(name: str, value: Any) -> None:
    times: dict[str, Any] = {"attempt_timeout": 10.0, "deadline": 30.0, "total": 60.0}

    with pytest.raises(UsageError, match=f"{name} must be a number of seconds above 0"):
        check_times(3, **(times | {name: value}))
