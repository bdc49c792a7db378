"""The server's limits: its wait is kept or the call ends; it is never cut short."""

from __future__ import annotations

from typing import Any

import pytest

from flarex_nb.errors import QuotaExceeded, RateLimited
from scripted import reply, waits_of


def test_a_429_waits_for_retry_after(world: Any) -> None:
    here = world(reply(429, Retry_After="2"), reply(200, {}))

    result = here.call()

    assert waits_of(result.attempts) == [0.0, 2.0]
    assert result.attempts[1].wait_source == "Retry-After"


def test_a_wait_beyond_the_deadline_ends_the_call_at_once_and_says_why(world: Any) -> None:
    here = world(reply(429, Retry_After="3600"))

    with pytest.raises(RateLimited) as caught:
        here.call()

    assert here.clock.now() == 0.0
    assert len(here.wire.seen) == 1
    assert caught.value.attempts[0].reason == "server-wait-exceeds-deadline"
    assert "3600" in caught.value.explain()
    assert "30" in caught.value.context["why it ended"]


def test_a_full_limit_is_waited_for_before_the_next_call(world: Any) -> None:
    here = world(
        reply(200, {}, X_RateLimit_Remaining="0", X_RateLimit_Reset="3", X_RateLimit_Limit="10"), reply(200, {})
    )

    here.call(cache="bypass")
    result = here.call(cache="bypass")

    assert here.clock.now() >= 3.0
    assert result.attempts[0].waited >= 2.9
    assert result.attempts[0].wait_source


def test_a_rehearsed_limit_does_not_hold_back_real_calls(world: Any) -> None:
    here = world(reply(429, Retry_After="2"), reply(200, {}))

    assert here.call().attempts[-1].outcome == "200"

    assert here.clock.now() == pytest.approx(2.0, abs=0.01)


def test_an_exhausted_quota_is_not_waited_for(world: Any) -> None:
    here = world(reply(429, {"error": {"code": "insufficient_quota", "message": "Out of credit."}}))
    profile = here.client.services.get("stripe")
    retry = profile.retry.model_copy(update={"never_codes": ("insufficient_quota",)})
    here.client.services.register(profile.model_copy(update={"name": "other", "retry": retry}))

    with pytest.raises(QuotaExceeded):
        here.client.call("other", "GET /v1/charges")

    assert len(here.wire.seen) == 1


@pytest.mark.parametrize(
    ("seconds", "hint"),
    [
        ("3600", "Call again in 3600 s."),
        ("60", "Call again in 60 s, or raise --deadline above 60 s to wait here."),
    ],
)
def test_a_wait_that_is_too_long_is_named_in_the_next_step(world: Any, seconds: str, hint: str) -> None:
    here = world(reply(429, Retry_After=seconds))

    with pytest.raises(RateLimited) as caught:
        here.call()

    assert caught.value.hint == hint
