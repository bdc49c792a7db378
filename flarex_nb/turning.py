"""The loop over pages: asks for one after another, or several at a time where they are known beforehand."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import TYPE_CHECKING

from flarex_nb.errors import DeadlineExceeded
from flarex_nb.events import Event, emit

if TYPE_CHECKING:
    from flarex_nb.clock import Clock
    from flarex_nb.events import Listener
    from flarex_nb.gather import Gathered
    from flarex_nb.model import Answer, BoundCall
    from flarex_nb.pipeline import Pipeline


async def all_pages(pipeline: Pipeline, gathered: Gathered, listener: Listener | None, clock: Clock) -> None:
    """Ask for the pages, all together within the call's `total` seconds.

    Raises:
        DeadlineExceeded: they took longer; `gathered` keeps what came.
    """
    total = gathered.call.options.total
    try:
        async with clock.timeout(total) if total is not None else nullcontext():
            await _one_after_another(pipeline, gathered, listener)
    except TimeoutError:
        msg = f"the total of {total:g} s passed"
        raise DeadlineExceeded(msg, hint="Raise --total, or ask for fewer pages.", sent="maybe") from None


async def _one_after_another(pipeline: Pipeline, gathered: Gathered, listener: Listener | None) -> None:
    """Ask page after page until the pages or the wish for them end; `gathered` keeps what came, and where it was.

    One that had ended early goes on with the page it was at.
    """
    call: BoundCall | None = gathered.go_on()
    while call is not None:
        gathered.onward = call
        answer = await pipeline.run(call, listener)
        following = gathered.take(call, answer)
        emit(Event("page", call.service.name, len(gathered.answers), len(gathered.records)), listener)
        known = gathered.known_pages(call) if following is not None else []
        call = await _at_once(pipeline, gathered, known, listener) if known else following


async def _at_once(
    pipeline: Pipeline, gathered: Gathered, calls: list[BoundCall], listener: Listener | None
) -> BoundCall | None:
    """Ask for pages that are known beforehand, several at a time, and take them in order; one that fails ends the rest.

    Returns the call of the page after them, None at the end.
    """
    following: BoundCall | None = None
    places = asyncio.Semaphore(gathered.call.options.concurrency)

    async def ask(call: BoundCall) -> Answer:
        async with places:
            return await pipeline.run(call, listener)

    tasks = [asyncio.ensure_future(ask(call)) for call in calls]
    try:
        for call, task in zip(calls, tasks, strict=True):
            gathered.onward = call
            following = gathered.take(call, await task)
            emit(Event("page", call.service.name, len(gathered.answers), len(gathered.records)), listener)
            if following is None:
                break
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return following
