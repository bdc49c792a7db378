"""The shield: masks known secrets wherever this kernel's output leaves it. Nothing is touched before there is a secret.

`armour` puts the pieces on and takes them off; `session` covers every message, `streams` text that comes in pieces,
`tee` the copy that goes to the server's log, `history` what IPython writes down, `loggers` the HTTP libraries' own,
`terminal` plain IPython. `selftest` sends a canary along each route and tells which are covered.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from flarex_nb.vault.known import KNOWN

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from flarex_nb.notebook.shield.armour import Armour


class Shield:
    """Waits until a redactor of this process learns its first value, then guards the shell's output."""

    def __init__(self, shell: InteractiveShell) -> None:
        """Begin to wait; costs nothing until then."""
        self._shell = shell
        self._streams = {name: getattr(sys, name) for name in ("stdout", "stderr")}  # later they may be redirected
        self._unwatch = KNOWN.watch(self._changed)
        if KNOWN.redactors():
            self._changed()

    @property
    def armour(self) -> Armour:
        """What guards the shell, put on now if it was not."""
        from flarex_nb.notebook.shield.armour import Armour  # noqa: PLC0415 - only when there is something to guard

        armour: Armour = self.__dict__.setdefault("_armour", Armour(self._shell, self._streams))
        armour.put_on()
        return armour

    def rest(self) -> None:
        """Take everything off where there is nothing to mask: what was put on to be tried, say."""
        if not KNOWN.redactors():
            self._take_off()

    def close(self) -> None:
        """Take everything off; what is known stays known."""
        self._unwatch()
        self._take_off()

    def _take_off(self) -> None:
        armour: Armour | None = self.__dict__.pop("_armour", None)
        if armour is not None:
            armour.take_off()

    def _changed(self) -> None:
        self.armour.refresh()


SHIELDS: WeakKeyDictionary[InteractiveShell, Shield] = WeakKeyDictionary()
"""What guards each shell's output; a shell without the extension has none."""
