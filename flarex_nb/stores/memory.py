"""The memory store: bounded in entries, in bytes and in time; the least recently used goes first.

Holds answers, not errors; what is kept and whether it may still be used is decided elsewhere.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from flarex_nb.clock import Clock

V = TypeVar("V")

MOST_BYTES = 64_000_000


@dataclass(slots=True)
class Kept(Generic[V]):
    """A stored value: `group` names what may be dropped together, `stored` and `until` are monotonic seconds.

    `size` is in bytes, `hits` how often it was used.
    """

    value: V
    group: str
    stored: float
    until: float
    size: int = 0
    hits: int = 0


def _weightless(_value: object) -> int:
    return 0


class MemoryStore(Generic[V]):
    """An LRU and TTL store in this process; not shared, gone with the kernel."""

    def __init__(
        self,
        clock: Clock,
        entries: int = 500,
        *,
        most_bytes: int = MOST_BYTES,
        size: Callable[[V], int] = _weightless,
    ) -> None:
        """Bound the number of entries and their bytes; `size` says how many bytes a value has."""
        self._clock = clock
        self._entries = entries
        self._most_bytes = most_bytes
        self._size = size
        self._kept: OrderedDict[str, Kept[V]] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        """Return the number of entries held, those over their time included."""
        return len(self._kept)

    def get(self, key: str) -> Kept[V] | None:
        """Return the entry if it is there and within its time; looking makes it the most recently used."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.until <= self._clock.now():
            self.remove(key)
            return None
        self._kept.move_to_end(key)
        return kept

    def put(self, key: str, value: V, *, group: str, ttl: float) -> None:
        """Keep the value for `ttl` seconds; one larger than all the room there is takes no other's place."""
        self.remove(key)
        size = self._size(value)
        if size > self._most_bytes or ttl <= 0:
            return
        now = self._clock.now()
        self._kept[key] = Kept(value, group, now, now + ttl, size)
        self.bytes += size
        while len(self._kept) > self._entries or self.bytes > self._most_bytes:
            self.remove(next(iter(self._kept)))

    def shorten(self, key: str, seconds: float) -> None:
        """Keep the entry for so many seconds from now at most."""
        kept = self._kept.get(key)
        if kept is not None:
            kept.until = min(kept.until, self._clock.now() + seconds)

    def remove(self, key: str) -> None:
        """Forget one entry."""
        gone = self._kept.pop(key, None)
        if gone is not None:
            self.bytes -= gone.size

    def drop(self, group: str) -> int:
        """Forget every entry of the group and return how many there were."""
        keys = [key for key, kept in self._kept.items() if kept.group == group]
        for key in keys:
            self.remove(key)
        return len(keys)

    def clear(self) -> int:
        """Forget everything and return how many entries there were."""
        count = len(self._kept)
        self._kept.clear()
        self.bytes = 0
        return count

    def entries(self) -> tuple[Kept[V], ...]:
        """Return what is held and within its time, the least recently used first."""
        now = self._clock.now()
        return tuple(kept for kept in list(self._kept.values()) if kept.until > now)
