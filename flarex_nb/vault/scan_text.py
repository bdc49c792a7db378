"""A file's text in windows: decoded by its byte order mark, never more of it in memory than a window."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LARGE: Final = 32 * 1024 * 1024
"""Bytes; a larger file is read in windows, and a larger notebook as text."""

_WINDOW: Final = 2 * 1024 * 1024
_OVERLAP: Final = 16 * 1024
"""Characters that two windows share: no key is longer, so one of them holds it whole."""

_LED_BY: Final = 256
"""Characters before a window's own, so that what stands before a key is seen."""

_SNIFFED: Final = 8192
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Window(NamedTuple):
    """A part of a file. What begins before `first` or from `last` on is another window's; lines and columns go on."""

    text: str
    first: int
    last: int
    line: int
    column: int


def encoding_of(head: bytes) -> str | None:
    """Return the encoding by the first bytes, None for a file that is no text."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    return None if b"\0" in head else "utf-8"


def head_of(path: Path) -> bytes:
    """Return the first bytes of the file."""
    with path.open("rb") as file:
        return file.read(_SNIFFED)


def windows(path: Path, encoding: str) -> Iterator[Window]:
    """Return the file's text window by window; bytes that are no text become replacement characters."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        lead, text = "", file.read(_WINDOW)
        line = column = 1
        while text:
            more = file.read(_WINDOW - _OVERLAP)
            last = len(text) - (_OVERLAP if more else 0)
            whole = lead + text
            back = len(lead)
            yield Window(whole, back, back + last, line, column - back)
            breaks = text.count("\n", 0, last)
            line += breaks
            column = last - text.rfind("\n", 0, last) if breaks else column + last
            lead = whole[: back + last][-_LED_BY:].rpartition("\n")[2]
            text = text[last:] + more
            if not more:
                return
