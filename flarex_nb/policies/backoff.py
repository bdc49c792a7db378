"""How long to wait before the next attempt; says nothing about whether there is one, and rolls no dice of its own.

Full jitter (a wait drawn evenly between nothing and the step) spreads callers that failed together best:
"Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from flarex_nb.model import Jitter

BASE = 1.0
"""Seconds of the first step."""

CAP = 8.0
"""Seconds no step passes."""

FLOOR = 0.05
"""Seconds a jittered wait never falls below, so that three attempts never land in one instant."""

SPREAD_SHARE = 0.1
"""Share of a server's wait that may be added to it, so that all its callers do not return together."""

SPREAD_MOST = 1.0
"""Seconds that may be added at most."""

_LAST_DOUBLING = 64
"""Doublings after which any step is at its cap; keeps the power within a float."""


def backoff(
    step: int,
    *,
    jitter: Jitter = "full",
    dice: Callable[[], float],
    base: float = BASE,
    cap: float = CAP,
    floor: float = FLOOR,
) -> float:
    """Return the wait in seconds before retry number `step` (0-based).

    The bound is min(base * 2**step, cap). "full" draws evenly between 0 and it, never below `floor`; "none" waits it
    exactly. `dice` returns a number in [0, 1).
    """
    bound = min(base * 2.0 ** min(max(step, 0), _LAST_DOUBLING), cap)
    if jitter == "none":
        return bound
    return max(floor, bound * dice())


def spread(server_wait: float, *, jitter: Jitter, dice: Callable[[], float]) -> float:
    """Return the server's wait in seconds plus up to a tenth of it, 1 s at most; never less than it asked for."""
    if jitter == "none":
        return server_wait
    return server_wait + dice() * min(SPREAD_SHARE * server_wait, SPREAD_MOST)
