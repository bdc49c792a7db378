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
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from flarex_nb.collector import Collector
from flarex_nb.crossing import Crossing
from flarex_nb.errors import UsageError

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
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._collector = Collector()
        self._crossings: WeakKeyDictionary[asyncio.AbstractEventLoop, Crossing] = WeakKeyDictionary()

    def forget(self) -> None:
        """Start anew at the next use: in a forked child the thread is gone and the lock may be held by nobody."""
        self._loop, self._thread, self._lock = None, None, threading.Lock()
        self._crossings = WeakKeyDictionary()
        self._collector.restore()
        self._collector = Collector()

    def loop(self) -> asyncio.AbstractEventLoop:
        """Return the running loop, started on first use and again after a fork."""
        with self._lock:
            if self._loop is None:
                self._loop = self._start()
            return self._loop

    def _start(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.new_event_loop()
        started = threading.Event()

        def work() -> None:
            asyncio.set_event_loop(loop)
            loop.call_soon(started.set)
            loop.run_forever()

        self._thread = threading.Thread(target=work, name="flarex-portal", daemon=True)
        self._thread.start()
        started.wait()
        return loop

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Start the coroutine on the loop and return its future; cancelling that future cancels the coroutine."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop())

    def run(self, coroutine: Coroutine[Any, Any, T], pump: Callable[[], None] | None = None) -> T:
        """Run the coroutine to its end and return its result; `pump` is called in this thread every slice.

        Whatever ends the wait early (KeyboardInterrupt, SystemExit, an error of `pump`) cancels the coroutine first,
        and nothing of it runs on afterwards.

        Raises:
            UsageError: called on the private loop itself, where waiting would stop everything.
        """
        if threading.current_thread() is self._thread:
            coroutine.close()
            msg = "a blocking call was made on the package's own loop, which would wait for itself"
            raise UsageError(msg, hint="In a listener or a coroutine of the package, await acall(...) instead.")
        work = _Work(coroutine)
        try:
            return _waited(self.submit(work.run()), pump or _nothing)
        except BaseException:
            work.stop(self.loop())
            raise

    async def attend(self, coroutine: Coroutine[Any, Any, T], pump: Callable[[], None]) -> T:
        """Await what `run` waits for, with the caller's loop turning every slice; the end of the wait ends it as there.

        A kernel that got an interrupt cancels the awaiting task only when its loop turns, hence the slices.
        """
        work = _Work(coroutine)
        future = asyncio.wrap_future(self.submit(work.run()))
        try:
            while not future.done():
                await asyncio.wait({future}, timeout=SLICE)
                pump()
        except BaseException:
            work.stop(self.loop())
            raise
        return future.result()

    def at_exit(self, close: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run `close` when the process ends in good order; it has a second."""

        def closing() -> None:
            with contextlib.suppress(Exception):
                self.submit(close()).result(timeout=1.0)

        atexit.register(closing)

    async def wrap(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run the coroutine on the private loop and await it from the caller's; cancelling one cancels the other."""
        theirs = asyncio.get_running_loop()
        if theirs is self._loop:
            return await coroutine
        crossing = self._crossings.get(theirs)
        if crossing is None:
            crossing = self._crossings[theirs] = Crossing(self.loop(), self._collector)
        return await crossing.over(coroutine)


class _Work(Generic[T]):
    """A coroutine that can be stopped from another thread at any moment, also before it has begun."""

    def __init__(self, coroutine: Coroutine[Any, Any, T]) -> None:
        self._coroutine = coroutine
        self._task: asyncio.Task[Any] | None = None
        self._stopped = False
        self._ended = threading.Event()

    async def run(self) -> T:
        """Run it, unless it was stopped before."""
        self._task = asyncio.current_task()
        try:
            if self._stopped:
                self._coroutine.close()
                raise asyncio.CancelledError
            return await self._coroutine
        finally:
            self._ended.set()

    def stop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cancel it and wait a moment for its end."""
        self._stopped = True
        loop.call_soon_threadsafe(self._cancel)
        self._ended.wait(AFTER_CANCEL)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()


def _nothing() -> None:
    pass


def _waited(future: concurrent.futures.Future[T], pump: Callable[[], None]) -> T:
    """Return the result, looking up every slice so that an interrupt is seen."""
    while True:
        try:
            result = future.result(timeout=SLICE)
        except concurrent.futures.TimeoutError:
            if future.done():
                return future.result()  # done just after the slice, or a TimeoutError of its own
            pump()
        else:
            pump()
            return result


class lock:  # noqa: N801 - used like threading.RLock
    """A lock that one thread may take several times, and that a forked child finds open."""

    def __init__(self) -> None:
        """Begin open."""
        self._held = threading.RLock()
        self._pid = os.getpid()

    def __enter__(self) -> None:
        """Take it."""
        if self._pid != os.getpid():  # whoever held it is not in this process
            self._held, self._pid = threading.RLock(), os.getpid()
        self._held.acquire()

    def __exit__(self, *_error: object) -> None:
        """Open it."""
        self._held.release()


def background(work: Callable[[], None], name: str) -> threading.Thread:
    """Run `work` on a daemon thread of its own and return the thread: for reads that block, which no loop may do."""
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    return thread


PORTAL = Portal()
"""The process's portal: one loop, one thread."""

_making = threading.RLock()
_after_fork: list[Callable[[], None]] = [PORTAL.forget]


class once(Generic[T]):  # noqa: N801 - used as a decorator, like functools.cached_property
    """A property made at first use, once, whichever thread asks first."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        """Take the method that makes the value."""
        self._make = make
        self._name = make.__name__
        self.__doc__ = make.__doc__

    def __get__(self, instance: Any, owner: type) -> T:
        """Return the value; from then on it is an attribute like any other."""
        with _making:
            if self._name not in instance.__dict__:
                instance.__dict__[self._name] = self._make(instance)
            value: T = instance.__dict__[self._name]
            return value


def after_fork(renew: Callable[[], None]) -> Callable[[], None]:
    """Call `renew` in every forked child, before anything else of the package runs there; returns it."""
    _after_fork.append(renew)
    return renew


def _renew() -> None:
    global _making  # noqa: PLW0603 - whoever held it is not in this process
    _making = threading.RLock()
    for renew in _after_fork:
        renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
