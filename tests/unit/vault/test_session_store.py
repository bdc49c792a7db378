"""The session store: values go in checked, stay sealed, and show in nothing that can be looked at."""

from __future__ import annotations

import copy
import dataclasses
import gc
import pickle
import sys
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.clock import VirtualClock
from flarex_nb.errors import SecretExpired, SecretMissing, UsageError, VaultLocked
from flarex_nb.model import SecretRef
from flarex_nb.vault.intake import LONGEST
from flarex_nb.vault.redact import Redactor
from flarex_nb.vault.store import SessionStore

NAME = "CRM_API_KEY"
REF = SecretRef(NAME)


def fresh(tail: str = "x9") -> str:
    """Make a value at run time, so that no code object of this file holds it."""
    return "-".join(["canary", str(id(tail)), tail, "value"])


@pytest.fixture
def store():
    return SessionStore(VirtualClock())


def texts_from(start):
    """Return every str and bytes reachable from an object, types, modules and code aside."""
    seen, texts, todo = set(), [], [start]
    while todo:
        here = todo.pop()
        if id(here) in seen or isinstance(here, type | type(sys)) or hasattr(here, "__code__"):
            continue
        seen.add(id(here))
        if isinstance(here, str):
            texts.append(here.encode("utf-8", "surrogatepass"))
        elif isinstance(here, bytes | bytearray):
            texts.append(bytes(here))
        todo += gc.get_referents(here)
    return texts


def test_what_is_kept_is_told_without_its_value(store):
    stored = store.set(NAME, fresh(), hosts=["API.crm.example", "127.0.0.1:8000"])

    [info] = store.list()

    assert (stored.name, list(stored)) == (NAME, [])
    assert (info.name, info.env, info.source, info.state) == (NAME, "live", "session", "set")
    assert (info.hosts, info.version, info.created_wall) == (("api.crm.example", "127.0.0.1:8000"), 1, 1_700_000_000.0)
    assert store.value(REF) == fresh()
    assert "length" not in {field.name for field in dataclasses.fields(info)}


def test_nothing_reachable_from_the_store_holds_the_value(store):
    value = fresh()
    store.set(NAME, value)
    store.rotate(NAME, value + "2")
    store.scope(NAME, ["a.example"])

    met = texts_from(store)

    assert NAME.encode() in met
    assert not any(value[:12].encode() in text or value[-12:].encode() in text for text in met)
    assert value not in repr(store) + repr(store.list()) + repr(store._entries)


def test_the_size_of_what_is_kept_does_not_tell_the_length_of_the_value(store):
    sizes = set()
    for length in (1, 20, 100, 200):
        store.set(NAME, "ab" * length)
        sizes.add(len(store._entries[NAME, "live"].sealed))

    assert len(sizes) == 2


@pytest.mark.parametrize("leave", [pickle.dumps, copy.copy, copy.deepcopy])
def test_the_store_cannot_be_pickled_or_copied(store, leave):
    store.set(NAME, fresh())

    with pytest.raises(TypeError):
        leave(store)


class BrokenCipher:
    """Fails at the worst moment, with the plaintext in hand."""

    def seal(self, plain: bytes, context: bytes) -> bytes:
        del plain, context
        raise MemoryError

    def open(self, sealed: bytes, context: bytes) -> bytes:
        raise NotImplementedError


@pytest.mark.parametrize("change", ["", "\x07", "\u201d"])
def test_no_frame_of_a_failed_set_holds_the_value(change):
    store = SessionStore(VirtualClock(), cipher=BrokenCipher())
    box = [fresh() + change + fresh()]

    with pytest.raises((MemoryError, UsageError)) as caught:
        store.set(NAME, box.pop())

    frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__.tb_next)]
    assert len(frames) >= 2
    for frame in frames:
        met = [text for local in list(frame.f_locals.values()) if not callable(local) for text in texts_from(local)]
        assert not any(fresh().encode() in text for text in met), frame
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert fresh() not in "".join(line for line in shown.format() if "test_session_store" not in line)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("value", [b"\xff\xfe\xe9" * 5, 12345678, None, ["a"]])
def test_what_is_no_text_is_refused_without_an_echo(store, value):
    with pytest.raises(UsageError) as caught:
        store.set(NAME, value)

    assert str(value) not in caught.value.explain()
    assert caught.value.__context__ is None
    assert not store.has(NAME)


@pytest.mark.parametrize("around", ["{}\n", "  {}", "\t{}\r\n", "\u00a0{} "])
def test_security_case_53_whitespace_around_a_value_is_removed_with_a_note(store, around):
    stored = store.set(NAME, around.format(fresh()))

    assert store.value(REF) == fresh()
    assert "whitespace" in stored.notes[0]


@pytest.mark.parametrize(
    "bad",
    ["\n", "\r\n", "\t", "\x00", "\x1b[0m", "\x7f", "\x85", "\xad", "\u200b", "\u201d", "é\u0301", "\ud800", "😀"],
)
def test_security_case_53_a_value_no_header_can_carry_is_refused_without_an_echo(store, bad):
    value = fresh("left") + bad + fresh("right")

    with pytest.raises(UsageError) as caught:
        store.set(NAME, value)

    told = caught.value.explain() + repr(caught.value) + repr(caught.value.args)
    assert "canary" not in told
    assert "left" not in told
    assert not store.has(NAME)


@pytest.mark.parametrize("value", ["", "   \n", "a" * (LONGEST + 1)])
def test_an_empty_or_huge_value_is_refused(store, value):
    with pytest.raises(UsageError):
        store.set(NAME, value)


@given(
    st.text(
        st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_categories=["Cc", "Cf", "Zs"]),
        min_size=1,
        max_size=600,
    )
)
def test_any_value_a_header_can_carry_comes_back_as_it_was(value):
    store = SessionStore(VirtualClock())

    for given_as in (value, value.encode(), bytearray(value.encode())):
        store.set(NAME, given_as)

        assert store.value(REF) == value


def test_a_bytearray_is_overwritten_also_when_it_is_refused(store):
    good, bad = bytearray(fresh().encode()), bytearray(b"with\x00zero")

    store.set(NAME, good)
    with pytest.raises(UsageError):
        store.rotate(NAME, bad)

    assert set(good) == set(bad) == {0}
    assert store.value(REF) == fresh()


@pytest.mark.parametrize("value", ["seven77", "localhost", "password"])
def test_a_value_that_cannot_be_masked_is_kept_with_a_note(value):
    redactor = Redactor()
    store = SessionStore(VirtualClock(), masks=redactor)

    stored = store.set(NAME, value)

    assert store.has(NAME)
    assert any("masked" in note for note in stored.notes)
    assert redactor(f"say {value}") == f"say {value}"


def test_a_new_value_keeps_the_hosts_and_the_old_one_stays_masked():
    redactor = Redactor()
    store = SessionStore(VirtualClock(), masks=redactor)
    store.set(NAME, fresh("old"), hosts=["a.example"])

    store.rotate(NAME, fresh("new"))

    [info] = store.list()
    assert (info.hosts, info.version) == (("a.example",), 2)
    assert store.value(REF) == fresh("new")
    assert redactor(fresh("old") + " " + fresh("new")) == f"[{NAME}] [{NAME}]"


def test_setting_again_without_hosts_keeps_them_and_with_hosts_replaces_them(store):
    store.set(NAME, fresh(), hosts=["a.example"])

    store.set(NAME, fresh("2"))
    first = store.info(NAME, "live").hosts
    store.set(NAME, fresh("3"), hosts=["b.example"])

    assert (first, store.info(NAME, "live").hosts) == (("a.example",), ("b.example",))


def test_a_deleted_value_is_gone_and_masked_no_more_but_its_other_environments_is():
    redactor = Redactor()
    store = SessionStore(VirtualClock(), masks=redactor)
    store.set(NAME, fresh("real"))
    store.set(NAME, fresh("fake"), env="sandbox")

    store.delete(NAME)

    assert [(info.name, info.env) for info in store.list()] == [(NAME, "sandbox")]
    assert redactor(fresh("real") + fresh("fake")) == fresh("real") + f"[{NAME}]"


@pytest.mark.parametrize(
    "act",
    [
        lambda s: s.rotate(NAME, "x" * 9),
        lambda s: s.delete(NAME),
        lambda s: s.scope(NAME, ["a.example"]),
        lambda s: s.value(REF),
    ],
)
def test_a_name_that_is_not_kept_is_said_to_be_missing(store, act):
    store.set(NAME, fresh(), env="sandbox")

    with pytest.raises(SecretMissing, match=NAME) as caught:
        act(store)

    assert f"%flarex_secrets set {NAME}" in caught.value.hint


def test_a_version_that_was_replaced_is_not_given(store):
    store.set(NAME, fresh())
    store.rotate(NAME, fresh("2"))

    assert store.value(SecretRef(NAME, version=2)) == fresh("2")
    with pytest.raises(SecretExpired):
        store.value(SecretRef(NAME, version=1))


@pytest.mark.parametrize(
    "change", [{"name": "OTHER_API_KEY"}, {"env": "sandbox"}, {"hosts": ("evil.example",)}, {"version": 9}]
)
def test_a_sealed_value_moved_to_another_binding_does_not_open(store, change):
    store.set(NAME, fresh(), hosts=["a.example"])
    moved = dataclasses.replace(store._entries[NAME, "live"], **change)

    store._entries[moved.name, moved.env] = moved

    with pytest.raises(VaultLocked):
        store.value(SecretRef(moved.name, moved.env))


def test_two_sealed_values_that_change_places_do_not_open(store):
    other = "OTHER_API_KEY"
    store.set(NAME, fresh("1"))
    store.set(other, fresh("2"))
    one, two = store._entries[NAME, "live"], store._entries[other, "live"]

    store._entries[NAME, "live"] = dataclasses.replace(one, sealed=two.sealed)

    with pytest.raises(VaultLocked):
        store.value(REF)


@pytest.mark.parametrize(
    "host",
    ["https://api.crm.example", "api.crm.example/v1", "*", "*.com", "*.1.2.3.4", "a..b", "user@a.example", "a.example:0",
     "a.example:99999", "a.example:", "", "a b", "-a.example", "999.1.1.1", "[::1", "a.*.example", None, 5],
)  # fmt: skip
def test_a_text_that_is_no_host_binds_nothing(store, host):
    with pytest.raises(UsageError):
        store.set(NAME, fresh(), hosts=[host])

    assert not store.has(NAME)


@pytest.mark.parametrize(
    "value", ["sk_" + "live_" + "a1B2c3D4e5F6", "ghp_" + "aB1" * 12, "AIza" + "Sy0123456789abcdefghijklmnopqrstuvwx", "SG." + "aB3dEfGh" * 3 + "." + "zY9xWvUt" * 4]
)  # fmt: skip
def test_a_value_in_the_place_of_a_host_is_refused_and_not_repeated(store, value):
    with pytest.raises(UsageError) as caught:
        store.set(NAME, fresh(), hosts=[value])

    assert value[4:12].lower() not in caught.value.explain().lower()


def test_an_environment_that_does_not_exist_is_refused(store):
    with pytest.raises(UsageError, match="'live' or 'sandbox'"):
        store.set(NAME, fresh(), env="prod")
