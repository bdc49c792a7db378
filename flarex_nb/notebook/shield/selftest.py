"""Sends a made-up secret along each route and tells which of them let it through. What was sent is caught on its way.

The verdict is about what happened, not about what was put on: a private name of ipykernel that moved shows here.
"""

from __future__ import annotations

import secrets
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from flarex_nb.notebook.shield.history import HistoryGuard
from flarex_nb.notebook.shield.selftest_taps import Recorder, StreamTap, Tap, TeeTap, VeilTap
from flarex_nb.notebook.shield.session import sessions_of
from flarex_nb.notebook.shield.streams import StreamGuard
from flarex_nb.notebook.shield.tee import TeeGuard
from flarex_nb.notebook.shield.terminal import TerminalGuard
from flarex_nb.vault.redact import one_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from IPython.core.interactiveshell import InteractiveShell

    from flarex_nb.notebook.shield.armour import Armour

State = Literal["protected", "not protected", "not checked"]

CANARY = "FLAREX_SELF_TEST"
"""The name of the made-up secret."""


@dataclass(frozen=True, slots=True)
class Route:
    """One way out of the kernel: whether a known value is masked on it, and why or why not.

    `expected` says that not being protected is a known limit here and nothing that broke.
    """

    name: str
    state: State
    reason: str = ""
    expected: bool = False


def routes_of(armour: Armour) -> tuple[Route, ...]:
    """Return every route, each just tried; nothing of it is shown to anybody."""
    value = "flarex-" + secrets.token_hex(16)
    armour.masks.refresh(one_value(CANARY, value))
    try:
        return tuple(_Trial(armour, value).routes())
    finally:
        armour.masks.refresh()


class _Trial:
    """One run over all routes."""

    def __init__(self, armour: Armour, value: str) -> None:
        self.armour = armour
        self.value = value
        self.mask = f"[{CANARY}]"

    def routes(self) -> Iterator[Route]:
        sessions = sessions_of(self.armour.shell)
        yield from self._streams()
        if sessions:
            yield from self._messages(sessions)
        else:
            yield from _without_messages(self.armour)
        yield self._tried("IPython's history: file, In, _i, %logstart", self._history)

    def _streams(self) -> Iterator[Route]:
        for piece in tuple(self.armour.pieces):
            if isinstance(piece, StreamGuard):
                yield self._tried(f"{piece.name}: print, logging, warnings, threads, !cmd", StreamTap(piece).whole)
                yield self._tried(f"{piece.name}, a value that comes in pieces", StreamTap(piece).pieces)
                if getattr(piece.stream, "_should_watch", False):  # if not, it goes to the log alone
                    yield self._descriptor(piece)
            elif isinstance(piece, TeeGuard):
                yield self._tried(f"{piece.of}: what goes to the server's log", TeeTap(piece).whole)
            elif isinstance(piece, TerminalGuard):
                yield self._tried(f"{piece.name}: print, results, displays, tracebacks, help", VeilTap(piece).whole)
                yield self._tried(f"{piece.name}, a value that comes in pieces", VeilTap(piece).pieces)
        for name, reason in self.armour.failed.items():
            yield Route(name, "not protected", reason)

    def _descriptor(self, guard: StreamGuard) -> Route:
        number = 1 if guard.name == "stdout" else 2
        name = f"file descriptor {number}: os.write, os.system, C libraries, child processes"
        tee = next((each for each in self.armour.pieces if isinstance(each, TeeGuard) and each.of == guard.name), None)
        return self._tried(name, StreamTap(guard, tee).descriptor)

    def _messages(self, sessions: list[Any]) -> Iterator[Route]:
        shell: Any = self.armour.shell
        yield self._tried("results of cells", lambda value: _result(shell, value))
        yield self._tried("displays and their updates", lambda value: _display(shell, value))
        yield self._tried("errors and tracebacks", lambda value: _error(shell, value))
        replies = "replies: inspection, completion, history, user expressions, debugger, prompts"
        yield self._tried(replies, lambda value: _reply(sessions, value))
        yield self._tried("widgets and comms", lambda value: _comm(sessions, value))
        yield self._tried("binary buffers of widgets", lambda value: _buffer(sessions, value))

    def _history(self, value: str) -> str:
        guard = next(piece for piece in self.armour.pieces if isinstance(piece, HistoryGuard))
        return guard.rehearse(value)

    def _tried(self, name: str, send: Callable[[str], str]) -> Route:
        """Return the verdict on what `send` says came out."""
        try:
            came = send(self.value)
        except Exception as error:  # noqa: BLE001 - a private name that moved; the doctor tells, and nobody's cell fails
            return Route(name, "not protected", f"it could not be tried: {type(error).__name__}")
        if self.value[:16] in came or self.value[-16:] in came:
            return Route(name, "not protected", "the made-up secret came through")
        if self.mask not in came and "*" * len(self.value) not in came:
            return Route(name, "not checked", "nothing came of the made-up secret")
        return Route(name, "protected")


def _without_messages(armour: Armour) -> Iterator[Route]:
    reason = "programs write to the terminal themselves; keep their output with `x = !cmd`, and it is masked when shown"
    yield Route("!cmd, os.system, os.write, C libraries", "not protected", reason, expected=True)
    if getattr(armour.shell, "kernel", None) is not None:
        reason = "this kernel's messages are not ipykernel's"
        yield Route("results, displays, widgets, replies", "not protected", reason, expected=True)


def _result(shell: InteractiveShell, value: str) -> str:
    hook: Any = shell.displayhook
    with Tap(hook.pub_socket.io_thread, value) as tap:
        hook.start_displayhook()
        hook.write_format_data({"text/plain": value}, {})
        hook.finish_displayhook()
        return tap.caught()


def _display(shell: InteractiveShell, value: str) -> str:
    publisher: Any = shell.display_pub
    with Tap(publisher.pub_socket.io_thread, value) as tap:
        publisher.publish({"text/html": f"<b>{value}</b>"})
        publisher.publish({"text/plain": value}, transient={"display_id": value}, update=True)
        return tap.caught(2)


def _error(shell: Any, value: str) -> str:
    before = getattr(shell, "_last_traceback", None)
    with Tap(shell.displayhook.pub_socket.io_thread, value) as tap:
        shell._showtraceback(ValueError, ValueError(value), [value])
        shell._last_traceback = before
        return tap.caught()


def _reply(sessions: list[Any], value: str) -> str:
    recorder = Recorder()
    for session in sessions:
        session.send(recorder, "inspect_reply", {"data": {"text/plain": value}, "found": True})
    return recorder.text()


def _comm(sessions: list[Any], value: str) -> str:
    recorder = Recorder()
    for session in sessions:
        session.send(recorder, "comm_msg", {"comm_id": "0", "data": {value: [value]}}, metadata={"k": value})
    return recorder.text()


def _buffer(sessions: list[Any], value: str) -> str:
    recorder = Recorder()
    for session in sessions:
        session.send(recorder, "comm_msg", {"comm_id": "0", "data": {}}, buffers=[b"\x00" + value.encode()])
    return recorder.text()


def warning_of(routes: tuple[Route, ...]) -> str:
    """Return one sentence about routes that should be protected and are not, "" when all are."""
    broken = [route.name.partition(":")[0] for route in routes if route.state == "not protected" and not route.expected]
    if not broken:
        return ""
    return f"Known secrets may be shown here on: {'; '.join(broken)}. %flarex_doctor tells why."


def tell(text: str) -> None:
    """Print a warning of the shield where a person sees it."""
    sys.stderr.write(text + "\n")
