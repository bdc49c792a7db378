"""The wire: one request out, one whole answer in, through the guard and under the caps.

No status is judged, no redirect followed, nothing sent twice. Time limits are the caller's: it puts one around the
whole attempt, and whatever moment it ends at, the connection is closed and nothing goes on.
"""

from __future__ import annotations

import asyncio
import warnings
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flarex_nb.clock import RealClock
from flarex_nb.errors import ProtocolBroken
from flarex_nb.model import Reply
from flarex_nb.net.body import Bounded, check_declared
from flarex_nb.net.connector import Trip
from flarex_nb.net.failures import LOWER, translate
from flarex_nb.net.guarded import default_tls, target_of
from flarex_nb.net.lookup import Lookups
from flarex_nb.net.outgoing import check_outgoing
from flarex_nb.net.progress import Progress
from flarex_nb.net.proxy import GIVEN_UP, read_proxy, through
from flarex_nb.net.session import Session
from flarex_nb.net.url import check_url

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, AsyncIterator

    import aiohttp

    from flarex_nb.clock import Clock
    from flarex_nb.model import Headers, Outgoing, Reach
    from flarex_nb.net.connector import OpenSocket
    from flarex_nb.net.lookup import Lookup
    from flarex_nb.net.progress import SaysSent
    from flarex_nb.net.proxy import Proxy

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
        proxy: str = "",
    ) -> None:
        """Open nothing yet; `proxy` "http://host:port" carries what goes to public hosts, and says so once."""
        self._proxy = read_proxy(proxy)
        if self._proxy is not None:
            warnings.warn(f"calls go through the proxy {self._proxy.place}: {GIVEN_UP}", UserWarning, stacklevel=2)
        self._lookup = lookup
        self._clock = clock or RealClock()
        self._tls = tls
        self._open_socket = open_socket
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lookups = Lookups(lookup)
        self._sessions: dict[frozenset[tuple[str, int]], Session] = {}
        self._left_alone: list[object] = []

    async def send(self, out: Outgoing, reach: Reach, progress: SaysSent | None = None) -> Reply:
        """Return the whole answer of one hop, its body unpacked.

        Raises:
            UsageError: a header or method that cannot be sent; nothing was.
            GuardError: refused before anything was sent, or the answer passes a cap.
            TransportError: with how far the request got on `sent`.
        """
        started = self._clock.now()
        trip = _trip(out, reach, progress, self._proxy)
        answer = await self._head(out, reach, trip)
        try:
            headers, bounded = _judged(answer, out, reach, trip)
            pieces: list[bytes] = []
            while chunk := await _chunk(answer, trip):
                pieces += bounded.feed(chunk)
            bounded.finish()
        finally:
            await _leave(answer, out)
        return Reply(answer.status, headers, b"".join(pieces), self._clock.now() - started)

    @asynccontextmanager
    async def open(self, out: Outgoing, reach: Reach, progress: SaysSent | None = None) -> AsyncIterator[Incoming]:
        """Give the answer as soon as its head is there; leaving closes the connection unless all of it was read.

        Raises:
            UsageError, GuardError, TransportError: as for `send`; the iteration over `pieces` raises them as well.
        """
        trip = _trip(out, reach, progress, self._proxy)
        answer = await self._head(out, reach, trip)
        try:
            headers, bounded = _judged(answer, out, reach, trip)
            async with aclosing(_pieces(answer, bounded, trip)) as pieces:
                yield Incoming(answer.status, headers, pieces)
        finally:
            await _leave(answer, out)

    async def aclose(self) -> None:
        """Close every connection of the running loop; a later `send` opens new ones."""
        if self._loop is not asyncio.get_running_loop():
            return
        sessions, self._sessions = self._sessions, {}
        self._lookups.close()
        for session in sessions.values():
            await session.aclose()

    async def _head(self, out: Outgoing, reach: Reach, trip: Trip) -> aiohttp.ClientResponse:
        try:
            return await self._session(reach).ask(out.method, out.headers, out.content, trip)
        except LOWER as error:
            failure = translate(error, trip)
        raise failure  # outside the block: the library's error may hold the whole URL, and must not be its context

    def _session(self, reach: Reach) -> Session:
        """Return the connections for this reach on the running loop."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._move(loop)
        session = self._sessions.get(reach.private)
        if session is None:
            session = Session(self._lookups, self._tls or default_tls(), self._open_socket)
            self._sessions[reach.private] = session
        return session

    def _move(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin anew on another loop, which after a fork means in another process.

        The old connections are neither used nor closed: they are the parent's, and closing them here would end them
        there. They are kept from the garbage collector for the same reason.
        """
        self._left_alone += [self._sessions, self._lookups]
        self._sessions, self._lookups, self._loop = {}, Lookups(self._lookup), loop


def _trip(out: Outgoing, reach: Reach, progress: SaysSent | None, proxy: Proxy | None) -> Trip:
    """Return the hop, once the request may be sent as it is and where it is meant to go."""
    check_outgoing(out)
    own = progress if isinstance(progress, Progress) else Progress()
    try:
        target = target_of(out.url, reach)
        via = None if proxy is None else through(proxy, target, reach)
        return Trip(target, own, len(out.content), reach.max_wire_bytes, via)
    except LOWER as error:
        failure = translate(error, Trip(check_url(out.url, reach=reach), Progress(), 0))
    raise failure


def _judged(answer: aiohttp.ClientResponse, out: Outgoing, reach: Reach, trip: Trip) -> tuple[Headers, Bounded]:
    """Return the answer's header lines and what its body is read through; refuse what must not be read."""
    place = trip.target.place
    if answer.status < _FIRST_FINAL:
        msg = f"{place} switched to another protocol, which was not asked for"
        raise ProtocolBroken(msg, sent="yes", hint="Is it a WebSocket address?")
    headers = tuple((name.decode("latin-1"), text.decode("latin-1")) for name, text in answer.raw_headers)
    if out.method.upper() != "HEAD":
        check_declared(headers, reach, place)
    return headers, Bounded(headers, reach, place)


async def _leave(answer: aiohttp.ClientResponse, out: Outgoing) -> None:
    """Give the connection back, or close it where not all of the answer was read."""
    if answer.closed and not out.content:
        return  # read to its end, and nothing of the request is still being written
    with suppress(*LOWER):  # a connection that is given up has nothing left to say
        await answer.__aexit__(None, None, None)


async def _chunk(answer: aiohttp.ClientResponse, trip: Trip) -> bytes:
    """Return what came of the body since the last time, b"" at its end; what fails below is translated."""
    try:
        return await answer.content.readany()
    except LOWER as error:
        failure = translate(error, trip)
    raise failure


async def _pieces(answer: aiohttp.ClientResponse, bounded: Bounded, trip: Trip) -> AsyncGenerator[bytes, None]:
    """Give the unpacked body piece by piece; what the reader raises is not touched."""
    while chunk := await _chunk(answer, trip):
        for piece in bounded.feed(chunk):
            yield piece
    bounded.finish()
