"""What a call leaves behind for whoever asks later: its result or error, and the pages of one that was stopped.

The last result or error is held weakly: asking about a call must not keep its records in memory.
"""

from __future__ import annotations

import functools
import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Protocol
from weakref import ref

from flarex_nb.errors import FlarexError, IncompletePages
from flarex_nb.pipeline.view import CallResult, counted

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from typing import Any, TypeAlias

    from flarex_nb.gather import Gathered

    Kept: TypeAlias = list[Gathered]

P = ParamSpec("P")


class Remembers(Protocol):
    """Has a place for the last result or error."""

    latest: ref[CallResult | FlarexError] | None


def remembered(
    run: Callable[Concatenate[Any, P], Coroutine[Any, Any, CallResult]],
) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, CallResult]]:
    """Return the method with its result or error noted, weakly, as `latest` of its object."""

    @functools.wraps(run)
    async def noting(self: Remembers, /, *args: P.args, **arguments: P.kwargs) -> CallResult:
        try:
            result = await run(self, *args, **arguments)
        except FlarexError as error:
            self.latest = ref(error)
            raise
        if isinstance(result, CallResult):  # a plan is none
            self.latest = ref(result)
        return result

    return noting


@contextmanager
def kept_if_stopped() -> Iterator[Kept]:
    """Give a list for the call's pages; an interrupt of the body leaves with what they hold so far as `result`.

    The result is marked incomplete. There is none where no page had come.
    """
    kept: Kept = []
    try:
        yield kept
    except KeyboardInterrupt as stop:
        if kept and kept[-1].answers:
            stop.result = _so_far(kept[-1])  # type: ignore[attr-defined]  # read by whoever catches it
        raise


def _so_far(gathered: Gathered) -> CallResult:
    if not gathered.stop_reason:
        gathered.stop(f"stopped by you after {counted(len(gathered.answers), 'page')}", complete=False)
    return gathered.result(math.fsum(each.waited + each.elapsed for each in gathered.attempts))


def incomplete(gathered: Gathered, error: FlarexError, elapsed: float) -> IncompletePages:
    """Return the error that holds the pages that came before one failed; there must be at least one."""
    gathered.stop(f"page {len(gathered.answers) + 1} failed: {error.message}", complete=False)
    result = gathered.result(elapsed)
    came = f"{counted(result.pages, 'page')} with {counted(result.rows, 'record')}"
    partial = IncompletePages(f"{came} came, then one failed: {error.message}", result=result, hint=error.hint)
    partial.attempts = (*result.attempts, *error.attempts)
    partial.reply, partial.context = error.reply or result.reply, error.context
    return partial
