"""An answer that is no table: a picture, a text or bytes, shown as far as that is safe, with what to do with it.

A server's HTML and SVG are texts here: nothing of them runs. A picture is shown only if its first bytes are those of
the kind it says it is, and if it is small enough to live in a notebook.
"""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from flarex_nb.notebook.render.clean import escaped, shown, words

if TYPE_CHECKING:
    from flarex_nb.notebook.render.card import ResultView

PICTURE_LIMIT = 256 * 1024
"""Bytes of a picture that is put into the notebook; the one thing that may pass the 20 kB of a card."""

_LINES, _LINE = 40, 200
"""Lines of a text that are shown, and characters of each."""

_SIGNS = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/gif": b"GIF8", "image/webp": b"RIFF"}
_TEXTS = ("text/", "application/xml", "application/javascript", "application/x-ndjson", "application/yaml", "image/svg")
_READERS = {
    "text/csv": "pandas.read_csv(io.StringIO(result.text))",
    "application/x-ndjson": "pandas.read_json(io.StringIO(result.text), lines=True)",
}
"""What makes a table of a text that is none here yet."""

_MARKUP = ("text/html", "image/svg+xml", "application/xhtml+xml")


@dataclass(frozen=True, slots=True)
class Whole:
    """An answer in one piece: `what` it is, its `lines` or its `picture` (a data URL), and in `hint` what to do."""

    kind: Literal["text", "picture", "bytes"]
    what: str
    hint: str
    lines: tuple[str, ...] = ()
    picture: str = ""


def whole_of(result: ResultView) -> Whole | None:
    """Return how the answer is shown in one piece, None where it is a table or there is nothing."""
    content: bytes = getattr(result, "content", b"")
    data = getattr(result, "data", None)
    if not content.strip() or not (data is None or isinstance(data, str)) or _is_table(result):
        return None
    given = next((value for name, value in getattr(result, "headers", ()) if name.lower() == "content-type"), "")
    kind = given.split(";")[0].strip().lower()
    size = f"{len(content):,} bytes"
    if kind in _SIGNS and content.startswith(_SIGNS[kind]):
        return _picture(kind, content, size)
    if isinstance(data, str) or kind.startswith(_TEXTS) or kind.endswith(("+xml", "+json", "/json")):
        return _text(kind, content, size)
    named = shown(kind, 60) or "an answer that does not say what it is"
    named = f"no {named}, though it says so" if kind in _SIGNS else named
    return Whole("bytes", f"{named}, {size}", "result.content holds them; --save FILE writes them to a file.")


def _is_table(result: ResultView) -> bool:
    """A text that was read into rows and columns (CSV, JSON lines) is a table; one cell with the text in it is not."""
    return result.rows > 1 or (result.rows == 1 and list(result.df.columns) != ["value"])


def _picture(kind: str, content: bytes, size: str) -> Whole:
    what = f"{kind}, {size}{_measures(kind, content)}"
    if len(content) > PICTURE_LIMIT:
        most = f"Larger than the {PICTURE_LIMIT // 1024} kB that are put into a notebook"
        return Whole("bytes", what, f"{most}; --save FILE writes it to a file.")
    url = f"data:{kind};base64,{base64.b64encode(content).decode()}"
    return Whole("picture", what, "result.content holds its bytes; --save FILE writes them to a file.", picture=url)


def _measures(kind: str, content: bytes) -> str:
    """Return the size in pixels where the header tells it at once (PNG, ISO 15948 11.2.2)."""
    if kind != "image/png" or len(content) < 24:  # noqa: PLR2004 - signature, length, type, width, height
        return ""
    width, height = struct.unpack(">II", content[16:24])
    return f", {width} × {height} pixels"


def _text(kind: str, content: bytes, size: str) -> Whole:
    head = content[: (_LINES + 1) * _LINE * 4].decode("utf-8", "replace")
    lines = head.splitlines()
    all_shown = len(lines) <= _LINES and all(len(line) <= _LINE for line in lines) and len(head) >= len(content) // 4
    drawn = tuple(shown(line, _LINE) for line in lines[:_LINES])
    hint = "result.text has all of it; --save FILE writes it to a file."
    if kind.startswith(_MARKUP):
        hint = f"Shown as text: nothing of it runs. {hint}"
    if kind in _READERS:
        hint = f"{_READERS[kind]} makes a table of it. {hint}"
    what = f"{shown(kind, 60) or 'text'}, {size}"
    if not all_shown:
        what = f"{what}, its beginning"
    return Whole("text", what, hint if not all_shown or kind.startswith(_MARKUP) or kind in _READERS else "", drawn)


def whole_html(whole: Whole, top: str, *, lines: int) -> str:
    """Return the answer as HTML below its caption `top`, with at most so many lines of a text."""
    what = words(whole.what, 120)
    if whole.kind == "picture":
        inner = f'<img src="{whole.picture}" alt="{what}">'
    elif whole.kind == "text":
        text = "\n".join(escaped(line) for line in whole.lines[:lines])
        inner = f'<pre tabindex="0" aria-label="{what}">{text}</pre>'
    else:
        inner = ""
    body = f'<div class="fx-whole">{inner}</div>' if inner else ""
    return f'<div class="fx-cap">{top}</div>{body}'


def whole_lines(whole: Whole) -> list[str]:
    """Return the answer as lines of text."""
    return [*(line[:100] for line in whole.lines[:20])] if whole.kind == "text" else []
