"""Near and far: what stands where, and what makes it old. The far store here is a dictionary."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from flarex_nb.catalog.profile import Service
from flarex_nb.clock import VirtualClock
from flarex_nb.model import BoundCall, CallRequest, Reach, Reply
from flarex_nb.policies.freshness_facts import Facts, read_facts
from flarex_nb.policies.freshness_fields import PLAIN
from flarex_nb.stores.entry import Entry
from flarex_nb.stores.key import Keys
from flarex_nb.stores.question import Question, with_less_time
from flarex_nb.stores.shelf import Shelf

SERVICE = Service(name="crm", base_url="https://crm.example")
REPLY = Reply(200, (("ETag", '"a"'),), b"{}", 0.0)


@dataclass
class FarFound:
    raw: bytes | None
    stamp: str


@dataclass
class Dictionary:
    """A far store that can be told to forget nothing."""

    kept: dict[str, bytes] = field(default_factory=dict)
    stamps: dict[str, int] = field(default_factory=dict)
    locks: set[str] = field(default_factory=set)
    forgets: bool = True
    looks: int = 0
    resting: bool = False

    async def look(self, name: str, group: str) -> FarFound:
        self.looks += 1
        return FarFound(self.kept.get(name), f"s{self.stamps.get(group, 0)}.{self.stamps.get('', 0)}")

    async def put(self, name: str, raw: bytes, group: str, seconds: float) -> bool:
        self.kept[name] = raw
        return True

    async def forget(self, group: str | None) -> bool:
        if self.forgets:
            self.stamps[group or ""] = self.stamps.get(group or "", 0) + 1
        return self.forgets

    async def lock(self, name: str, seconds: float) -> str:
        if name in self.locks:
            return ""
        self.locks.add(name)
        return "token"

    async def unlock(self, name: str, token: str) -> None:
        self.locks.discard(name)

    async def locked(self, name: str) -> bool:
        return name in self.locks

    async def aclose(self) -> None:
        """Nothing is open."""


@dataclass
class Scene:
    """One kernel's shelf."""

    far: Dictionary
    clock: VirtualClock = field(default_factory=VirtualClock)
    keys: Keys = field(default_factory=lambda: Keys(b"k" * 32))

    def __post_init__(self) -> None:
        self.shelf = Shelf(self.clock, entries=10, near_for=60.0, far=self.far, read_facts=read_facts)

    def question(self, environment: Any = "live", **headers: str) -> Question:
        lines = tuple(headers.items())
        request = CallRequest("crm", "GET", "/me")
        call = BoundCall(request, SERVICE, "GET", "https://crm.example/me", lines, b"", (), environment, Reach(), "x")
        generation = self.shelf.generation(f"{environment}:crm")
        return Question(call, self.keys, "c", PLAIN, True, False, call.url, lines, generation)

    def entry(self, received: float | None = None, content: bytes = b"{}") -> Entry:
        facts = Facts(self.clock.wall() if received is None else received, 0.0, 300.0)
        return Entry(replace(REPLY, content=content), facts)

    async def put(self, question: Question, entry: Entry, varying: tuple[str, ...] = ()) -> None:
        look = await self.shelf.look(question)
        await self.shelf.put(question, entry, varying, look.stamp)


@pytest.fixture
def kernels() -> tuple[Scene, Scene]:
    far = Dictionary()
    return Scene(far), Scene(far)


def test_what_one_kernel_put_another_finds_and_keeps_near_for_a_while(kernels: tuple[Scene, Scene]) -> None:
    one, two = kernels

    async def scene() -> None:
        await one.put(one.question(), one.entry())
        look = await two.shelf.look(two.question())
        assert look.entry is not None
        assert look.entry.service == "crm"

    asyncio.run(scene())

    assert two.shelf.at_hand(two.question()) is not None
    for each in kernels:
        each.clock.advance(61)
        assert each.shelf.at_hand(each.question()) is None


def test_a_sandbox_answer_stays_in_its_kernel(kernels: tuple[Scene, Scene]) -> None:
    one, _ = kernels

    asyncio.run(one.put(one.question("sandbox"), one.entry()))

    assert one.far.kept == {}
    assert one.far.looks == 0
    assert one.shelf.at_hand(one.question("sandbox")) is not None


def test_what_the_far_store_could_not_be_told_to_forget_is_not_read_from_it(kernels: tuple[Scene, Scene]) -> None:
    one, two = kernels
    asyncio.run(one.put(one.question(), one.entry()))
    one.far.forgets = False

    async def write() -> bool:
        two.shelf.drop("live:crm")
        await two.shelf.settle()
        return (await two.shelf.look(two.question())).entry is None

    assert asyncio.run(write())


def test_what_was_dropped_while_the_far_store_failed_is_dropped_there_before_its_next_use(
    kernels: tuple[Scene, Scene],
) -> None:
    one, two = kernels
    asyncio.run(one.put(one.question(), one.entry()))
    one.far.forgets = False
    one.shelf.drop("live:crm")
    asyncio.run(one.shelf.settle())
    one.far.forgets = True

    async def afterwards() -> tuple[Entry | None, Entry | None]:
        mine = (await one.shelf.look(one.question())).entry
        others = (await two.shelf.look(two.question())).entry
        await one.put(one.question(), one.entry(content=b"[]"))
        return mine or others, (await two.shelf.look(two.question())).entry

    old, new = asyncio.run(afterwards())

    assert old is None
    assert new is not None
    assert new.reply.content == b"[]"


def test_the_newer_of_near_and_far_is_found(kernels: tuple[Scene, Scene]) -> None:
    one, two = kernels

    async def scene() -> Any:
        await one.put(one.question(), one.entry(received=two.clock.wall() - 50, content=b"1"))
        await two.shelf.look(two.question())
        await one.put(one.question(), one.entry(received=two.clock.wall() - 10, content=b"2"))
        return (await two.shelf.look(two.question())).entry

    assert asyncio.run(scene()).reply.content == b"2"


def test_variants_are_found_by_the_fields_that_choose_them(kernels: tuple[Scene, Scene]) -> None:
    one, two = kernels

    async def scene() -> list[Any]:
        for team in ("a", "b"):
            await one.put(one.question(**{"X-Team": team}), one.entry(content=team.encode()), ("x-team",))
        looks = [await two.shelf.look(two.question(**{"X-Team": team})) for team in ("a", "b", "c")]
        return [look.entry and look.entry.reply.content for look in looks]

    assert asyncio.run(scene()) == [b"a", b"b", None]
    near = two.shelf.at_hand(two.question(**{"X-Team": "b"}))
    assert near is not None
    assert near.value.reply.content == b"b"
    two.shelf.remove(two.question(**{"X-Team": "b"}))
    assert two.shelf.at_hand(two.question(**{"X-Team": "b"})) is None


def test_clear_forgets_every_group(kernels: tuple[Scene, Scene]) -> None:
    one, two = kernels

    async def scene() -> Any:
        await one.put(one.question(), one.entry())
        assert one.shelf.clear() == 1
        await one.shelf.settle()
        return (await two.shelf.look(two.question())).entry

    assert asyncio.run(scene()) is None


def test_a_wait_that_is_over_is_taken_off_the_deadline() -> None:
    call = Scene(Dictionary()).question().call

    assert with_less_time(call, 0.01) is call
    assert with_less_time(call, 4.0).options.deadline == 26.0
    assert with_less_time(call, 400.0).options.deadline > 0
