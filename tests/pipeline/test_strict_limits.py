"""A server that counts strictly, in windows: concurrent callers never meet its 429 once the limit is known."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections import Counter
from typing import Any

import pytest

from flarex_nb.portal import PORTAL
from flarex_nb.settings import Settings
from scripted import reply


class StrictLimit:
    """So many calls in each period; each takes about `trip` seconds there and as long back, no two quite the same."""

    def __init__(self, limit: int, period: float, trip: float) -> None:
        self.limit, self.period, self.trip = limit, period, trip
        self.counted: Counter[int] = Counter()
        self.under_way = self.most_under_way = 0
        self.order = itertools.count()

    async def __call__(self, _out: Any, clock: Any, _progress: Any) -> Any:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        trip = self.trip * (1 + next(self.order) % 5 / 10)
        await clock.sleep(trip)
        window = math.floor(clock.now() / self.period)
        self.counted[window] += 1
        left, reset = self.limit - self.counted[window], (window + 1) * self.period - clock.now()
        told = {"X_RateLimit_Limit": str(self.limit), "X_RateLimit_Reset_After": f"{reset:.3f}"}
        told["X_RateLimit_Remaining"] = str(max(left, 0))
        await clock.sleep(trip)
        self.under_way -= 1
        return reply(200, {}, **told) if left >= 0 else reply(429, {"retry_after": reset}, **told)


@pytest.fixture
def limited_world(world: Any) -> Any:
    """Make a world with that server, whose profile reads its headers."""

    def make(server: StrictLimit, connections: int = 10) -> Any:
        async def step(out: Any, clock: Any, progress: Any) -> Any:
            return await server(out, clock, progress)

        here = world(step, settings=Settings(connections=connections))
        profile = here.client.services.get("stripe")
        retry = profile.retry.model_copy(update={"dialects": ("body_retry_after",)})
        here.client.services.register(profile.model_copy(update={"name": "strict", "retry": retry}))
        return here

    return make


async def gathered(here: Any, calls: int) -> list[Any]:
    first = await here.client.acall("strict", "GET /v1/x/first", deadline=500.0)
    others = (here.client.acall("strict", f"GET /v1/x/{n}", deadline=500.0) for n in range(calls - 1))
    return [first, *await asyncio.gather(*others)]


@pytest.mark.parametrize("trip", [0.05, 0.4])
@pytest.mark.parametrize("connections", [2, 10])
def test_no_window_sees_one_call_too_many(limited_world: Any, trip: float, connections: int) -> None:
    server = StrictLimit(limit=5, period=10.0, trip=trip)
    here = limited_world(server, connections)

    results = PORTAL.run(gathered(here, 25))

    assert {result.status for result in results} == {200}
    assert all(len(result.attempts) == 1 for result in results)
    assert max(server.counted.values()) == 5
    assert sum(server.counted.values()) == 25


def test_case_35_with_five_places_fifty_calls_are_never_more_than_five_at_once(limited_world: Any) -> None:
    server = StrictLimit(limit=10_000, period=10_000.0, trip=0.2)
    here = limited_world(server, connections=5)

    results = PORTAL.run(gathered(here, 50))

    assert len(results) == 50
    assert server.most_under_way == 5
