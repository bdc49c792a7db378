"""Station 5: the server's limits. Waits before sending, or refuses when the wait passes the deadline.

It learns from every answer. One lane for each host and credential, first come first served. The limits themselves are
decided in `policies.limiter`; the waiting and the queue are here.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, assert_never

from flarex_nb.catalog.payload import decoded_or_none
from flarex_nb.catalog.urls import place_of
from flarex_nb.errors import ThrottleRefused
from flarex_nb.events import Event, emit
from flarex_nb.policies import limiter
from flarex_nb.policies.dialects import limited, server_wait
from flarex_nb.policies.limiter import Gate, GoNow, Refuse, WaitUntil
from flarex_nb.policies.quotas import quotas

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from flarex_nb.clock import Clock
    from flarex_nb.errors import Sent
    from flarex_nb.events import Listener
    from flarex_nb.model import BoundCall, Reply
    from flarex_nb.policies.limiter import Ticket


_FIRST_ERROR = 400
_OWN_LIMIT = "our own limit of connections"


@dataclass
class Lane:
    """The calls to one host with one credential: the gate, who waits, and a signal when something changed."""

    gate: Gate = field(default_factory=Gate)
    queue: list[object] = field(default_factory=list)
    changed: asyncio.Event | None = None

    def ahead_of(self, me: object) -> int:
        """Return how many wait before this one; who came last need not look through thousands for itself."""
        return len(self.queue) - 1 if self.queue[-1] is me else self.queue.index(me)

    def signal(self) -> None:
        """Wake whoever waits for a change."""
        if self.changed is not None:
            self.changed.set()
            self.changed = None

    async def change(self) -> None:
        """Wait for the next change."""
        if self.changed is None:
            self.changed = asyncio.Event()
        await self.changed.wait()


@dataclass
class Slot:
    """One call's place in its lane: `waited` seconds before it was let through, and who asked for that."""

    lane: Lane
    ticket: Ticket
    waited: float
    source: str
    reply: Reply | None = None
    sent: Sent = "no"


class Throttle:
    """Holds calls back until the server's own limit has room."""

    def __init__(self, clock: Clock, connections: int) -> None:
        """Take the clock and the number of calls that may be under way to one host."""
        self._clock = clock
        self._connections = connections
        self._lanes: defaultdict[tuple[str, str], Lane] = defaultdict(Lane)
        self._hosts: defaultdict[str, asyncio.Semaphore] = defaultdict(partial(asyncio.Semaphore, connections))

    def states(self) -> dict[tuple[str, str], Lane]:
        """Return how the limit of each (host, credential) that was called stands, as a copy."""
        return {place: replace(lane, queue=list(lane.queue)) for place, lane in list(self._lanes.items())}

    def reset(self, chosen: Callable[[str, str], bool]) -> int:
        """Open the gate of each (host, credential) that is `chosen`, forgetting what it learnt; return how many.

        To be called on the private loop. Calls under way stay counted; one that sleeps for a limit sleeps on.
        """
        found = [lane for (host, credential), lane in self._lanes.items() if chosen(host, credential)]
        for lane in found:
            lane.gate = Gate(in_flight=lane.gate.in_flight, issued=lane.gate.issued)
            lane.signal()
        return len(found)

    @asynccontextmanager
    async def slot(self, call: BoundCall, left: float, listener: Listener | None) -> AsyncIterator[Slot]:
        """Wait for a place, at most `left` seconds; put the answer on the slot so that the lane learns from it.

        Raises:
            ThrottleRefused: the limit leaves no room before the deadline; nothing was sent.
        """
        lane, places = self._lane_of(call)
        began = self._clock.now()
        source = await self._enter(lane, places, call, left, listener)
        try:
            lane.gate, ticket = limiter.start(lane.gate, self._clock.now())
            slot = Slot(lane, ticket, self._clock.now() - began if source else 0.0, source)
            try:
                yield slot
            finally:
                self._leave(slot, call)
        finally:
            places.release()

    def _lane_of(self, call: BoundCall) -> tuple[Lane, asyncio.Semaphore]:
        """Return the call's lane, and the places of its host; a rehearsed limit must not hold back real calls."""
        host = place_of(call.url)
        lane = Lane() if call.rehearsed else self._lanes[host, call.credential]
        return lane, self._hosts[host]

    async def _enter(
        self, lane: Lane, places: asyncio.Semaphore, call: BoundCall, left: float, listener: Listener | None
    ) -> str:
        """Take one of the host's places once the limit has room; return who asked for the wait, "" for none."""
        now = self._clock.now()
        if not lane.queue and not places.locked() and isinstance(limiter.admit(lane.gate, now, left), GoNow):
            await places.acquire()  # the usual case: nobody waits, and nothing to wait for
            return ""
        ends, source, me = now + left, "", object()
        lane.queue.append(me)
        try:
            while True:
                source = await self._admitted(lane, me, call, ends, listener) or source
                if not places.locked():
                    await places.acquire()
                    return source
                await self._free_place(places, ends)
                source = source or _OWN_LIMIT
                now = self._clock.now()
                if isinstance(limiter.admit(lane.gate, now, ends - now, ahead=lane.ahead_of(me)), GoNow):
                    return source
                places.release()
        finally:
            lane.queue.remove(me)
            lane.signal()

    async def _admitted(self, lane: Lane, me: object, call: BoundCall, ends: float, listener: Listener | None) -> str:
        """Wait until the server's limit has room; return who asked for the wait, "" for none."""
        source = ""
        while True:
            now = self._clock.now()
            verdict = limiter.admit(lane.gate, now, ends - now, ahead=lane.ahead_of(me))
            match verdict:
                case GoNow():
                    return source
                case Refuse(sentence=sentence):
                    raise ThrottleRefused(sentence, hint="Wait, or raise --deadline.")
                case WaitUntil(at=at):
                    source = verdict.source
                    emit(Event("wait", call.service.name, seconds=(at or now) - now, text=source), listener)
                    await self._pause(lane, ends if at is None else at, timed=at is not None)
                case _:
                    assert_never(verdict)

    async def _free_place(self, places: asyncio.Semaphore, ends: float) -> None:
        """Wait for one of the host's places until the deadline, and take it."""
        try:
            async with self._clock.timeout(ends - self._clock.now()):
                await places.acquire()
        except TimeoutError:
            msg = f"all {self._connections} places for this host were taken until the deadline"
            raise ThrottleRefused(msg, hint="Send fewer calls at once, or raise --deadline.") from None

    async def _pause(self, lane: Lane, until: float, *, timed: bool) -> None:
        """Wait until then, or for another call of the lane to end."""
        seconds = until - self._clock.now()
        if timed:
            await self._clock.sleep(seconds)
            return
        try:
            async with self._clock.timeout(seconds):
                await lane.change()
        except TimeoutError:
            msg = "the server's limit left no room before the deadline"
            raise ThrottleRefused(msg, hint="Wait, or raise --deadline.") from None

    def _leave(self, slot: Slot, call: BoundCall) -> None:
        lane, reply = slot.lane, slot.reply
        lane.gate = limiter.finish(lane.gate, counted=reply is not None or slot.sent != "no")
        if reply is not None:
            dialects, wall = call.service.retry.dialects, self._clock.wall()
            body = decoded_or_none(reply) if reply.status >= _FIRST_ERROR else None
            told = quotas(reply.headers, dialects, wall)
            wait = None
            if limited(status=reply.status, headers=reply.headers, body=body, dialects=dialects, wall=wall):
                wait = server_wait(status=reply.status, headers=reply.headers, body=body, dialects=dialects, wall=wall)
            if told or wait is not None or lane.gate.allowance is not None:
                lane.gate = limiter.learn(lane.gate, told, self._clock.now(), ticket=slot.ticket, wait=wait)
        lane.signal()
