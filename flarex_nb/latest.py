"""What a call leaves behind: its result held against the conditions on it, a file, the pages of one that was stopped.

The last result or error is held weakly: asking about a call must not keep its records in memory.
"""

from __future__ import annotations

import asyncio
import functools
import math
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Protocol
from weakref import ref

from flarex_nb.errors import AssertionFailed, FlarexError, IncompletePages
from flarex_nb.pipeline.view import CallResult, counted
from flarex_nb.text.conditions import Condition, Facts
from flarex_nb.text.files import saved_place, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from typing import Any, TypeAlias

    from flarex_nb.errors import ApiError
    from flarex_nb.gather import Gathered
    from flarex_nb.model import CallOptions

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
def kept_if_stopped(resume: Callable[[Gathered], CallResult]) -> Iterator[Kept]:
    """Give a list for the call's pages; an interrupt or a cancelling leaves with what they hold so far as `result`.

    The result is marked incomplete, and `resume()` asks for the rest. There are none where no page had come.
    """
    kept: Kept = []
    try:
        yield kept
    except (KeyboardInterrupt, asyncio.CancelledError) as stop:
        if kept and kept[-1].answers:
            stop.result = _so_far(kept[-1])  # type: ignore[union-attr]  # read by whoever catches it
            stop.resume = functools.partial(resume, kept[-1])  # type: ignore[union-attr]  # the same
        raise


def _so_far(gathered: Gathered) -> CallResult:
    if not gathered.stop_reason:
        gathered.stop(f"stopped by you after {counted(len(gathered.answers), 'page')}", complete=False)
    return gathered.result(math.fsum(each.waited + each.elapsed for each in gathered.attempts))


def tolerated(options: CallOptions, error: ApiError) -> bool:
    """Return whether an error status is a result: nobody checks it, or a condition about the status holds for it."""
    judged = [each for each in _conditions(options) if each.subject == "status"]
    facts = Facts(error.status, (), None, "")
    failed = [f"{each.text} (got {failure})" for each in judged if (failure := each.failure(facts))]
    if failed:
        error.context["assert"] = "; ".join(failed)
    return not options.check or (bool(judged) and not failed)


def finished(result: CallResult) -> CallResult:
    """Return the result after its conditions were judged and its file was written.

    Raises:
        AssertionFailed: a condition does not hold; the file is not written.
    """
    conditions = _conditions(result.call.options)
    facts = _facts(result)
    failed = [(each.text, failure) for each in conditions if (failure := each.failure(facts))]
    if failed:
        raise _not_held(result, failed, len(conditions))
    if result.call.options.save is not None and result:
        write_whole(saved_place(Path.cwd(), result.call.options.save), result.content)
    return result


def _conditions(options: CallOptions) -> tuple[Condition, ...]:
    return tuple(each for each in options.asserts if isinstance(each, Condition))


def _facts(result: CallResult) -> Facts:
    return Facts(
        status=result.status,
        headers=result.headers,
        data=result.data,
        text=result.text if result.call.options.asserts else "",
        rows=result.rows,
        pages=result.pages,
        complete=result.complete,
        elapsed=result.elapsed,
    )


def _not_held(result: CallResult, failed: list[tuple[str, str]], all_of_them: int) -> AssertionFailed:
    text, got = failed[0]
    error = AssertionFailed(
        f"assert {text}: got {got}",
        result=result,
        hint=f"{len(failed)} of {counted(all_of_them, 'condition')} did not hold. The answer is on error.result"
        + (" and came from the cache: --cache refresh asks again." if result.cache in {"hit", "stale"} else "."),
    )
    error.context = {"call": f"{result.method} {result.path} on {result.service}"}
    error.context |= {f"assert {number}": f"{each}: got {was}" for number, (each, was) in enumerate(failed[1:], 2)}
    error.reply, error.attempts = result.reply, result.attempts
    return error


def incomplete(
    gathered: Gathered, error: FlarexError, elapsed: float, resume: Callable[[], CallResult]
) -> IncompletePages:
    """Return the error that holds the pages that came before one failed; there must be at least one."""
    gathered.stop(f"page {len(gathered.answers) + 1} failed: {error.message}", complete=False)
    result = gathered.result(elapsed)
    came = f"{counted(result.pages, 'page')} with {counted(result.rows, 'record')}"
    message = f"{came} came, then one failed: {error.message}"
    partial = IncompletePages(message, result=result, resume=resume, hint=_hint(error))
    partial.attempts = (*result.attempts, *error.attempts)
    partial.reply, partial.context = error.reply or result.reply, error.context
    return partial


def _hint(error: FlarexError) -> str:
    """Return the next step: that of the failure, and that nothing which came need be asked for again."""
    return f"{error.hint} ".lstrip() + "%flarex_resume (error.resume() in Python) asks for the rest."
