"""Equal questions under way share one answer."""

from __future__ import annotations

import asyncio

import pytest

from flarex_nb.errors import ServerError
from flarex_nb.stores.flight import Flights


def test_equal_questions_are_asked_once() -> None:
    asked: list[int] = []

    async def ask() -> str:
        asked.append(1)
        await asyncio.sleep(0.01)
        return "answer"

    async def scene() -> list[tuple[str, bool]]:
        flights: Flights[str] = Flights()
        found = await asyncio.gather(*(flights.share("q", ask) for _ in range(20)))
        assert flights == {}
        return found

    found = asyncio.run(scene())

    assert len(asked) == 1
    assert sorted(first for _, first in found) == [False] * 19 + [True]


def test_an_error_is_everybodys_and_each_has_its_own_copy() -> None:
    async def ask() -> str:
        await asyncio.sleep(0.01)
        error = ServerError("the server failed", status=500)
        error.context["where"] = "here"
        raise error

    async def scene() -> list[BaseException | tuple[str, bool]]:
        flights: Flights[str] = Flights()
        return await asyncio.gather(*(flights.share("q", ask) for _ in range(3)), return_exceptions=True)

    errors = asyncio.run(scene())

    assert [type(error) for error in errors] == [ServerError] * 3
    assert len({id(error) for error in errors}) == 3
    assert len({id(error.context) for error in errors if isinstance(error, ServerError)}) == 3


def test_who_gives_up_hands_over_to_one_other() -> None:
    asked: list[int] = []

    async def ask() -> str:
        asked.append(1)
        await asyncio.sleep(0.05)
        return "answer"

    async def scene() -> list[tuple[str, bool]]:
        flights: Flights[str] = Flights()
        first, *others = [asyncio.ensure_future(flights.share("q", ask)) for _ in range(5)]
        await asyncio.sleep(0.01)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        return await asyncio.gather(*others)

    found = asyncio.run(scene())

    assert len(asked) == 2
    assert {answer for answer, _ in found} == {"answer"}


def test_a_waiting_one_that_gives_up_disturbs_nobody() -> None:
    async def ask() -> str:
        await asyncio.sleep(0.03)
        return "answer"

    async def scene() -> tuple[str, bool]:
        flights: Flights[str] = Flights()
        first = asyncio.ensure_future(flights.share("q", ask))
        await asyncio.sleep(0.01)
        second = asyncio.ensure_future(flights.share("q", ask))
        await asyncio.sleep(0.01)
        second.cancel()
        return await first

    assert asyncio.run(scene()) == ("answer", True)


def test_who_gives_up_a_moment_after_the_asker_does_not_ask_in_between() -> None:
    asked: list[int] = []

    async def ask() -> str:
        asked.append(1)
        await asyncio.sleep(1)
        return "answer"

    async def scene() -> None:
        flights: Flights[str] = Flights()
        tasks = [asyncio.ensure_future(flights.share("q", ask)) for _ in range(3)]
        await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
            await asyncio.sleep(0.001)
        await asyncio.gather(*tasks, return_exceptions=True)
        assert flights == {}

    asyncio.run(scene())

    assert len(asked) == 1
