"""What the magics do, as functions of a line: reads it, asks the client, says what came of it."""

from __future__ import annotations

import shlex
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from IPython.display import display

from flarex_nb.client import default
from flarex_nb.errors import FlarexError, IncompletePages, SecretMissing, UsageError
from flarex_nb.notebook.journal import past_error, past_result, past_stop
from flarex_nb.notebook.live import Live, is_batch
from flarex_nb.pipeline.view import counted
from flarex_nb.vault.ref import check_name
from flarex_nb.vault.scan import refuse_literal_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from IPython.core.interactiveshell import InteractiveShell

    from flarex_nb.model import CallRequest
    from flarex_nb.notebook.boxes import Sheet
    from flarex_nb.notebook.journal import Memory
    from flarex_nb.pipeline.view import CallResult


def call(shell: InteractiveShell, memory: Memory, line: str, cell: str | None) -> CallResult | Sheet | None:
    """Run every request of the cell in order and return the last result, None with --quiet.

    A request with --plan is shown instead of sent.
    """
    from flarex_nb.pipeline.ask import Surroundings, from_cell, from_line  # noqa: PLC0415 - loads with the first call

    base = default().settings.options()
    around = Surroundings(shell.user_ns, memory.answers, Path.cwd())
    read = from_line(line, around, base) if cell is None else from_cell(line, cell, around, base)
    shown: CallResult | Sheet | None = None
    first = True
    for request in read:
        if shown is not None:
            display(shown)
        alone, first = cell is not None and first, False
        shown = _plan(memory, request) if request.options.plan else _run(shell, memory, request, alone=alone)
        shown = None if request.options.quiet else shown
    return shown


def _plan(memory: Memory, request: CallRequest) -> Sheet:
    """Return what the request would send and lead to; nothing is sent and nobody is asked."""
    from flarex_nb.notebook.boxes import Sheet  # noqa: PLC0415
    from flarex_nb.notebook.render.plan import plan_html, plan_text  # noqa: PLC0415 - only when one is asked for
    from flarex_nb.plan import plan_for  # noqa: PLC0415

    plan = plan_for(default(), request, memory.keys.known)
    return Sheet(plan_html(plan), plan_text(plan), of=plan)


def _run(shell: InteractiveShell, memory: Memory, request: CallRequest, *, alone: bool) -> CallResult:
    """Run one request; what came is bound to the wished name also where a later page failed.

    `alone` says that the cell has shown nothing yet, so that the progress line may be cleared away.
    """
    _confirm(shell, request)
    into, options = request.options.into, request.options
    if into and options.pages != "none":
        import pandas  # noqa: F401, ICN001, PLC0415 - so that an interrupt between pages has no import to wait for
    live = Live(watched=not is_batch(shell) and not options.quiet, alone=alone, attempts=options.attempts)
    try:
        result = default().run(request, listener=live.listener, pump=live.pump, new_key=memory.keys.key_for)
    except FlarexError as error:
        memory.note(past_error(error, request), default().latest)
        if into and isinstance(error, IncompletePages):
            shell.user_ns[into] = error.result.df
        raise
    except KeyboardInterrupt as stop:
        _stopped(shell, memory, request, live, stop)
        raise
    finally:
        live.close()
    memory.note(past_result(result), default().latest)
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
    memory.note(past_stop(request, words, heard.sent(), attempts), default().latest)
    stop.attempts = attempts  # type: ignore[attr-defined]  # told below the words
    stop.add_note(words)


def _kept(shell: InteractiveShell, request: CallRequest, partial: CallResult) -> str:
    """Bind the pages that came, to the wished name or to `stopped_result`, and return a sentence about them."""
    name = request.options.into
    shell.user_ns[name or STOPPED] = partial.df if name else partial
    came = f"{counted(partial.pages, 'page')} with {counted(partial.rows, 'record')}"
    what = "the frame" if name else "the result"
    return f"{came} had come and are kept, marked incomplete: {what} is `{name or STOPPED}`."


STOPPED = "stopped_result"
"""The notebook's name for what an interrupted call without --into had read."""


def _answer(result: CallResult) -> dict[str, object]:
    """Return the answer as later cells refer to it: `{{name.response.body.$.id}}`."""
    return {"response": {"status": result.status, "headers": dict(result.headers), "body": result.data}}


def _confirm(shell: InteractiveShell, request: CallRequest) -> None:
    """Ask before a live call that carries `# @note`; where nobody can be asked, do not send."""
    if not request.note or request.options.yes or default().environment_of(request) == "sandbox":
        return
    if is_batch(shell):
        msg = f"the request wants to be confirmed ({request.note}), and nobody can be asked here"
        raise UsageError(msg, hint="Add --yes to confirm it, or run it against the sandbox.", place=str(request.span))
    if input(f"{request.note}. Send it? [y/N] ").strip().lower() not in {"y", "yes"}:
        msg = f"not sent: {request.note}"
        raise UsageError(msg, hint="Run the cell again and answer y.", place=str(request.span))


def sandbox(line: str) -> None:
    """Turn the sandbox on or off, or print how it is."""
    state = _one_of(" ".join(_words(line)) or "status", ("on", "off", "status"), "%flarex_sandbox")
    client = default()
    if state == "on":
        running = client.sandbox_on()
        names = ", ".join(running.services)
        _say(f"Sandbox on for {names}: this machine answers, with simulated data and without a key.")
    elif state == "off":
        client.sandbox_off()
        _say("Sandbox off: calls go to the real services.")
    elif client.sandbox is None:
        _say("The sandbox is off: calls go to the real services. Turn it on with %flarex_sandbox on.")
    else:
        _say(f"The sandbox is on at {client.sandbox.origin}: {', '.join(client.sandbox.services)}.")


def services(line: str) -> object:
    """Return the table of services, or the profile of one."""
    words = _words(line)
    registry = default().services
    if not words:
        return registry
    _one_of(words[0], ("show",), "%flarex_services")
    if len(words) == 1:
        msg = "%flarex_services show needs the name of a service"
        raise UsageError(msg, hint=f"Known here: {', '.join(registry.names())}.")
    return registry.get(words[1])


SECRET_COMMANDS = ("list", "set", "rotate", "scope", "delete")


def secrets(shell: InteractiveShell, line: str) -> object:
    """Return the panel, or carry out one command on a secret."""
    words = _words(line)
    store = default().secrets
    if not words:
        return _panel(shell)
    command = _one_of(words[0], SECRET_COMMANDS, "%flarex_secrets")
    if command == "list":
        return store
    if len(words) == 1:
        msg = f"%flarex_secrets {command} needs the name of a secret"
        raise UsageError(msg, hint=f"For example: %flarex_secrets {command} CRM_API_KEY")
    name, more = check_name(words[1]), words[2:]
    if command == "scope":
        if not more:
            msg = "%flarex_secrets scope needs the hosts the secret may go to"
            raise UsageError(msg, hint=f"For example: %flarex_secrets scope {name} api.example.com")
        store.scope(name, more)
    elif command == "delete":
        store.delete(name)
    else:
        _ask_and_keep(command, name, more)
    _say(f"{name}: {_done(command)}.")
    return None


def _ask_and_keep(command: str, name: str, hosts: Sequence[str]) -> None:
    """Ask for the value where it is not shown, and store it; a value typed on the line is refused unread."""
    from flarex_nb.notebook.widgets.entry import ask_for_secret  # noqa: PLC0415 - only when one is entered

    if any("=" in word for word in hosts):
        msg = f"a value does not belong on the line of %flarex_secrets {command}"
        raise UsageError(msg, hint=f"Write %flarex_secrets {command} {name}; the value is asked for.")
    store = default().secrets
    if command == "rotate" and not any(info.name == name and info.source == "session" for info in store.list()):
        msg = f"this session keeps no value for {name} that could be replaced"
        raise SecretMissing(msg, hint=f"Set one: %flarex_secrets set {name}")
    value = ask_for_secret(name)
    for note in store.set(name, value, hosts=hosts) if command == "set" else store.rotate(name, value):
        _say(note)


def _done(command: str) -> str:
    return {"set": "stored", "rotate": "replaced", "scope": "bound", "delete": "deleted"}[command]


def _panel(shell: InteractiveShell) -> object:
    """Return the panel where somebody can use it, and the list where nobody can."""
    if is_batch(shell):
        return default().secrets
    from flarex_nb.notebook.widgets.panel import SecretsPanel  # noqa: PLC0415 - ipywidgets loads with the panel

    return SecretsPanel(default().secrets, environment=default().environment)


def _words(line: str) -> list[str]:
    """Return the words of a magic's line; a key written out on it is refused, not repeated."""
    refuse_literal_keys(line)
    try:
        return shlex.split(line)
    except ValueError:
        msg = "a quote on the line never closes"
        raise UsageError(msg, hint="Close it, or take it out.") from None


_LONGEST_WORD = 16
"""Letters a mistyped word may have to be shown again; anything longer may be a value put in the wrong place."""


def _one_of(word: str, known: Sequence[str], magic: str) -> str:
    if word in known:
        return word
    near = get_close_matches(word, known, n=1)
    shown = repr(word) if word.isalpha() and len(word) <= _LONGEST_WORD else "this"
    msg = f"{magic} does not know {shown}." + (f" Did you mean {near[0]!r}?" if near else "")
    raise UsageError(msg, hint=f"It can be {', '.join(known)}.")


def _say(text: str) -> None:
    print(text)  # noqa: T201 - a magic's plain words belong on the cell's output
