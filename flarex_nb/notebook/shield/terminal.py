"""Plain IPython: what Python prints, masked before it reaches the terminal.

Stands in for `sys.stdout` and `sys.stderr`. What does not go through Python's own streams is not covered: `!cmd`,
`os.system` and `os.write` write to the terminal's descriptor, and making a pipe of it would take the terminal away from
editors and pagers.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from flarex_nb.notebook.shield.streams import HELD_FOR
from flarex_nb.portal import lock
from flarex_nb.vault.carry import Carry
from flarex_nb.vault.redact import Bytewise

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flarex_nb.vault.redact import Masker


class TerminalGuard:
    """Masks one of the two streams."""

    def __init__(self, name: str, stream: Any, masks: Masker) -> None:
        """Guard `sys.stdout` or `sys.stderr`, by its name, and as it was before anybody redirected it."""
        self.name = name
        self.veil = Veil(stream, masks)
        self._off = True

    def put_on(self) -> None:
        """Stand in for the stream, or, while it is redirected, from the end of the cell on."""
        self._off = False
        self._stand_in()

    def take_off(self) -> None:
        """Put the stream back, unless somebody else stands there now."""
        self._off = True
        self.settle()
        if getattr(sys, self.name) is self.veil:
            setattr(sys, self.name, self.veil.plain)

    def settle(self) -> None:
        """Write what is held, and stand in again where somebody put the stream itself back."""
        self.veil.settle()
        self._stand_in()

    def _stand_in(self) -> None:
        if getattr(sys, self.name) is self.veil.plain and not self._off:
            setattr(sys, self.name, self.veil)


class Veil:
    """A text stream over another: everything but writing is the other's."""

    def __init__(self, plain: Any, masks: Masker) -> None:
        """Write to `plain`."""
        self.plain = plain
        self._carry = Carry(masks)
        self._lock = lock()
        self.bytewise = Bytewise(masks)
        self._since = 0.0

    def write(self, text: str) -> int:
        """Write what may be shown, and return the length of the text."""
        with self._lock:  # threads write too, and a piece must not overtake what is held
            shown = self._carry.feed(text)
            self._since = time.monotonic()
            if shown:
                self.plain.write(shown)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Flush; what is held goes with it when it has waited long enough."""
        if time.monotonic() - self._since >= HELD_FOR:
            self.settle()
        self.plain.flush()

    def settle(self) -> None:
        """Write what is held."""
        with self._lock:
            if self._carry.held:
                self.plain.write(self._carry.settle())

    @property
    def buffer(self) -> Any:
        """The bytes below, masked."""
        return _Buffer(self)

    def __getattr__(self, name: str) -> Any:
        """Return what the stream below has."""
        return getattr(self.plain, name)

    def __iter__(self) -> Any:
        """Iterate as the stream below does."""
        return iter(self.plain)


class _Buffer:
    """The binary stream below a veil."""

    def __init__(self, veil: Veil) -> None:
        self._veil = veil
        self._plain = veil.plain.buffer

    def write(self, data: Any) -> int:
        """Write the bytes masked, and return how many were given."""
        given = bytes(data)
        self._plain.write(self._veil.bytewise(given.decode("latin-1")).encode("latin-1"))
        return len(given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)
