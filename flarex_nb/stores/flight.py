"""One flight for equal questions: the first asks, the others take its answer. Keeps nothing once it has landed."""

from __future__ import annotations

import asyncio
import copy
from typing import TYPE_CHECKING, Generic, TypeVar

from flarex_nb.errors import FlarexError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

V = TypeVar("V")


HANDOVER = 0.01
"""Seconds who waits lets pass before asking in place of one that gave up: calls cancelled together end together."""


class Flights(dict[str, "asyncio.Future[V | None]"], Generic[V]):
    """The questions under way, by name."""

    async def share(self, name: str, ask: Callable[[], Awaitable[V]]) -> tuple[V, bool]:
        """Return the answer, and whether it was asked for here.

        A cancelled asker hands over to one of those who wait. An error of the asker is an error of all who wait.
        """
        while (flight := self.get(name)) is not None:
            await asyncio.wait((flight,))
            found = _landed(flight)
            if found is not None:
                return found, False
            await asyncio.sleep(HANDOVER)
        return await self._lead(name, ask), True

    async def _lead(self, name: str, ask: Callable[[], Awaitable[V]]) -> V:
        flight: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        self[name] = flight
        try:
            answer = await ask()
        except Exception as error:
            flight.set_exception(error)
            flight.exception()  # looked at, so that nobody waiting is no complaint of the loop's
            raise
        else:
            flight.set_result(answer)
            return answer
        finally:
            del self[name]
            if not flight.done():
                flight.set_result(None)  # given up: who wakes first asks


def _landed(flight: asyncio.Future[V | None]) -> V | None:
    """Return the answer, None when its asker gave up; each who waits gets an error of its own to add to."""
    error = flight.exception()
    if isinstance(error, FlarexError):
        mine = copy.copy(error)
        mine.context = dict(error.context)
        raise mine from error.__cause__
    return flight.result()
