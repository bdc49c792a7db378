"""The waits between attempts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.policies.backoff import backoff, spread

DICE = st.floats(min_value=0, max_value=1, exclude_max=True)


def highest() -> float:
    return 0.999999


def lowest() -> float:
    return 0.0


def test_without_jitter_the_series_doubles_to_eight_seconds_and_stays_there() -> None:
    waits = [backoff(step, jitter="none", dice=lowest) for step in range(6)]

    assert waits == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]


def test_full_jitter_draws_below_the_step_and_never_below_the_floor() -> None:
    assert backoff(1, dice=lambda: 0.5) == 1.0
    assert backoff(0, dice=lowest) == 0.05
    assert backoff(0, dice=highest) < 1.0


def test_the_numbers_of_the_formula_can_be_chosen() -> None:
    assert backoff(2, jitter="none", dice=lowest, base=0.5, cap=1.5) == 1.5
    assert backoff(0, dice=lowest, floor=0.2) == 0.2


@pytest.mark.parametrize("step", [-1, 0, 2000, 10**9])
def test_any_step_gives_a_wait_within_the_cap(step: int) -> None:
    assert 0.05 <= backoff(step, dice=highest) <= 8.0


def test_a_server_wait_is_spread_by_a_tenth_and_by_a_second_at_most() -> None:
    assert spread(5.0, jitter="full", dice=lambda: 0.5) == pytest.approx(5.25)
    assert spread(100.0, jitter="full", dice=highest) == pytest.approx(101.0, abs=1e-3)
    assert spread(7.0, jitter="none", dice=highest) == 7.0


@given(wait=st.floats(min_value=0, max_value=1e10), roll=DICE)
def test_a_spread_wait_is_never_below_what_the_server_asked_for(wait: float, roll: float) -> None:
    assert wait <= spread(wait, jitter="full", dice=lambda: roll) <= wait + 1.0
