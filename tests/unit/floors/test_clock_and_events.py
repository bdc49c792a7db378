"""Virtual time passes in order; listeners hear everything and can break nothing."""

from __future__ import annotations

import asyncio

import pytest

from flarex_nb.clock import RealClock, VirtualClock
from flarex_nb.events import Event, emit, on_event


def test_virtual_sleepers_wake_in_order_of_their_time() -> None:
    clock = VirtualClock()
    woken: list[tuple[float, float]] = []

    async def sleeper(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((seconds, clock.now()))

    async def all_of_them() -> None:
        await asyncio.gather(*(sleeper(seconds) for seconds in (3600, 2, 60)))

    asyncio.run(all_of_them())

    assert woken == [(2, 2), (60, 60), (3600, 3600)]


def test_a_virtual_timeout_ends_a_longer_sleep_at_its_moment() -> None:
    clock = VirtualClock()

    async def scene() -> None:
        async with clock.timeout(10):
            await clock.sleep(60)

    with pytest.raises(TimeoutError):
        asyncio.run(scene())

    assert clock.now() == 10


def test_a_timeout_alone_does_not_move_the_clock() -> None:
    clock = VirtualClock()

    async def scene() -> None:
        async with clock.timeout(10):
            await asyncio.sleep(0.01)

    asyncio.run(scene())

    assert clock.now() == 0


def test_the_real_clock_agrees_with_itself() -> None:
    clock = RealClock()

    assert clock.now() <= clock.now()
    assert clock.wall() > 1_700_000_000


def test_a_listener_hears_until_it_is_taken_off() -> None:
    heard: list[str] = []
    off = on_event(lambda event: heard.append(event.kind))

    emit(Event("attempt", "stripe", 1))
    off()
    emit(Event("answer", "stripe", 1))

    assert heard == ["attempt"]


def test_a_listener_that_fails_is_dropped_and_the_others_still_hear() -> None:
    heard: list[str] = []

    def broken(_event: Event) -> None:
        msg = "listener"
        raise ValueError(msg)

    on_event(broken)
    off = on_event(lambda event: heard.append(event.kind))

    emit(Event("attempt", "stripe", 1))
    emit(Event("answer", "stripe", 1))
    off()

    assert heard == ["attempt", "answer"]
