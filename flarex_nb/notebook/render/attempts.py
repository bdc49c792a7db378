"""The attempts of a call as rows: what is worth a row, on which scale, and in which words. No markup here.

The attempts of several pages come one after another; each page's numbers and times begin anew.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flarex_nb.notebook.render.card import counted, seconds, sentence, without_times

if TYPE_CHECKING:
    from flarex_nb.model import Attempt

_FIRST_ERROR = "400"
_STATUS_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One attempt, ready to be set.

    `label` is "2", or "page 3, 2". `wait` and `send` are begin and end in seconds on the row's own scale. `sent_for`,
    `waited` and `asked_by` are words, "" where there is nothing to say. `tone` is "good", "warn" or "bad".
    """

    label: str
    outcome: str
    tone: str
    wait: tuple[float, float]
    send: tuple[float, float]
    sent_for: str
    waited: str
    asked_by: str
    decision: str
    why: str

    def spoken(self) -> str:
        """Return the picture of this row in words."""
        wait = f"waits {self.waited} ({self.asked_by}), then " if self.waited else ""
        return f"Attempt {self.label}: {wait}sends for {self.sent_for}; {self.outcome}."


@dataclass(frozen=True, slots=True)
class History:
    """The rows that are shown, the seconds of their common scale, what they come to, and what is left out."""

    rows: tuple[Row, ...]
    span: float
    summary: str
    left_out: str

    @property
    def eventful(self) -> bool:
        """Whether there is something to compare: a lone attempt without a wait needs no table."""
        return len(self.rows) > 1 or any(row.waited for row in self.rows)

    @property
    def once(self) -> str:
        """The lone attempt in a sentence, "" where a table is better."""
        if self.eventful or not self.rows or self.left_out:
            return ""
        row = self.rows[0]
        return f"Once: {row.outcome}{f' after {row.sent_for}' if row.sent_for else ''}. {row.why}"


def history(attempts: tuple[Attempt, ...], *, most: int, steady: bool) -> History:
    """Return at most `most` attempts as rows: of several pages those where something happened."""
    pages = _by_page(attempts)
    several = len(pages) > 1
    chosen = [
        (f"page {number}, {attempt.number}" if several else str(attempt.number), attempt)
        for number, page in enumerate(pages, 1)
        for attempt in page
        if not several or len(page) > 1 or attempt.waited or attempt.decision == "stop"
    ]
    kept = chosen if len(chosen) <= most else chosen[: most // 2] + chosen[len(chosen) - (most - most // 2) :]
    rows = tuple(_row(label, attempt, steady=steady) for label, attempt in kept)
    span = max((row.send[1] for row in rows), default=0.0)
    return History(rows, span, _summary(attempts, len(pages), steady=steady), _left_out(attempts, chosen, kept))


def _by_page(attempts: tuple[Attempt, ...]) -> list[list[Attempt]]:
    pages: list[list[Attempt]] = []
    for attempt in attempts:
        if not pages or attempt.number <= pages[-1][-1].number:
            pages.append([])
        pages[-1].append(attempt)
    return pages


def _row(label: str, attempt: Attempt, *, steady: bool) -> Row:
    started = max(0.0, attempt.started)
    why = sentence(attempt.sentence or attempt.reason.replace("-", " "))
    return Row(
        label=label,
        outcome=attempt.outcome,
        tone=tone_of(attempt),
        wait=(max(0.0, started - attempt.waited), started),
        send=(started, started + max(0.0, attempt.elapsed)),
        sent_for="" if steady else seconds(attempt.elapsed),
        waited=_waited(attempt, steady=steady),
        asked_by=_asked_by(attempt),
        decision=attempt.decision,
        why=without_times(why) if steady else why,
    )


def tone_of(attempt: Attempt) -> str:
    """Return "good" for an answer below 400, "warn" for a failure that was tried again, "bad" for the end."""
    is_status = len(attempt.outcome) == _STATUS_DIGITS and attempt.outcome.isdecimal()
    if attempt.decision == "done" or (is_status and attempt.outcome < _FIRST_ERROR and attempt.decision != "stop"):
        return "good"
    return "warn" if attempt.decision == "again" else "bad"


def _asked_by(attempt: Attempt) -> str:
    return "our backoff" if attempt.wait_source == "backoff" else attempt.wait_source


def _waited(attempt: Attempt, *, steady: bool) -> str:
    """Return the wait before the attempt.

    A server's wait is told in every run alike; up to a tenth is added to it by chance, which leaves whole seconds as
    they are.
    """
    if not attempt.waited:
        return ""
    if not steady:
        return seconds(attempt.waited)
    if attempt.wait_source == "backoff":
        return "a moment"
    return f"{math.floor(attempt.waited)} s" if attempt.waited >= 1 else "under 1 s"


def _summary(attempts: tuple[Attempt, ...], pages: int, *, steady: bool) -> str:
    text = counted(len(attempts), "attempt")
    text += f" for {counted(pages, 'page')}" if pages > 1 else ""
    waits = [attempt.waited for attempt in attempts if attempt.waited]
    if waits and steady:
        return f"{text}, {counted(len(waits), 'wait')}"
    return f"{text}, {seconds(math.fsum(waits))} of it waiting" if waits else text


def _left_out(attempts: tuple[Attempt, ...], chosen: list[tuple[str, Attempt]], kept: list[tuple[str, Attempt]]) -> str:
    parts = []
    if first := len(attempts) - len(chosen):
        parts.append(f"{counted(first, 'page')} came at the first attempt")
    if more := len(chosen) - len(kept):
        parts.append(f"{counted(more, 'attempt')} between these not shown")
    return sentence("; ".join(parts))
