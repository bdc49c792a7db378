"""Kept answers: who shares them, for how long, and what a write does to them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from flarex_nb.errors import ServerError, UsageError
from flarex_nb.portal import PORTAL
from scripted import reply


def test_the_second_equal_get_within_a_minute_sends_nothing(world: Any) -> None:
    here = world(reply(200, {"id": "ch_1"}))

    first = here.call("GET /v1/charges/ch_1")
    here.clock.advance(12)
    second = here.call("GET /v1/charges/ch_1")

    assert len(here.wire.seen) == 1
    assert (first.cache, second.cache) == ("miss", "hit")
    assert second.age == pytest.approx(12)
    assert second.records == first.records
    assert second.attempts == ()


def test_after_a_minute_the_server_is_asked_again(world: Any) -> None:
    here = world(reply(200, {"id": "ch_1"}))

    here.call("GET /v1/charges/ch_1")
    here.clock.advance(61)
    here.call("GET /v1/charges/ch_1")

    assert len(here.wire.seen) == 2


def test_a_write_forgets_what_was_read(world: Any) -> None:
    here = world(reply(200, {"id": "cus_1"}))

    here.call("GET /v1/customers/cus_1")
    here.call("POST /v1/customers/cus_1", json={"name": "New"})
    here.call("GET /v1/customers/cus_1")

    assert [out.method for out in here.wire.seen] == ["GET", "POST", "GET"]


def test_an_error_is_not_kept(world: Any) -> None:
    here = world(reply(500), reply(200, {"id": "ch_1"}))

    with pytest.raises(ServerError):
        here.call("GET /v1/charges/ch_1", attempts=1)

    assert here.call("GET /v1/charges/ch_1").status == 200


def test_no_store_wins(world: Any) -> None:
    here = world(reply(200, {"id": "ch_1"}, Cache_Control="private, no-store"))

    here.call("GET /v1/charges/ch_1")
    here.call("GET /v1/charges/ch_1")

    assert len(here.wire.seen) == 2


def test_bypass_and_refresh_ask_and_only_does_not(world: Any) -> None:
    here = world(reply(200, {"id": "ch_1"}))

    with pytest.raises(UsageError, match="no fresh answer"):
        here.call("GET /v1/charges/ch_1", cache="only")
    here.call("GET /v1/charges/ch_1", cache="bypass")
    assert here.call("GET /v1/charges/ch_1").cache == "miss"
    assert here.call("GET /v1/charges/ch_1", cache="refresh").cache == "miss"
    assert here.call("GET /v1/charges/ch_1", cache="only").cache == "hit"

    assert len(here.wire.seen) == 3


def test_fifty_equal_calls_at_once_send_one_request(world: Any) -> None:
    async def slow(_out: Any, clock: Any, _progress: Any) -> Any:
        await clock.sleep(0.5)
        return reply(200, {"id": "ch_1"})

    here = world(slow)

    async def burst() -> list[Any]:
        calls = [here.client.acall("stripe", "GET /v1/charges/ch_1") for _ in range(50)]
        return await asyncio.gather(*calls)

    results = PORTAL.run(burst())

    assert len(here.wire.seen) == 1
    assert all(result.records == [{"id": "ch_1"}] for result in results)


def test_a_cancelled_leader_leaves_the_others_to_ask(world: Any) -> None:
    async def slow(_out: Any, clock: Any, _progress: Any) -> Any:
        await clock.sleep(0.5)
        return reply(200, {"id": "ch_1"})

    here = world(slow)

    async def scene() -> Any:
        leader = asyncio.ensure_future(here.client.acall("stripe", "GET /v1/charges/ch_1"))
        await asyncio.sleep(0)
        follower = asyncio.ensure_future(here.client.acall("stripe", "GET /v1/charges/ch_1"))
        await asyncio.sleep(0)
        leader.cancel()
        return await follower

    assert PORTAL.run(scene()).status == 200
