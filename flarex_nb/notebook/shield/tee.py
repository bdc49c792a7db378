"""What goes to the server's log: ipykernel's copy of file descriptors 1 and 2, or, where it makes none, those two.

The descriptor is replaced by a pipe that a thread reads, masks and passes on: so it is masked whoever writes to that
number, the log handlers opened before and programs started with `stdout=sys.stdout` included. What a crash leaves in
the pipe is lost with the kernel.
"""

from __future__ import annotations

import atexit
import os
import selectors
from typing import TYPE_CHECKING, Final

from flarex_nb.notebook.shield.streams import HELD_FOR
from flarex_nb.portal import background
from flarex_nb.vault.carry import Carry
from flarex_nb.vault.redact import Bytewise

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Thread

    from flarex_nb.vault.redact import Masker

_PIECE: Final = 65536
_ENDING: Final = 1.0
"""Seconds for what is still in the pipe when the shield is taken off."""


class TeeGuard:
    """Masks what one stream passes on."""

    def __init__(self, name: str, number: int, masks: Masker) -> None:
        """Guard this descriptor: the saved one of the stream, or 1 or 2."""
        self.of = name
        self.name = f"{name} log"
        self.number = number
        self._masks = masks
        self._inherited = os.get_inheritable(number)
        self._thread: Thread | None = None
        self._true = -1
        self.look: Callable[[str], str] | None = None

    def put_on(self) -> None:
        """Put a pipe in the place of the descriptor, and begin to read it."""
        self._true = os.dup(self.number)
        reading, writing = os.pipe()
        os.dup2(writing, self.number, inheritable=self._inherited)
        os.close(writing)
        true = self._true
        self._thread = background(lambda: self._pass_on(reading, true), f"flarex-{self.name}")
        atexit.register(self.take_off)

    def take_off(self) -> None:
        """Put the descriptor back; what was written before arrives first."""
        atexit.unregister(self.take_off)
        thread, self._thread = self._thread, None
        if thread is not None:
            os.dup2(self._true, self.number, inheritable=self._inherited)
            thread.join(_ENDING)  # a child that still writes keeps it alive

    def _pass_on(self, reading: int, writing: int) -> None:
        """Pass on what comes, masked, until nobody can write any more: the thread's work."""
        carry = Carry(Bytewise(self._masks))
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(reading, selectors.EVENT_READ)
                while True:
                    if selector.select(HELD_FOR if carry.held else None):
                        piece = os.read(reading, _PIECE)
                        if not piece:
                            break
                        shown = carry.feed(piece.decode("latin-1"))
                    else:
                        shown = carry.settle()
                    look = self.look
                    _write(writing, shown if look is None else look(shown))
            _write(writing, carry.settle())
        finally:
            os.close(reading)
            os.close(writing)


def _write(writing: int, text: str) -> None:
    rest = memoryview(text.encode("latin-1"))
    while rest:
        rest = rest[os.write(writing, rest) :]
