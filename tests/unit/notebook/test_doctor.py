"""The doctor's facts and how they are shown, without a kernel; that routes are really tried is for tests/kernel."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from flarex_nb import cli
from flarex_nb.client import Client
from flarex_nb.errors import UsageError
from flarex_nb.notebook import doctor
from flarex_nb.notebook.commands_doctor import doctor as command
from flarex_nb.notebook.doctor import checkup
from flarex_nb.notebook.render.doctor import Checkup, RouteRow, checkup_html, checkup_text
from flarex_nb.settings import Settings

SHELL = SimpleNamespace(kernel=None)


def shell_of(**app: object) -> SimpleNamespace:
    return SimpleNamespace(kernel=SimpleNamespace(parent=SimpleNamespace(**app)))


@pytest.fixture
def client(tmp_path) -> Client:
    return Client(environ={}, folder=tmp_path)


def test_outside_a_kernel_every_route_is_not_checked_and_says_what_to_do(client):
    found = checkup(client)

    assert {route.state for route in found.routes} == {"not checked"}
    assert all("%flarex_doctor" in route.reason for route in found.routes)
    assert dict(found.facts)["Kernel"] == "none: this is a command line"


def test_without_the_extension_nothing_is_protected(client):
    found = checkup(client, SHELL)

    assert {route.state for route in found.routes} == {"not protected"}
    assert all("%load_ext flarex_nb" in route.reason for route in found.routes)


@pytest.mark.parametrize(
    ("app", "words"),
    [
        ({"transport": "tcp"}, "tcp, not encrypted"),
        ({"transport": "tcp", "curve_secretkey": None}, "tcp, not encrypted"),
        ({"transport": "tcp", "curve_secretkey": b"k" * 40}, "tcp, encrypted"),
        ({"transport": "ipc"}, "ipc: files of this machine"),
        ({}, "unknown"),
    ],
)
def test_how_messages_travel_is_told_and_no_key_of_it(client, app, words):
    facts = dict(checkup(client, shell_of(**app)).facts)

    assert facts["Transport"].startswith(words)
    assert "kkkk" not in str(facts)


def test_secrets_are_counted_and_those_that_cannot_be_masked_are_named(client):
    client.secrets.set("LONG_API_KEY", "long-enough-value-1", hosts=["x.example"])
    client.secrets.set("SHORT_API_KEY", "brief", hosts=["x.example"])

    told = dict(checkup(client).facts)["Secrets"]

    assert told == "2 with a value, 1 of them masked in output; not masked, too short or too common: SHORT_API_KEY"


def test_secrets_of_the_vault_file_are_masked_once_used(client, tmp_path):
    client.secrets.persist(tmp_path / "vault.json", "visibly fake passphrase")
    client.secrets.set("KEPT_API_KEY", "kept-in-a-file-value-1", hosts=["x.example"])
    later = Client(environ={}, folder=tmp_path)
    later.secrets.unlock(tmp_path / "vault.json", "visibly fake passphrase")

    facts = dict(checkup(later).facts)

    assert facts["Secrets"] == "1 with a value, 0 of them masked in output, 1 in the vault file and masked once used"
    assert "is open, with 1 secret" in facts["Vault"]
    assert dict(checkup(Client(environ={}, folder=tmp_path)).facts)["Vault"]


def test_a_proxy_is_told_with_what_it_gives_up(tmp_path):
    client = Client(Settings(proxy="http://proxy.example:3128"), environ={}, folder=tmp_path)

    assert "not checked" in dict(checkup(client).facts)["Proxy"]


def test_the_cache_the_sandbox_and_the_keyring_are_told(client, monkeypatch):
    monkeypatch.setattr(doctor.util, "find_spec", lambda _name: None)
    monkeypatch.setenv("REDIS_URL", "redis://user:visibly-fake@cache.example:6379/0")

    facts = dict(checkup(client).facts)

    assert facts["Shared cache"] == "on: REDIS_URL is set"
    assert facts["Sandbox"] == "off"
    assert "not installed" in facts["Keyring"]
    assert "visibly-fake" not in str(facts)


def test_versions_are_left_out_where_output_is_compared(client, monkeypatch):
    assert "Python 3" in dict(checkup(client).facts)["Versions"]

    monkeypatch.setenv("FLAREX_DETERMINISTIC", "1")

    assert "Versions" not in dict(checkup(client).facts)


MIXED = Checkup(
    (
        RouteRow("print", "protected"),
        RouteRow("!cmd", "not protected", "programs write <b>there</b> themselves, " + "and so on " * 20),
        RouteRow("widgets", "not checked", "no kernel"),
    ),
    (("Kernel", "none & nothing"), ("Sandbox", "off")),
)


def test_text_and_html_tell_the_same(client):
    text, html = checkup_text(MIXED), checkup_html(MIXED)

    assert text.startswith("3 routes out of this kernel: 1 protected, 1 not protected, 1 not checked.")
    assert all(len(line) <= 100 for line in text.splitlines())
    assert "&lt;b&gt;there&lt;/b&gt;" in html
    assert "<b>there" not in html
    plain = re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL)
    for words in ("print", "!cmd", "widgets", "no kernel", "none &amp; nothing", "rot13"):
        assert words in plain
        assert words.replace("&amp;", "&") in text


def test_the_command_takes_nothing_on_its_line():
    with pytest.raises(UsageError) as error:
        command(SHELL, "all of it")

    assert "%flarex_doctor" in str(error.value)


def test_the_command_line_prints_the_text(capsys):
    assert cli.main(["doctor"]) == 0

    printed = capsys.readouterr().out
    assert "6 routes out of this kernel: 6 not checked." in printed
    assert "Sandbox" in printed
