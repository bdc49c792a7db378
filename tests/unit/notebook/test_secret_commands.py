"""`%flarex_secrets` and its commands: what they ask, keep and say, and what they refuse on the line."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.completer import CompletionContext
from IPython.core.interactiveshell import InteractiveShell

from flarex_nb.client import Client
from flarex_nb.clock import VirtualClock
from flarex_nb.errors import FlarexError, SecretError, SecretMissing, UsageError, VaultLocked
from flarex_nb.model import Destination, SecretRef
from flarex_nb.notebook import commands_secrets
from flarex_nb.notebook.complete import SUBWORDS, matcher_for
from flarex_nb.notebook.journal import Memory
from flarex_nb.notebook.magics import FlarexMagics
from flarex_nb.settings import Settings
from flarex_nb.vault import envelope
from vaults import CHEAP, NAME, OTHER, PASSPHRASE, value_of

SHELL: Any = SimpleNamespace(kernel=None)


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    InteractiveShell.clear_instance()
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    """A client behind the magic, a person who types `answers` in turn, and what was printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(envelope, "Kdf", CHEAP)
    environ = {"FLAREX_VAULT": str(tmp_path / "safe" / "vault.json")}
    answers: list[str] = []
    prompts: list[str] = []

    def make() -> Client:
        return Client(Settings(), clock=VirtualClock(), environ=environ, folder=tmp_path)

    def typed(prompt: str) -> str:
        prompts.append(prompt)
        if not answers:
            raise EOFError
        return answers.pop(0)

    world = SimpleNamespace(client=make(), answers=answers, prompts=prompts, folder=tmp_path, environ=environ)
    world.restart = lambda: setattr(world, "client", make())
    world.run = lambda line, *typed_in: (answers.extend(typed_in), commands_secrets.secrets(SHELL, line))[1]
    world.where = lambda: {info.name: (info.source, info.state) for info in world.client.secrets.list() if info.source}
    monkeypatch.setattr(commands_secrets, "default", lambda: world.client)
    monkeypatch.setattr(getpass, "getpass", typed)
    return world


def test_a_vault_is_made_with_a_passphrase_that_is_typed_twice(here: Any, capsys: Any) -> None:
    here.run(f"set {NAME} api.crm.example", value_of("one"))

    here.run("persist", PASSPHRASE, PASSPHRASE)

    said = capsys.readouterr().out
    assert f"is open, with 1 secret.\n{NAME} moved from this session into the vault." in said
    assert here.where() == {NAME: ("vault", "set")}
    assert "again" in here.prompts[2]
    assert value_of("one") not in said
    assert PASSPHRASE not in said


def test_two_passphrases_that_differ_make_nothing(here: Any) -> None:
    with pytest.raises(UsageError, match="differ"):
        here.run("persist", PASSPHRASE, OTHER)

    assert not (here.folder / "safe").exists()


def test_a_vault_can_lie_where_one_says(here: Any) -> None:
    here.run("persist mine/vault.json", PASSPHRASE, PASSPHRASE)

    assert (here.folder / "mine" / "vault.json").exists()
    assert not (here.folder / "safe").exists()


def test_locking_and_unlocking(here: Any, capsys: Any) -> None:
    here.run(f"set {NAME}", value_of("one"))
    here.run("persist", PASSPHRASE, PASSPHRASE)

    here.run("lock")
    locked = here.where()
    here.run("unlock", PASSPHRASE)

    assert (locked, here.where()) == ({NAME: ("vault", "locked")}, {NAME: ("vault", "set")})
    assert "is locked, with 1 secret." in capsys.readouterr().out


def test_a_wrong_passphrase_is_told(here: Any) -> None:
    here.run("persist", PASSPHRASE, PASSPHRASE)
    here.restart()

    with pytest.raises(VaultLocked, match="does not open"):
        here.run("unlock", OTHER)


def test_an_existing_vault_is_asked_for_once_and_added_to(here: Any) -> None:
    here.run(f"set {NAME}", value_of("one"))
    here.run("persist", PASSPHRASE, PASSPHRASE)
    here.restart()
    here.run("set MAIL_API_KEY", value_of("two"))

    here.run("persist", PASSPHRASE)

    assert here.where() == {NAME: ("vault", "set"), "MAIL_API_KEY": ("vault", "set")}


def test_where_nobody_can_type_the_error_names_the_ways(here: Any) -> None:
    here.run("persist", PASSPHRASE, PASSPHRASE)
    here.restart()

    for line in ("unlock", "persist other/vault.json"):
        with pytest.raises(VaultLocked, match="cannot ask") as caught:
            here.run(line)
        assert "--passphrase-file" in caught.value.hint


def test_a_passphrase_file_needs_nobody(here: Any) -> None:
    file = here.folder / "passphrase"
    file.write_text(PASSPHRASE + "\n")
    here.run(f"persist --passphrase-file {file}")
    here.restart()

    here.run(f"unlock --passphrase-file={file}")
    here.restart()
    here.environ["FLAREX_VAULT_PASSPHRASE_FILE"] = str(file)
    here.run("unlock")

    assert here.client.secrets.vault().open
    assert here.prompts == []


def test_rekeying_asks_twice_and_the_old_passphrase_opens_nothing(here: Any, capsys: Any) -> None:
    here.run("persist", PASSPHRASE, PASSPHRASE)

    here.run("rekey", OTHER, OTHER)
    here.restart()

    assert "The old passphrase opens nothing more" in capsys.readouterr().out
    with pytest.raises(VaultLocked):
        here.run("unlock", PASSPHRASE)
    here.run("unlock", OTHER)


def test_rekeying_a_locked_vault_asks_nothing(here: Any) -> None:
    with pytest.raises(VaultLocked, match="must be open"):
        here.run("rekey", OTHER, OTHER)

    assert here.prompts == []


def test_rotating_says_how_long_the_old_value_counts(here: Any, capsys: Any) -> None:
    here.run(f"set {NAME}", value_of("one"))

    here.run(f"rotate {NAME} --keep 5m", value_of("two"))

    assert "the old value counts for 5m more" in capsys.readouterr().out
    assert here.client._sources.has_previous(SecretRef(NAME))
    here.run(f"rotate {NAME} --keep 0s", value_of("three"))
    assert not here.client._sources.has_previous(SecretRef(NAME))


def test_a_secret_is_set_with_an_end_and_listed_with_it(here: Any) -> None:
    here.run(f"set {NAME} api.crm.example --expires 90d", value_of("one"))

    listed = repr(here.run("list"))

    assert "2024-02-12" in listed
    here.client.clock.advance(90 * 86400)
    assert here.where() == {NAME: ("session", "expired")}


def test_places_are_bound_on_the_line(here: Any) -> None:
    here.run(f"set {NAME} a.example", value_of("one"))

    here.run(f"scope {NAME} a.example --places header,body")

    assert here.client._sources.find(SecretRef(NAME)).places == ("header", "body")


def test_an_import_says_what_was_taken_and_what_was_left(here: Any, capsys: Any) -> None:
    (here.folder / ".env").write_text(f"{NAME}={value_of('one')}\nDEBUG=1\n")

    here.run("import .env")

    said = capsys.readouterr().out
    assert f"Taken over: {NAME}. Left: DEBUG." in said
    assert value_of("one") not in said
    with pytest.raises(SecretError, match="no secrets panel"):
        here.run(f"import colab {NAME}")


def test_the_audit_names_what_went_where_as_html_and_as_text(here: Any, monkeypatch: Any) -> None:
    empty = here.run("audit")
    here.run(f"set {NAME} api.crm.example", value_of("one"))
    here.client._revealer(SecretRef(NAME), Destination("https", "api.crm.example", 443, "header"))

    sheet = here.run("audit")

    assert "No secret was sent" in repr(empty)
    for text in (repr(sheet), sheet._repr_html_()):
        assert all(part in text for part in (NAME, "https://api.crm.example:443", "2023-11-14 22:13:20Z", "session"))
        assert value_of("one") not in text
    monkeypatch.setenv("FLAREX_DETERMINISTIC", "1")
    assert "2023" not in repr(here.run("audit"))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("persists", "persist"),
        ("set", "name of a secret"),
        ("rotate", "name of a secret"),
        ("scope X_KEY", "hosts"),
        ("list all", "no more words"),
        ("lock now", "no more words"),
        ("audit X_KEY", "no more words"),
        ("delete X_KEY Y_KEY", "no more words"),
        ("persist a b", "no more words"),
        ("unlock --passphrase hunter2", "passphrase-file"),
        ("unlock --passphrase-file", "needs a value"),
        ("persist --keyring=yes", "takes no value"),
        ("set X_KEY --expire 5d", "expires"),
        ("set X_KEY --expires soon", "no length of time"),
        ("rotate X_KEY --keep 5m", "keeps no value"),
        ("set X_KEY=abc", "name of a secret"),
        ("set X_KEY a.example x=y", "does not belong on the line"),
        ("delete X_KEY", "X_KEY"),
    ],
)
def test_a_line_that_cannot_be_carried_out_says_what_is_wrong_and_asks_for_nothing(
    here: Any, line: str, says: str
) -> None:
    with pytest.raises(FlarexError) as caught:
        here.run(line)

    assert says in caught.value.explain()
    assert caught.value.hint
    assert here.prompts == []


def test_a_rotation_of_what_nobody_keeps_asks_for_no_value(here: Any) -> None:
    here.environ[NAME] = value_of("env")

    with pytest.raises(SecretMissing, match="keeps no value"):
        here.run(f"rotate {NAME}", value_of("two"))

    assert here.prompts == []


def test_tab_offers_every_command_and_its_options(here: Any, shell: Any) -> None:
    def offered(line: str) -> set[str]:
        context = CompletionContext(line, line, len(line), 0, 100)
        return {word.text for word in matcher_for(shell, Memory())(context)["completions"]}

    assert set(SUBWORDS["flarex_secrets"]) == set(commands_secrets.COMMANDS)
    assert offered("%flarex_secrets un") == {"unlock"}
    assert offered("%flarex_secrets unlock --") == {"--older", "--passphrase-file"}
    assert "--keep" in offered(f"%flarex_secrets rotate {NAME} ")
    assert offered("%flarex_secrets nonsense --") == set()


def test_the_help_names_every_command_and_option() -> None:
    told = FlarexMagics.flarex_secrets.__doc__ or ""

    for name, command in commands_secrets.COMMANDS.items():
        assert f"%flarex_secrets {name}" in told
        for option in command.options:
            assert f"--{option}" in told
