"""Where answers stand: near, in this process's memory; and far, in a store other kernels share, where there is one.

What was asked before a write is not kept after it: each group has a generation, here and far. Decides nothing about
freshness, and no failure of the far store is an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from flarex_nb.stores.entry import Entry, pack, signpost, unpack
from flarex_nb.stores.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from flarex_nb.clock import Clock
    from flarex_nb.policies.freshness_facts import Facts
    from flarex_nb.stores.memory import Kept
    from flarex_nb.stores.question import Question

LOCKED_FOR: Final = 10.0
"""Seconds after which the lock of a kernel that died ends by itself."""

WAIT_FOR_OTHERS: Final = 5.0
"""Seconds a call waits at most for another kernel that asks the same."""

_LOOK_EVERY: Final = 0.05


class Found(Protocol):
    """What a far store has under a name: `raw` None for nothing, `stamp` "" where nobody can know the generation."""

    @property
    def raw(self) -> bytes | None:
        """The bytes."""
        ...

    @property
    def stamp(self) -> str:
        """The present generation."""
        ...


class Far(Protocol):
    """A store that other kernels share; each failure of it is a miss."""

    @property
    def resting(self) -> bool:
        """Whether it is left alone because it failed."""
        ...

    async def look(self, name: str, group: str) -> Found:
        """Return what is kept under the name."""
        ...

    async def put(self, name: str, raw: bytes, group: str, seconds: float) -> bool:
        """Keep the bytes and return whether that worked."""
        ...

    async def forget(self, group: str | None) -> bool:
        """Begin a new generation of the group, of all for None, and return whether that worked."""
        ...

    async def lock(self, name: str, seconds: float) -> str:
        """Return a token, "" when somebody else has the lock or nobody can know."""
        ...

    async def unlock(self, name: str, token: str) -> None:
        """Give the lock back."""
        ...

    async def locked(self, name: str) -> bool:
        """Return whether somebody has the lock."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


class Look(NamedTuple):
    """What was found: the entry, None for none, and the far store's stamp to keep a newer one under."""

    entry: Entry | None = None
    stamp: str = ""


class Shelf:
    """The near store and, where there is one, the far store behind it."""

    def __init__(
        self,
        clock: Clock,
        *,
        entries: int,
        near_for: float,
        far: Far | None,
        read_facts: Callable[[list[object]], Facts | None],
    ) -> None:
        """Bound the near store: `near_for` is how many seconds a copy of a shared answer may stand there."""
        self.near: MemoryStore[Entry] = MemoryStore(clock, entries, size=lambda entry: entry.size)
        self.far = far
        self._clock = clock
        self._near_for = near_for
        self._read_facts = read_facts
        self._generations: dict[str, int] = {}
        self._cleared = 0
        self._to_forget: set[str | None] = set()

    @property
    def state(self) -> str:
        """How the far store is: "none", "in use", or "left alone" because it failed."""
        return "none" if self.far is None else "left alone" if self.far.resting else "in use"

    def generation(self, group: str) -> int:
        """Return a number that changes whenever the group's answers become old."""
        return self._cleared + self._generations.get(group, 0)

    def at_hand(self, question: Question) -> Kept[Entry] | None:
        """Return what stands near, at once."""
        kept = self.near.get(question.name)
        if kept is not None and kept.value.varying:
            return self.near.get(question.variant(kept.value.varying))
        return kept

    async def look(self, question: Question) -> Look:
        """Return what is kept, near or far; what is found far is put near as well."""
        look = await self._look(question, question.name)
        if look.entry is not None and look.entry.varying:
            return await self._look(question, question.variant(look.entry.varying))
        return look

    async def _look(self, question: Question, name: str) -> Look:
        kept = self.near.get(name)
        entry = None if kept is None else kept.value
        if self.far is None or not question.shared or not await self._settled(question.group):
            return Look(entry)
        found = await self.far.look(name, question.group)
        return Look(self._newer(question, name, found, entry), found.stamp)

    def _newer(self, question: Question, name: str, found: Found, near: Entry | None) -> Entry | None:
        """Return the far store's entry, with a copy put near, if it is one, of the present generation, and newer."""
        read = None if found.raw is None else unpack(found.raw, self._read_facts)
        if read is None or read[1] != found.stamp:
            return near
        if near is not None and near.facts.received >= read[0].facts.received:
            return near
        entry = _labelled(read[0], question)
        left = entry.facts.received + entry.facts.keep_for - self._clock.wall()
        self.near.put(name, entry, group=question.group, ttl=min(left, self._near_for))
        return entry

    async def put(self, question: Question, entry: Entry, varying: tuple[str, ...], stamp: str) -> None:
        """Keep the entry, unless its group became old since it was asked for."""
        if self.generation(question.group) != question.generation:
            return
        entry, name = _labelled(entry, question), question.name
        if varying:
            await self._put(question, name, signpost(varying, entry.facts), stamp)
            name = question.variant(varying)
        await self._put(question, name, entry, stamp)

    async def _put(self, question: Question, name: str, entry: Entry, stamp: str) -> None:
        seconds = entry.facts.keep_for
        self.near.put(name, entry, group=question.group, ttl=seconds)
        raw = pack(entry, stamp) if self.far is not None and stamp else None
        if raw is not None and self.far is not None and await self.far.put(name, raw, question.group, seconds):
            self.near.shorten(name, self._near_for)

    def remove(self, question: Question) -> None:
        """Forget what stands near for this question."""
        kept = self.near.get(question.name)
        if kept is not None and kept.value.varying:
            self.near.remove(question.variant(kept.value.varying))
        self.near.remove(question.name)

    async def turn(self, question: Question, good: Callable[[Entry], bool]) -> tuple[str, Entry | None]:
        """Return the lock's token, and what another kernel brought while this one waited for it, if it is good.

        The token is "" where there is no lock to give back: nothing is shared, or the wait was in vain.
        """
        far = self.far
        if far is None or not question.shared:
            return "", None
        name = question.exact
        token = await far.lock(name, LOCKED_FOR)
        until = self._clock.now() + min(WAIT_FOR_OTHERS, question.call.options.deadline / 2)
        while not token and self._clock.now() < until and await far.locked(name):
            await self._clock.sleep(_LOOK_EVERY)
            look = await self.look(question)
            if look.entry is not None and good(look.entry):
                return "", look.entry
        return token, None

    async def give_back(self, question: Question, token: str) -> None:
        """Let the next kernel ask."""
        if self.far is not None and token:
            await self.far.unlock(question.exact, token)

    def drop(self, group: str) -> int:
        """Forget what stands near of the group, and return how many; the far store follows with `settle`."""
        self._generations[group] = self._generations.get(group, 0) + 1
        if self.far is not None:
            self._to_forget.add(group)
        return self.near.drop(group)

    def clear(self) -> int:
        """Forget everything near, and return how many; the far store follows with `settle`."""
        self._cleared += 1
        if self.far is not None:
            self._to_forget = {None}
        return self.near.clear()

    async def settle(self) -> None:
        """Have the far store forget what was dropped; what cannot be told now is told before its next use."""
        for group in tuple(self._to_forget):
            if self.far is not None and await self.far.forget(group):
                self._to_forget.discard(group)

    async def _settled(self, group: str) -> bool:
        """Return whether the far store knows all that makes its answers of the group old."""
        if self._to_forget:
            await self.settle()
        return not self._to_forget & {group, None}

    async def aclose(self) -> None:
        """Close the far store."""
        if self.far is not None:
            await self.far.aclose()


def _labelled(entry: Entry, question: Question) -> Entry:
    call = question.call
    return Entry(entry.reply, entry.facts, entry.varying, call.service.name, call.method, question.address)
