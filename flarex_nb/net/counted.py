"""A connection that counts what comes in for one answer, everything of it: interim answers, headers, framing, trailers.

The caps of a body see only the body. A server may send without end what is none: 1xx answers (RFC 9110 15.2), a chunk's
extensions, a trailer (RFC 9112 7.1). Here it ends after a number of bytes, whatever they are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from aiohttp import ClientPayloadError
from aiohttp.client_proto import ResponseHandler
from aiohttp.helpers import set_exception
from typing_extensions import override

from flarex_nb.net.body import too_large

if TYPE_CHECKING:
    from flarex_nb.errors import GuardError
    from flarex_nb.net.progress import Progress
    from flarex_nb.net.url import Target

HEAD = 2 * 1024 * 1024
"""Bytes before the body begins: the most that the limits of lines and of their number allow is half of that."""

FRAMING = 2
"""How often the cap of a body may come in on the connection: chunks of a few bytes are mostly framing."""


class Counts(Protocol):
    """What is asked of a hop: where it goes, how far it got, its cap, and a place for a refusal."""

    target: Target
    progress: Progress
    refused: GuardError | None
    most: int


class CountedHandler(ResponseHandler):
    """aiohttp's handler of one connection, with a count for each answer."""

    _hop: Counts | None = None
    _came = 0

    def begin(self, hop: Counts) -> None:
        """Count for this hop from now on."""
        self._hop, self._came = hop, 0

    def end(self) -> None:
        """Let go of the hop, and of what it asked for: an idle connection keeps the context it was opened in alive."""
        hop, self._hop = self._hop, None
        if hop is not None:
            hop.target = replace(hop.target, rest="/")

    @override
    def data_received(self, data: bytes) -> None:
        """Read on, or end the connection where too much came."""
        hop = self._hop
        if hop is not None:
            self._came += len(data)
            if self._came > HEAD and self._came > _most(hop):
                self._give_up(hop)
                return
        super().data_received(data)

    def _give_up(self, hop: Counts) -> None:
        """End the connection and everything that waits for it; the refusal stands on the hop."""
        self._hop = None
        hop.refused = too_large(hop.target.place, _most(hop), "with what is not its body")
        error, payload, transport = ClientPayloadError("too much came"), self._payload, self.transport
        self.set_exception(error)
        if payload is not None:
            set_exception(payload, error)
        if transport is not None:
            transport.abort()


def _most(hop: Counts) -> int:
    """Return how many bytes may have come by now."""
    return HEAD + FRAMING * hop.most if hop.progress.phase == "reading" else HEAD
