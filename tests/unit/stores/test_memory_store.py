"""The memory store: bounded in number and in time."""

from __future__ import annotations

from flarex_nb.clock import VirtualClock
from flarex_nb.stores.key import Keys
from flarex_nb.stores.memory import MemoryStore


def test_an_entry_ends_with_its_time() -> None:
    clock = VirtualClock()
    store: MemoryStore[str] = MemoryStore(clock)
    store.put("a", "answer", group="g", ttl=60)

    clock.advance(59.9)
    assert store.get("a") is not None

    clock.advance(0.2)
    assert store.get("a") is None
    assert len(store) == 0


def test_the_least_recently_used_goes_first() -> None:
    store: MemoryStore[int] = MemoryStore(VirtualClock(), entries=2)
    store.put("a", 1, group="g", ttl=60)
    store.put("b", 2, group="g", ttl=60)
    store.get("a")

    store.put("c", 3, group="g", ttl=60)

    assert store.get("b") is None
    assert store.get("a") is not None


def test_a_group_is_dropped_alone() -> None:
    store: MemoryStore[int] = MemoryStore(VirtualClock())
    store.put("a", 1, group="one", ttl=60)
    store.put("b", 2, group="two", ttl=60)

    assert store.drop("one") == 1

    assert store.get("b") is not None


def test_two_credentials_never_share_a_key_and_no_name_stands_in_it() -> None:
    keys = Keys()

    one = keys.of("GET", "https://a.example/x", (), "FIRST_API_KEY@live")
    two = keys.of("GET", "https://a.example/x", (), "SECOND_API_KEY@live")

    assert one != two
    assert "FIRST" not in one
    assert keys.of("GET", "https://a.example/x", (("User-Agent", "x"),), "FIRST_API_KEY@live") == one
    assert keys.of("GET", "https://a.example/x", (("Accept", "text/csv"),), "FIRST_API_KEY@live") != one
