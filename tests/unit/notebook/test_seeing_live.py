"""The progress line: what it says while a call waits, and what an interrupt met."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from flarex_nb.clock import VirtualClock
from flarex_nb.events import Event
from flarex_nb.notebook import live
from flarex_nb.notebook.live import STOP, Live


class Line:
    """A progress line in virtual time; `texts` is what was drawn."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, watched: bool = True, attempts: int | None = 3) -> None:
        self.clock = VirtualClock()
        self.texts: list[str] = []
        handle = SimpleNamespace(update=lambda data, raw: self.texts.append(data["text/plain"]))

        def display(data: Any, **_options: Any) -> Any:
            self.texts.append(data["text/plain"])
            return handle

        monkeypatch.setattr(live, "display", display)
        self.live = Live(watched=watched, alone=True, attempts=attempts, clock=self.clock)

    def hear(self, kind: Any, **facts: Any) -> None:
        self.live.listener(Event(kind, "crm", **facts))

    def pass_by(self, seconds: float) -> None:
        """Look every twentieth of a second, as the portal does."""
        for _ in range(round(seconds / 0.05)):
            self.clock.advance(0.05)
            self.live.pump()


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    return Line(monkeypatch)


def test_a_servers_wait_counts_down_in_whole_seconds_each_drawn_once(line: Line) -> None:
    line.hear("attempt", number=1)
    line.hear("answer", number=1, text="429")
    line.hear("wait", number=2, seconds=3.0, text="Retry-After")

    line.pass_by(3.2)

    assert line.texts == [
        *(f"crm  waiting {left} s (Retry-After), attempt 2 of 3; {STOP}" for left in (3, 2, 1)),
        "crm  sending, attempt 2 of 3",
    ]


def test_our_own_wait_says_so(line: Line) -> None:
    line.hear("wait", number=2, seconds=1.4, text="backoff")

    line.pass_by(0.6)

    assert line.texts == [f"crm  waiting 1 s (our backoff), attempt 2 of 3; {STOP}"]


def test_a_wait_for_the_servers_limit_names_the_attempt_it_holds_back(line: Line) -> None:
    line.hear("attempt", number=2)
    line.hear("wait", seconds=9.0, text="X-RateLimit-Reset")

    line.pass_by(0.5)

    assert line.texts == [f"crm  waiting 9 s (X-RateLimit-Reset), attempt 2 of 3; {STOP}"]


def test_a_wait_without_a_time_says_what_it_waits_for(line: Line) -> None:
    line.hear("attempt", number=1)
    line.hear("wait", seconds=0.0, text="Retry-After")

    line.pass_by(0.5)

    assert line.texts == [f"crm  waiting for a place (Retry-After); {STOP}"]


def test_the_next_event_ends_the_countdown(line: Line) -> None:
    line.hear("wait", number=2, seconds=30.0, text="Retry-After")
    line.pass_by(0.5)

    line.hear("attempt", number=2)
    line.pass_by(0.5)

    assert line.texts[-1] == "crm  sending, attempt 2 of 3"


def test_who_asked_is_cleaned_before_it_is_shown(line: Line) -> None:
    line.hear("wait", number=2, seconds=9.0, text="bucket\x1b[31m" + "x" * 100)

    line.pass_by(0.5)

    assert "\x1b" not in line.texts[0]
    assert len(line.texts[0]) < 160


def test_nothing_is_drawn_where_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(monkeypatch, watched=False)
    line.hear("wait", number=2, seconds=3.0, text="Retry-After")

    line.pass_by(4)

    assert line.texts == []


def test_a_call_that_was_stopped_inside_draws_nothing_odd(line: Line) -> None:
    line.hear("attempt", number=1)
    line.hear("stopped", number=1, text="maybe")

    line.pass_by(1)

    assert line.texts == ["crm  sending"]


@pytest.mark.parametrize(
    ("events", "words", "sent"),
    [
        ([], "before anything was sent", "no"),
        ([("attempt", 1, ""), ("stopped", 1, "no")], "attempt 1; it had not been sent", "no"),
        ([("attempt", 1, ""), ("stopped", 1, "maybe")], "attempt 1; the request may have reached the server", "maybe"),
        ([("attempt", 1, ""), ("answer", 1, "503"), ("wait", 2, "backoff")], "waiting for attempt 2; the one before: 503", "yes"),
        ([("attempt", 1, ""), ("page", 2, ""), ("attempt", 1, ""), ("stopped", 1, "no")], "attempt 1 of page 3", "yes"),
        ([("attempt", 1, ""), ("page", 2, "")], "before page 3", "yes"),
    ],
)  # fmt: skip
def test_what_an_interrupt_met(line: Line, events: list[tuple[Any, int, str]], words: str, sent: str) -> None:
    for kind, number, text in events:
        line.hear(kind, number=number, text=text, seconds=5.0)

    assert words in line.live.stopped()
    assert line.live.heard.sent() == sent


def test_the_attempts_before_an_interrupt_are_kept_with_their_waits(line: Line) -> None:
    line.hear("attempt", number=1)
    line.clock.advance(0.5)
    line.hear("answer", number=1, text="503")
    line.hear("wait", number=2, seconds=2.0, text="backoff")
    line.clock.advance(2.0)
    line.hear("attempt", number=2)
    line.clock.advance(1.0)
    line.hear("stopped", number=2, text="maybe")

    first, second = line.live.heard.attempts

    assert (first.outcome, first.elapsed, first.waited, first.decision) == ("503", 0.5, 0.0, "again")
    assert (second.outcome, second.elapsed, second.waited, second.wait_source) == ("stopped", 1.0, 2.0, "backoff")
    assert second.decision == "stop"
