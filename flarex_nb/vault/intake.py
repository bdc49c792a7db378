"""A value at the door: what may be kept as a secret, and in which form. Never repeats any of it.

Frames that hold the value forget it before an error leaves them, because verbose tracebacks print locals.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import Final

from flarex_nb.errors import UsageError

LONGEST: Final = 64 * 1024
"""Characters, which are bytes in a header; a credential is not a file."""

SHORTEST_MASKED: Final = 8
"""Characters; masking shorter values would mask ordinary text."""

_LATIN_1_END: Final = 0xFF
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Zl", "Zp"})

_COMMON: Final = frozenset(
    [
        "12345678",
        "123456789",
        "1234567890",
        "87654321",
        "administrator",
        "authorization",
        "changeit",
        "changeme",
        "changethis",
        "credential",
        "credentials",
        "defaults",
        "development",
        "example",
        "examples",
        "localhost",
        "password",
        "password1",
        "placeholder",
        "postgres",
        "postgresql",
        "production",
        "redacted",
        "undefined",
        "username",
    ]
)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A value fit to be kept, and what the person should know about it; its repr has the notes only."""

    text: str = field(repr=False)
    notes: tuple[str, ...] = ()


def clean(value: str | bytes | bytearray) -> Cleaned:
    """Return the value as it will be sent, without surrounding whitespace.

    It must fit in a header: no control or invisible characters and none outside Latin-1 (RFC 9110 5.5), because clients
    print an illegal header value whole in their error.

    Raises:
        UsageError: what is wrong, in words that hold nothing of the value.
    """
    text = ""
    try:
        text = _decoded(value)
        stripped = text.strip()
        notes = ("whitespace around the value was removed",) if stripped != text else ()
        text = stripped
        del stripped
        if problem := _problem(text):
            raise UsageError(problem, hint="Copy the value again. Nothing was stored.")
        return Cleaned(text, notes + _unmasked(text))
    finally:
        del value, text


def is_maskable(value: str) -> bool:
    """Return whether masking the value in output does more good than harm: long enough, and no everyday word."""
    return len(value) >= SHORTEST_MASKED and value.casefold() not in _COMMON and len(set(value)) > 1


def wipe(value: object) -> None:
    """Overwrite a caller's bytearray with zeros; other kinds cannot be overwritten in Python."""
    if isinstance(value, bytearray):
        value[:] = bytes(len(value))


def _decoded(value: object) -> str:
    try:
        text = str(value, "utf-8") if isinstance(value, bytes | bytearray) else value
    except UnicodeDecodeError:
        text = None  # raised below, outside: the decoder's error holds the bytes, and would stay as the context
    try:
        if isinstance(text, str):
            return text
        msg = "a secret's value is text, or bytes in UTF-8"
        raise UsageError(msg, hint="Nothing was stored.")
    finally:
        del value, text


def _problem(text: str) -> str:
    """Return why the value cannot be kept, "" when it can."""
    if not text:
        return "the value is empty"
    if len(text) > LONGEST:
        return "the value is longer than 64 KiB"
    if any(unicodedata.category(character) in _INVISIBLE for character in text):
        return "the value holds a control or invisible character, such as a line break or a tab"
    if any(ord(character) > _LATIN_1_END for character in text):
        return "the value holds a character that no HTTP header can carry, such as a curly quote"
    return ""


def _unmasked(text: str) -> tuple[str, ...]:
    if len(text) < SHORTEST_MASKED:
        return ("values under 8 characters cannot be masked in output",)
    return () if is_maskable(text) else ("a value this common cannot be masked in output",)
