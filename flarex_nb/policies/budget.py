"""Retry credit: many failures in a row spend it, so that a notebook full of calls does not become a storm.

A frozen value in, a frozen value out. The shape is botocore's standard mode (a retry quota of tokens that successes
refill), scaled to one notebook and one credential.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

CREDIT = 20.0
"""Credit at the start, and the most there can be."""

LIMITED_COST = 1.0
"""What a retry after a rate limit costs: the server asked for it."""

FAILURE_COST = 3.0
"""What any other retry costs."""

FIRST_TRY_REFUND = 0.1
"""What a call that needs no retry gives back."""

_ROUNDING = 1e-9
"""Tenths do not add up exactly in a float; a credit this close to a cost still pays it."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The credit left for retries with one credential."""

    credit: float = CREDIT

    def affords(self, cost: float) -> bool:
        """Return whether a retry of that cost may be made."""
        return self.credit + _ROUNDING >= cost


def cost_of(*, limited: bool) -> float:
    """Return what a retry costs: less when the server refused for a limit than when something failed."""
    return LIMITED_COST if limited else FAILURE_COST


def spend(budget: Budget, cost: float) -> Budget | None:
    """Return the budget after a retry of that cost, None when it cannot pay."""
    return replace(budget, credit=max(budget.credit - cost, 0.0)) if budget.affords(cost) else None


def refund(budget: Budget, spent: float = 0.0) -> Budget:
    """Return the budget after a success: what its retries cost (`spent`), or a tenth when it needed none."""
    return Budget(min(budget.credit + (spent or FIRST_TRY_REFUND), CREDIT))
