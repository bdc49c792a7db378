"""Time, injected: the only module that asks the machine for it.

`now()` is monotonic seconds for measuring and deadlines, `wall()` is seconds since 1970 for dates in headers.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from typing import Protocol


class Clock(Protocol):
    """What the pipeline needs of time."""

    def now(self) -> float:
        """Return monotonic seconds."""
        ...

    def wall(self) -> float:
        """Return seconds since 1970-01-01 UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds; cancellable."""
        ...


class RealClock:
    """The machine's time."""

    def now(self) -> float:
        """Return monotonic seconds."""
        return time.monotonic()

    def wall(self) -> float:
        """Return seconds since 1970-01-01 UTC."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds."""
        await asyncio.sleep(seconds)


class VirtualClock:
    """A clock for tests: `sleep` moves it at once when nobody else is running, and records each wait.

    Sleepers wake in order of their time, so concurrent waits interleave as they would in truth.
    """

    def __init__(self, wall: float = 1_700_000_000.0) -> None:
        """Start at monotonic 0 and the given wall time."""
        self._now = 0.0
        self._epoch = wall
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._turning = False
        self.slept: list[float] = []

    def now(self) -> float:
        """Return virtual monotonic seconds."""
        return self._now

    def wall(self) -> float:
        """Return virtual seconds since 1970."""
        return self._epoch + self._now

    def advance(self, seconds: float) -> None:
        """Move the clock on and wake whoever is due."""
        self._now += seconds
        while self._sleepers and self._sleepers[0][0] <= self._now:
            _, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)

    async def sleep(self, seconds: float) -> None:
        """Wait in virtual time."""
        self.slept.append(seconds)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._sleepers, (self._now + max(0.0, seconds), next(self._order), future))
        self._schedule(loop)
        await future

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._turning:
            self._turning = True
            loop.call_later(0.001, self._turn, loop)

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        self._turning = False
        self._sleepers = [entry for entry in self._sleepers if not entry[2].done()]
        heapq.heapify(self._sleepers)
        if self._sleepers:
            self.advance(max(0.0, self._sleepers[0][0] - self._now))
        if self._sleepers:
            self._schedule(loop)
