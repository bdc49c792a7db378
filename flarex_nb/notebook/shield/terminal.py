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
from flarex_nb.vault.carry import Carry
from flarex_nb.vault.redact import Bytewise

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flarex_nb.vault.redact import Masker


class TerminalGuard:
    """Masks one of the two streams."""

    def __init__(self, name: str, masks: Masker) -> None:
        """Guard `sys.stdout` or `sys.stderr`, by its name."""
        self.name = name
        self._masks = masks
        self.veil: Any = None

    def put_on(self) -> None:
        """Stand in for the stream."""
        self.veil = Veil(getattr(sys, self.name), self._masks)
        setattr(sys, self.name, self.veil)

    def take_off(self) -> None:
        """Put the stream back, unless somebody else stands there now."""
        self.settle()
        if self.veil is not None and getattr(sys, self.name) is self.veil:
            setattr(sys, self.name, self.veil.plain)

    def settle(self) -> None:
        """Write what is held."""
        if self.veil is not None:
            self.veil.settle()


class Veil:
    """A text stream over another: everything but writing is the other's."""

    def __init__(self, plain: Any, masks: Masker) -> None:
        """Write to `plain`."""
        self.plain = plain
        self._carry = Carry(masks)
        self.bytewise = Bytewise(masks)
        self._since = 0.0

    def write(self, text: str) -> int:
        """Write what may be shown, and return the length of the text."""
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
        if self._carry.held and time.monotonic() - self._since >= HELD_FOR:
            self.plain.write(self._carry.settle())
        self.plain.flush()

    def settle(self) -> None:
        """Write what is held."""
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
