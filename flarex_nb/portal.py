"""The one private event loop, on one daemon thread; the only module that starts threads.

Blocking callers hand a coroutine over and wait in short slices. An interrupt cancels the coroutine and waits at most
0.4 s for it to end, so that nothing of it goes on in the background (measured: with a plain `.result()`, or a nested
loop, the request is repeated after the interrupt).
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import contextlib
import os
import threading
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")

SLICE = 0.05
"""Seconds between two looks of a waiting caller: how often progress is drawn and interrupts are seen."""

AFTER_CANCEL = 0.4
"""Seconds a cancelled coroutine may take to end before the caller stops waiting for it."""


class Portal:
    """A loop that runs on its own thread until the process ends."""

    def __init__(self) -> None:
        """Make the loop; its thread starts with the first coroutine."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._pid = os.getpid()

    def loop(self) -> asyncio.AbstractEventLoop:
        """Return the running loop, started on first use and again after a fork."""
        with self._lock:
            if self._loop is None or self._pid != os.getpid():
                self._loop, self._pid = self._start(), os.getpid()
            return self._loop

    @staticmethod
    def _start() -> asyncio.AbstractEventLoop:
        loop = asyncio.new_event_loop()
        started = threading.Event()

        def work() -> None:
            asyncio.set_event_loop(loop)
            loop.call_soon(started.set)
            loop.run_forever()

        threading.Thread(target=work, name="flarex-portal", daemon=True).start()
        started.wait()
        return loop

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Start the coroutine on the loop and return its future; cancelling that future cancels the coroutine."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop())

    def run(self, coroutine: Coroutine[Any, Any, T], pump: Callable[[], None] | None = None) -> T:
        """Run the coroutine to its end and return its result; `pump` is called in this thread every slice.

        Whatever ends the wait early (KeyboardInterrupt, SystemExit, an error of `pump`) cancels the coroutine first,
        and nothing of it runs on afterwards.
        """
        finished = threading.Event()

        async def tracked() -> T:
            try:
                return await coroutine
            finally:
                finished.set()

        future = self.submit(tracked())
        try:
            return _waited(future, pump or _nothing)
        except BaseException:
            future.cancel()
            if not finished.wait(0):
                finished.wait(AFTER_CANCEL)
            raise

    def at_exit(self, close: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run `close` when the process ends in good order; it has a second."""

        def closing() -> None:
            with contextlib.suppress(Exception):
                self.submit(close()).result(timeout=1.0)

        atexit.register(closing)

    async def wrap(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run the coroutine on the private loop and await it from the caller's; cancelling one cancels the other."""
        if asyncio.get_running_loop() is self._loop:
            return await coroutine
        return await asyncio.wrap_future(self.submit(coroutine))


def _nothing() -> None:
    pass


def _waited(future: concurrent.futures.Future[T], pump: Callable[[], None]) -> T:
    """Return the result, looking up every slice so that an interrupt is seen."""
    while True:
        try:
            result = future.result(timeout=SLICE)
        except concurrent.futures.TimeoutError:
            if future.done():
                raise
            pump()
        else:
            pump()
            return result


PORTAL = Portal()
"""The process's portal: one loop, one thread."""
