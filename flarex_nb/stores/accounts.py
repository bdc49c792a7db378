"""What a person may know of the cache: how often it was of use, and what is kept. Counts; decides nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flarex_nb.clock import Clock
    from flarex_nb.stores.entry import Entry
    from flarex_nb.stores.memory import MemoryStore


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """One kept answer: `address` is the URL without secrets, `age` and `left` seconds (`left` below 0 when stale)."""

    service: str
    method: str
    address: str
    age: float
    left: float
    hits: int
    size: int


@dataclass(frozen=True, slots=True)
class CacheStats:
    """How often kept answers were of use since the kernel began.

    `hits` are fresh answers, `revalidated` those the server confirmed (304), `stale` those shown past their time,
    `misses` calls that were sent whole, `joined` calls that took the answer of an equal call under way. `entries` and
    `bytes` are held here now. `shared` says how the shared store is: "none", "in use" or "left alone" after a failure.
    """

    hits: int
    misses: int
    revalidated: int
    stale: int
    joined: int
    entries: int
    bytes: int
    shared: str

    @property
    def rate(self) -> float:
        """The share of reads that needed no whole answer from the server, 0 to 1."""
        spared = self.hits + self.revalidated + self.stale + self.joined
        return spared / (spared + self.misses) if spared + self.misses else 0.0


@dataclass
class Accounts:
    """The counters of one cache."""

    counted: Counter[str] = field(default_factory=Counter)

    def note(self, what: str) -> None:
        """Count one "hit", "miss", "revalidated", "stale" or "joined"."""
        self.counted[what] += 1

    def stats(self, near: MemoryStore[Entry], shared: str) -> CacheStats:
        """Return the counts with the present state of the stores."""
        of = self.counted
        return CacheStats(
            of["hit"], of["miss"], of["revalidated"], of["stale"], of["joined"], len(near), near.bytes, shared
        )


def entries_of(near: MemoryStore[Entry], clock: Clock) -> tuple[CacheEntry, ...]:
    """Return what is kept in this process, the most recently used first."""
    now, found = clock.wall(), []
    for kept in reversed(near.entries()):
        entry = kept.value
        if not entry.varying:
            age = entry.facts.age(now)
            left = entry.facts.lifetime - age
            found.append(CacheEntry(entry.service, entry.method, entry.address, age, left, kept.hits, kept.size))
    return tuple(found)
