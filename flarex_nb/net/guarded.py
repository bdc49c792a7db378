"""httpx's transport interface over the guarded session, for any httpx client; and the one form a URL is sent in.

httpx takes "." and ".." out of a path (RFC 3986 5.2.4) and encodes what is not ASCII. A URL in which it would change
nothing is seen at a glance, so that our own wire needs no httpx for it.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

import httpx
from httpx_aiohttp.transport import AiohttpResponseStream, map_aiohttp_exceptions
from typing_extensions import override

from flarex_nb.net.connector import Trip
from flarex_nb.net.progress import Progress
from flarex_nb.net.session import Session
from flarex_nb.net.url import check_url

if TYPE_CHECKING:
    import ssl

    from flarex_nb.model import Reach
    from flarex_nb.net.connector import OpenSocket
    from flarex_nb.net.lookup import Lookups
    from flarex_nb.net.url import Target

_AS_IT_IS = re.compile(
    r"/(?![/.])(?:[\w~:@!$&()*+,;=-]|[/.](?![/.])|%[0-9A-Fa-f]{2})*(?:\?(?:[\w.~:@!$&()*+,;=/?-]|%[0-9A-Fa-f]{2})*)?",
    re.ASCII,
)
"""Path and query of which httpx changes nothing: no empty or dotted part, nothing to be encoded."""


@functools.cache
def default_tls() -> ssl.SSLContext:
    """Return the one TLS context: certifi's authorities, or those SSL_CERT_FILE names; made once, it takes 20 ms."""
    return http11_only(httpx.create_ssl_context())


def http11_only(context: ssl.SSLContext) -> ssl.SSLContext:
    """Return the context, offering HTTP/1.1 alone (RFC 7301): no other protocol is spoken here."""
    context.set_alpn_protocols(["http/1.1"])
    return context


def target_of(url: str, reach: Reach) -> Target:
    """Return where the URL leads, its path and query in the one form that is sent.

    Raises:
        GuardError: as for `check_url`.
        httpx.InvalidURL: it has no such form.
    """
    target = check_url(url, reach=reach)
    return target if _AS_IT_IS.fullmatch(target.rest) else check_url(str(httpx.URL(target.url)), reach=reach)


class GuardedTransport(httpx.AsyncBaseTransport):
    """One hop over guarded connections of one reach."""

    def __init__(
        self, reach: Reach, lookups: Lookups, tls: ssl.SSLContext | None = None, open_socket: OpenSocket | None = None
    ) -> None:
        """Open nothing yet."""
        self._reach = reach
        self._session = Session(lookups, tls or default_tls(), open_socket)

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the head of the answer; its body is read from `stream`, as it came on the wire.

        Raises:
            GuardError, UsageError, ConnectFailed: refused, or no address.
            httpx.TransportError, aiohttp.ClientError: the wire failed.
        """
        content, size = _body(request)
        trip = Trip(check_url(str(request.url), reach=self._reach), Progress(), size)
        headers = tuple((name.decode("latin-1"), text.decode("latin-1")) for name, text in request.headers.raw)
        with map_aiohttp_exceptions():
            answer = await self._session.ask(request.method, headers, content, trip)
        return httpx.Response(
            answer.status, headers=answer.raw_headers, stream=AiohttpResponseStream(answer), request=request
        )

    @override
    async def aclose(self) -> None:
        """Close every connection."""
        await self._session.aclose()


def _body(request: httpx.Request) -> tuple[Any, int]:
    """Return the body and its size, 0 where it comes piece by piece."""
    try:
        return request.content, len(request.content)
    except httpx.RequestNotRead:
        return request.stream, 0
