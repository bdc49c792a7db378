"""Cases 27 to 40 as whole calls, by number: time, the server's limits, breaker, credit, the cache."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from flarex_nb.errors import AttemptTimeout, CircuitOpen, DeadlineExceeded, FlarexError, UsageError
from flarex_nb.portal import PORTAL
from flarex_nb.settings import Settings
from scripted import KEY, header_of, reply

OK = reply(200, {"id": "ch_1"})


async def drips(_out: Any, clock: Any, progress: Any) -> Any:
    """Send a byte each second, for ever."""
    progress.enter("waiting")
    while True:
        await clock.sleep(1.0)


def test_case_27_a_server_that_drips_for_ever_is_left_after_the_attempts_time(world: Any) -> None:
    here = world(drips)

    with pytest.raises(AttemptTimeout) as caught:
        here.call(attempts=1)

    assert here.clock.now() == pytest.approx(10.0, abs=0.1)
    assert caught.value.kind == "attempt-timeout"


def test_case_28_the_third_attempt_gets_what_the_total_leaves(world: Any) -> None:
    here = world(drips)

    with pytest.raises(DeadlineExceeded) as caught:
        here.call(attempts=3, deadline=25.0)

    assert here.clock.now() <= 25.01
    assert [round(attempt.elapsed) for attempt in caught.value.attempts] == [10, 10, 2]
    assert [attempt.waited for attempt in caught.value.attempts] == [0.0, 1.0, 2.0]


def test_case_29_an_attempt_longer_than_the_deadline_sends_nothing(world: Any) -> None:
    here = world(OK)

    with pytest.raises(UsageError, match="longer than deadline"):
        here.call(attempt_timeout=40.0, deadline=30.0)

    assert here.wire.seen == []


def test_case_30_the_next_call_waits_for_the_reset_and_meets_no_429(world: Any) -> None:
    sent_at: list[float] = []

    async def step(_out: Any, clock: Any, _progress: Any) -> Any:
        sent_at.append(clock.now())
        early = len(sent_at) > 1 and clock.now() < 3.0
        told = {"X_RateLimit_Limit": "9", "X_RateLimit_Remaining": "0", "X_RateLimit_Reset": "3"}
        return reply(429) if early else reply(200, {}, **told)

    here = world(step)

    statuses = [here.call(f"GET /v1/x/{n}").status for n in range(2)]

    assert statuses == [200, 200]
    assert sent_at[1] >= 3.0


def test_case_31_one_callers_429_holds_nine_others_back(world: Any) -> None:
    sent_at: list[float] = []

    async def step(_out: Any, clock: Any, _progress: Any) -> Any:
        sent_at.append(clock.now())
        first = len(sent_at) == 1
        await clock.sleep(0.1)
        return reply(429, Retry_After="5") if first else reply(200, {})

    here = world(step, settings=Settings(connections=1))

    async def scene() -> list[Any]:
        calls = [here.client.acall("stripe", f"GET /v1/x/{n}", jitter="none") for n in range(10)]
        return await asyncio.gather(*calls)

    results = PORTAL.run(scene())

    assert {result.status for result in results} == {200}
    assert min(sent_at[1:]) >= 5.1


def test_case_32_failures_open_the_breaker_and_one_probe_of_twenty_is_sent_later(world: Any) -> None:
    async def failing(_out: Any, clock: Any, _progress: Any) -> Any:
        await clock.sleep(0.01)
        return reply(503)

    here = world(failing)
    for n in range(10):
        with pytest.raises(FlarexError):
            here.call(f"GET /v1/x/{n}", attempts=1)
    before = len(here.wire.seen)

    with pytest.raises(CircuitOpen) as refused:
        here.call("GET /v1/y")
    here.clock.advance(15.0)

    async def scene() -> list[Any]:
        calls = [here.client.acall("stripe", f"GET /v1/z/{n}", attempts=1) for n in range(20)]
        return await asyncio.gather(*calls, return_exceptions=True)

    errors = PORTAL.run(scene())
    assert before == 5
    assert refused.value.retry_after == pytest.approx(15.0, abs=0.2)
    assert len(here.wire.seen) == before + 1
    assert sum(isinstance(error, CircuitOpen) for error in errors) == 19


def test_case_33_ten_429s_leave_the_breaker_closed(world: Any) -> None:
    here = world(*[reply(429)] * 10, OK)

    for n in range(10):
        assert here.call(f"GET /v1/x/{n}", attempts=1, check=False).status == 429

    assert here.call("GET /v1/y").status == 200


def test_case_34_without_credit_a_503_is_asked_once(world: Any) -> None:
    here = world(*[reply(429)] * 40, reply(503))
    here.call("GET /v1/x", attempts=21, deadline=3000.0, attempt_timeout=5.0, check=False)
    here.wire.steps[:] = [reply(503)]
    before = len(here.wire.seen)

    result = here.call("GET /v1/y", check=False)

    assert (len(here.wire.seen) - before, result.attempts[-1].reason) == (1, "budget-empty")


def test_case_36_the_second_get_within_a_minute_is_a_hit_with_its_age(world: Any) -> None:
    here = world(OK)

    here.call("GET /v1/charges/ch_1")
    here.clock.advance(59.0)
    second = here.call("GET /v1/charges/ch_1")

    assert (len(here.wire.seen), second.cache) == (1, "hit")
    assert second.age == pytest.approx(59.0)


def test_case_37_another_credential_gets_an_answer_of_its_own(world: Any) -> None:
    here = world(reply(200, {"id": "of_one"}), reply(200, {"id": "of_the_other"}))
    here.client.secrets.set("STRIPE_SECRET_KEY", KEY, hosts=("api.stripe.com",))

    one = here.call("GET /v1/account")
    here.client.secrets.set("STRIPE_SECRET_KEY", KEY[:-1] + "z", hosts=("api.stripe.com",))
    other = here.call("GET /v1/account")

    assert [one.json["id"], other.json["id"]] == ["of_one", "of_the_other"]
    assert len({header_of(out, "Authorization") for out in here.wire.seen}) == 2


def test_case_38_fifty_misses_at_once_are_one_request_and_fifty_equal_answers(world: Any) -> None:
    async def slow(_out: Any, clock: Any, _progress: Any) -> Any:
        await clock.sleep(0.5)
        return OK

    here = world(slow)

    async def burst() -> list[Any]:
        return await asyncio.gather(*(here.client.acall("stripe", "GET /v1/charges/ch_1") for _ in range(50)))

    results = PORTAL.run(burst())

    assert len(here.wire.seen) == 1
    assert [result.json for result in results] == [{"id": "ch_1"}] * 50


def test_case_39_a_304_gives_the_kept_body(world: Any) -> None:
    here = world(
        reply(200, {"n": 1}, ETag='"a"', Cache_Control="max-age=5"),
        reply(304, b"", ETag='"a"'),
        settings=Settings(cache_mode="http"),
    )

    here.call("GET /v1/account")
    here.clock.advance(10.0)
    again = here.call("GET /v1/account")

    assert (again.cache, again.json) == ("revalidated", {"n": 1})
    assert header_of(here.wire.seen[1], "If-None-Match") == '"a"'


def test_case_40_an_expired_answer_stands_in_for_a_503_and_says_so(world: Any) -> None:
    here = world(reply(200, {"n": 1}, Cache_Control="max-age=5, stale-if-error=600"), reply(503),
                 settings=Settings(cache_mode="http"))  # fmt: skip

    here.call("GET /v1/account")
    here.clock.advance(10.0)
    stale = here.call("GET /v1/account", attempts=1)

    assert (stale.cache, stale.json) == ("stale", {"n": 1})
    assert stale.age == pytest.approx(10.0, abs=0.1)
    assert stale.warnings
