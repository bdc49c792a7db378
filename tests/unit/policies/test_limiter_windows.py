"""A server that counts strictly, window after window: no order of answers lets one call too many out."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flarex_nb.policies.limiter import Gate, GoNow, Ticket, WaitUntil, admit, finish, learn, start
from flarex_nb.policies.quota import Quota

DEADLINE = 10_000.0


@dataclass
class StrictServer:
    """Counts each call when it arrives, in windows of `period` seconds, and tells what is left of the present one."""

    limit: int
    period: float
    tells_limit: bool
    whole_seconds: bool
    counted: Counter[int] = field(default_factory=Counter)

    def answer(self, at: float) -> Quota:
        window = math.floor(at / self.period)
        self.counted[window] += 1
        left = max(self.limit - self.counted[window], 0)
        reset = (window + 1) * self.period - at
        told = float(math.ceil(reset)) if self.whole_seconds else reset
        return Quota("default", self.limit if self.tells_limit else None, left, told, "X-RateLimit-Reset")


def run(server: StrictServer, trips: list[tuple[float, float]], at_once: int) -> None:
    """Send one call for each (way there, way back), the first alone, the others as soon as the gate allows."""
    gate, now, sent = Gate(), 0.0, 0
    events: list[tuple[float, int, str, Ticket, Quota | None]] = []
    while sent < len(trips) or events:
        free = gate.in_flight < (1 if sent <= 1 else at_once)
        verdict = admit(gate, now, DEADLINE) if sent < len(trips) and free else None
        if isinstance(verdict, GoNow):
            gate, ticket = start(gate, now)
            heapq.heappush(events, (now + trips[sent][0], ticket.number, "arrives", ticket, None))
            sent += 1
            continue
        again = verdict.at if isinstance(verdict, WaitUntil) and verdict.at is not None else math.inf
        if events and events[0][0] <= again:
            now, number, kind, ticket, told = heapq.heappop(events)
            if kind == "arrives":
                back = now + trips[number - 1][1]
                heapq.heappush(events, (back, number, "returns", ticket, server.answer(now)))
            else:
                assert told is not None
                gate = learn(finish(gate), (told,), now, ticket=ticket)
        else:
            assert again < math.inf, "nothing is under way and nobody may be sent"
            now = again


TRIPS = st.lists(st.tuples(st.floats(0.01, 0.9), st.floats(0.01, 0.9)), min_size=2, max_size=25)


@given(
    trips=TRIPS,
    limit=st.integers(1, 6),
    period=st.sampled_from([4.0, 7.0, 60.0]),
    at_once=st.integers(1, 12),
    tells_limit=st.booleans(),
    whole_seconds=st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_no_window_of_the_server_sees_more_calls_than_its_limit(
    trips: list[tuple[float, float]], limit: int, period: float, at_once: int, tells_limit: bool, whole_seconds: bool
) -> None:
    server = StrictServer(limit, period, tells_limit, whole_seconds)

    run(server, trips, at_once)

    assert sum(server.counted.values()) == len(trips)
    assert max(server.counted.values()) <= limit


@pytest.mark.parametrize("at_once", [1, 2, 5, 50])
def test_each_new_window_lets_exactly_its_limit_out(at_once: int) -> None:
    server = StrictServer(5, 10.0, tells_limit=True, whole_seconds=False)

    run(server, [(0.1, 0.1)] * 25, at_once)

    assert [server.counted[window] for window in range(5)] == [5] * 5
