"""One aiohttp session behind the guard: a checked request out, the head of the answer in. No httpx on this way.

The URL and the headers go out as they are handed in: not quoted a second time, not folded, the case of names kept. No
cookie is kept, no proxy or netrc of the environment is read, no redirect is followed, and a request is never sent twice
on its own.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import aiohttp
from multidict import CIMultiDict
from typing_extensions import override
from yarl import URL

from flarex_nb._version import __version__
from flarex_nb.net.connector import TRIP, GuardedConnector
from flarex_nb.net.outgoing import FRAMING

if TYPE_CHECKING:
    import ssl
    from typing import Any

    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.connector import Connection

    from flarex_nb.model import Headers
    from flarex_nb.net.connector import OpenSocket, Trip
    from flarex_nb.net.lookup import Lookups

MAX_LINE = 8190
MAX_HEADERS = 128
_LARGE = 512 * 1024
_BODILESS = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})
_SKIPPED = ("Content-Type",)
"""What aiohttp would make up for a request with a body; a bodiless one has none, and asking costs."""

_TIMEOUT = aiohttp.ClientTimeout()
_USER_AGENT = f"flarex_nb/{__version__}"


class _Request(aiohttp.ClientRequest):
    """A request that tells its trip how far it got, just before each part is handed to the system."""

    @override
    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        trip = TRIP.get()
        trip.progress.enter("sending" if trip.unsent else "waiting")
        return await super().send(conn)

    @override
    async def write_bytes(
        self, writer: AbstractStreamWriter, conn: Connection, content_length: int | None = None
    ) -> None:
        trip = TRIP.get()
        await super().write_bytes(writer, conn, content_length)
        trip.unsent = 0
        if trip.progress.phase == "sending":
            trip.progress.enter("waiting")


class Session:
    """The connections of one reach, and what every request over them has in common."""

    def __init__(self, lookups: Lookups, tls: ssl.SSLContext, open_socket: OpenSocket | None = None) -> None:
        """Open nothing yet: the session comes with the first request, on the loop that runs then."""
        self._lookups, self._tls, self._open_socket = lookups, tls, open_socket
        self._open: aiohttp.ClientSession | None = None

    async def ask(self, method: str, headers: Headers, content: Any, trip: Trip) -> aiohttp.ClientResponse:
        """Return the head of the answer; its body is read from `content`, as it came on the wire.

        `content` are bytes, or what aiohttp can send in pieces; `trip` says where to, and hears how far it gets.

        Raises:
            GuardError, ConnectFailed: refused, or no address.
            aiohttp.ClientError, OSError: the wire failed.
        """
        trip.progress.enter("queued")
        token = TRIP.set(trip)
        try:
            answer = await self._session().request(
                method,
                URL(trip.target.url, encoded=True),
                headers=_lines(headers),
                skip_auto_headers=None if method in _BODILESS and not content else _SKIPPED,
                data=_body(content),
                allow_redirects=False,
                proxy=None if trip.via is None else trip.via.url,
            )
        finally:
            TRIP.reset(token)
        trip.progress.enter("reading")
        return answer

    async def aclose(self) -> None:
        """Close every connection."""
        if self._open is not None:
            await self._open.close()

    def _session(self) -> aiohttp.ClientSession:
        if self._open is None:
            self._open = self._start()
        return self._open

    def _start(self) -> aiohttp.ClientSession:
        session = aiohttp.ClientSession(
            connector=GuardedConnector(self._lookups, self._tls, self._open_socket),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            timeout=_TIMEOUT,
            request_class=_Request,
            max_line_size=MAX_LINE,
            max_field_size=MAX_LINE,
            max_headers=MAX_HEADERS,
        )
        # aiohttp sends an idempotent request again by itself when a kept connection turns out broken: an attempt nobody
        # would have recorded. There is no public switch; a test counts what the server sees.
        session._retry_connection = False  # noqa: SLF001
        return session


def _body(content: Any) -> Any:
    """Return what aiohttp sends; a large body as a file, which is written in pieces."""
    if not isinstance(content, bytes):
        return content
    return io.BytesIO(content) if len(content) > _LARGE else content or None


def _lines(headers: Headers) -> CIMultiDict[str]:
    """Return the headers to send, order and case kept; what frames the message is left to aiohttp."""
    lines = CIMultiDict(pair for pair in headers if pair[0].lower() not in FRAMING)
    lines["Accept-Encoding"] = "gzip"
    if not lines.get("User-Agent"):
        lines["User-Agent"] = _USER_AGENT
    return lines
