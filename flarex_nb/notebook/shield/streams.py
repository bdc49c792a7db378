"""What is printed: text of ipykernel's streams, which leaves in pieces, masked as the whole its reader sees.

Everything here happens on the stream's own thread, where it flushes; in a forked child, on the child's. What may be the
beginning of a value waits there for the next piece, at most 0.6 s, and never past the end of its cell or a display.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flarex_nb.vault.carry import Carry
from flarex_nb.vault.redact import Masker

if TYPE_CHECKING:
    from collections.abc import Iterator

HELD_FOR: Final = 0.6
"""Seconds a possible beginning waits for its next piece."""

_MOST: Final = 200
"""Cells whose streams are remembered."""


class Masked(str):
    """Text that was masked as part of its stream: the session need not look again."""

    __slots__ = ()


def sends_messages(stream: object) -> bool:
    """Tell whether it is a stream of ipykernel's kind, with the private names that are used here."""
    names = ("session", "pub_thread", "topic", "_flush", "_io_loop")
    return all(hasattr(stream, name) for name in names) and _handing_out(stream) is not None


def _handing_out(stream: object) -> str | None:
    """Return the name of the method that hands out what was written: for each cell since ipykernel 6.29, or for one."""
    return next((name for name in ("_flush_buffers", "_flush_buffer") if hasattr(stream, name)), None)


class StreamGuard:
    """Masks one stream."""

    def __init__(self, name: str, stream: Any, masks: Masker) -> None:
        """Guard this stream, "stdout" or "stderr"."""
        self.name = name
        self.stream = stream
        self._masks = masks
        self._plain: Any = None
        self._states: dict[Any, Carry] = {}
        self._due = 0.0
        self._name = ""
        self._own: Any = None

    def put_on(self) -> None:
        """Wrap the method that hands out what was written."""
        self._name = _handing_out(self.stream) or ""
        self._own = getattr(self, self._name)
        self._plain = getattr(self.stream, self._name)
        setattr(self.stream, self._name, self._own)

    def take_off(self) -> None:
        """Send what is held and leave the stream as it was."""
        self.settle()
        self.stream.flush()
        self._masks = Masker()
        if self.stream.__dict__.get(self._name) == self._own:
            delattr(self.stream, self._name)

    def settle(self) -> None:
        """Send what is held, after what was written and before what this thread sends next."""
        if self._masks and self.stream.pub_thread is not None:
            self.stream.flush()
            if any(carry.held for carry in tuple(self._states.values())):
                self.stream.pub_thread.schedule(self._release)
                self.stream.flush()  # returns when that is on its way

    def _flush_buffers(self) -> Iterator[tuple[dict[str, Any], str]]:
        if not self._masks:
            yield from self._plain()
            return
        for parent, text in self._plain():
            if text:
                yield parent, self._fed(parent, text)

    def _flush_buffer(self) -> str:
        text: str = self._plain()
        return self._fed(self.stream.parent_header, text) if text and self._masks else text

    def _fed(self, parent: dict[str, Any], text: str) -> Masked:
        carry = self._state(parent)
        shown = carry.feed(text)
        if carry.held:
            self._wake_later()
        return Masked(shown)

    def _state(self, parent: dict[str, Any]) -> Carry:
        """Return the state of the stream in one cell; what an earlier cell began may go on in it."""
        key = frozenset((parent or {}).items())
        carry = self._states.pop(key, None)
        if carry is None:
            last = next(reversed(self._states.values()), None)
            carry = Carry(self._masks) if last is None else last.followed()
        self._states[key] = carry  # the last one used comes last
        while len(self._states) > _MOST and not next(iter(self._states.values())).held:
            del self._states[next(iter(self._states))]
        return carry

    def _wake_later(self) -> None:
        loop = self.stream._io_loop
        self._due = loop.time() + HELD_FOR
        if self.stream.pub_thread.thread.is_alive():  # not in a forked child, where no loop runs
            loop.call_later(HELD_FOR + 0.01, self._wake)

    def _wake(self) -> None:
        if self.stream.pub_thread is not None and self.stream._io_loop.time() >= self._due:
            self._release()

    def _release(self) -> None:
        for parent, carry in tuple(self._states.items()):
            if carry.held:
                content = {"name": self.stream.name, "text": Masked(carry.settle())}
                session = self.stream.session
                message = session.msg("stream", content, parent=dict(parent))
                session.send(self.stream.pub_thread, message, ident=self.stream.topic)
