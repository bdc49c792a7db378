"""The bytes of an answer under two caps: those on the wire, and those that come out when they are unpacked.

Only what was asked for is unpacked: nothing, or one gzip (RFC 9110 8.4). Everything else is refused by name, brotli and
zstd above all: 800 bytes of brotli can be a gigabyte. Unpacking goes in pieces with an upper bound, so a bomb costs one
piece of memory before the cap ends it.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from flarex_nb.errors import ProtocolBroken, ResponseTooLarge
from flarex_nb.model import header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flarex_nb.model import Headers, Reach

PIECE = 256 * 1024
_GZIP = 16 + zlib.MAX_WBITS
_DIGITS = 18  # more than any cap has; int() refuses thousands of them
_IDENTITY = frozenset({"identity", ""})


class Bounded:
    """One body on its way in: `feed` each chunk of the wire, then `finish`."""

    def __init__(self, headers: Headers, reach: Reach, place: str) -> None:
        """Read the coding from the headers; `place` is host and port for messages."""
        self._codings = codings(headers)
        self._reach = reach
        self._place = place
        self._wire = 0
        self._out = 0
        self._unpack = zlib.decompressobj(_GZIP) if self._codings else None

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Give the unpacked pieces of one chunk of the wire.

        Raises:
            ResponseTooLarge: one of the caps is passed.
            ProtocolBroken: a coding that was not asked for, or bytes that are not gzip.
        """
        self._wire += len(chunk)
        if self._wire > self._reach.max_wire_bytes:
            raise too_large(self._place, self._reach.max_wire_bytes, "on the wire")
        for piece in self._pieces(chunk):
            self._out += len(piece)
            if self._out > self._reach.max_bytes:
                raise too_large(self._place, self._reach.max_bytes, "unpacked")
            yield piece

    def finish(self) -> None:
        """Check that the body ended where its coding ends.

        Raises:
            ProtocolBroken: a gzip stream that is cut short.
        """
        if self._unpack is not None and self._wire and not self._unpack.eof:
            msg = f"the gzip body from {self._place} is cut short"
            raise ProtocolBroken(msg, sent="yes", hint="Try again; if it stays so, the server or a proxy is broken.")

    def _pieces(self, chunk: bytes) -> Iterator[bytes]:
        if self._unpack is None:
            yield chunk
            return
        if self._codings != ("gzip",):
            msg = f"{self._place} answered in {' of '.join(self._codings)}, and only gzip was asked for"
            raise ProtocolBroken(msg, sent="yes", hint="The server or a proxy ignores Accept-Encoding.")
        try:
            yield from self._gunzip(chunk)
        except zlib.error:
            msg = f"the body from {self._place} is not the gzip it says it is"
            raise ProtocolBroken(msg, sent="yes", hint="The server or a proxy is broken.") from None

    def _gunzip(self, data: bytes) -> Iterator[bytes]:
        """Unpack, one gzip member after the other (RFC 1952 2.2), never more than a piece at a time."""
        unpack = self._unpack or zlib.decompressobj(_GZIP)
        while True:
            if unpack.eof:
                if not data:
                    return
                self._unpack = unpack = zlib.decompressobj(_GZIP)
            piece = unpack.decompress(data, PIECE)
            if piece:
                yield piece
            data = unpack.unused_data if unpack.eof else unpack.unconsumed_tail
            if not unpack.eof and not data:
                return


def codings(headers: Headers) -> tuple[str, ...]:
    """Return the codings of the body in the order they were applied, identity left out (RFC 9110 8.4)."""
    listed = ",".join(value for name, value in headers if name.lower() == "content-encoding")
    listed_names = (name.strip().lower() for name in listed.split(","))
    return tuple("gzip" if name == "x-gzip" else name[:40] for name in listed_names if name not in _IDENTITY)


def check_declared(headers: Headers, reach: Reach, place: str) -> None:
    """Refuse a body whose declared length passes the cap, before any of it is read.

    Raises:
        ResponseTooLarge: so it does.
    """
    declared = (header(headers, "content-length") or "").lstrip("0")
    if declared.isascii() and declared.isdigit() and (len(declared) > _DIGITS or int(declared) > reach.max_wire_bytes):
        raise too_large(place, reach.max_wire_bytes, "on the wire")


def too_large(place: str, cap: int, where: str) -> ResponseTooLarge:
    """Return the refusal; the request was sent and answered."""
    msg = f"the answer from {place} has more than {cap:,} bytes {where}"
    return ResponseTooLarge(msg, sent="yes", hint="Ask for less (a smaller page, fewer fields), or raise --max-bytes.")
