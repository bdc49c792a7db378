"""Station 3: fresh, or ask. One flight for equal calls; only checked answers are kept.

The cache stands outside everything that follows: a hit needs no token, no open breaker and no network. A write to a
service forgets what was read from it with the same credential, so that a list made after a POST is not the old one.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from flarex_nb.errors import UsageError
from flarex_nb.stores.key import Keys
from flarex_nb.stores.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from flarex_nb.clock import Clock
    from flarex_nb.model import Answer, BoundCall

READS = frozenset({"GET", "HEAD"})


class Cache:
    """Answers kept in memory for a short time."""

    def __init__(self, clock: Clock, *, entries: int, ttl: float) -> None:
        """Bound the entries and the seconds each lives."""
        self._clock = clock
        self._ttl = ttl
        self._keys = Keys()
        self._flights: dict[str, asyncio.Future[Answer]] = {}
        self.store: MemoryStore[Answer] = MemoryStore(clock, entries)

    async def answer(self, call: BoundCall, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Return a kept answer, or the one of `ask`, which is then kept."""
        group = f"{call.environment}:{call.service.name}:{call.credential}"
        if call.method not in READS:
            try:
                return await ask()
            finally:
                self.store.drop(group)
        mode = call.options.cache
        if mode == "bypass" or call.options.simulate:
            return await ask()
        key = self._keys.of(call.method, call.url, call.headers, call.credential)
        if mode != "refresh" and (kept := self.store.get(key)) is not None:
            age = self._clock.now() - kept.stored
            return replace(kept.value, attempts=(), cache="hit", age=age)
        if mode == "only":
            msg = "no fresh answer is kept for this call, and --cache only forbids asking"
            raise UsageError(msg, hint="Use --cache use to ask the server.")
        return await self._one_flight(key, group, call, ask)

    async def _one_flight(self, key: str, group: str, call: BoundCall, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Join the equal call in flight, or lead one; a cancelled leader leaves the others to ask for themselves."""
        while (leading := self._flights.get(key)) is not None:
            try:
                return await asyncio.shield(leading)
            except asyncio.CancelledError:
                if not leading.cancelled():
                    raise
        flight: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._flights[key] = flight
        try:
            answer = await self._lead(key, group, call, ask)
        except asyncio.CancelledError:
            flight.cancel()
            raise
        except Exception as error:
            flight.set_exception(error)
            flight.exception()  # looked at, so that nobody waiting is no complaint of the loop's
            raise
        else:
            flight.set_result(answer)
            return answer
        finally:
            del self._flights[key]

    async def _lead(self, key: str, group: str, call: BoundCall, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        answer = replace(await ask(), cache="miss")
        if _may_keep(answer):
            self.store.put(key, answer, group=group, ttl=call.options.ttl or self._ttl)
        return answer


def _may_keep(answer: Answer) -> bool:
    """Return whether the server lets the answer be kept (RFC 9111 5.2.2.5: no-store wins in every mode)."""
    control = (answer.reply.header("cache-control") or "").lower()
    return answer.reply.status == 200 and "no-store" not in control  # noqa: PLR2004 - RFC 9110 15.3.1
