"""The system's keyring as a second holder: opens without asking, sees an older file, and is refused where it is none."""

from __future__ import annotations

import sys

import pytest

from flarex_nb.clock import VirtualClock
from flarex_nb.errors import SecretError, VaultLocked
from flarex_nb.model import SecretRef
from flarex_nb.vault import envelope, holder
from flarex_nb.vault.facade import Secrets
from flarex_nb.vault.holder import SystemKeyring, system_keyring
from flarex_nb.vault.sources import Sources
from flarex_nb.vault.store import SessionStore
from vaults import CHEAP, NAME, OTHER, PASSPHRASE, opens, value_of


class FakeKeyring:
    """A backend that keeps texts in memory; `broken` makes it raise as a locked one does."""

    priority = 5

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.broken = False

    def get_password(self, service, username):
        if self.broken:
            raise RuntimeError("locked: " + str(self.kept))
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        if self.broken:
            raise RuntimeError(f"locked: {password}")
        self.kept[service, username] = password


@pytest.fixture(autouse=True)
def quick_derivation(monkeypatch):
    """New vaults cost what reading asks at least: these tests open many."""
    monkeypatch.setattr(envelope, "Kdf", CHEAP)


@pytest.fixture
def backend(monkeypatch):
    backend = FakeKeyring()
    monkeypatch.setattr(holder, "system_keyring", lambda: SystemKeyring(backend))
    return backend


@pytest.fixture
def path(tmp_path):
    return tmp_path / "vault.json"


@pytest.fixture
def fresh(path):
    """Make the facade of a new kernel."""

    def make():
        clock = VirtualClock()
        sources = Sources(SessionStore(clock), clock=clock, environ={"FLAREX_VAULT": str(path)}, start_dir=path.parent)
        secrets = Secrets(sources, lambda: "live")
        secrets.reading = lambda name=NAME: sources.value(sources.find(SecretRef(name)))
        return secrets

    return make


@pytest.fixture
def kept(fresh, backend):
    secrets = fresh()
    secrets.set(NAME, value_of("one"))
    secrets.persist(passphrase=PASSPHRASE, keyring=True)
    return secrets


def test_another_kernel_opens_it_without_a_passphrase(kept, fresh):
    other = fresh()

    assert other.can_unlock_alone()
    other.unlock()

    assert other.reading() == value_of("one")


def test_what_the_keyring_holds_is_no_passphrase_and_no_value(kept, backend):
    held = str(backend.kept)

    assert len(backend.kept) == 2
    assert PASSPHRASE not in held
    assert value_of("one") not in held


def test_the_passphrase_still_opens_it_without_the_keyring(kept, fresh, path, monkeypatch):
    def none():
        raise SecretError("the keyring package is not here")

    monkeypatch.setattr(holder, "system_keyring", none)
    other = fresh()

    assert opens(path)
    assert not other.can_unlock_alone()
    other.unlock(passphrase=PASSPHRASE)
    other.set("OTHER_API_KEY", value_of("two"))
    assert other.reading() == value_of("one")


def test_an_older_file_is_seen_to_be_older_by_a_new_kernel(kept, fresh, path):
    older = path.read_bytes()
    kept.set(NAME, value_of("two"))
    path.write_bytes(older)

    for way in ({}, {"passphrase": PASSPHRASE}):
        with pytest.raises(SecretError, match="older than the one") as caught:
            fresh().unlock(**way)
        assert "--older" in caught.value.hint

    other = fresh()
    other.unlock(older=True)
    assert other.reading() == value_of("one")
    fresh().unlock()  # accepted once, it counts


def test_adding_the_keyring_later_needs_the_passphrase_that_opens_it(fresh, backend):
    secrets = fresh()
    secrets.set(NAME, value_of("one"))
    secrets.persist(passphrase=PASSPHRASE)

    with pytest.raises(VaultLocked):
        secrets.persist(passphrase=OTHER, keyring=True)
    assert not fresh().can_unlock_alone()

    secrets.persist(passphrase=PASSPHRASE, keyring=True)
    other = fresh()
    other.unlock()
    assert other.reading() == value_of("one")


def test_rekeying_keeps_the_keyring_and_can_let_go_of_it(kept, fresh, path):
    kept.rekey(OTHER)
    other = fresh()
    other.unlock()
    assert (other.reading(), opens(path), opens(path, OTHER)) == (value_of("one"), False, True)

    kept.rekey(PASSPHRASE, keyring=False)

    assert not fresh().can_unlock_alone()
    with pytest.raises(VaultLocked):
        fresh().unlock()


def test_a_keyring_that_holds_another_key_does_not_open_it(kept, fresh, backend):
    for place in backend.kept:
        if not place[1].endswith("written"):
            backend.kept[place] = "A" * 43 + "="

    with pytest.raises(VaultLocked, match="keyring"):
        fresh().unlock()

    backend.kept.clear()
    with pytest.raises(VaultLocked, match="holds no key"):
        fresh().unlock()


def test_a_keyring_that_does_not_answer_is_told_without_its_words(kept, fresh, backend):
    backend.broken = True

    with pytest.raises(SecretError, match="did not answer") as caught:
        fresh().unlock()

    assert "locked:" not in caught.value.explain()
    kept.set(NAME, value_of("two"))  # what is open goes on; only the count is missing
    assert kept.reading() == value_of("two")


def test_secrets_stay_in_the_session_where_the_keyring_does_not_answer(fresh, backend, path):
    backend.broken = True
    secrets = fresh()
    secrets.set(NAME, value_of("one"))

    with pytest.raises(SecretError, match="did not answer"):
        secrets.persist(passphrase=PASSPHRASE, keyring=True)

    assert [info.source for info in secrets.list()] == ["session"]
    fresh().unlock(passphrase=PASSPHRASE)


@pytest.mark.parametrize("module", ["fail", "null"])
def test_a_keyring_that_is_none_is_refused_by_name(monkeypatch, module):
    keyring = pytest.importorskip("keyring")
    backend = __import__(f"keyring.backends.{module}", fromlist=["Keyring"]).Keyring()
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)

    with pytest.raises(SecretError, match=f"no real keyring .*{module}") as caught:
        system_keyring()

    assert "--passphrase-file" in caught.value.hint


def test_a_real_keyring_is_taken(monkeypatch):
    keyring = pytest.importorskip("keyring")
    monkeypatch.setattr(keyring, "get_keyring", FakeKeyring)

    assert "FakeKeyring" in repr(system_keyring())


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)

    with pytest.raises(SecretError) as caught:
        system_keyring()

    assert "flarex_nb[keyring]" in caught.value.hint


@pytest.mark.parametrize("text", ["", "many", "-5", "9" * 40, "٣"])
def test_a_count_that_is_none_counts_as_none(text):
    backend = FakeKeyring()
    backend.kept[holder.SERVICE, "id written"] = text

    assert SystemKeyring(backend).counter("id") == 0
