"""Where a value hides: an own list of its written forms, which shares nothing with the package's redactor."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse


def forms(value: str) -> dict[str, bytes]:
    """Return each form of the value by its name, as bytes to look for: written forms, and each again inside JSON."""
    written = _written(value)
    found = {"utf-16": value.encode("utf-16-le")}
    for name, text in written.items():
        once = json.dumps(text)[1:-1]
        found[name] = text.encode()
        found[f"{name} in json"] = once.encode()
        found[f"{name} in json, as utf-8"] = json.dumps(text, ensure_ascii=False)[1:-1].encode()
        found[f"{name} in json in json"] = json.dumps(once)[1:-1].encode()
    return found


def _written(value: str) -> dict[str, str]:
    raw = value.encode()
    quoted = urllib.parse.quote(value, safe="")
    found = {
        "plain": value,
        "reversed": value[::-1],
        "repr": repr(value)[1:-1],
        "html": html.escape(value),
        "url": quoted,
        "url of a path": urllib.parse.quote(value),
        "url lower": _lower_escapes(quoted),
        "url of a browser": urllib.parse.quote(value, safe="!~*'()"),
        "form": urllib.parse.quote_plus(value),
        "hex": raw.hex(),
        "hex upper": raw.hex().upper(),
        "codes": ",".join(map(str, raw)),
        "codes spaced": ", ".join(map(str, raw)),
    }
    for shift in range(3):
        core = _base64_core(raw, shift)
        found[f"base64 at {shift}"] = core
        found[f"base64url at {shift}"] = core.replace("+", "-").replace("/", "_")
        found[f"base64 reversed at {shift}"] = core[::-1]
    return found


def seen(value: str, data: bytes) -> list[str]:
    """Return the names of the forms of `value` that occur in `data`."""
    return [name for name, form in forms(value).items() if form in data]


def _base64_core(raw: bytes, shift: int) -> str:
    """Return the characters of base64 that `raw` alone decides when `shift` other bytes come before it."""
    text = base64.b64encode(b"\0" * shift + raw).decode()
    first = -(-shift * 8 // 6)
    last = (shift + len(raw)) * 8 // 6
    return text[first:last]


def _lower_escapes(text: str) -> str:
    parts = text.split("%")
    return "%".join([parts[0], *(part[:2].lower() + part[2:] for part in parts[1:])])
