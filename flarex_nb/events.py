"""What happens during a call, told to listeners as it happens; texts are redacted before they leave.

Listeners run on the private loop's thread and must be quick; one that raises is dropped, never the call.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

EventKind = Literal["attempt", "answer", "wait", "page", "cache", "stopped"]


@dataclass(frozen=True, slots=True)
class Event:
    """One moment of a call.

    `kind`: "attempt" a send begins (`number`); "answer" it ended (`text` is the outcome); "wait" a pause begins
    (`seconds`, `text` who asked); "page" a page is in (`number` pages, `count` records so far); "cache" a stored
    answer is used; "stopped" the call was cancelled during attempt `number` (`text` is whether it was sent).
    """

    kind: EventKind
    service: str
    number: int = 0
    count: int = 0
    seconds: float = 0.0
    text: str = ""


Listener: TypeAlias = Callable[[Event], None]

_listeners: list[Listener] = []


def on_event(listener: Listener) -> Callable[[], None]:
    """Tell `listener` every event of every call from now on; the function returned takes it off again."""
    _listeners.append(listener)

    def off() -> None:
        if listener in _listeners:
            _listeners.remove(listener)

    return off


def emit(event: Event, *more: Listener | None) -> None:
    """Tell the event to all listeners and to `more`."""
    for listener in (*_listeners, *more):
        if listener is None:
            continue
        try:
            listener(event)
        except Exception:  # noqa: BLE001 - a listener must never break a call
            if listener in _listeners:
                _listeners.remove(listener)
