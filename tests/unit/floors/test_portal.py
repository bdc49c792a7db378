"""The one private loop: what is interrupted ends, and nothing of it goes on."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from flarex_nb.portal import Portal


def test_a_result_comes_back_to_the_calling_thread() -> None:
    async def work() -> int:
        await asyncio.sleep(0)
        return 7

    assert Portal().run(work()) == 7


def test_an_error_comes_back_as_it_is() -> None:
    async def work() -> None:
        msg = "broken"
        raise TimeoutError(msg)

    with pytest.raises(TimeoutError, match="broken"):
        Portal().run(work())


def test_an_interrupt_cancels_the_work_and_returns_within_half_a_second() -> None:
    ended = threading.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    def interrupt() -> None:
        raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        Portal().run(work(), pump=interrupt)

    assert ended.is_set()
    assert time.monotonic() - began < 0.5


def test_work_that_will_not_end_does_not_hold_the_interrupt_back() -> None:
    go_on = threading.Event()

    async def stubborn() -> None:
        while not go_on.is_set():
            try:
                await asyncio.sleep(0.05)
            except asyncio.CancelledError:
                continue

    def interrupt() -> None:
        raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        Portal().run(stubborn(), pump=interrupt)

    assert time.monotonic() - began < 0.55
    go_on.set()


def test_cancelling_the_awaiting_side_cancels_the_work() -> None:
    portal = Portal()
    ended = threading.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    async def caller() -> None:
        async with asyncio.timeout(0.1):
            await portal.wrap(work())

    with pytest.raises(TimeoutError):
        asyncio.run(caller())

    assert ended.wait(1)
