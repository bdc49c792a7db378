"""The memory store: the least recently used of at most N entries goes first, none lives longer than its time.

Holds answers, not errors; the cache station decides what is kept and what is asked for.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from flarex_nb.clock import Clock

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Kept(Generic[V]):
    """A stored value: `group` names what may be dropped together, `stored` and `until` are monotonic seconds."""

    value: V
    group: str
    stored: float
    until: float


class MemoryStore(Generic[V]):
    """An LRU and TTL store in this process; not shared, gone with the kernel."""

    def __init__(self, clock: Clock, entries: int = 500) -> None:
        """Bound the number of entries."""
        self._clock = clock
        self._entries = entries
        self._kept: OrderedDict[str, Kept[V]] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of entries held, those over their time included."""
        return len(self._kept)

    def get(self, key: str) -> Kept[V] | None:
        """Return the entry if it is there and within its time; looking makes it the most recently used."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.until <= self._clock.now():
            del self._kept[key]
            return None
        self._kept.move_to_end(key)
        return kept

    def put(self, key: str, value: V, *, group: str, ttl: float) -> None:
        """Keep the value for `ttl` seconds; the least recently used entry goes when there are too many."""
        now = self._clock.now()
        self._kept[key] = Kept(value, group, now, now + ttl)
        self._kept.move_to_end(key)
        while len(self._kept) > self._entries:
            self._kept.popitem(last=False)

    def drop(self, group: str) -> int:
        """Forget every entry of the group and return how many there were."""
        keys = [key for key, kept in self._kept.items() if kept.group == group]
        for key in keys:
            del self._kept[key]
        return len(keys)

    def clear(self) -> int:
        """Forget everything and return how many entries there were."""
        count = len(self._kept)
        self._kept.clear()
        return count
