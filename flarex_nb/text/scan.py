"""Finds the `{{ }}` of a text. Knows quotes and brackets, so that `{{ {"a": {"b": 1}} }}` is one expression.

Only finds: what an expression means is `expression`'s matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from flarex_nb.text.source import Source

OPEN, CLOSE = "{{", "}}"
_PAIRS = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that stands as it is."""

    text: str
    offset: int


@dataclass(frozen=True, slots=True)
class Hole:
    """An expression to fill in: its text, and where `{{` begins and `}}` ends."""

    text: str
    offset: int
    end: int


Piece: TypeAlias = Literal | Hole


def pieces(source: Source) -> list[Piece]:
    """Return the text cut into literals and holes, in order; no literal is empty.

    Raises:
        CellSyntaxError: a `{{` without its `}}`, or with nothing between them.
    """
    text, found, position = source.text, list[Piece](), 0
    while (start := text.find(OPEN, position)) >= 0:
        if start > position:
            found.append(Literal(text[position:start], position))
        end = hole_end(source, start)
        inside = text[start + 2 : end - 2]
        if not inside.strip():
            msg = "nothing stands between {{ and }}"
            raise source.error(msg, start, hint='Write a name, {{ amount }}; for two literal braces write {{"{{"}}.')
        found.append(Hole(inside, start, end))
        position = end
    if position < len(text):
        found.append(Literal(text[position:], position))
    return found


def hole_end(source: Source, start: int) -> int:
    """Return the offset behind the `}}` that closes the `{{` at `start`."""
    text, open_brackets, position = source.text, list[str](), start + 2
    while position < len(text):
        character = text[position]
        if character in "\"'":
            position = string_end(text, position)
            continue
        if not open_brackets and text.startswith(CLOSE, position):
            return position + 2
        if character in "([{":
            open_brackets.append(character)
        elif open_brackets and _PAIRS.get(character) == open_brackets[-1]:
            open_brackets.pop()
        position += 1
    msg = "{{ has no }} that closes it"
    raise source.error(msg, start, hint='Close it with }}; for two literal braces write {{"{{"}}.')


def string_end(text: str, start: int) -> int:
    """Return the offset behind the string that the quote at `start` opens; the text's end where it never closes."""
    quote, position = text[start], start + 1
    while position < len(text):
        if text[position] == "\\":
            position += 2
        elif text[position] == quote:
            return position + 1
        else:
            position += 1
    return len(text)
