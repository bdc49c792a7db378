"""Which secret went where and when: the trail of reveals. Holds names and hosts, never a value."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from flarex_nb.model import Environment, PlaceKind

_LONGEST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Use:
    """One reveal: `when` is seconds since 1970, `destination` scheme, host and port, `source` where the value was.

    `version` counts the values of a kept secret, -1 for the one before the present; 0 where that is not counted.
    """

    name: str
    when: float
    destination: str
    place: PlaceKind
    env: Environment
    source: str
    version: int = 0


class Trail:
    """The latest 10,000 uses, oldest first."""

    def __init__(self) -> None:
        """Begin empty."""
        self._uses: deque[Use] = deque(maxlen=_LONGEST)

    def add(self, use: Use) -> None:
        """Keep one use."""
        self._uses.append(use)

    def uses(self) -> tuple[Use, ...]:
        """Return the uses, oldest first."""
        return tuple(self._uses)

    def __repr__(self) -> str:
        """Return how many uses there are."""
        return f"<Trail of {len(self._uses)} uses>"
