"""Where the self-test catches what it sent, at the last moment before it would leave; everything else passes on."""

from __future__ import annotations

import contextlib
import io
import json
import os
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from flarex_nb.notebook.shield.streams import StreamGuard
    from flarex_nb.notebook.shield.tee import TeeGuard
    from flarex_nb.notebook.shield.terminal import TerminalGuard

_PATIENCE: Final = 1.0
_SLICE: Final = 0.02
_MASK: Final = "[FLAREX_SELF_TEST]"


class Recorder:
    """Stands where a socket stands, and keeps what is sent to it."""

    def __init__(self) -> None:
        """Begin empty."""
        self.parts: list[bytes] = []

    def send_multipart(self, parts: list[Any], **_more: Any) -> None:
        """Keep the parts."""
        self.parts += [bytes(part) for part in parts]

    def text(self) -> str:
        """Return everything, as text."""
        return b"\n".join(self.parts).decode("utf-8", "replace")


class Tap:
    """Catches messages about the canary on their way into the thread that sends them."""

    def __init__(self, thread: Any, value: str) -> None:
        """Watch the sending thread for the value, its mask, or half of the value."""
        self._thread = thread
        self._marks = tuple(mark.encode() for mark in (_MASK, value[:16], value[16:], "*" * len(value)))
        self._recorder = Recorder()
        self._arrived: Future[None] = Future()
        self._wanted = 1
        self._count = 0

    def __enter__(self) -> Self:
        """Begin to catch."""
        self._thread.send_multipart = self._take
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop catching."""
        self._thread.__dict__.pop("send_multipart", None)

    def caught(self, wanted: int = 1, flush: Any = None) -> str:
        """Return what was caught, after waiting for so many messages; `flush` is called while waiting."""
        self._wanted = wanted
        waited = 0.0
        while self._count < wanted and waited < _PATIENCE:
            if flush is not None:
                flush()
            try:
                self._arrived.result(timeout=_SLICE)
            except TooLate:
                waited += _SLICE
        return self._recorder.text()

    def _take(self, message: list[Any], *more: Any, **named: Any) -> None:
        whole = b"\n".join(bytes(part) for part in message)
        if not any(mark in whole for mark in self._marks):
            type(self._thread).send_multipart(self._thread, message, *more, **named)
            return
        self._recorder.send_multipart(message)
        self._count += 1
        if self._others(message):
            type(self._thread).send_multipart(self._thread, message, *more, **named)
        if self._count >= self._wanted and not self._arrived.done():
            self._arrived.set_result(None)

    def _others(self, message: list[Any]) -> bool:
        """Tell whether a stream's message has somebody else's text too, which must not be lost."""
        for part in message:
            if b'"text"' in bytes(part):
                text = json.loads(bytes(part)).get("text", "")
                for mark in self._marks:
                    text = text.replace(mark.decode(), "")
                return bool(text.strip())
        return False


class StreamTap:
    """Writes to a stream of ipykernel's and catches what it sends."""

    def __init__(self, guard: StreamGuard, tee: TeeGuard | None = None) -> None:
        """Use the guarded stream; `tee` is where its copy for the log would show."""
        self._stream = guard.stream
        self._tee = tee

    def whole(self, value: str) -> str:
        """Return what a line becomes."""
        with self._tap(value) as tap:
            self._stream.write(value + "\n")
            return tap.caught(flush=self._stream.flush)

    def pieces(self, value: str) -> str:
        """Return what two halves become."""
        with self._tap(value) as tap:
            for half in (value[:16], value[16:] + "\n"):
                self._stream.write(half)
                self._stream.flush()
            return tap.caught(flush=self._stream.flush)

    def descriptor(self, value: str) -> str:
        """Return what bytes become that are written past Python."""
        number = getattr(self._stream, "_original_stdstream_fd", {"stdout": 1, "stderr": 2}[self._stream.name])
        with self._tap(value) as tap, contextlib.ExitStack() as stack:
            if self._tee is not None:
                stack.enter_context(TeeTap(self._tee).catching(value))
            os.write(number, value.encode() + b"\n")
            return tap.caught(flush=self._stream.flush)

    def _tap(self, value: str) -> Tap:
        self._stream.flush()
        return Tap(self._stream.pub_thread, value)


class TeeTap:
    """Writes to the saved descriptor and catches what the reading thread would pass on."""

    def __init__(self, guard: TeeGuard) -> None:
        """Use the guarded descriptor."""
        self._guard = guard

    def whole(self, value: str) -> str:
        """Return what a line becomes."""
        with self.catching(value) as arrived:
            os.write(self._guard.number, value.encode() + b"\n")
        return arrived.result(timeout=0) if arrived.done() else ""

    @contextlib.contextmanager
    def catching(self, value: str) -> Iterator[Future[str]]:
        """Keep the line about the value out of the log, and give what it became; waits for it at the end."""
        arrived: Future[str] = Future()

        def take(text: str) -> str:
            if _MASK not in text and value not in text:
                return text
            if not arrived.done():
                arrived.set_result(text)
            return text.replace(_MASK + "\n", "").replace(value + "\n", "")

        self._guard.look = take
        try:
            yield arrived
            with contextlib.suppress(TooLate):
                arrived.result(timeout=_PATIENCE)
        finally:
            self._guard.look = None


class VeilTap:
    """Writes to a veiled stream and catches what reaches the stream below."""

    def __init__(self, guard: TerminalGuard) -> None:
        """Use the veil."""
        self._veil = guard.veil

    def whole(self, value: str) -> str:
        """Return what a line becomes."""
        return self._written(value + "\n")

    def pieces(self, value: str) -> str:
        """Return what two halves become."""
        return self._written(value[:16], value[16:] + "\n")

    def _written(self, *pieces: str) -> str:
        self._veil.settle()
        plain, self._veil.plain = self._veil.plain, io.StringIO()
        try:
            for piece in pieces:
                self._veil.write(piece)
                self._veil.flush()
            text: str = self._veil.plain.getvalue()
            return text
        finally:
            self._veil.plain = plain
