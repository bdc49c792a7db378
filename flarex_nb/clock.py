"""Time, injected: the only module that asks the machine for it.

`now()` is monotonic seconds for measuring and deadlines, `wall()` is seconds since 1970 for dates in headers.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


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

    def timeout(self, seconds: float) -> contextlib.AbstractAsyncContextManager[object]:
        """Return a context that ends its body with TimeoutError after that many seconds."""
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

    def timeout(self, seconds: float) -> contextlib.AbstractAsyncContextManager[object]:
        """Return a context that ends its body with TimeoutError after that many seconds."""
        return asyncio.timeout(seconds)


class VirtualClock:
    """A clock for tests: time passes at once while somebody sleeps, and each wait is recorded in `slept`.

    Alarms ring in order of their time, so concurrent waits interleave as they would in truth. A timeout alone does not
    move the clock: work that is really under way is not cut short.
    """

    def __init__(self, wall: float = 1_700_000_000.0) -> None:
        """Start at monotonic 0 and the given wall time."""
        self._now = 0.0
        self._epoch = wall
        self._alarms: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._asleep = 0
        self._turning = False
        self.slept: list[float] = []

    def now(self) -> float:
        """Return virtual monotonic seconds."""
        return self._now

    def wall(self) -> float:
        """Return virtual seconds since 1970."""
        return self._epoch + self._now

    def advance(self, seconds: float) -> None:
        """Move the clock on and ring every alarm that is due."""
        self._now += seconds
        while self._alarms and self._alarms[0][0] <= self._now:
            heapq.heappop(self._alarms)[2]()

    async def sleep(self, seconds: float) -> None:
        """Wait in virtual time."""
        self.slept.append(seconds)
        loop = asyncio.get_running_loop()
        awake: asyncio.Future[None] = loop.create_future()
        off = self._alarm(seconds, lambda: None if awake.done() else awake.set_result(None))
        self._asleep += 1
        try:
            self._schedule(loop)
            await awake
        finally:
            self._asleep -= 1
            off()

    @contextlib.asynccontextmanager
    async def timeout(self, seconds: float) -> AsyncIterator[object]:
        """Return a context that ends its body with TimeoutError after that many virtual seconds."""
        async with asyncio.timeout(None) as scope:
            off = self._alarm(seconds, lambda: scope.reschedule(0))
            try:
                yield scope
            finally:
                off()

    def _alarm(self, seconds: float, ring: Callable[[], None]) -> Callable[[], None]:
        entry = (self._now + max(0.0, seconds), next(self._order), ring)
        heapq.heappush(self._alarms, entry)

        def off() -> None:
            if entry in self._alarms:
                self._alarms.remove(entry)
                heapq.heapify(self._alarms)

        return off

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._turning:
            self._turning = True
            loop.call_later(0.001, self._turn, loop)

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        self._turning = False
        if self._asleep and self._alarms:
            self.advance(max(0.0, self._alarms[0][0] - self._now))
        if self._asleep:
            self._schedule(loop)
