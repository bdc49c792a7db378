"""The way between a caller's loop and ours, which run on different threads: work goes over, its end comes back.

Whatever is ready goes with one wake-up in each direction; a wake-up for every call (`run_coroutine_threadsafe`) cost
more than the rest of the way in a burst of thousands. Starts no thread and knows nothing of what the work is.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from flarex_nb.collector import Collector

T = TypeVar("T")

AT_ONCE = 100
"""Pieces of work begun in one turn of the loop: what was begun before gets its turn before the rest of a burst."""


class _Passage:
    """One piece of work: what to run and in which context, the caller's future, and our task once it is begun."""

    __slots__ = ("context", "coroutine", "future", "stopped", "task")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], future: asyncio.Future[Any]) -> None:
        self.coroutine = coroutine
        self.future = future
        self.context = copy_context()
        self.task: asyncio.Task[Any] | None = None
        self.stopped = False


class Crossing:
    """The way between our loop and one other."""

    def __init__(self, ours: asyncio.AbstractEventLoop, collector: Collector) -> None:
        """Take our loop, and whom to tell how much is under way there.

        The caller's loop is the one that runs wherever `over` is awaited, always the same.
        """
        self._ours = ours
        self._collector = collector
        self._going: deque[_Passage] = deque()
        self._coming: list[_Passage] = []
        self._called = False

    async def over(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Return what the coroutine returns on our loop; cancelling one side cancels the other."""
        passage = _Passage(coroutine, asyncio.get_running_loop().create_future())
        self._go(passage)
        try:
            return await passage.future  # type: ignore[no-any-return]  # what the coroutine returned
        except (asyncio.CancelledError, GeneratorExit):
            passage.stopped = True
            self._go(passage)
            raise

    def _go(self, passage: _Passage) -> None:
        """Put it on the way, to go together with all others of this turn (on the caller's thread)."""
        self._going.append(passage)
        if not self._called:
            self._called = True
            try:
                passage.future.get_loop().call_soon(self._wake)
            except RuntimeError:  # that loop is closed, and only what is to be stopped comes from there
                self._wake()

    def _wake(self) -> None:
        """Wake our loop; to do so for each call would hand the interpreter to and fro between the threads."""
        self._ours.call_soon_threadsafe(self._begin)

    def _begin(self) -> None:
        """Begin or stop what came over (on our thread)."""
        self._called = False  # before looking: what comes now wakes again
        for _ in range(min(len(self._going), AT_ONCE)):
            passage = self._going.popleft()
            if passage.stopped:
                self._stop(passage)
            else:
                self._collector.begun()
                passage.task = self._ours.create_task(passage.coroutine, context=passage.context)
                passage.task.add_done_callback(partial(self._ended, passage))
        if self._going and not self._called:
            self._called = True
            self._ours.call_soon(self._begin)

    @staticmethod
    def _stop(passage: _Passage) -> None:
        if passage.task is None:
            passage.coroutine.close()
        else:
            passage.task.cancel()

    def _ended(self, passage: _Passage, _: asyncio.Task[Any]) -> None:
        """Send the end back together with all others of this turn (on our thread)."""
        self._collector.ended()
        if not self._coming:
            self._ours.call_soon(self._call)
        self._coming.append(passage)

    def _call(self) -> None:
        """Wake the caller's loop with all that ended; where it is closed, nobody waits any more (on our thread)."""
        ended, self._coming = self._coming, []
        with contextlib.suppress(RuntimeError):
            ended[0].future.get_loop().call_soon_threadsafe(_arrive, ended)


def _arrive(ended: list[_Passage]) -> None:
    """Give the ends to those who still wait for them (on the caller's thread)."""
    for passage in ended:
        if passage.task is not None and not passage.future.done():
            _settle(passage.future, passage.task)


def _settle(future: asyncio.Future[Any], task: asyncio.Task[Any]) -> None:
    """Let the future end as the task did."""
    if task.cancelled():
        future.cancel()
    elif (error := task.exception()) is not None:
        future.set_exception(error)
    else:
        future.set_result(task.result())
