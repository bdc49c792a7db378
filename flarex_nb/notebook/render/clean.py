"""Any value becomes short text that shows what is there and can do nothing else.

Answers are untrusted: what could turn text around, hide it, drive a terminal or end a tag is made visible or escaped.
The work is bounded by what is shown, never by how large the value is.
"""

from __future__ import annotations

import html
import re
import unicodedata
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # controls, C0 and C1
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"  # invisible
    "\u2028-\u202e\u2060-\u206f"  # line ends, and marks that turn the direction of text
    "\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\uffff"
    "\ud800-\udfff"  # half of a pair: cannot be saved as UTF-8
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Characters without a shape of their own (UTS 55, UTR 36); U+200C, U+200D and U+FE0F make up real words and emoji."""

_MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_MARKS = re.compile(f"({_MARK}{{4}}){_MARK}+")
"""More marks on one letter than any script needs: they would run over the lines above and below."""

_DIGITS_SHOWN = 4_000
_SAFE_URL = re.compile(r"https://[a-z0-9.-]+(?::\d+)?(?:[/?#][!#-;=?-\[\]_a-z~]*)?")


def shown(text: str, most: int) -> str:
    """Return at most `most` characters of the text, on one line, with nothing invisible in it."""
    piece = _MARKS.sub(r"\1", _UNSEEN.sub(_escape, text[: most + 1]))
    return piece if len(piece) <= most and len(text) <= most else piece[: most - 1] + "…"


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()


def escaped(text: str) -> str:
    """Return text that is already `shown` as HTML, also inside a quoted attribute."""
    return html.escape(text, quote=True)


def words(text: str, most: int) -> str:
    """Return at most `most` characters of the text as HTML."""
    return escaped(shown(text, most))


def is_safe_link(text: str) -> bool:
    """Return whether a person may be offered this as a link: https, a plain host, and no user name to hide it."""
    return len(text) < 2_000 and _SAFE_URL.fullmatch(text) is not None  # noqa: PLR2004 - as long as browsers take


def cell_text(value: Any, most: int) -> str:
    """Return one cell as text of at most `most` characters; numbers keep every digit, datetimes lose the "+00:00"."""
    if isinstance(value, str):
        return shown(value, most)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ").removesuffix("+00:00")
    if isinstance(value, (dict, list)):
        return preview(value, most)
    return shown(_scalar(value), most)


def _scalar(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > _DIGITS_SHOWN:
        return f"integer of {value.bit_length():,} bits"
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return "true" if value else "false"
    return "null" if value is None else str(value)


def preview(value: Any, most: int, *, indent: int = 0) -> str:
    """Return the beginning of a list or object as JSON; with `indent` over several lines."""
    pieces, length = [], 0
    for piece in _json(value, indent, 0):
        pieces.append(piece)
        length += len(piece)
        if length > most:
            break
    text = "".join(pieces)
    return text if len(text) <= most else text[: most - 1] + "…"


_DEEP = 20
_PIECE = 400


def _json(value: Any, indent: int, level: int) -> Iterator[str]:
    """Yield the JSON text in pieces, so that whoever has enough can stop."""
    if isinstance(value, str):
        piece = value[: _PIECE + 1].replace("\\", "\\\\").replace('"', '\\"')
        yield f'"{shown(piece, _PIECE)}"'
        return
    if not isinstance(value, (dict, list)):
        yield shown(_scalar(value), _PIECE)
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    if not value or level > _DEEP:
        yield opening + ("…" if value else "") + closing
        return
    gap = "\n" + " " * (indent * (level + 1)) if indent else ""
    yield opening
    for number, item in enumerate(value.items() if isinstance(value, dict) else value):
        yield ("," + ("" if indent else " ") if number else "") + gap
        if isinstance(value, dict):
            yield f'"{shown(str(item[0]), _PIECE)}": '
            yield from _json(item[1], indent, level + 1)
        else:
            yield from _json(item, indent, level + 1)
    yield ("\n" + " " * (indent * level) if indent else "") + closing


def width(text: str) -> int:
    """Return how many places the text takes in a terminal: two for wide characters, none for marks."""
    if text.isascii():
        return len(text)
    return sum(_places(character) for character in text)


def _places(character: str) -> int:
    if unicodedata.combining(character) or character in "\u200c\u200d\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
