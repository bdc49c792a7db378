"""The guard where it cannot be gone round: inside the connector, at the lookup and at the socket.

Each name is looked up once and all its answers must pass; the very address about to be dialled is checked once more
before a socket exists, which covers literal addresses too. What is dialled is that number, so a name that answers
otherwise a moment later changes nothing. Nothing here knows a request.
"""

from __future__ import annotations

import functools
import itertools
import socket
from contextvars import ContextVar
from typing import TYPE_CHECKING

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override

from flarex_nb.errors import AddressBlocked
from flarex_nb.model import Reach
from flarex_nb.net.address import private_refusal, refusal
from flarex_nb.net.counted import CountedHandler

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from aiohttp.client import ClientTimeout
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.client_reqrep import ClientRequest, ConnectionKey
    from aiohttp.connector import AddrInfoType, Connection
    from aiohttp.tracing import Trace

    from flarex_nb.errors import GuardError
    from flarex_nb.net.lookup import Lookups
    from flarex_nb.net.progress import Progress
    from flarex_nb.net.proxy import Proxy
    from flarex_nb.net.url import Target

    OpenSocket = Callable[[int, int, int], socket.socket]

MAX_ADDRESSES = 4
MOST = Reach().max_wire_bytes
TOTAL = 256
PER_HOST = 100
IDLE = 15.0
"""Seconds a connection is kept for the next call: shorter than what load balancers allow (60 s at AWS)."""


class Trip:
    """One hop as the guard sees it: where to, how far it got, and what was refused on the way."""

    __slots__ = ("most", "progress", "refused", "target", "unsent", "via", "via_addresses")

    def __init__(
        self, target: Target, progress: Progress, unsent: int, most: int = MOST, via: Proxy | None = None
    ) -> None:
        """Begin; `unsent` counts the bytes of the body still to be handed over, `most` bounds those of the answer's.

        `via` is the proxy it goes through, None for none.
        """
        self.target = target
        self.progress = progress
        self.unsent = unsent
        self.most = most
        self.via = via
        self.via_addresses: set[str] = {via.host} if via is not None else set()
        self.refused: GuardError | None = None

    @property
    def way(self) -> str:
        """Where it goes, and through what, for messages."""
        return self.target.place if self.via is None else f"{self.target.place} through the proxy {self.via.place}"

    def may_be_private(self, ip: str, port: int) -> bool:
        """Return whether the address belongs to what a person registered: the service, or the proxy."""
        return self.target.private or (self.via is not None and port == self.via.port and ip in self.via_addresses)


TRIP: ContextVar[Trip] = ContextVar("flarex_trip")
"""The hop that a lookup or a socket belongs to: the connector hands neither to its resolver nor to its factory."""


class GuardedResolver(AbstractResolver):
    """Looks names up and refuses a name with any answer that may not be dialled."""

    def __init__(self, lookups: Lookups) -> None:
        """Take the pool of lookups."""
        self._lookups = lookups

    @override
    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,
    ) -> list[ResolveResult]:
        """Return at most four numeric addresses, the families in turn.

        Raises:
            AddressBlocked: one of the answers is not public, whatever the others are.
            ConnectFailed: no answer.
        """
        trip = TRIP.get()
        trip.progress.enter("resolving")
        found = await self._lookups.addresses(host, port)
        if trip.via is not None and (host, port) == (trip.via.host, trip.via.port):
            trip.via_addresses.update(found)
        for ip in found:
            _check(ip, f"{host} resolves to {ip}", private=trip.may_be_private(ip, port))
        trip.progress.enter("connecting")
        return [_result(host, ip, port) for ip in in_turn(found)[:MAX_ADDRESSES]]

    @override
    async def close(self) -> None:
        """Keep the pool: it belongs to the wire."""


def in_turn(found: list[str]) -> list[str]:
    """Return the addresses with IPv6 and IPv4 in turn: four dead ones of one family must not be all."""
    families: dict[bool, list[str]] = {}
    for ip in found:
        families.setdefault(":" in ip, []).append(ip)
    return [ip for pair in itertools.zip_longest(*families.values()) for ip in pair if ip is not None]


def _result(host: str, ip: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    return ResolveResult(hostname=host, host=ip, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)


def _check(ip: str, what: str, *, private: bool) -> None:
    reason = private_refusal(ip) if private else refusal(ip)
    if reason is None:
        return
    if private:
        msg = f"{what}, which no service may be at: {reason}"
        raise AddressBlocked(msg, hint="A private service is on a private network or on this machine.")
    msg = f"{what}, which is not a public address: {reason}"
    hint = 'A server of your own: register it with network="private", which allows exactly its host and port.'
    raise AddressBlocked(msg, hint=hint)


def _plain_socket(family: int, kind: int, proto: int) -> socket.socket:
    return socket.socket(family, kind, proto)


class GuardedConnector(aiohttp.TCPConnector):
    """The connections of one set of private (host, port) pairs; none is ever lent to another set."""

    def __init__(self, lookups: Lookups, tls: ssl.SSLContext, open_socket: OpenSocket | None = None) -> None:
        """Open nothing yet; `open_socket` makes the socket after the check."""
        self._open_socket = open_socket or _plain_socket
        super().__init__(
            resolver=GuardedResolver(lookups),
            use_dns_cache=False,
            ssl=tls,
            limit=TOTAL,
            limit_per_host=PER_HOST,
            keepalive_timeout=IDLE,
            socket_factory=self._guarded_socket,
        )
        counted: Callable[..., ResponseHandler] = CountedHandler
        self._factory = functools.partial(counted, loop=self._loop)

    @override
    async def connect(self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout) -> Connection:
        """Return a connection, kept or new, that counts what comes in for this hop."""
        connection = await super().connect(req, traces, timeout)
        if isinstance(connection.protocol, CountedHandler):
            connection.protocol.begin(TRIP.get())
        return connection

    def _guarded_socket(self, info: AddrInfoType) -> socket.socket:
        """Return a socket for the address, after looking at the address itself.

        A refusal is kept on the trip as well: the race between addresses swallows what it does not know.
        """
        family, kind, proto, _, where = info
        trip = TRIP.get()
        trip.progress.enter("connecting")
        try:
            private = trip.may_be_private(str(where[0]), where[1])
            _check(str(where[0]), f"{trip.target.host} leads to {where[0]}", private=private)
        except AddressBlocked as error:
            trip.refused = error
            raise OSError(str(error)) from error
        return self._open_socket(family, kind, proto)

    @override
    async def _get(self, key: ConnectionKey, traces: list[Trace]) -> Connection | None:
        """Return a kept connection on which nothing came while it was idle.

        A server that talks unasked (a late second answer, a 408 before it closes) would have that taken for the answer
        to the next request.
        """
        while (connection := await super()._get(key, traces)) is not None:
            protocol = connection.protocol
            if protocol is not None and not protocol.should_close:
                return connection
            connection.close()
        return None

    @override
    def _release(self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool = False) -> None:
        """Take a connection back; one that is given up ends at once.

        A plain close first sends what is still buffered, which would finish a request that was stopped, and waits for
        the other side's end of TLS.
        """
        if isinstance(protocol, CountedHandler):
            protocol.end()
        if should_close or protocol.should_close:
            protocol.abort()
            should_close = True
        super()._release(key, protocol, should_close=should_close)
