"""The written forms in which a value can turn up in output: what `redact` looks for. Pure; keeps nothing.

Not covered, by design: case changes, rot13, compression, spaced or sliced values, line wraps and colour codes inside
the value, pictures.
"""

from __future__ import annotations

import base64
import contextlib
import html
import json
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, quote_from_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORTEST: Final = 8
"""Characters; no shorter form is looked for, because it would mask ordinary text."""

_LONG_LINE: Final = 16
_PUBLIC_LINE: Final = re.compile(r"-----(?:BEGIN|END) [A-Z0-9 ]+-----")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]+")
_QUOTES: Final = "'\""
_LONG_VALUE: Final = 64
_BLOCK: Final = 16
_DIGIT: Final = re.compile(r"[0-9]")
_LETTER: Final = re.compile(r"[A-Za-z]")
_ADDRESS: Final = re.compile(r"[/:.@?&=\s]")
_TWO_BYTES: Final = 2
"""What UTF-8 needs for the characters of Latin-1 beyond ASCII; a header's value has no others (RFC 9110 5.5)."""

_URL_KEPT: Final = ("", "/", "!'()*", ";,/?:@&=+$-_.!~*'()#")
"""What quoters leave as it is: Python's `quote_plus` and `quote`, JavaScript's encodeURIComponent and encodeURI."""


def forms(value: str) -> frozenset[str]:
    """Return every form of the value, and of each long line of a value with several; none under 8 characters."""
    lines = [line.strip() for line in value.splitlines()]
    long = [line for line in lines if len(line) >= _LONG_LINE and not _PUBLIC_LINE.fullmatch(line)]
    parts = {value, *(long if len(lines) > 1 else ())}
    return frozenset(form for part in parts for form in _forms(part) if len(form) >= SHORTEST)


def packed_forms(form: str) -> frozenset[bytes]:
    """Return the bytes of a form inside a JSON document in UTF-8, written with ASCII escapes or without."""
    return frozenset(
        json.dumps(form, ensure_ascii=ascii_only)[1:-1].encode("utf-8", "surrogatepass") for ascii_only in (True, False)
    )


def binary_forms(text: str) -> frozenset[bytes]:
    """Return the bytes a form can have in a buffer: UTF-8, Latin-1, and the wide ones of strings in arrays."""
    wide = {text.encode(encoding, "surrogatepass") for encoding in ("utf-16-le", "utf-32-le")}
    return narrow_forms(text) | wide


def narrow_forms(text: str) -> frozenset[bytes]:
    """Return the bytes of a form in UTF-8 and, where it has any, Latin-1."""
    encoded = {text.encode("utf-8", "surrogatepass")}
    with contextlib.suppress(UnicodeEncodeError):
        encoded.add(text.encode("latin-1"))
    return frozenset(encoded)


def _forms(value: str) -> Iterator[str]:
    yield value
    yield value[::-1]
    yield from _blocks(value)
    plain = _PLAIN.fullmatch(value) is not None  # nothing in it that any of these would write otherwise
    if not plain:
        yield from _cut(value)
        yield from _json(value)
        yield from _python(value)
        yield from _html(value)
    for data in {value.encode("utf-8", "surrogatepass"), value.encode("latin-1", "ignore")}:
        if not plain:
            yield from _quoted(data)
        yield from _base64(data)
        yield data.hex()
        yield data.hex().upper()


def _cut(value: str) -> Iterator[str]:
    """As text decoded piece by piece shows it, where a piece ended inside a character: two marks for it (U+FFFD)."""
    for at, character in enumerate(value):
        if len(character.encode("utf-8", "surrogatepass")) == _TWO_BYTES:
            yield f"{value[:at]}\ufffd\ufffd{value[at + 1 :]}"


def _blocks(value: str) -> Iterator[str]:
    """Of a long value blocks from its beginning and from its end: viewers cut long texts in the middle, or short.

    Blocks without a digit or with a mark of addresses are ordinary text, as is the head of a signed token (RFC 7519 3).
    """
    if len(value) < _LONG_VALUE:
        return
    first = value.find(".") + 1 if value.startswith("eyJ") else 0
    starts = {*range(first, len(value) - _BLOCK + 1, _BLOCK), *range(len(value) - _BLOCK, first - 1, -_BLOCK)}
    for start in starts:
        block = value[start : start + _BLOCK]
        if _DIGIT.search(block) and _LETTER.search(block) and not _ADDRESS.search(block):
            yield block


def _json(value: str) -> Iterator[str]:
    """JSON with and without ASCII escapes, as browsers' and templates' writers vary it, and once more inside JSON."""
    for ascii_only in (True, False):
        plain = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        safe = re.sub(r"[<>&']", lambda found: f"\\u{ord(found[0]):04x}", plain)
        for text in {plain, plain.replace("/", "\\/"), safe}:
            yield text
            yield re.sub(r"\\u([0-9a-f]{4})", lambda found: f"\\u{found[1].upper()}", text)
            yield json.dumps(text)[1:-1]
            yield json.dumps(text, ensure_ascii=False)[1:-1]


def _python(value: str) -> Iterator[str]:
    """repr, ascii and the repr of bytes. Which quotes stand around decides whether ' is escaped, so both ways."""
    for shown in (repr(value + _QUOTES), ascii(value + _QUOTES)):
        yield from _both_quotes(shown[1:-1])
    for data in {value.encode("utf-8", "surrogatepass"), value.encode("latin-1", "ignore")}:
        yield from _both_quotes(repr(data + _QUOTES.encode())[2:-1])


def _both_quotes(shown: str) -> Iterator[str]:
    """With ' escaped and not; and each once more inside a repr, as in an error that quotes another."""
    escaped = shown[: -len("\\'\"")]
    for text in (escaped, escaped.replace("\\'", "'")):
        twice = text.replace("\\", "\\\\")
        yield from (text, twice, twice.replace("'", "\\'"))


def _html(value: str) -> Iterator[str]:
    """HTML text, and attributes as Python, template engines and browsers write the quotes."""
    text = html.escape(value, quote=False)
    yield text
    for single in ("&#x27;", "&#39;", "&apos;", "'"):
        for double in ("&quot;", "&#34;", '"'):
            yield text.replace("'", single).replace('"', double)


def _quoted(data: bytes) -> Iterator[str]:
    for kept in _URL_KEPT:
        upper = quote_from_bytes(data, safe=kept)
        lower = re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), upper)
        for text in {upper, lower}:
            yield text
            yield text.replace("%20", "+")
            yield quote(text, safe="")


def _base64(data: bytes) -> Iterator[str]:
    """The characters that the value alone decides, for each of the three places it can begin at (RFC 4648 4 and 5)."""
    for before in range(3):
        first, last = -(-before * 8 // 6), (before + len(data)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(bytes(before) + data).decode()[first:last]
