"""The target of a request filled in: each hole by where it stands, in the host, the path or the query.

A path value is percent-encoded whole, `/` included (RFC 3986 2.2), so that it cannot add a segment; query pairs are
kept decoded, and encoded once, when the request is bound.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from flarex_nb.errors import UsageError
from flarex_nb.text.kinds import Marked
from flarex_nb.text.pairs import Pairs
from flarex_nb.text.scan import Hole, Literal, pieces

if TYPE_CHECKING:
    from flarex_nb.text.scan import Piece
    from flarex_nb.text.scope import Context
    from flarex_nb.text.source import Source

Pair = tuple[str, str]

_WHOLE = re.compile(r"https?://[^\s/?#\\]+", re.IGNORECASE)
_HOST = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?\Z")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\#]")


def fill_target(source: Source, query: tuple[Source, ...], context: Context) -> tuple[str, tuple[Pair, ...]]:
    """Return the path or URL without query, and all query pairs, decoded, in order.

    Raises:
        CellSyntaxError, UsageError: with the place of the hole.
    """
    path, inline = _split_query(pieces(source))
    pairs = list[Pair]()
    target = _Target(source, context, pairs)
    text = target.fill(path)
    for part, parts in ((source, inline), *((line, pieces(line)) for line in query)):
        pairs += Pairs(part, context, "query").read(parts)
    return text, tuple(pairs)


def _split_query(parts: list[Piece]) -> tuple[list[Piece], list[Piece]]:
    """Return the pieces before the first `?` a person wrote, and those after it."""
    for index, piece in enumerate(parts):
        if isinstance(piece, Literal) and "?" in piece.text:
            path, _, query = piece.text.partition("?")
            before = [Literal(path, piece.offset)] if path else []
            after = [Literal(query, piece.offset + len(path) + 1)] if query else []
            return [*parts[:index], *before], [*after, *parts[index + 1 :]]
    return parts, []


class _Target:
    """Fills the part before the query."""

    def __init__(self, source: Source, context: Context, pairs: list[Pair]) -> None:
        self.source, self.context, self.pairs = source, context, pairs
        self.text = ""
        self.has_userinfo = False

    def fill(self, parts: list[Piece]) -> str:
        for index, piece in enumerate(parts):
            if isinstance(piece, Literal):
                self.text = (
                    self.text.rstrip("/") + piece.text if self._after_base(piece, index) else self.text + piece.text
                )
            elif index == 0:
                self.text = self._first(piece, alone=len(parts) == 1)
            elif self._in_authority():
                self.text += self._in_host(piece, parts[index + 1 :])
            else:
                self.text += self._in_path(piece)
        self._check_authority()
        self._check_userinfo()
        self._check_segments(parts)
        return self.text

    def _after_base(self, piece: Literal, index: int) -> bool:
        """Say whether a base URL that ends with / meets a path that begins with one."""
        return index == 1 and self.text.endswith("/") and piece.text.startswith("/")

    def _in_authority(self) -> bool:
        return self.text.lower().startswith(("http://", "https://")) and "/" not in self.text.split("://", 1)[1]

    def _first(self, hole: Hole, *, alone: bool) -> str:
        """Return a whole URL, a base URL or a path: the one place where a value is taken as it is."""
        text = self.context.text(self.source, hole, "path")
        if isinstance(text, Marked):
            return text
        text, mark, query = text.strip().partition("#")[0].partition("?")
        if not _WHOLE.match(text) and not (text.startswith("/") and not text.startswith("//")):
            msg = "the value is neither a path nor a URL"
            raise self._error(msg, hole, "A target begins with /, http:// or https://.")
        if _UNSAFE.search(text) or (mark and not alone):
            msg = "the value holds a character that no path has" if not mark else "the value holds a query already"
            raise self._error(
                msg, hole, "Put spaces and the like through percent-encoding, and query values below as ?name={{x}}."
            )
        if mark:
            self.pairs += Pairs(self.source, self.context, "query").plain(query, hole.offset)
        return text

    def _in_host(self, hole: Hole, after: list[Piece]) -> str:
        rest = "".join(piece.text for piece in after if isinstance(piece, Literal))
        if "@" in rest.split("/")[0]:
            self.has_userinfo = True
            return self.context.text(self.source, hole, "userinfo")
        text = self.context.text(self.source, hole, "host")
        if not _HOST.match(text):
            msg = "the value holds a character that no host has"
            raise self._error(msg, hole, "A host is a name such as api.example.com, with :port where needed.")
        return text

    def _in_path(self, hole: Hole) -> str:
        text = self.context.text(self.source, hole, "path")
        if isinstance(text, Marked):
            return text
        if not text:
            msg = "the value is empty, and the path would be another one without it"
            raise self._error(msg, hole, "Give it a value in a cell above; nothing was sent.")
        return quote(text, safe="")

    def _check_authority(self) -> None:
        """Refuse a host and port that cannot be read, such as an open bracket or a port of letters."""
        try:
            readable = "://" not in self.text or urlsplit(self.text).port != 0
        except ValueError:
            readable = False
        if not readable:
            msg = "the host or port of the URL cannot be read"
            raise self.source.error(msg, hint="Write it like https://api.example.com:8443/v1/charges.")

    def _check_userinfo(self) -> None:
        authority = self.text.split("://", 1)[-1].split("/")[0] if "://" in self.text else ""
        if "@" in authority and not self.has_userinfo:
            msg = "a user or password stands in the URL"
            raise self.source.error(msg, hint="Leave it out: the service's profile says how it signs in.")

    def _check_segments(self, parts: list[Piece]) -> None:
        """Refuse "." and ".." as a part, encoded or not: they climb out of the path as written (RFC 3986 5.2.4)."""
        path = unquote(self.text.split("://", 1)[-1])
        if any(part in {".", ".."} for part in re.split(r"[/\\]", path)):
            hole = next((piece.offset for piece in parts if isinstance(piece, Hole)), 0)
            msg = "a part of the path is . or .., which leads to another path"
            raise self.source.error(msg, hole, hint="Write the path as the documentation shows it.")

    def _error(self, message: str, hole: Hole, hint: str) -> UsageError:
        return UsageError(message, hint=hint, place=self.source.place(hole.offset))
