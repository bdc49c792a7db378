"""The loop over pages: asks for one after another, or several at a time where they are known beforehand."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from flarex_nb.events import Event, emit

if TYPE_CHECKING:
    from flarex_nb.events import Listener
    from flarex_nb.gather import Gathered
    from flarex_nb.model import Answer, BoundCall
    from flarex_nb.pipeline import Pipeline


async def all_pages(pipeline: Pipeline, gathered: Gathered, listener: Listener | None) -> None:
    """Ask page after page until the pages or the wish for them end; `gathered` keeps what came."""
    call: BoundCall | None = gathered.first()
    while call is not None:
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
            following = gathered.take(call, await task)
            emit(Event("page", call.service.name, len(gathered.answers), len(gathered.records)), listener)
            if following is None:
                break
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return following
