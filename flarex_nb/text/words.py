"""A magic's line cut into words: quotes keep spaces together, and backslashes stay what they are.

Unlike a shell's rules, a backslash escapes only a quote of the kind that is open (a Windows path and a JSONPath keep
theirs), and a quote inside a word belongs to it: `$.a['b']` is one word with its quotes.
"""

from __future__ import annotations

from typing import NamedTuple

from flarex_nb.model import Span
from flarex_nb.text.scan import OPEN, hole_end
from flarex_nb.text.source import Source, plain_characters, shown

_QUOTES = "\"'"


class Word(NamedTuple):
    """One word without the quotes around it, and where it begins; `quoted` says that it had some."""

    text: str
    span: Span
    quoted: bool = False


def words(line: str, *, first_column: int = 1) -> list[Word]:
    """Return the words of the line up to a comment: a # that begins a word outside quotes.

    Raises:
        CellSyntaxError: a quote that never closes, or text that touches a closing quote.
    """
    source = Source(plain_characters(line), Span(1, first_column))
    text, found, position = source.text, list[Word](), 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        if text[position] == "#":
            break
        start = position
        word, position = _quoted(source, start) if text[position] in _QUOTES else _bare(source, start)
        found.append(Word(word, source.at(start), quoted=text[start] in _QUOTES))
    return found


def _quoted(source: Source, start: int) -> tuple[str, int]:
    word, end = _until_quote(source, start)
    if end < len(source.text) and not source.text[end].isspace():
        msg = f"{shown(source.text[end:].split()[0])} touches a closing quote"
        raise source.error(msg, end, hint="Put a space between them, or quotes around the whole word.")
    return word, end


def _until_quote(source: Source, start: int) -> tuple[str, int]:
    """Return the text between the quote at `start` and the next of its kind, and the offset behind that."""
    text, quote, position, kept = source.text, source.text[start], start + 1, list[str]()
    while position < len(text):
        if text.startswith(f"\\{quote}", position) and _closes_later(text, quote, position + 2):
            kept.append(quote)
            position += 2
        elif text[position] == quote:
            return "".join(kept), position + 1
        else:
            kept.append(text[position])
            position += 1
    msg = f"the quote {quote} never closes"
    raise source.error(msg, start, hint="Close it, or take it out.")


def _closes_later(text: str, quote: str, position: int) -> bool:
    r"""Say whether `\"` is an escape: only where another quote follows, so that "C:\data\" ends where it seems to."""
    return quote in text[position:] and not (
        text[position : position + 1].isspace() and text.count(quote, position) % 2 == 0
    )


def _bare(source: Source, start: int) -> tuple[str, int]:
    """Return a word that begins without a quote; a value behind = or : loses its quotes, other parts keep theirs."""
    text, position, kept = source.text, start, list[str]()
    while position < len(text) and not text[position].isspace():
        character = text[position]
        if text.startswith(OPEN, position):
            end = hole_end(source, position)
            kept.append(text[position:end])
            position = end
            continue
        if character not in _QUOTES:
            kept.append(character)
            position += 1
            continue
        inside, end = _until_quote(source, position)
        at_value = kept and kept[-1] in "=:@" and (end == len(text) or text[end].isspace())
        kept.append(inside if at_value else text[position:end])
        position = end
    return "".join(kept), position
