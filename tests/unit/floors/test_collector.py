"""The cyclic collector has more patience during a burst, and the user's settings are what they were before and after."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

import pytest

from flarex_nb.collector import MANY, PATIENCE, Collector
from flarex_nb.portal import Portal

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(700, 11, 12)
    yield
    gc.set_threshold(*before)


def _begun(collector: Collector, calls: int) -> None:
    for _ in range(calls):
        collector.begun()


def _ended(collector: Collector, calls: int) -> None:
    for _ in range(calls):
        collector.ended()


def test_many_calls_under_way_make_it_patient_and_their_end_restores_it() -> None:
    collector = Collector()

    _begun(collector, MANY)
    during = gc.get_threshold()
    _ended(collector, MANY)

    assert during == (PATIENCE, 11, 12)
    assert gc.get_threshold() == (700, 11, 12)


def test_a_few_calls_change_nothing() -> None:
    collector = Collector()

    _begun(collector, MANY - 1)

    assert gc.get_threshold() == (700, 11, 12)


@pytest.mark.parametrize("own", [(0, 10, 10), (50_000, 10, 10)])
def test_a_collector_that_is_off_or_more_patient_already_is_left_alone(own: tuple[int, int, int]) -> None:
    gc.set_threshold(*own)
    collector = Collector()

    _begun(collector, MANY)
    during = gc.get_threshold()
    _ended(collector, MANY)

    assert during == gc.get_threshold() == own


def test_a_setting_made_during_the_burst_stays() -> None:
    collector = Collector()

    _begun(collector, MANY)
    gc.set_threshold(5, 5, 5)
    _ended(collector, MANY)

    assert gc.get_threshold() == (5, 5, 5)


def test_bursts_one_upon_another_restore_what_was_found_first() -> None:
    collector = Collector()

    for _ in range(3):
        _begun(collector, 2 * MANY)
        _ended(collector, MANY + MANY // 2 + 1)
    _ended(collector, 3 * (MANY // 2 - 1))

    assert gc.get_threshold() == (700, 11, 12)


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_burst_through_the_portal_leaves_the_settings_as_they_were(*, cancelled: bool) -> None:
    portal = Portal()
    seen: list[tuple[int, int, int]] = []

    async def work() -> None:
        await asyncio.sleep(0.05)
        seen.append(gc.get_threshold())

    async def main() -> None:
        tasks = [asyncio.create_task(portal.wrap(work())) for _ in range(3 * MANY)]
        await asyncio.sleep(0.02)
        if cancelled:
            for task in tasks:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(main())
    portal.run(asyncio.sleep(0.01))

    assert gc.get_threshold() == (700, 11, 12)
    assert cancelled or seen[0] == (PATIENCE, 11, 12)
