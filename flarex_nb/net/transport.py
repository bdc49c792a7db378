"""The wire: one request out, one whole answer in, through the guard and under the caps.

No status is judged, no redirect followed, nothing sent twice. Time limits are the caller's: it puts one around the
whole attempt, and whatever moment it ends at, the connection is closed and nothing goes on.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from flarex_nb.clock import RealClock
from flarex_nb.errors import ProtocolBroken
from flarex_nb.model import Reply
from flarex_nb.net.body import Bounded, check_declared
from flarex_nb.net.connector import Trip
from flarex_nb.net.failures import LOWER, translate
from flarex_nb.net.guarded import TRIP_KEY, GuardedTransport
from flarex_nb.net.lookup import Lookups
from flarex_nb.net.outgoing import check_outgoing
from flarex_nb.net.progress import Progress
from flarex_nb.net.url import check_url

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, AsyncIterator

    from flarex_nb.clock import Clock
    from flarex_nb.model import Headers, Outgoing, Reach
    from flarex_nb.net.connector import OpenSocket
    from flarex_nb.net.lookup import Lookup
    from flarex_nb.net.progress import SaysSent

_FIRST_FINAL = 200


@dataclass(frozen=True, slots=True)
class Incoming:
    """An answer whose body is still coming: `pieces` gives it unpacked, within the caps, as it comes."""

    status: int
    headers: Headers
    pieces: AsyncGenerator[bytes, None]


class Wire:
    """Every connection of one process; none is shared between different sets of private (host, port) pairs.

    `lookup`, `tls` and `open_socket` are the seams: the resolver, the TLS context, and how a checked socket is made.
    """

    def __init__(
        self,
        lookup: Lookup | None = None,
        *,
        clock: Clock | None = None,
        tls: ssl.SSLContext | None = None,
        open_socket: OpenSocket | None = None,
    ) -> None:
        """Open nothing yet."""
        self._lookup = lookup
        self._clock = clock or RealClock()
        self._tls = tls
        self._open_socket = open_socket
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lookups = Lookups(lookup)
        self._transports: dict[frozenset[tuple[str, int]], GuardedTransport] = {}
        self._left_alone: list[object] = []

    async def send(self, out: Outgoing, reach: Reach, progress: SaysSent | None = None) -> Reply:
        """Return the whole answer of one hop, its body unpacked.

        Raises:
            UsageError: a header or method that cannot be sent; nothing was.
            GuardError: refused before anything was sent, or the answer passes a cap.
            TransportError: with how far the request got on `sent`.
        """
        started = self._clock.now()
        async with self.open(out, reach, progress) as incoming:
            content = b"".join([piece async for piece in incoming.pieces])
        return Reply(incoming.status, incoming.headers, content, self._clock.now() - started)

    @asynccontextmanager
    async def open(self, out: Outgoing, reach: Reach, progress: SaysSent | None = None) -> AsyncIterator[Incoming]:
        """Give the answer as soon as its head is there; leaving closes the connection unless all of it was read.

        Raises:
            UsageError, GuardError, TransportError: as for `send`; the iteration over `pieces` raises them as well.
        """
        check_outgoing(out)
        trip = Trip(
            check_url(out.url, reach=reach),
            progress if isinstance(progress, Progress) else Progress(),
            len(out.content),
        )
        response = await self._head(out, reach, trip)
        try:
            headers = tuple((name.decode("latin-1"), text.decode("latin-1")) for name, text in response.headers.raw)
            if response.status_code < _FIRST_FINAL:
                msg = f"{trip.target.place} switched to another protocol, which was not asked for"
                raise ProtocolBroken(msg, sent="yes", hint="Is it a WebSocket address?")
            if out.method.upper() != "HEAD":
                check_declared(headers, reach, trip.target.place)
            async with aclosing(_pieces(response, Bounded(headers, reach, trip.target.place), trip)) as pieces:
                yield Incoming(response.status_code, headers, pieces)
        finally:
            with suppress(*LOWER):  # a connection that is given up has nothing left to say
                await response.aclose()

    async def aclose(self) -> None:
        """Close every connection of the running loop; a later `send` opens new ones."""
        if self._loop is not asyncio.get_running_loop():
            return
        transports, self._transports = self._transports, {}
        self._lookups.close()
        for transport in transports.values():
            await transport.aclose()

    async def _head(self, out: Outgoing, reach: Reach, trip: Trip) -> httpx.Response:
        try:
            request = httpx.Request(
                out.method, trip.target.url, headers=out.headers, content=out.content, extensions={TRIP_KEY: trip}
            )
            return await self._transport(reach).handle_async_request(request)
        except LOWER as error:
            failure = translate(error, trip)
        raise failure  # outside the block: the library's error may hold the whole URL, and must not be its context

    def _transport(self, reach: Reach) -> GuardedTransport:
        """Return the connections for this reach on the running loop."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._move(loop)
        transport = self._transports.get(reach.private)
        if transport is None:
            transport = GuardedTransport(reach, self._lookups, self._tls, self._open_socket)
            self._transports[reach.private] = transport
        return transport

    def _move(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin anew on another loop, which after a fork means in another process.

        The old connections are neither used nor closed: they are the parent's, and closing them here would end them
        there. They are kept from the garbage collector for the same reason.
        """
        self._left_alone += [self._transports, self._lookups]
        self._transports, self._lookups, self._loop = {}, Lookups(self._lookup), loop


async def _pieces(response: httpx.Response, bounded: Bounded, trip: Trip) -> AsyncGenerator[bytes, None]:
    """Give the unpacked body piece by piece; what fails below is translated, what the reader raises is not touched."""
    failure: Exception | None = None
    async with aclosing(aiter(response.stream)) as chunks:  # type: ignore[type-var, arg-type]
        while failure is None:
            try:
                chunk = await anext(chunks)
            except StopAsyncIteration:
                break
            except LOWER as error:
                failure = translate(error, trip)
                continue
            for piece in bounded.feed(chunk):
                yield piece
    if failure is not None:
        raise failure
    bounded.finish()
