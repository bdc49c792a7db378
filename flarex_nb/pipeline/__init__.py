"""The way of one call. The stations' names are in the order of time and of nesting; here they are put together.

ask -> bind -> cache ( retry ( throttle ( transmit ) validate ) ) -> view. A station knows rooms, never another station.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from flarex_nb.errors import ApiError, AttemptTimeout, AuthenticationFailed, DeadlineExceeded
from flarex_nb.pipeline.cache import Cache
from flarex_nb.pipeline.retry import Retry, Turn
from flarex_nb.pipeline.throttle import Throttle
from flarex_nb.pipeline.transmit import Transmit
from flarex_nb.pipeline.validate import check
from flarex_nb.policies.deadline import attempt_limit
from flarex_nb.vault.ref import refs_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from flarex_nb.clock import Clock
    from flarex_nb.events import Listener
    from flarex_nb.model import Answer, BoundCall, Reply, Reveal, SecretRef
    from flarex_nb.net.progress import Progress
    from flarex_nb.pipeline.transmit import Wire
    from flarex_nb.settings import Settings
    from flarex_nb.stores.means import Means
    from flarex_nb.stores.replay import Recordings


class Closes(Protocol):
    """Holds connections."""

    async def aclose(self) -> None:
        """Close them."""


class Pipeline:
    """Every station between a bound call and its answer; one for a client, on the private loop."""

    def __init__(  # noqa: PLR0913 - the seams and rooms, each by its name
        self,
        settings: Settings,
        clock: Clock,
        wire: Wire,
        reveal: Reveal,
        dice: Callable[[], float],
        *,
        means: Means | None = None,
        own: Closes | None = None,
        has_previous: Callable[[SecretRef], bool] = lambda _ref: False,
        replay: Recordings | None = None,
    ) -> None:
        """Build the stations around the seams: the clock, the wire, the one way to a secret's value, the dice.

        `means` is what the cache needs of the outside: a shared store, and how to tell credentials apart. `own` is the
        wire where it was opened for this pipeline alone, and ends with it. `has_previous` tells whether a secret's
        value before its rotation still counts.
        """
        self._clock = clock
        self._own = own
        self._under_way = 0
        self._idle = asyncio.Event()
        self.cache = Cache(settings, clock, dice, check, means)
        self.retry = Retry(clock, dice)
        self.throttle = Throttle(clock, settings.connections)
        self.transmit = Transmit(wire, reveal)
        self.has_previous = has_previous
        self._replay = replay
        self._steady = settings.deterministic

    async def run(self, call: BoundCall, listener: Listener | None = None) -> Answer:
        """Return the answer to one page's call.

        Raises:
            FlarexError: with the history of the attempts on it.
        """
        if self._replay is not None and self._replay.mode == "on":
            return self._replayed(call, self._replay)
        self._under_way += 1
        self._idle.clear()
        try:
            return await self._recorded(call, listener)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    async def _recorded(self, call: BoundCall, listener: Listener | None) -> Answer:
        """Return the answer; while answers are recorded it is kept, a refusal of the server's too."""
        replay = self._replay if self._replay is not None and self._replay.mode == "record" else None
        try:
            answer = await self.cache.answer(call, self._ask, listener)
        except ApiError as error:
            if replay is not None and error.reply is not None:
                replay.keep(call, error.reply)
            raise
        if replay is not None:
            replay.keep(call, answer.reply)
        return answer

    def _replayed(self, call: BoundCall, replay: Recordings) -> Answer:
        """Return the recorded answer, read and checked as if it had come now; nothing is sent."""
        recorded = replay.answer(call)
        answer = check(call, recorded.reply)
        told = replay.told(recorded, steady=self._steady)
        return replace(answer, warnings=(*answer.warnings, told), age=max(0.0, self._clock.wall() - recorded.at))

    async def aclose(self, *, wait: bool = True) -> None:
        """Close the cache and the wire of its own; with `wait`, once no call is under way any more."""
        if wait and self._under_way:
            await self._idle.wait()
        await self.cache.aclose()
        if self._own is not None:
            await self._own.aclose()

    async def _ask(self, call: BoundCall, listener: Listener | None) -> Answer:
        return await self.retry.run(call, lambda turn: self._attempt(call, turn, listener), listener)

    async def _attempt(self, call: BoundCall, turn: Turn, listener: Listener | None) -> Answer:
        async with self.throttle.slot(call, turn.ends - self._clock.now(), listener) as slot:
            turn.waited += slot.waited
            turn.source = slot.source or turn.source
            try:
                slot.reply = await self._bounded(call, turn)
            finally:
                slot.sent = turn.progress.sent
        try:
            return check(call, slot.reply)
        except AuthenticationFailed:
            turn.spare = not turn.previous and any(map(self.has_previous, refs_of(call)))
            raise

    async def _bounded(self, call: BoundCall, turn: Turn) -> Reply:
        """Send within the attempt's own time: dialling, headers and the whole body."""
        turn.began = self._clock.now()
        limit = attempt_limit(call.options.attempt_timeout, turn.ends - turn.began)
        progress = turn.progress
        try:
            async with self._clock.timeout(limit):
                return await self.transmit.send(call, progress, previous=turn.previous)
        except TimeoutError:
            raise _too_late(call, limit, progress) from None


def _too_late(call: BoundCall, limit: float, progress: Progress) -> AttemptTimeout | DeadlineExceeded:
    if limit < call.options.attempt_timeout:
        msg = f"the deadline of {call.options.deadline:g} s passed while {progress.phase}"
        return DeadlineExceeded(msg, hint="Raise --deadline.", sent=progress.sent)
    msg = f"no whole answer within {limit:g} s, while {progress.phase}"
    return AttemptTimeout(msg, hint="Raise --attempt-timeout if the service is known to be slow.", sent=progress.sent)
