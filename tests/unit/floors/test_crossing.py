"""Between a caller's loop and ours: everything arrives, in few wake-ups, and what is given up on one side ends on the other."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
from typing import TYPE_CHECKING, Any

import pytest

from flarex_nb.portal import Portal

if TYPE_CHECKING:
    from collections.abc import Coroutine

WHO: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")


async def _soon(value: int) -> int:
    await asyncio.sleep(0)
    return value


def test_a_burst_comes_back_whole_and_each_to_its_own_asker() -> None:
    portal = Portal()

    async def main() -> list[int]:
        return await asyncio.gather(*(portal.wrap(_soon(number)) for number in range(2000)))

    assert asyncio.run(main()) == list(range(2000))


def test_a_burst_needs_few_wake_ups_in_each_direction(monkeypatch: pytest.MonkeyPatch) -> None:
    portal = Portal()
    ours = portal.loop()
    woken: list[str] = []

    def counted(loop: asyncio.AbstractEventLoop, name: str) -> None:
        wake = loop.call_soon_threadsafe

        def waking(*arguments: Any, **more: Any) -> Any:
            woken.append(name)
            return wake(*arguments, **more)

        monkeypatch.setattr(loop, "call_soon_threadsafe", waking)

    async def main() -> None:
        counted(ours, "ours")
        counted(asyncio.get_running_loop(), "theirs")
        gate = asyncio.Event()

        async def held() -> None:
            await gate.wait()

        calls = asyncio.gather(*(portal.wrap(held()) for _ in range(1000)))
        await asyncio.sleep(0.05)
        ours.call_soon_threadsafe(gate.set)
        await calls

    asyncio.run(main())

    assert woken.count("ours") < 10
    assert woken.count("theirs") < 100


def test_an_error_is_raised_where_it_is_awaited_and_spares_the_others() -> None:
    portal = Portal()

    async def broken() -> int:
        await asyncio.sleep(0)
        msg = "broken"
        raise ValueError(msg)

    async def main() -> list[Any]:
        return await asyncio.gather(portal.wrap(_soon(1)), portal.wrap(broken()), return_exceptions=True)

    one, error = asyncio.run(main())

    assert one == 1
    assert isinstance(error, ValueError)


def test_work_given_up_before_it_began_never_begins() -> None:
    portal = Portal()
    began: list[int] = []
    held, go_on = threading.Event(), threading.Event()

    async def work() -> None:
        began.append(1)

    async def main() -> None:
        portal.loop().call_soon_threadsafe(lambda: (held.set(), go_on.wait(5)))
        held.wait(5)  # our loop is busy: nothing can begin there
        task = asyncio.create_task(portal.wrap(work()))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    portal.run(asyncio.sleep(0.01))

    assert began == []


def test_work_that_is_cancelled_on_our_side_is_cancelled_for_who_awaits_it() -> None:
    portal = Portal()

    async def gives_up() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(1)

    async def main() -> None:
        await portal.wrap(gives_up())

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())


def test_a_storm_of_cancelled_callers_ends_every_piece_of_work() -> None:
    portal = Portal()
    ended: list[int] = []

    async def work(number: int) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(number)

    async def main() -> None:
        tasks = [asyncio.create_task(portal.wrap(work(number))) for number in range(500)]
        await asyncio.sleep(0.1)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(main())
    portal.run(asyncio.sleep(0.05))

    assert sorted(ended) == list(range(500))


def test_the_work_sees_the_context_of_its_asker() -> None:
    portal = Portal()

    async def who() -> str:
        return WHO.get()

    async def asking(name: str) -> str:
        WHO.set(name)
        return await portal.wrap(who())

    async def main() -> list[str]:
        return await asyncio.gather(asking("ann"), asking("bob"))

    assert asyncio.run(main()) == ["ann", "bob"]


def test_a_caller_whose_loop_is_gone_disturbs_nobody() -> None:
    portal = Portal()
    complaints: list[dict[str, Any]] = []
    portal.loop().set_exception_handler(lambda _, context: complaints.append(context))

    async def fails_later() -> None:
        await asyncio.sleep(0.05)
        msg = "nobody hears this"
        raise ValueError(msg)

    async def main() -> Coroutine[Any, Any, None]:
        crossing = portal.wrap(fails_later())
        crossing.send(None)
        return crossing

    left = asyncio.run(main())
    portal.run(asyncio.sleep(0.2))
    left.close()
    del left
    portal.run(asyncio.sleep(0.05))
    gc.collect()

    assert complaints == []
    assert portal.run(_soon(3)) == 3
