"""`fx.secrets` with a vault file: what moves, what is found first, and what is said when it is locked."""

from __future__ import annotations

import os
import subprocess
import traceback
from pathlib import Path

import pytest

from flarex_nb.client import Client
from flarex_nb.clock import VirtualClock
from flarex_nb.errors import ScopeDenied, SecretError, SecretExpired, SecretMissing, UsageError, VaultLocked
from flarex_nb.model import Destination, SecretRef
from flarex_nb.vault import envelope
from flarex_nb.vault.facade import Secrets
from flarex_nb.vault.redact import Redactor
from flarex_nb.vault.reveal import Revealer
from flarex_nb.vault.sources import Declared, Sources
from flarex_nb.vault.store import SessionStore
from vaults import CHEAP, NAME, OTHER, PASSPHRASE, value_of

MAIL = "MAIL_API_KEY"


class Kernel:
    """A facade of its own over a folder and a vault file that others may share."""

    def __init__(self, folder, **environ) -> None:
        self.environ = {"FLAREX_VAULT": str(folder / "safe" / "vault.json"), **environ}
        self.path = folder / "safe" / "vault.json"
        self.clock = VirtualClock()
        self.redactor = Redactor()
        self.env = "live"
        self.sources = Sources(
            SessionStore(self.clock, masks=self.redactor),
            clock=self.clock,
            environ=self.environ,
            start_dir=folder,
            declared=lambda: (Declared("mail", MAIL, ("mail.example",)),),
            default_hosts=lambda name: ("mail.example",) if name == MAIL else (),
            masks=self.redactor,
        )
        self.secrets = Secrets(self.sources, lambda: self.env)
        self.reveal = Revealer(self.sources, self.clock)

    def value(self, name=NAME, env="live"):
        return self.sources.value(self.sources.find(SecretRef(name, env)))

    def sources_of(self):
        return {info.name: (info.source, info.state) for info in self.secrets.list()}


@pytest.fixture(autouse=True)
def quick_derivation(monkeypatch):
    """New vaults cost what reading asks at least: these tests open many."""
    monkeypatch.setattr(envelope, "Kdf", CHEAP)


@pytest.fixture
def kernel(tmp_path):
    return Kernel(tmp_path)


@pytest.fixture
def kept(kernel, tmp_path):
    """A second kernel beside a locked vault that holds one secret."""
    kernel.secrets.set(NAME, value_of("kept"), hosts=["api.crm.example"])
    kernel.secrets.persist(passphrase=PASSPHRASE)
    return Kernel(tmp_path)


def test_persisting_moves_the_sessions_secrets_and_keeps_later_ones_there(kernel):
    kernel.secrets.set(NAME, value_of("one"), hosts=["api.crm.example"], expires="90d")
    kernel.secrets.scope(NAME, ["api.crm.example"], places="header,body")
    kernel.secrets.set("PLAY_API_KEY", value_of("play"), env="sandbox")

    state = kernel.secrets.persist(passphrase=PASSPHRASE)
    stored = kernel.secrets.set(MAIL, value_of("mail"))

    assert (state.path, state.open, state.names) == (kernel.path, True, (NAME,))
    assert list(state) == [f"{NAME} moved from this session into the vault"]
    assert list(stored) == ["it is kept in the vault file"]
    assert kernel.sources_of() == {NAME: ("vault", "set"), MAIL: ("vault", "set"), "PLAY_API_KEY": ("session", "set")}
    [info] = [info for info in kernel.secrets.list() if info.name == NAME]
    assert (info.hosts, info.places, info.expires_wall) == (
        ("api.crm.example",), ("header", "body"), kernel.clock.wall() + 90 * 86400,
    )  # fmt: skip
    assert [info.name for info in kernel.sources.session.list()] == ["PLAY_API_KEY"]


def test_a_value_that_moved_stays_masked(kernel):
    kernel.secrets.set(NAME, value_of("one"))

    kernel.secrets.persist(passphrase=PASSPHRASE)

    assert value_of("one") not in kernel.redactor(f"printed {value_of('one')}")


def test_a_locked_vault_is_named_by_whoever_needs_what_is_in_it(kept):
    assert kept.sources_of() == {NAME: ("vault", "locked"), MAIL: ("", "missing")}
    assert repr(kept.secrets[NAME]) == f"<Secret {NAME}: in the vault, which is locked>"
    assert str(kept.secrets.vault()) == f"The vault file {kept.path} is locked, with 1 secret."

    with pytest.raises(VaultLocked) as caught:
        kept.value()

    told = caught.value.explain()
    assert NAME in told
    assert all(way in told for way in ("%flarex_secrets unlock", "--passphrase-file", "FLAREX_VAULT_PASSPHRASE_FILE"))


def test_unlocking_gives_the_values_and_locking_takes_them_away(kept):
    state = kept.secrets.unlock(passphrase=PASSPHRASE)

    assert str(state) == f"The vault file {kept.path} is open, with 1 secret."
    assert kept.value() == value_of("kept")
    assert kept.sources.find(SecretRef(NAME)).hosts == ("api.crm.example",)
    kept.secrets.lock()
    with pytest.raises(VaultLocked):
        kept.value()


def test_the_first_source_wins_session_then_vault_then_environment(kept):
    kept.environ[NAME] = "from-the-environment"
    assert kept.value() == "from-the-environment"  # a locked vault stops nobody who has another value
    kept.secrets.unlock(passphrase=PASSPHRASE)
    assert kept.value() == value_of("kept")
    kept.sources.session.set(NAME, value_of("session"))
    assert kept.value() == value_of("session")
    assert "FLAREX_VAULT_PASSPHRASE" not in os.environ


def test_the_sandbox_gets_nothing_from_the_vault(kept):
    kept.secrets.unlock(passphrase=PASSPHRASE)

    with pytest.raises(SecretMissing):
        kept.sources.find(SecretRef(NAME, "sandbox"))


def test_a_passphrase_in_a_file_unlocks_without_asking(kept, tmp_path):
    file = tmp_path / "passphrase"
    file.write_text(PASSPHRASE + "\n")

    assert not kept.secrets.can_unlock_alone()
    kept.environ["FLAREX_VAULT_PASSPHRASE_FILE"] = str(file)

    assert kept.secrets.can_unlock_alone()
    kept.secrets.unlock()
    assert kept.value() == value_of("kept")
    kept.secrets.lock()
    kept.secrets.unlock(passphrase_file=file)
    assert kept.value() == value_of("kept")


def test_a_passphrase_in_the_environment_is_not_read_and_the_error_says_why(kept):
    kept.environ["FLAREX_VAULT_PASSPHRASE"] = PASSPHRASE

    with pytest.raises(VaultLocked, match="every child process inherits") as caught:
        kept.secrets.unlock()

    assert PASSPHRASE not in caught.value.explain()


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "No such file"), (b"", "does not hold"), (b"\xff\xfe", "does not"), (b"x" * 9000, "does not")],
)
def test_a_passphrase_file_that_is_none_is_named(kept, tmp_path, content, why):
    file = tmp_path / "passphrase"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(SecretError, match=why) as caught:
        kept.secrets.unlock(passphrase_file=file)

    assert str(file) in caught.value.message


def test_without_a_passphrase_persist_makes_nothing(kernel):
    kernel.secrets.set(NAME, value_of("one"))

    with pytest.raises(VaultLocked, match="no passphrase was given"):
        kernel.secrets.persist()

    assert not kernel.path.exists()
    assert kernel.sources_of()[NAME] == ("session", "set")


def test_a_failing_persist_moves_nothing(kept):
    kept.secrets.set("NEW_API_KEY", value_of("new"))
    before = kept.path.read_bytes()

    with pytest.raises(VaultLocked):
        kept.secrets.persist(passphrase=OTHER)

    assert kept.path.read_bytes() == before
    assert kept.sources_of()["NEW_API_KEY"] == ("session", "set")


def test_persisting_again_adds_to_the_vault_that_is_there(kept):
    kept.secrets.set("NEW_API_KEY", value_of("new"))

    state = kept.secrets.persist(passphrase=PASSPHRASE)

    assert state.names == (NAME, "NEW_API_KEY")
    assert kept.secrets.persist().names == state.names  # already open: nothing to ask


def test_another_vault_needs_the_first_one_closed(kernel, tmp_path):
    kernel.secrets.persist(passphrase=PASSPHRASE)

    with pytest.raises(UsageError, match="is open"):
        kernel.secrets.persist(tmp_path / "other.json", PASSPHRASE)

    kernel.secrets.lock()
    state = kernel.secrets.persist(tmp_path / "other.json", PASSPHRASE)
    assert state.path == tmp_path / "other.json"
    assert kernel.secrets.vault().path == state.path


def test_rekeying_needs_an_open_vault_and_a_new_passphrase(kept):
    with pytest.raises(VaultLocked, match="must be open"):
        kept.secrets.rekey(OTHER)
    kept.secrets.unlock(passphrase=PASSPHRASE)
    with pytest.raises(UsageError, match="8 to"):
        kept.secrets.rekey("short")

    kept.secrets.rekey(OTHER)
    kept.secrets.lock()

    with pytest.raises(VaultLocked):
        kept.secrets.unlock(passphrase=PASSPHRASE)
    kept.secrets.unlock(passphrase=OTHER)
    assert kept.value() == value_of("kept")


def test_a_file_that_the_environment_names_is_no_new_passphrase(kept, tmp_path):
    file = tmp_path / "passphrase"
    file.write_text(PASSPHRASE)
    kept.environ["FLAREX_VAULT_PASSPHRASE_FILE"] = str(file)
    kept.secrets.unlock()

    with pytest.raises(VaultLocked, match="no passphrase was given"):
        kept.secrets.rekey()


def test_rotate_scope_and_delete_work_in_the_vault(kept):
    kept.secrets.unlock(passphrase=PASSPHRASE)

    kept.secrets.rotate(NAME, value_of("new"))
    kept.secrets.scope(NAME, ["other.example"], places=["header"])

    assert kept.value() == value_of("new")
    assert kept.sources.has_previous(SecretRef(NAME))
    assert kept.sources.find(SecretRef(NAME)).hosts == ("other.example",)
    kept.secrets.delete(NAME)
    assert kept.sources_of() == {MAIL: ("", "missing")}
    with pytest.raises(SecretMissing):
        kept.secrets.delete(NAME)


def test_the_vault_counts_a_reveal_like_any_other(kept):
    kept.secrets.unlock(passphrase=PASSPHRASE)

    kept.reveal(SecretRef(NAME), Destination("https", "api.crm.example", 443, "header"))

    [use] = kept.secrets.audit()
    assert (use.name, use.source, use.version, use.destination) == (NAME, "vault", 1, "https://api.crm.example:443")
    assert value_of("kept") not in repr(use)


def test_a_kept_secret_goes_to_its_hosts_and_places_alone(kept):
    kept.secrets.unlock(passphrase=PASSPHRASE)
    body = Destination("https", "api.crm.example", 443, "body")

    for refused in (Destination("https", "evil.test", 443, "header"), body):
        with pytest.raises(ScopeDenied):
            kept.reveal(SecretRef(NAME), refused)
    with pytest.raises(ScopeDenied) as caught:
        kept.reveal(SecretRef(NAME), body)
    command = caught.value.hint.rpartition("%flarex_secrets ")[2].removesuffix(".").split()
    assert command == ["scope", NAME, "api.crm.example", "--places", "body"]
    kept.secrets.scope(NAME, ["api.crm.example"], places="header body")
    assert kept.reveal(SecretRef(NAME), body) == value_of("kept")
    kept.secrets.scope(NAME, ["api.crm.example"], places=["query"])
    with pytest.raises(ScopeDenied):
        kept.reveal(SecretRef(NAME), body)


def test_places_hold_for_the_session_and_the_environment_too(kernel):
    kernel.environ["ENV_API_KEY"] = value_of("env")
    kernel.secrets.set(NAME, value_of("one"), hosts=["a.example"])
    body = Destination("https", "a.example", 443, "body")

    for name in (NAME, "ENV_API_KEY"):
        kernel.secrets.scope(name, ["a.example"], places="body")

        assert kernel.reveal(SecretRef(name), body)
        with pytest.raises(ScopeDenied, match="may not stand in a header"):
            kernel.reveal(SecretRef(name), Destination("https", "a.example", 443, "header"))


@pytest.mark.parametrize("places", ["cookie", "", [], ["header", "nowhere"]])
def test_a_place_that_does_not_exist_is_refused(kernel, places):
    kernel.secrets.set(NAME, value_of("one"))

    with pytest.raises(UsageError, match="no place"):
        kernel.secrets.scope(NAME, ["a.example"], places=places)


def test_a_secret_can_have_an_end(kernel):
    kernel.secrets.set(NAME, value_of("one"), hosts=["a.example"], expires="10m")
    assert "expires" in repr(kernel.secrets).splitlines()[0]

    kernel.clock.advance(600)

    assert kernel.sources_of()[NAME] == ("session", "expired")
    with pytest.raises(SecretExpired):
        kernel.value()
    kernel.secrets.rotate(NAME, value_of("two"))
    assert kernel.value() == value_of("two")


def test_kernels_that_share_a_vault_share_the_key_of_their_cache(kept, tmp_path):
    name, key = "FLAREX_CACHE_KEY", "visibly-fake-workspace-key-0123456789"
    assert kept.sources.own(name) == ""
    kept.secrets.unlock(passphrase=PASSPHRASE)
    kept.secrets.set(name, key)

    clients = [
        Client(environ={**kept.environ, "REDIS_URL": "redis://127.0.0.1:1/0"}, folder=tmp_path) for _ in range(3)
    ]
    for client in clients[:2]:
        client.secrets.unlock(passphrase=PASSPHRASE)

    first, second, locked = [client.pipeline.cache._keys.mark("an answer") for client in clients]
    assert first == second != locked
    kept.environ[name] = "from the environment"
    assert kept.sources.own(name) == "from the environment"


def test_an_expired_secret_does_not_fall_back_to_another_source(kernel):
    kernel.environ[NAME] = value_of("env")
    kernel.secrets.set(NAME, value_of("one"), expires=60)
    kernel.clock.advance(61)

    with pytest.raises(SecretExpired):
        kernel.value()


def test_a_vault_that_got_another_passphrase_elsewhere_is_locked_here(kernel, kept):
    kept.secrets.unlock(passphrase=PASSPHRASE)

    kernel.secrets.rekey(OTHER)

    with pytest.raises(VaultLocked, match="another passphrase"):
        kept.value()
    assert kept.sources_of()[NAME] == ("vault", "locked")
    assert "is locked" in str(kept.secrets.vault())
    kept.secrets.unlock(passphrase=OTHER)
    assert kept.value() == value_of("kept")


@pytest.mark.parametrize("trouble", ["gone", "damaged", "open to others"])
def test_the_list_can_be_shown_while_the_vault_cannot_be_read(kept, trouble):
    kept.secrets.unlock(passphrase=PASSPHRASE)
    kept.environ["ENV_API_KEY"] = value_of("env")
    kept.secrets.scope("ENV_API_KEY", ["a.example"])
    kept.secrets.set("PLAY_API_KEY", value_of("play"), env="sandbox")

    if trouble == "gone":
        kept.path.unlink()
    elif trouble == "damaged":
        kept.path.write_bytes(b"{}")
    else:
        kept.path.chmod(0o644)

    assert "PLAY_API_KEY" in repr(kept.secrets)
    assert kept.secrets.vault().names == ()
    with pytest.raises(SecretError, match=str(kept.path)):
        kept.value()
    with pytest.raises(SecretError, match=str(kept.path)):
        kept.secrets.set(NAME, value_of("two"))
    assert value_of("two") not in repr(kept.sources.session)


def test_a_vault_in_a_git_work_tree_is_told(kernel, tmp_path):
    (tmp_path / ".git").mkdir()

    state = kernel.secrets.persist(passphrase=PASSPHRASE)

    assert any("git work tree" in note for note in state)


def test_the_usual_place_is_the_accounts_own_and_never_the_notebooks_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    path = Sources(SessionStore(VirtualClock()), environ={}).vault.path()

    assert path.name == "vault.json"
    assert path.is_absolute()
    assert path.parent != tmp_path
    if os.name == "posix" and os.uname().sysname == "Linux":
        assert path == tmp_path / "config" / "flarex_nb" / "vault.json"


def test_a_cell_shows_no_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))

    state = Kernel(tmp_path).secrets.vault()

    assert str(state).endswith(f"persist makes {Path('~/safe/vault.json')}.")


def test_a_damaged_vault_is_told_by_unlock_and_stops_no_other_secret(kept):
    kept.path.write_bytes(b"{}")
    kept.environ[MAIL] = value_of("mail")

    with pytest.raises(SecretError, match="cannot be read"):
        kept.secrets.unlock(passphrase=PASSPHRASE)

    assert kept.value(MAIL) == value_of("mail")
    assert kept.path.read_bytes() == b"{}"
    assert NAME not in kept.sources_of()


def test_no_frame_of_a_refused_unlock_shows_the_passphrase(kept):
    box = [OTHER]

    with pytest.raises(VaultLocked) as caught:
        kept.secrets.unlock(passphrase=box.pop())

    frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__.tb_next)]
    assert len(frames) >= 2
    assert not any(OTHER in repr(local) for frame in frames for local in frame.f_locals.values())


def test_security_case_52_no_child_process_sees_a_secret_of_the_vault(kept):
    kept.secrets.unlock(passphrase=PASSPHRASE)
    assert kept.value() == value_of("kept")

    seen = subprocess.run(["env"], capture_output=True, text=True, check=True).stdout

    assert value_of("kept") not in seen
    assert PASSPHRASE not in seen
    assert NAME not in seen
