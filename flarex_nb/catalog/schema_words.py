"""Values and names of an answer as short words for a message: what a person needs, and no piece of a longer text.

A text that is cut may be a secret that was cut, and what masks secrets knows whole ones only. So texts are shown whole,
up to a whole word, or by their length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flarex_nb.model import Json

LONGEST = 60
"""Characters of a value that is shown whole."""

_KEYS_SHOWN = 4
_LONGEST_KEY = 24
_PARTS_SHOWN = 12
_DIGITS_SHOWN = 200
"""Bits of a whole number that is shown: some sixty digits."""

_JSON_NAMES: dict[type, str] = {
    bool: "boolean", int: "number", float: "number", str: "string", list: "list", dict: "object", type(None): "null",
}  # fmt: skip

_ARTICLES = {"object": "an object", "null": "null"}


def json_type(kind: type) -> str:
    """Return the JSON name of a decoded value's type: "number", "string", "null", ..."""
    return _JSON_NAMES.get(kind, kind.__name__)


def a_kind(name: str) -> str:
    """Return "a number", "an object", "null"."""
    return _ARTICLES.get(name, f"a {name}")


def brief(text: str, most: int) -> str:
    """Return the text on one line, cut between words only: never longer than `most`, never part of a word."""
    head = text[: 4 * most]
    line = " ".join(head.split())
    if len(line) <= most and len(head) == len(text):
        return line
    cut = line[: most - 1].rpartition(" ")[0]
    return f"{cut} …" if cut else f"({len(text):,} characters)"


def got(value: Json) -> str:
    """Return what a value is, in at most some 100 characters: short values whole, others by type and size."""
    if isinstance(value, str):
        return orjson.dumps(value).decode() if len(value) <= LONGEST else f"a string of {len(value):,} characters"
    if isinstance(value, dict):
        return f"an object with {_keys(value)}" if value else "an empty object"
    if isinstance(value, list):
        return f"a list of {len(value):,}" if value else "an empty list"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value.bit_length() > _DIGITS_SHOWN:
        return f"a whole number of {value.bit_length():,} bits"
    return "null" if value is None else str(value)


def _keys(value: dict[str, Json]) -> str:
    keys = [brief(key, _LONGEST_KEY) for key, _ in zip(value, range(_KEYS_SHOWN), strict=False)]
    more = len(value) - len(keys)
    return ", ".join(keys) + (f" and {more:,} more" if more > 0 else "")


def dotted(parts: Sequence[int | str]) -> str:
    """Return the way to a value as text, "lines.0.amount"; the middle of a very deep one is left out."""
    names = [brief(str(part), LONGEST) for part in parts]
    return ".".join(names if len(names) <= _PARTS_SHOWN else [*names[:6], "…", *names[-5:]])


def counted(number: int, noun: str = "record") -> str:
    """Return "1 record", "3,000 records"."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def listed(names: Iterable[str], word: str = "and") -> str:
    """Return "a", "a and b", "a, b and c"."""
    *most, last = names
    return f"{', '.join(most)} {word} {last}" if most else last
