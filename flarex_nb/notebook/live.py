"""Progress while a call runs: one line, drawn from the main thread, at most ten times a second, gone at the end.

A run nobody watches (nbclient, nbval, papermill) gets none: notebook tests must see the same messages every time.
"""

from __future__ import annotations

import queue
import sys
from typing import TYPE_CHECKING

from IPython.display import clear_output, display

from flarex_nb.clock import RealClock

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from flarex_nb.events import Event

FIRST_AFTER = 0.4
"""Seconds a call may take before anything is drawn: a quick call should not flicker."""

EVERY = 0.1
"""Seconds between two drawings at least."""


def is_batch(shell: InteractiveShell) -> bool:
    """Return whether nobody can be asked: FLAREX_BATCH=1, or a kernel whose client allows no input."""
    from flarex_nb.settings import load  # noqa: PLC0415

    if load().batch:
        return True
    kernel = getattr(shell, "kernel", None)
    if kernel is not None:
        return not getattr(kernel, "_allow_stdin", False)
    return not sys.stdin.isatty()


class Live:
    """The progress line of one call: `listener` hears events on any thread, `pump` draws on the caller's."""

    def __init__(self, *, watched: bool, alone: bool) -> None:
        """Draw only when somebody watches; with `alone` the line may be cleared with the cell's whole output."""
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._clock = RealClock()
        self._started = self._clock.now()
        self._drawn_at = 0.0
        self._text = ""
        self._watched = watched
        self._alone = alone
        self._stopped: Event | None = None
        self._handle: object | None = None

    def listener(self, event: Event) -> None:
        """Take note of an event."""
        if event.kind == "stopped":
            self._stopped = event
        self._events.put(event)

    def pump(self) -> None:
        """Draw the newest state, if it is time to."""
        from flarex_nb.notebook.render import progress_line  # noqa: PLC0415

        while not self._events.empty():
            self._text = progress_line(self._events.get()) or self._text
        now = self._clock.now()
        if self._watched and self._text and now - self._started > FIRST_AFTER and now - self._drawn_at > EVERY:
            self._drawn_at = now
            self._draw(self._text)

    def stopped(self) -> str:
        """Return what an interrupt met: which attempt was under way, and whether it may have been applied."""
        event = self._stopped
        if event is None:
            return "stopped by you before anything was sent, or between two attempts. Nothing more is sent."
        reached = {
            "no": "it had not been sent",
            "maybe": "the request may have reached the server",
            "yes": "the request reached the server",
        }[event.text]
        return f"stopped by you during attempt {event.number}; {reached}. Nothing more is sent."

    def close(self) -> None:
        """Make room for the result: the line goes when the next output comes."""
        if self._handle is None:
            return
        if self._alone:
            clear_output(wait=True)
        else:
            self._draw("")

    def _draw(self, text: str) -> None:
        shown = {"text/plain": text}
        if self._handle is None:
            self._handle = display(shown, raw=True, display_id=True)
        else:
            self._handle.update(shown, raw=True)  # type: ignore[attr-defined]  # IPython's DisplayHandle is untyped
