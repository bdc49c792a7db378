"""Retry credit."""

from __future__ import annotations

import pytest

from flarex_nb.policies.budget import Budget, cost_of, refund, spend


def test_a_retry_after_a_limit_costs_one_and_any_other_three() -> None:
    assert cost_of(limited=True) == 1.0
    assert cost_of(limited=False) == 3.0


def test_twenty_of_credit_pays_six_retries_after_failures() -> None:
    budget: Budget | None = Budget()
    paid = 0

    while budget is not None and (budget := spend(budget, cost_of(limited=False))) is not None:
        paid += 1

    assert paid == 6


def test_an_empty_budget_pays_nothing() -> None:
    assert spend(Budget(0.0), 1.0) is None


def test_a_success_gives_back_what_its_retries_cost_and_never_more_than_there_was() -> None:
    assert refund(Budget(10.0), 6.0) == Budget(16.0)
    assert refund(Budget(19.0), 6.0) == Budget(20.0)


def test_ten_clean_successes_pay_for_one_retry_after_a_limit() -> None:
    budget = Budget(0.0)

    for _ in range(10):
        budget = refund(budget)

    assert budget.credit == pytest.approx(1.0)
    assert spend(budget, cost_of(limited=True)) is not None
