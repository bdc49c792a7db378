"""A kept answer as bytes: what goes in comes out, and nothing else does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.errors import VaultLocked
from flarex_nb.model import Reply
from flarex_nb.policies.freshness_facts import Facts, read_facts
from flarex_nb.stores.entry import LARGEST, Entry, pack, unpack
from flarex_nb.stores.workspace import WorkspaceKeys

REPLY = Reply(
    200, (("Content-Type", "application/json"), ("X-Ö", "ü")), b'{"id": 1}\x00\xff', 0.25, "https://a/x", "r1"
)
ENTRY = Entry(REPLY, Facts(1.0, 2.0, 3.0, etag='"a"'), ("accept",), "crm", "GET", "https://a/x?y={{$secret Z}}")
KEY = "visibly-fake-workspace-key-0123456789"


def test_an_answer_comes_back_as_it_was_without_the_words_for_showing() -> None:
    raw = pack(ENTRY, "stamp")

    assert raw is not None
    assert unpack(raw, read_facts) == (replace(ENTRY, service="", method="", address=""), "stamp")


def test_a_large_answer_is_not_shared() -> None:
    assert pack(replace(ENTRY, reply=replace(REPLY, content=b"x" * (LARGEST + 1))), "s") is None
    assert pack(replace(ENTRY, reply=replace(REPLY, headers=(("X", "x" * 300_000),))), "s") is None


@given(st.binary(max_size=300))
def test_garbage_is_no_answer(raw: bytes) -> None:
    assert unpack(raw, read_facts) is None


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_changed_byte_never_raises(place: int, byte: int) -> None:
    raw = bytearray(pack(ENTRY, "stamp") or b"")
    raw[place % len(raw)] = byte

    unpack(bytes(raw), read_facts)


@pytest.mark.parametrize("cut", [1, 10, 20, 50, 100])
def test_a_cut_off_head_is_no_answer(cut: int) -> None:
    raw = pack(replace(ENTRY, reply=replace(REPLY, content=b"")), "stamp") or b""

    assert unpack(raw[:-cut], read_facts) is None


def test_the_workspace_key_opens_in_every_kernel_and_binds_the_name() -> None:
    one, two, other = WorkspaceKeys(KEY), WorkspaceKeys(f" {KEY}\n"), WorkspaceKeys(KEY[::-1])

    sealed = one.cipher.seal(b"answer", b"name")

    assert one.common
    assert two.cipher.open(sealed, b"name") == b"answer"
    assert one.naming == two.naming != other.naming
    assert b"answer" not in sealed
    for keys, text, name in (
        (other, sealed, b"name"), (one, sealed, b"another"), (one, sealed[:-1] + bytes([sealed[-1] ^ 1]), b"name"),
        (one, b"", b"name"), (one, b"x" * 28, b"name"),
    ):  # fmt: skip
        with pytest.raises(VaultLocked):
            keys.cipher.open(text, name)


def test_without_a_key_or_with_a_short_one_nothing_is_common() -> None:
    assert not WorkspaceKeys(None).common
    assert WorkspaceKeys(None).naming != WorkspaceKeys(None).naming
    short = WorkspaceKeys("short")
    assert not short.common
    assert "5 characters and needs 32" in short.problem
    assert "short" not in repr(short)
