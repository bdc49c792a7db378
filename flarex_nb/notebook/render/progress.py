"""One event of a call as a short line for a person who waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from flarex_nb.notebook.render.card import counted, seconds
from flarex_nb.notebook.render.clean import shown

if TYPE_CHECKING:
    from flarex_nb.events import Event

_FIRST_ERROR = "400"


def progress_line(event: Event, attempts: int | None = None) -> str:
    """Return the line for the event, "" for one that leaves the line as it is.

    `attempts` is how many there may be, where the caller knows.
    """
    what = _what(event, f" of {attempts}" if attempts else "")
    return f"{shown(event.service, 40)}  {what}" if what else ""


def _what(event: Event, of: str) -> str:
    match event.kind:
        case "attempt":
            return f"sending, attempt {event.number}{of}" if event.number > 1 else "sending"
        case "answer":
            good = event.text.isdecimal() and event.text < _FIRST_ERROR
            return "" if good else f"attempt {event.number}{of} ended with {shown(event.text, 40)}"
        case "wait":
            asked = "our backoff" if event.text == "backoff" else shown(event.text, 40)
            then = f", attempt {event.number}{of}" if event.number else ""
            return f"waiting {seconds(event.seconds)}" + (f" ({asked})" if asked else "") + then
        case "page":
            return f"page {event.number:,}, {counted(event.count, 'record')}"
        case "cache":
            return "answered from the cache"
        case "stopped":
            return "stopped"
        case _:
            assert_never(event.kind)
