"""A piece of what a person wrote, with the place it came from: every error of this room points with it.

Holds no rule of the language beyond which odd characters of web pages mean which plain ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

from flarex_nb.errors import CellSyntaxError
from flarex_nb.model import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_INVISIBLE = "\u200b\u2060\ufeff\u200e\u200f"
_PLAIN = str.maketrans(
    dict.fromkeys(_SPACES, " ")
    | dict.fromkeys(_INVISIBLE, "")
    | dict.fromkeys("\u201c\u201d\u201e\u201f", '"')
    | dict.fromkeys("\u2018\u2019\u201a\u201b", "'")
)

_KEY_LIKE = re.compile(r"(?=[\w+/=-]*\d)(?=[\w+/=-]*[A-Za-z])[\w+=-]{16,}")

SHOWN = 40
"""Characters of the person's own text an error repeats at most."""


def plain_characters(text: str) -> str:
    """Return the text with what web pages make of spaces and quotes turned back (Unicode Zs, Cf; U+2018 to U+201F)."""
    return text if text.isascii() else text.translate(_PLAIN)


def unix_lines(text: str) -> str:
    """Return the text with every line end as a line feed, and without a byte order mark in front."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def nearest(word: str, known: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the nearest known word, "" when none is near."""
    words = {each.lower(): each for each in known}
    near = get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    return f" Did you mean {words[near[0]]!r}?" if near else ""


def masked(text: str) -> str:
    """Return the text with `[...]` for each run of letters and digits that could be a key put in the wrong place."""
    return _KEY_LIKE.sub("[...]", text)


def shown(text: str) -> str:
    """Return the text quoted, cut to what an error may repeat, and without anything that could be a key."""
    text = masked(text)
    return repr(text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}...")


@dataclass(frozen=True, slots=True)
class Source:
    """A text and where its first character stands; `file` names the file when it is not the cell.

    Two are equal when their texts are, wherever they stand.
    """

    text: str
    span: Span = field(default=Span(1, 1), compare=False)
    file: str = field(default="", compare=False)

    def at(self, offset: int) -> Span:
        """Return the place of the character at `offset`; its own place for anything outside."""
        before = self.text[: max(0, min(offset, len(self.text)))]
        newlines = before.count("\n")
        if not newlines:
            return Span(self.span.line, self.span.column + len(before))
        return Span(self.span.line + newlines, len(before) - before.rfind("\n"))

    def part(self, start: int, end: int | None = None) -> Source:
        """Return the text from `start` to `end` with its own place."""
        return Source(self.text[start:end], self.at(start), self.file)

    def place(self, offset: int) -> str:
        """Return the place in words, with the file where there is one."""
        return f"{self.file}, {self.at(offset)}" if self.file else str(self.at(offset))

    def error(self, message: str, offset: int = 0, *, hint: str = "") -> CellSyntaxError:
        """Return the error that points at the character at `offset`."""
        return CellSyntaxError(message, hint=hint, place=self.place(offset))
