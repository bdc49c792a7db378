"""Taking secrets over from a `.env` file or a notebook host's panel: as written, by name, with a word about git."""

from __future__ import annotations

import os
import subprocess
import sys
import types

import pytest

from flarex_nb.clock import VirtualClock
from flarex_nb.errors import SecretError, UsageError
from flarex_nb.model import SecretRef
from flarex_nb.vault import envelope
from flarex_nb.vault.facade import Secrets
from flarex_nb.vault.sources import Declared, Sources
from flarex_nb.vault.store import SessionStore
from vaults import CHEAP, PASSPHRASE, value_of

CRM, MAIL = "CRM_API_KEY", "MAIL_LOGIN"


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A facade whose working folder is empty; MAIL_LOGIN is declared by a service."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(envelope, "Kdf", CHEAP)
    clock = VirtualClock()
    sources = Sources(
        SessionStore(clock),
        clock=clock,
        environ={"FLAREX_VAULT": str(tmp_path / "vault.json")},
        start_dir=tmp_path / "elsewhere",
        declared=lambda: (Declared("mail", MAIL, ("mail.example",)),),
        default_hosts=lambda name: ("mail.example",) if name == MAIL else (),
    )
    secrets = Secrets(sources, lambda: "live")
    secrets.reading = lambda name: sources.value(sources.find(SecretRef(name)))
    secrets.where = lambda: {info.name: info.source for info in secrets.list() if info.source}
    return secrets


def git(*words):
    subprocess.run(
        ["git", "-c", "user.name=n", "-c", "user.email=n@example.com", *words], check=True, capture_output=True
    )


def test_security_case_61_what_looks_like_a_variable_is_taken_literally_and_the_environment_is_untouched(
    desk, tmp_path
):
    literal = "${HOME}-" + value_of("one") + "-$USER"
    (tmp_path / ".env").write_text(f'{CRM}="{literal}"\nexport OTHER_TOKEN=${{{CRM}}}\n')
    before = dict(os.environ)

    came = desk.import_env()

    assert came.taken == (CRM, "OTHER_TOKEN")
    assert (desk.reading(CRM), desk.reading("OTHER_TOKEN")) == (literal, f"${{{CRM}}}")
    assert dict(os.environ) == before
    assert value_of("one") not in subprocess.run(["env"], capture_output=True, text=True, check=True).stdout


def test_secrets_are_told_from_settings_by_their_names_and_by_who_declares_them(desk, tmp_path):
    (tmp_path / ".env").write_text(
        f"{CRM}={value_of('one')}\nDEBUG=1\nDATABASE_HOST=db\n{MAIL}={value_of('two')}\nlower_key=x\nEMPTY_KEY=\n"
    )

    came = desk.import_env()

    assert came.taken == (CRM, MAIL)
    assert came.left == ("DEBUG", "DATABASE_HOST", "EMPTY_KEY")
    assert desk.where() == {CRM: "session", MAIL: "session"}
    assert [note for note in came if "no host" in note] == [
        f"{CRM}: it is bound to no host, so it goes nowhere yet: %flarex_secrets scope {CRM} HOST"
    ]


def test_what_is_named_is_taken_and_nothing_else(desk, tmp_path):
    (tmp_path / "prod.env").write_text(f"{CRM}={value_of('one')}\nDATABASE_HOST=db.internal.example\n")

    assert desk.import_env("prod.env", ["DATABASE_HOST"]).taken == ("DATABASE_HOST",)
    assert desk.where() == {"DATABASE_HOST": "session"}


def test_a_name_that_is_not_there_stops_everything(desk, tmp_path):
    (tmp_path / ".env").write_text(f"{CRM}={value_of('one')}\n")

    with pytest.raises(UsageError, match="has no value for NOPE_API_KEY") as caught:
        desk.import_env(names=[CRM, "NOPE_API_KEY"])

    assert desk.where() == {}
    assert value_of("one") not in caught.value.explain()


def test_with_an_open_vault_they_go_there(desk, tmp_path):
    (tmp_path / ".env").write_text(f"{CRM}={value_of('one')}\n")
    desk.persist(passphrase=PASSPHRASE)

    desk.import_env()

    assert desk.where() == {CRM: "vault"}


@pytest.mark.parametrize(
    ("content", "why"), [(None, "no file"), (b"\xff\xfe\x00", "UTF-8"), (b"A" * 2_000_000, "larger")]
)
def test_a_file_that_cannot_be_read_is_named(desk, tmp_path, content, why):
    if content is not None:
        (tmp_path / ".env").write_bytes(content)

    with pytest.raises(SecretError, match=why):
        desk.import_env()


def test_a_value_that_cannot_be_kept_is_refused_without_an_echo(desk, tmp_path):
    (tmp_path / ".env").write_text(f'{CRM}="{value_of("one")}\\n{value_of("two")}"\n')

    with pytest.raises(UsageError) as caught:
        desk.import_env()

    assert value_of("one") not in caught.value.explain()


def test_a_file_that_git_tracks_is_warned_of(desk, tmp_path):
    git("init", "-q")
    (tmp_path / ".env").write_text(f"{CRM}={value_of('one')}\n")
    assert any("not ignored by git" in note for note in desk.import_env())

    git("add", ".env")

    [note] = [note for note in desk.import_env() if "git" in note]
    assert "is tracked by git" in note
    assert "git rm --cached .env" in note


def test_a_file_that_git_ignores_needs_no_word(desk, tmp_path):
    git("init", "-q")
    (tmp_path / ".env").write_text(f"{CRM}={value_of('one')}\n")
    (tmp_path / ".gitignore").write_text(".env\n")

    assert not any("git" in note for note in desk.import_env())


def test_asking_git_runs_no_program_that_the_folder_names(desk, tmp_path):
    git("init", "-q")
    git("config", "core.fsmonitor", f"touch {tmp_path / 'ran'}; false")
    (tmp_path / ".env").write_text(f"{CRM}={value_of('one')}\n")

    desk.import_env()

    assert not (tmp_path / "ran").exists()


def test_where_git_is_missing_or_hangs_nothing_is_said(desk, tmp_path, monkeypatch):
    (tmp_path / ".env").write_text(f"{CRM}={value_of('one')}\n")

    def missing(*_arguments, **_more):
        raise FileNotFoundError("git")

    monkeypatch.setattr(subprocess, "run", missing)

    assert desk.import_env().taken == (CRM,)


@pytest.fixture
def host(monkeypatch):
    """A notebook host's secrets module, with errors of its own kinds; `answer` is what it gives or raises."""
    package, colab, userdata = (types.ModuleType(name) for name in ("google", "google.colab", "google.colab.userdata"))
    package.__path__, colab.__path__ = [], []
    box = {}

    def get(name):
        found = box[name]
        if isinstance(found, Exception):
            raise found
        return found

    userdata.get = get
    userdata.__spec__ = types.SimpleNamespace(name="google.colab.userdata")
    for module in (package, colab, userdata):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return box


def test_a_hosts_secrets_are_asked_for_one_by_one(desk, host):
    host[CRM] = value_of("one")

    assert desk.import_hosted(CRM).taken == (CRM,)

    assert desk.reading(CRM) == value_of("one")


@pytest.mark.parametrize(
    ("kind", "why", "hint"),
    [
        ("SecretNotFoundError", "has no CRM_API_KEY", "Add it there"),
        ("NotebookAccessError", "may not read", "Switch on notebook access"),
        ("TimeoutException", "did not answer", ".env"),
        ("OtherError", "failed", "%flarex_secrets set CRM_API_KEY"),
    ],
)
def test_a_hosts_refusals_are_told_in_our_words(desk, host, kind, why, hint):
    host[CRM] = type(kind, (Exception,), {})(value_of("in the text"))

    with pytest.raises(SecretError, match=why) as caught:
        desk.import_hosted(CRM)

    assert hint in caught.value.hint
    assert value_of("in the text") not in caught.value.explain()


@pytest.mark.parametrize("answer", [None, "", 5])
def test_a_host_that_gives_no_text_gives_nothing(desk, host, answer):
    host[CRM] = answer

    with pytest.raises(SecretError, match="holds no text"):
        desk.import_hosted(CRM)


def test_elsewhere_there_is_no_such_panel(desk):
    with pytest.raises(SecretError, match="no secrets panel"):
        desk.import_hosted(CRM)
    with pytest.raises(UsageError, match="by name"):
        desk.import_hosted()
