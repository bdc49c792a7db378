"""Progress while a call runs: one line, drawn from the main thread, at most ten times a second, gone at the end.

While the call waits, the line counts down and names who asked for the wait. A run nobody watches (nbclient, nbval,
papermill) gets none: notebook tests must see the same messages every time.
"""

from __future__ import annotations

import math
import queue
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from IPython.display import clear_output, display

from flarex_nb.clock import RealClock
from flarex_nb.model import Attempt

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from flarex_nb.clock import Clock
    from flarex_nb.errors import Sent
    from flarex_nb.events import Event

FIRST_AFTER = 0.4
"""Seconds a call may take before anything is drawn: a quick call should not flicker."""

EVERY = 0.1
"""Seconds between two drawings at least."""

STOP = "stop with the kernel's stop button"


def is_batch(shell: InteractiveShell) -> bool:
    """Return whether nobody can be asked: FLAREX_BATCH=1, or a kernel whose client allows no input."""
    from flarex_nb.settings import load  # noqa: PLC0415

    if load().batch:
        return True
    kernel = getattr(shell, "kernel", None)
    if kernel is not None:
        return not getattr(kernel, "_allow_stdin", False)
    return not sys.stdin.isatty()


class Heard:
    """What events told of the call so far; the same thread writes all of it."""

    def __init__(self, clock: Clock) -> None:
        """Begin before the first event."""
        self._clock = clock
        self._began = clock.now()
        self._wait_began = self._send_began = 0.0
        self._source = ""
        self.number = 0
        self.page = 0
        self.attempts: list[Attempt] = []
        self.stopped: Event | None = None

    def hear(self, event: Event) -> None:
        """Take note of an event."""
        now = self._clock.now() - self._began
        if event.kind == "attempt":
            self.number, self._send_began = event.number, now
            self._wait_began = self._wait_began if self._source else now
        elif event.kind == "wait":
            self._wait_began, self._source = now if not self._source else self._wait_began, event.text
            self._send_began = now + event.seconds
        elif event.kind == "answer":
            self._ended(now, event.text, "yes" if event.text.isdecimal() else "maybe")
        elif event.kind == "page":
            self.page, self.attempts[:] = event.number, []
        elif event.kind == "stopped":
            self.stopped = event
            self._ended(now, "stopped", _sent(event.text))

    def words(self) -> str:
        """Return what an interrupt met: which attempt was under way, and whether it may have been applied."""
        page = f" of page {self.page + 1}" if self.page else ""
        if self.stopped is not None:
            return f"stopped by you during attempt {self.stopped.number}{page}; {_REACHED[_sent(self.stopped.text)]}"
        if self.attempts:
            last = self.attempts[-1]
            return f"stopped by you while waiting for attempt {last.number + 1}{page}; the one before: {last.outcome}"
        return (
            "stopped by you before anything was sent"
            if not self.page
            else f"stopped by you before page {self.page + 1}"
        )

    def sent(self) -> Sent:
        """Return whether anything of the call may have reached the server."""
        if self.page:
            return "yes"
        return max((attempt.sent for attempt in self.attempts), key=_RANK.__getitem__, default="no")

    def _ended(self, now: float, outcome: str, sent: Sent) -> None:
        began = min(self._send_began, now)
        last = outcome == "stopped"
        self.attempts.append(
            Attempt(
                number=self.number,
                started=began,
                elapsed=now - began,
                waited=began - self._wait_began if self._source else 0.0,
                wait_source=self._source,
                outcome=outcome,
                sent=sent,
                decision="stop" if last else "again",
                reason="stopped-by-you" if last else "tried-again",
                sentence="You stopped it here." if last else "The next attempt was to follow.",
            )
        )
        self._source = ""


_RANK: dict[Sent, int] = {"no": 0, "maybe": 1, "yes": 2}
_REACHED: dict[Sent, str] = {
    "no": "it had not been sent",
    "maybe": "the request may have reached the server",
    "yes": "the request reached the server",
}


def _sent(text: str) -> Sent:
    return "yes" if text == "yes" else "maybe" if text == "maybe" else "no"


class Live:
    """The progress line of one call: `listener` hears events on any thread, `pump` draws on the caller's."""

    def __init__(self, *, watched: bool, alone: bool, attempts: int | None = None, clock: Clock | None = None) -> None:
        """Draw only when somebody watches; with `alone` the line may be cleared with the cell's whole output.

        `attempts` is how many there may be.
        """
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._clock = clock or RealClock()
        self._started = self._clock.now()
        self._drawn_at = 0.0
        self._text = ""
        self._drawn = ""
        self._wait: tuple[Event, float] | None = None
        self._watched = watched
        self._alone = alone
        self._attempts = attempts
        self._number = 1
        self._handle: object | None = None
        self.heard = Heard(self._clock)

    def listener(self, event: Event) -> None:
        """Take note of an event."""
        self.heard.hear(event)
        self._events.put(event)

    def pump(self) -> None:
        """Draw the newest state, if it is time to and something is different."""
        while not self._events.empty():
            self._take(self._events.get())
        now = self._clock.now()
        if not self._watched or now - self._started <= FIRST_AFTER or now - self._drawn_at <= EVERY:
            return
        text = self._counted_down(now)
        if text and text != self._drawn:
            self._drawn_at = now
            self._draw(text)

    def _take(self, event: Event) -> None:
        from flarex_nb.notebook.render import progress_line  # noqa: PLC0415

        if event.kind == "stopped":
            return
        if event.kind == "attempt":
            self._number = event.number
        self._wait = None
        if event.kind == "wait":
            following = replace(event, number=event.number or self._number)
            self._wait = following, self._clock.now() + event.seconds
            self._text = progress_line(replace(following, kind="attempt"), self._attempts)  # once the wait is over
        else:
            self._text = progress_line(event, self._attempts) or self._text

    def _counted_down(self, now: float) -> str:
        """Return the line; while there is a wait, with the whole seconds that are left of it."""
        from flarex_nb.notebook.render.clean import shown  # noqa: PLC0415

        if self._wait is None:
            return self._text
        event, until = self._wait
        asked = "our backoff" if event.text == "backoff" else shown(event.text, 40)
        if until <= now:
            return f"{event.service}  waiting for a place ({asked}); {STOP}" if not event.seconds else self._text
        of = f" of {self._attempts}" if self._attempts else ""
        left = f"{math.ceil(until - now):,} s"
        return f"{event.service}  waiting {left} ({asked}), attempt {event.number}{of}; {STOP}"

    @property
    def drawn(self) -> bool:
        """Whether the line is on the screen."""
        return self._handle is not None

    def stopped(self) -> str:
        """Return what an interrupt met, in a sentence."""
        return f"{self.heard.words()}. Nothing more is sent."

    def close(self) -> None:
        """Make room for the result: the line goes when the next output comes."""
        if self._handle is None:
            return
        if self._alone:
            clear_output(wait=True)
        else:
            self._draw("")

    def _draw(self, text: str) -> None:
        self._drawn = text
        shown = {"text/plain": text}
        if self._handle is None:
            self._handle = display(shown, raw=True, display_id=True)
        else:
            self._handle.update(shown, raw=True)  # type: ignore[attr-defined]  # IPython's DisplayHandle is untyped
