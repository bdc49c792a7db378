"""A multipart body as it is written in the cell, with files and values put in (RFC 7578, RFC 2046 5.1.1).

A value can neither end its part nor add a line to a part's head.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flarex_nb.text.files import file_line, read_file, text_of_file
from flarex_nb.text.scan import Hole, pieces
from flarex_nb.text.source import Source

if TYPE_CHECKING:
    from flarex_nb.text.scope import Context

_BOUNDARY = re.compile(r';\s*boundary=(?:"(?P<quoted>[^"\r\n]{1,70})"|(?P<plain>[^\s;"]{1,70}))', re.IGNORECASE)
_BREAKS_HEAD = re.compile(r'[\r\n"\0]')


def fill_multipart(source: Source, content_type: str, context: Context) -> bytes:
    """Return the body with CRLF line ends, each `< path` line replaced by its file, closed where it was left open.

    Raises:
        CellSyntaxError: no boundary, or a body that does not begin with it.
        UsageError: a value that holds the boundary, or breaks the head of a part.
    """
    found = _BOUNDARY.search(content_type)
    if found is None:
        msg = "multipart needs a boundary"
        raise source.error(
            msg, hint="Write Content-Type: multipart/form-data; boundary=cut, and --cut above each part."
        )
    mark = f"--{found['quoted'] or found['plain']}"
    if not source.text.lstrip().startswith(mark):
        msg = f"the body does not begin with {mark}"
        raise source.error(msg, hint=f"Write {mark} above each part and {mark}-- below the last.")
    lines = _Lines(mark, context)
    for line in _lines_of(source):
        lines.add(line)
    return lines.closed()


def _lines_of(source: Source) -> list[Source]:
    """Return the lines; a line end inside a hole ends none."""
    cuts, begin = list[Source](), 0
    inside = [(piece.offset, piece.end) for piece in pieces(source) if isinstance(piece, Hole)]
    for found in re.finditer("\n", source.text):
        if not any(start < found.start() < end for start, end in inside):
            cuts.append(source.part(begin, found.start()))
            begin = found.end()
    return [*cuts, source.part(begin)]


class _Lines:
    """The body as it grows: whether a part's head is open, and the mark no value may hold."""

    def __init__(self, mark: str, context: Context) -> None:
        self.mark, self.context = mark, context
        self.parts: list[bytes] = []
        self.in_head = False
        self.is_closed = False

    def add(self, line: Source) -> None:
        text = line.text.rstrip()
        if text in {self.mark, f"{self.mark}--"}:
            self.in_head, self.is_closed = True, text.endswith("--") and text != self.mark
            self.parts.append(text.encode())
        elif self.in_head and not text:
            self.in_head = False
            self.parts.append(b"")
        else:
            self.parts.append(self._content(line))

    def closed(self) -> bytes:
        while self.parts and not self.parts[-1]:
            self.parts.pop()
        end = [] if self.is_closed else [f"{self.mark}--".encode()]
        return b"\r\n".join([*self.parts, *end, b""])

    def _content(self, line: Source) -> bytes:
        named = None if self.in_head else file_line(line)
        if named is None:
            return "".join(self._piece(line, piece) for piece in pieces(line)).encode()
        path, content = read_file(named, self.context)
        if named.filled:
            text = text_of_file(named, path, content)
            content = "".join(self._piece(text, piece) for piece in pieces(text)).encode()
        if self.mark.encode() in content:
            raise self._holds_mark(line)
        return content

    def _piece(self, source: Source, piece: object) -> str:
        if not isinstance(piece, Hole):
            return str(getattr(piece, "text", ""))
        value = self.context.text(source, piece, "body")
        if self.in_head and _BREAKS_HEAD.search(value):
            msg = "the value holds a quote or a line break, which would change the head of the part"
            raise source.error(msg, piece.offset, hint="Clean it in a cell above.")
        if self.mark in value:
            raise self._holds_mark(source, piece.offset)
        return value

    def _holds_mark(self, source: Source, offset: int = 0) -> Exception:
        msg = "the value holds the boundary, which would end the part"
        return source.error(msg, offset, hint="Choose another boundary in Content-Type.")
