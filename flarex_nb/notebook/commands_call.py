"""What `%flarex_call` does: reads the cell, asks the client for each request, keeps what came; waiting or awaited."""

from __future__ import annotations

from asyncio import CancelledError
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from IPython.display import display

from flarex_nb.client import default
from flarex_nb.errors import FlarexError, IncompletePages, UsageError
from flarex_nb.notebook.homes import base_options
from flarex_nb.notebook.journal import Unfinished, past_error, past_result, past_stop
from flarex_nb.notebook.live import Live, is_batch
from flarex_nb.notebook.scrub import refuse_in_cell
from flarex_nb.pipeline.bind import settle
from flarex_nb.pipeline.view import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from IPython.core.interactiveshell import InteractiveShell

    from flarex_nb.model import CallRequest
    from flarex_nb.notebook.boxes import Sheet
    from flarex_nb.notebook.journal import Memory
    from flarex_nb.pipeline.view import CallResult


def call(shell: InteractiveShell, memory: Memory, line: str, cell: str | None) -> CallResult | Sheet | None:
    """Run every request of the cell in order and return the last result, None with --quiet.

    A request with --plan is shown instead of sent.
    """
    shown: CallResult | Sheet | None = None
    for request, alone in _requests(shell, memory, line, cell):
        if shown is not None:
            display(shown)
        shown = _plan(memory, request) if request.options.plan else _run(shell, memory, request, alone=alone)
        shown = None if request.options.quiet else shown
    return shown


async def call_awaited(
    shell: InteractiveShell, memory: Memory, line: str, cell: str | None
) -> CallResult | Sheet | None:
    """Return what `call` does, with each call awaited and a button that cancels it."""
    shown: CallResult | Sheet | None = None
    for request, alone in _requests(shell, memory, line, cell):
        if shown is not None:
            display(shown)
        planned = request.options.plan
        shown = _plan(memory, request) if planned else await _run_awaited(shell, memory, request, alone=alone)
        shown = None if request.options.quiet else shown
    return shown


def _requests(
    shell: InteractiveShell, memory: Memory, line: str, cell: str | None
) -> Iterator[tuple[CallRequest, bool]]:
    """Yield each request and whether the cell has shown nothing yet, so that the progress line may be cleared away."""
    from flarex_nb.pipeline.ask import Surroundings, from_cell, from_line  # noqa: PLC0415 - loads with the first call
    from flarex_nb.public import check_request  # noqa: PLC0415 - the same

    refuse_in_cell(shell, line if cell is None else f"{line}\n{cell}", default().redactor.find)
    around = Surroundings(shell.user_ns, memory.answers, Path.cwd())
    read = from_line(line, around, base_options) if cell is None else from_cell(line, cell, around, base_options)
    memory.cells[:] = [*(each for each in memory.cells[-_CELLS:] if each != (line, cell)), (line, cell)]
    alone = cell is not None
    for request in read:
        if request.options.guard:
            check_request(default(), request)
        yield request, alone
        alone = False


_CELLS = 200
"""Cells kept as typed, the newest."""


def _plan(memory: Memory, request: CallRequest) -> Sheet:
    """Return what the request would send and lead to; nothing is sent and nobody is asked."""
    from flarex_nb.notebook.boxes import Sheet  # noqa: PLC0415
    from flarex_nb.notebook.render.plan import plan_html, plan_text  # noqa: PLC0415 - only when one is asked for
    from flarex_nb.plan import plan_for  # noqa: PLC0415

    plan = plan_for(default(), request, memory.keys_in(default().environment_of(request)).known)
    return Sheet(plan_html(plan), plan_text(plan), of=plan)


def _run(shell: InteractiveShell, memory: Memory, request: CallRequest, *, alone: bool) -> CallResult:
    """Run one request; what came is bound to the wished name also where a later page failed."""
    live = _begun(shell, request, alone=alone)
    keys = memory.keys_in(default().environment_of(request))
    with _noted(shell, memory, request, live):
        result = default().run(request, listener=live.listener, pump=live.pump, new_key=keys.key_for)
    return _kept_result(shell, memory, request, result)


def resume(shell: InteractiveShell, memory: Memory, line: str) -> CallResult | None:
    """Go on with the last call over pages that ended early, and return the whole result.

    Raises:
        UsageError: there is none.
    """
    if line.strip() or memory.unfinished is None:
        msg = "%flarex_resume takes nothing more" if line.strip() else "no call over pages ended early in this kernel"
        raise UsageError(msg, hint="It goes on with the last call of which some pages came, as it was asked.")
    request, go_on = memory.unfinished
    live = Live(
        watched=not is_batch(shell) and not request.options.quiet, alone=False, attempts=request.options.attempts
    )
    with _noted(shell, memory, request, live):
        result = go_on(listener=live.listener, pump=live.pump)
    memory.unfinished = None
    kept = _kept_result(shell, memory, request, result)
    return None if request.options.quiet else kept


async def _run_awaited(shell: InteractiveShell, memory: Memory, request: CallRequest, *, alone: bool) -> CallResult:
    """Return what `_run` does, awaited, with a button that cancels the call where somebody can press it."""
    from flarex_nb.notebook.cancel import CancelButton  # noqa: PLC0415 - only in awaited cells

    live = _begun(shell, request, alone=alone)
    keys = memory.keys_in(default().environment_of(request))
    with _noted(shell, memory, request, live), CancelButton(live, offered=hasattr(shell, "kernel")) as button:
        result = await default().arun(request, live.listener, button.pump, keys.key_for)
    return _kept_result(shell, memory, request, result)


def _begun(shell: InteractiveShell, request: CallRequest, *, alone: bool) -> Live:
    """Ask for what must be confirmed, and return the progress line of the call that now begins."""
    _confirm(shell, request)
    options = request.options
    if options.into and options.pages != "none":
        import pandas  # noqa: F401, ICN001, PLC0415 - so that an interrupt between pages has no import to wait for
    return Live(watched=not is_batch(shell) and not options.quiet, alone=alone, attempts=options.attempts)


@contextmanager
def _noted(shell: InteractiveShell, memory: Memory, request: CallRequest, live: Live) -> Iterator[None]:
    """Remember how the body's call failed or was stopped, keep what came, and clear the progress line."""
    try:
        yield
    except FlarexError as error:
        memory.note(past_error(error, request), default().latest)
        if isinstance(error, IncompletePages):
            memory.unfinished = Unfinished(request, error.resume)
            if request.options.into:
                shell.user_ns[request.options.into] = error.result.df
        raise
    except CancelledError as cancelled:  # how the stop button reaches a cell that awaits
        stop = KeyboardInterrupt()
        stop.result = getattr(cancelled, "result", None)  # type: ignore[attr-defined]  # as on an interrupt
        stop.resume = getattr(cancelled, "resume", None)  # type: ignore[attr-defined]  # the same
        _stopped(shell, memory, request, live, stop)
        raise stop from None
    except KeyboardInterrupt as stop:
        _stopped(shell, memory, request, live, stop)
        raise
    finally:
        live.close()


def _kept_result(shell: InteractiveShell, memory: Memory, request: CallRequest, result: CallResult) -> CallResult:
    """Bind the result to the wished name, remember it for later cells, and return it."""
    memory.note(past_result(result), default().latest)
    into = request.options.into
    if request.options.columns and not request.options.quiet:
        result.df  # noqa: B018 - a column there is none of ends the cell, not only its display
    if into:
        shell.user_ns[into] = result.df
    if request.name:
        memory.answers[request.name] = _answer(result)
    return result


def _stopped(
    shell: InteractiveShell, memory: Memory, request: CallRequest, live: Live, stop: KeyboardInterrupt
) -> None:
    """Keep what was read before the interrupt, and say on it what it met and where that is."""
    heard, words = live.heard, live.stopped()
    partial: CallResult | None = getattr(stop, "result", None)
    attempts = (*(partial.attempts if partial is not None else ()), *heard.attempts)
    if partial is not None:
        words = f"{words} {_kept(shell, request, partial)}"
        memory.unfinished = Unfinished(request, stop.resume)  # type: ignore[attr-defined]  # comes with a result
    memory.note(past_stop(request, words, heard.sent(), attempts), default().latest)
    stop.attempts = attempts  # type: ignore[attr-defined]  # told below the words
    stop.add_note(words)


def _kept(shell: InteractiveShell, request: CallRequest, partial: CallResult) -> str:
    """Bind the pages that came, to the wished name or to `stopped_result`, and return a sentence about them."""
    name = request.options.into
    shell.user_ns[name or STOPPED] = partial.df if name else partial
    came = f"{counted(partial.pages, 'page')} with {counted(partial.rows, 'record')}"
    what = "the frame" if name else "the result"
    return f"{came} had come and are kept, marked incomplete: {what} is `{name or STOPPED}`. %flarex_resume goes on."


STOPPED = "stopped_result"
"""The notebook's name for what an interrupted call without --into had read."""


def _answer(result: CallResult) -> dict[str, object]:
    """Return the answer as later cells refer to it: `{{name.response.body.$.id}}`."""
    return {"response": {"status": result.status, "headers": dict(result.headers), "body": result.data}}


def _confirm(shell: InteractiveShell, request: CallRequest) -> None:
    """Ask before a live write and before a live call that carries `# @note`; where nobody can be asked, do not send."""
    client = default()
    if request.options.yes or client.environment_of(request) == "sandbox":
        return
    service = settle(request, client.services, client.place())[0]
    words = request.note
    if not words and service.asks_before(request.method):
        words = f"{request.method} {request.target} changes something at the real {service.title or service.name}"
    if not words:
        return
    if is_batch(shell):
        msg = f"the request wants to be confirmed ({words}), and nobody can be asked here"
        raise UsageError(msg, hint="Add --yes to confirm it, or run it against the sandbox.", place=str(request.span))
    if input(f"{words}. Send it? [y/N] ").strip().lower() not in {"y", "yes"}:
        msg = f"not sent: {words}"
        raise UsageError(msg, hint="Run the cell again and answer y, or add --yes.", place=str(request.span))
