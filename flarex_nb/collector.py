"""Python's cyclic collector looks less often while very many calls are under way, and as before when they are done.

Thousands of tasks that wait are thousands of objects it walks through again and again to find that nothing is garbage:
a third of a burst's CPU. Nothing is switched off, and a setting that somebody else made meanwhile is left alone.
"""

from __future__ import annotations

import gc

MANY = 64
"""Calls under way from which the collector has more patience."""

PATIENCE = 10_000
"""Objects more than before, until it looks; Python's own default is 700 (2,000 from 3.13 on)."""


class Collector:
    """Counts the calls under way; used on one thread."""

    def __init__(self) -> None:
        """Begin with none."""
        self._under_way = 0
        self._before: tuple[int, int, int] | None = None

    def begun(self) -> None:
        """Count one call more."""
        self._under_way += 1
        if self._under_way == MANY:
            self._be_patient()

    def ended(self) -> None:
        """Count one call less."""
        self._under_way -= 1
        if self._under_way < MANY // 2:
            self.restore()

    def restore(self) -> None:
        """Put the thresholds back as they were found, unless somebody changed them since."""
        before, self._before = self._before, None
        if before is not None and gc.get_threshold() == (PATIENCE, *before[1:]):
            gc.set_threshold(*before)

    def _be_patient(self) -> None:
        before = gc.get_threshold()
        if 0 < before[0] < PATIENCE:  # 0: it does not look at all
            self._before = before
            gc.set_threshold(PATIENCE, *before[1:])
