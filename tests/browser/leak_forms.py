"""Where a value hides: an own list of its written forms, which shares nothing with the package's redactor."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse


def forms(value: str) -> dict[str, bytes]:
    """Return each form of the value by its name, as bytes to look for."""
    raw = value.encode()
    found = {
        "plain": raw,
        "reversed": value[::-1].encode(),
        "utf-16": value.encode("utf-16-le"),
        "json": json.dumps(value)[1:-1].encode(),
        "json twice": json.dumps(json.dumps(value))[1:-1].strip('\\"').encode(),
        "repr": repr(value)[1:-1].encode(),
        "html": html.escape(value).encode(),
        "url": urllib.parse.quote(value, safe="").encode(),
        "url lower": _lower_escapes(urllib.parse.quote(value, safe="")).encode(),
        "form": urllib.parse.quote_plus(value).encode(),
        "hex": raw.hex().encode(),
        "hex upper": raw.hex().upper().encode(),
    }
    for shift in range(3):
        core = _base64_core(raw, shift)
        found[f"base64 at {shift}"] = core
        found[f"base64url at {shift}"] = core.replace(b"+", b"-").replace(b"/", b"_")
        found[f"base64 reversed at {shift}"] = core[::-1]
    return found


def seen(value: str, data: bytes) -> list[str]:
    """Return the names of the forms of `value` that occur in `data`."""
    return [name for name, form in forms(value).items() if form in data]


def _base64_core(raw: bytes, shift: int) -> bytes:
    """Return the characters of base64 that `raw` alone decides when `shift` other bytes come before it."""
    text = base64.b64encode(b"\0" * shift + raw)
    first = -(-shift * 8 // 6)
    last = (shift + len(raw)) * 8 // 6
    return text[first:last]


def _lower_escapes(text: str) -> str:
    parts = text.split("%")
    return "%".join([parts[0], *(part[:2].lower() + part[2:] for part in parts[1:])])
