"""httpx's transport interface over aiohttp, with the guard inside: for the wire and for any httpx client.

The URL and the headers go out as httpx holds them (it takes "." and ".." out of the path, RFC 3986 5.2.4, and encodes
what is not ASCII): not quoted a second time, not folded, the case of names kept. No cookie is kept,
no proxy or netrc of the environment is read, no redirect is followed, and a request is never sent twice on its own.
"""

from __future__ import annotations

import functools
import io
from typing import TYPE_CHECKING

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from httpx_aiohttp.transport import AiohttpResponseStream, map_aiohttp_exceptions
from multidict import CIMultiDict
from typing_extensions import override
from yarl import URL

from flarex_nb._version import __version__
from flarex_nb.net.connector import TRIP, GuardedConnector, Trip
from flarex_nb.net.outgoing import FRAMING
from flarex_nb.net.progress import Progress
from flarex_nb.net.url import check_url

if TYPE_CHECKING:
    import ssl
    from types import SimpleNamespace
    from typing import Any

    from flarex_nb.model import Reach
    from flarex_nb.net.connector import OpenSocket
    from flarex_nb.net.lookup import Lookups

TRIP_KEY = "flarex_trip"
"""The request extension under which the wire hands over its own trip."""

MAX_LINE = 8190
MAX_HEADERS = 128
_LARGE = 512 * 1024
_TIMEOUT = aiohttp.ClientTimeout()


@functools.cache
def default_tls() -> ssl.SSLContext:
    """Return the one TLS context: certifi's authorities, or those SSL_CERT_FILE names; made once, it takes 20 ms."""
    return http11_only(httpx.create_ssl_context())


def http11_only(context: ssl.SSLContext) -> ssl.SSLContext:
    """Return the context, offering HTTP/1.1 alone (RFC 7301): no other protocol is spoken here."""
    context.set_alpn_protocols(["http/1.1"])
    return context


class GuardedTransport(AiohttpTransport):
    """One hop over guarded connections of one reach."""

    def __init__(
        self, reach: Reach, lookups: Lookups, tls: ssl.SSLContext | None = None, open_socket: OpenSocket | None = None
    ) -> None:
        """Open nothing yet: the session comes with the first request, on the loop that runs then."""
        context = tls or default_tls()
        super().__init__(verify=context, trust_env=False, client=self._open_session)
        self._reach = reach
        self._connector = functools.partial(GuardedConnector, lookups, context, open_socket)

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the head of the answer; its body is read from `stream`, as it came on the wire.

        Raises:
            GuardError, UsageError, ConnectFailed: refused, or no address.
            httpx.TransportError, aiohttp.ClientError: the wire failed.
        """
        target = check_url(str(request.url), reach=self._reach)
        data, size = _body(request)
        trip = request.extensions.get(TRIP_KEY) or Trip(target, Progress(), size)
        trip.target, trip.unsent = target, size
        token = TRIP.set(trip)
        try:
            with map_aiohttp_exceptions():
                answer = await self._session().request(
                    request.method,
                    URL(target.url, encoded=True),
                    headers=_headers(request),
                    skip_auto_headers=("Content-Type",),
                    data=data,
                    allow_redirects=False,
                    timeout=_TIMEOUT,
                    trace_request_ctx=trip,
                )
        finally:
            TRIP.reset(token)
        trip.progress.enter("reading")
        return httpx.Response(
            answer.status, headers=answer.raw_headers, stream=AiohttpResponseStream(answer), request=request
        )

    def _session(self) -> aiohttp.ClientSession:
        if not isinstance(self.client, aiohttp.ClientSession):
            self.client = self._open_session()
        return self.client

    def _open_session(self) -> aiohttp.ClientSession:
        session = aiohttp.ClientSession(
            connector=self._connector(),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            trace_configs=[_tracing()],
            max_line_size=MAX_LINE,
            max_field_size=MAX_LINE,
            max_headers=MAX_HEADERS,
        )
        # aiohttp sends an idempotent request again by itself when a kept connection turns out broken: an attempt nobody
        # would have recorded. There is no public switch; a test counts what the server sees.
        session._retry_connection = False  # noqa: SLF001
        return session


def _body(request: httpx.Request) -> tuple[Any, int]:
    """Return what aiohttp sends and its size; a large body as a file, which is written in pieces."""
    try:
        content = request.content
    except httpx.RequestNotRead:
        return request.stream, 0
    if len(content) > _LARGE:
        return io.BytesIO(content), len(content)
    return content or None, len(content)


def _headers(request: httpx.Request) -> CIMultiDict[str]:
    """Return the headers to send, order and case kept; what frames the message is left to aiohttp."""
    lines = CIMultiDict(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in request.headers.raw
        if name.decode("latin-1").lower() not in FRAMING
    )
    lines["Accept-Encoding"] = "gzip"
    if not lines.get("User-Agent"):
        lines["User-Agent"] = f"flarex_nb/{__version__}"
    return lines


def _tracing() -> aiohttp.TraceConfig:
    """Return what tells each trip how far it got."""
    config = aiohttp.TraceConfig()
    config.on_connection_queued_start.append(_queued)
    config.on_connection_create_start.append(_connecting)
    config.on_request_headers_sent.append(_headers_handed_over)
    config.on_request_chunk_sent.append(_chunk_handed_over)
    return config


async def _queued(
    _: aiohttp.ClientSession, context: SimpleNamespace, __: aiohttp.TraceConnectionQueuedStartParams
) -> None:
    context.trace_request_ctx.progress.enter("queued")


async def _connecting(
    _: aiohttp.ClientSession, context: SimpleNamespace, __: aiohttp.TraceConnectionCreateStartParams
) -> None:
    context.trace_request_ctx.progress.enter("connecting")


async def _headers_handed_over(
    _: aiohttp.ClientSession, context: SimpleNamespace, __: aiohttp.TraceRequestHeadersSentParams
) -> None:
    trip: Trip = context.trace_request_ctx
    trip.progress.enter("sending" if trip.unsent else "waiting")


async def _chunk_handed_over(
    _: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestChunkSentParams
) -> None:
    trip: Trip = context.trace_request_ctx
    trip.unsent -= len(params.chunk)
    if trip.unsent <= 0 and trip.progress.phase == "sending":
        trip.progress.enter("waiting")
