"""Every redactor of this process, and who is told when one of them learns or forgets a value.

Loads nothing and holds no value: it is asked when the extension loads, long before there is a secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from collections.abc import Callable

    from flarex_nb.vault.redact import Redactor


class Known:
    """The redactors, and those who watch them."""

    def __init__(self) -> None:
        """Begin with none."""
        self._redactors: WeakSet[Redactor] = WeakSet()
        self._watchers: list[Callable[[], None]] = []

    def add(self, redactor: Redactor) -> None:
        """Count the redactor in, as long as somebody holds it."""
        self._redactors.add(redactor)

    def redactors(self) -> tuple[Redactor, ...]:
        """Return those that know a value."""
        return tuple(each for each in list(self._redactors) if each)

    def watch(self, told: Callable[[], None]) -> Callable[[], None]:
        """Call `told` after each change, in the thread that made it; return what ends that."""
        self._watchers.append(told)

        def end() -> None:
            if told in self._watchers:
                self._watchers.remove(told)

        return end

    def changed(self) -> None:
        """Tell those who watch."""
        for told in tuple(self._watchers):
            told()


KNOWN = Known()
"""Those of this process."""
