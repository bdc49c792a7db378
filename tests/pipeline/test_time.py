"""Deadlines and attempt timeouts, in virtual time."""

from __future__ import annotations

from typing import Any

import pytest

from flarex_nb.errors import AttemptTimeout, DeadlineExceeded, UsageError
from scripted import reply


async def never(_out: Any, clock: Any, _progress: Any) -> Any:
    await clock.sleep(10_000)


def test_an_attempt_ends_at_its_own_limit(world: Any) -> None:
    here = world(never)

    with pytest.raises(AttemptTimeout):
        here.call(attempts=1)

    assert here.clock.now() == pytest.approx(10.0, abs=0.1)


def test_the_deadline_cuts_the_last_attempt_short(world: Any) -> None:
    here = world(never)

    with pytest.raises(DeadlineExceeded) as caught:
        here.call(attempts=3, deadline=25.0)

    assert here.clock.now() <= 25.01
    assert [round(attempt.elapsed) for attempt in caught.value.attempts] == [10, 10, 2]


def test_an_attempt_longer_than_the_deadline_is_refused_before_sending(world: Any) -> None:
    here = world(reply(200))

    with pytest.raises(UsageError):
        here.call(attempt_timeout=40.0)

    assert here.wire.seen == []


def test_a_timeout_after_sending_a_post_without_a_key_is_not_repeated(world: Any) -> None:
    async def sent_and_silent(_out: Any, clock: Any, progress: Any) -> Any:
        progress.enter("waiting")
        await clock.sleep(10_000)

    here = world(sent_and_silent)

    with pytest.raises(AttemptTimeout) as caught:
        here.call("POST /v1/customers", json={"email": "a"}, idempotency="off")

    assert caught.value.sent == "maybe"
    assert len(here.wire.seen) == 1
