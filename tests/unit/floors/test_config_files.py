"""Settings from files and `%config`: who wins, what is refused, and where the fault stands."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from flarex_nb import client as client_module
from flarex_nb.catalog.profile import Service
from flarex_nb.client import Client
from flarex_nb.clock import VirtualClock
from flarex_nb.config import CALLS, load
from flarex_nb.errors import UnknownOption, UsageError
from flarex_nb.notebook import commands_call as commands
from flarex_nb.notebook.config import FlareX
from flarex_nb.notebook.journal import Memory
from flarex_nb.settings import Settings
from flarex_nb.text.options import BY_NAME
from scripted import KEY, ScriptedWire, reply


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text)


def test_flarex_toml_wins_over_pyproject_and_the_environment_over_both(tmp_path: Path) -> None:
    write(
        tmp_path,
        pyproject="[tool.flarex]\nattempts = 5\ndeadline = 50\njitter = 'none'\n",
        flarex="attempts = 6\ndeadline = 60.5\n",
    )

    settings = load({"FLAREX_ATTEMPTS": "7"}, tmp_path)

    assert (settings.attempts, settings.deadline, settings.jitter) == (7, 60.5, "none")


def test_a_service_has_defaults_of_its_own_and_options_take_units(tmp_path: Path) -> None:
    write(tmp_path, flarex='pages = "all"\nmax-bytes = "2MB"\n[service.crm]\nattempts = 1\nattempt-timeout = "500ms"\n')

    settings = load({}, tmp_path)

    assert (settings.options("crm").attempts, settings.options("crm").attempt_timeout) == (1, 0.5)
    assert (settings.options().attempts, settings.options("stripe").attempts) == (3, 3)
    assert {settings.options(name).pages for name in ("", "crm")} == {"all"}
    assert settings.options().max_bytes == 2_000_000


def test_files_are_found_above_the_notebook_up_to_the_projects_root(tmp_path: Path) -> None:
    write(tmp_path, flarex="attempts = 9")
    project = tmp_path / "project"
    notebooks = project / "a" / "notebooks"
    notebooks.mkdir(parents=True)
    write(project, pyproject="[tool.flarex]\nattempts = 4\n")

    assert load({}, notebooks).attempts == 4


def test_without_files_the_defaults_hold(tmp_path: Path) -> None:
    write(tmp_path, pyproject="[tool.other]\nx = 1\n")

    assert load({}, tmp_path) == Settings()


@pytest.mark.parametrize(
    ("text", "words", "place"),
    [
        ("atempts = 5", "there is no setting 'atempts'. Did you mean 'attempts'?", "flarex.toml"),
        (
            "[service.crm]\natempts = 5",
            "[service.crm]: there is no setting 'atempts'. Did you mean 'attempts'?",
            "flarex.toml, [service.crm]",
        ),
        ("[service.crm]\nbatch = true", "there is no setting 'batch'", "flarex.toml, [service.crm]"),
        ("attempts = 0", "flarex.toml: attempts is '0'", "flarex.toml: attempts"),
        ('attempts = "five"', "attempts is 'five'", "flarex.toml: attempts"),
        ("attempts = true", "attempts is 'True'", "flarex.toml: attempts"),
        ("deadline = -1", "deadline is '-1'", "flarex.toml: deadline"),
        ('jitter = "some"', "jitter is 'some'", "flarex.toml: jitter"),
        (
            '[service.crm]\ncache = "uze"',
            "--cache takes use, refresh, bypass, only",
            "flarex.toml, [service.crm]: cache",
        ),
        ("service = 5", "is no table", "flarex.toml"),
        ("attempts = ", "flarex.toml cannot be read", "flarex.toml"),
        ("proxy = 'http://127.0.0.1:1'", "there is no setting 'proxy'", "flarex.toml"),
        ("into = 'x'", "there is no setting 'into'", "flarex.toml"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_place(tmp_path: Path, text: str, words: str, place: str) -> None:
    write(tmp_path, flarex=text)

    with pytest.raises(UsageError) as caught:
        load({}, tmp_path)

    assert words in caught.value.message
    assert caught.value.place == place
    assert caught.value.hint


def test_every_option_a_file_may_set_is_one_that_is_ready() -> None:
    assert all(BY_NAME[name].ready for name in CALLS)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: Any) -> Any:
    write(tmp_path, flarex="attempts = 6\n[service.crm]\nattempts = 5\n")
    clock = VirtualClock()
    wire = ScriptedWire(clock, [reply(200, {"id": 1})])
    made = Client(load({}, tmp_path), clock=clock, wire=wire, environ={"STRIPE_SECRET_KEY": KEY}, folder=tmp_path)
    for name in ("crm", "other"):
        made.services.register(Service(name=name, base_url=f"https://{name}.example"))
    monkeypatch.setitem(client_module._process.__dict__, "client", made)
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    memory = Memory()

    def run(line: str, cell: str | None) -> Any:
        return commands.call(shell, memory, line, cell)

    yield run, made, shell
    InteractiveShell.clear_instance()


@pytest.mark.parametrize(
    ("line", "cell", "attempts"),
    [
        ("crm --attempts 3", "# @attempts 4\nGET /x", 3),
        ("crm", "# @attempts 4\nGET /x", 4),
        ("crm", "GET /x", 5),
        ("", "GET https://crm.example/x", 5),
        ("other", "GET /x", 6),
        ("crm GET /x", None, 5),
        ("crm GET /x --attempts 2", None, 2),
    ],
)
def test_an_option_wins_over_a_comment_over_the_service_over_the_files(
    here: Any, line: str, cell: str | None, attempts: int
) -> None:
    run, _, _ = here

    assert run(line, cell).call.options.attempts == attempts


def test_python_calls_have_the_same_defaults(here: Any) -> None:
    _, client, _ = here

    assert client.call("crm", "GET /x").call.options.attempts == 5
    assert client.call("crm", "GET /x", attempts=1).call.options.attempts == 1


# %config


def test_config_has_every_setting_with_its_default() -> None:
    traits = FlareX.class_traits(config=True)

    own = {name: trait.default_value for name, trait in traits.items() if name not in {"parent", "config", "awaited"}}
    assert own == {each.name: each.default for each in fields(Settings) if each.name != "calls"}


def test_config_changes_the_next_call_and_what_a_cell_says_still_wins(here: Any, capsys: Any) -> None:
    run, client, shell = here
    shell.run_line_magic("load_ext", "flarex_nb")

    shell.run_line_magic("config", "FlareX.attempts = 2")

    assert client.settings.attempts == 2
    assert run("other", "GET /x").call.options.attempts == 2
    assert run("crm", "GET /x").call.options.attempts == 5
    assert run("other --attempts 1", "GET /x").call.options.attempts == 1
    shell.run_line_magic("config", "FlareX.cache_ttl = 5")
    assert client.settings.cache_ttl == 5.0
    assert client.settings.attempts == 2
    shell.run_line_magic("unload_ext", "flarex_nb")
    assert not any(isinstance(each, FlareX) for each in shell.configurables)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("FlareX.atempts = 5", "Did you mean FlareX.attempts?"),
        ("FlareX.attempts = 0", "FlareX.attempts is '0'"),
        ("FlareX.jitter = 'some'", "full or none"),
        ("FlareX.deadline = float('nan')", "FlareX.deadline is 'nan'"),
    ],
)
def test_config_refuses_what_makes_no_sense_and_changes_nothing(here: Any, caplog: Any, line: str, words: str) -> None:
    _, client, shell = here
    before = client.settings
    shell.run_line_magic("load_ext", "flarex_nb")

    shell.run_line_magic("config", line)

    assert words in caplog.text
    assert client.settings == before
    shell.run_line_magic("unload_ext", "flarex_nb")


def test_a_client_reads_the_files_of_its_folder(tmp_path: Path) -> None:
    write(tmp_path, flarex="attempts = 8")

    assert Client(folder=tmp_path).settings.attempts == 8
    assert "FLAREX_ATTEMPTS" not in os.environ


def test_a_wrong_key_is_an_unknown_option(tmp_path: Path) -> None:
    write(tmp_path, pyproject="[tool.flarex]\nretries = 3\n")

    with pytest.raises(UnknownOption, match=r"pyproject\.toml, \[tool\.flarex\]"):
        load({}, tmp_path)
