"""`%flarex_scan`, and what becomes of a cell with a key written out: refused, and taken out of IPython's history."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from IPython.core.history import HistoryManager
from IPython.core.interactiveshell import InteractiveShell

from flarex_nb.client import Client
from flarex_nb.clock import VirtualClock
from flarex_nb.errors import CellSyntaxError, UsageError
from flarex_nb.notebook import commands_call, commands_scan, commands_secrets
from flarex_nb.notebook.journal import Memory
from flarex_nb.settings import Settings
from scripted import ScriptedWire, reply
from written_keys import CHANCE, KEY, code, notebook, printed, saved

if TYPE_CHECKING:
    from collections.abc import Iterator

CELL = f"%%flarex_call stripe\nGET /v1/charges\nAuthorization: Bearer {KEY}\n"


@pytest.fixture
def shell(tmp_path: Any) -> Iterator[InteractiveShell]:
    """A shell with a history database of its own."""
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    kept = shell.history_manager
    shell.history_manager = HistoryManager(shell=shell, hist_file=str(tmp_path / "history.sqlite"))
    yield shell
    shell.history_manager.end_session()
    shell.history_manager.db.close()
    shell.history_manager = kept
    InteractiveShell.clear_instance()


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    """A client behind the magics, nobody watching, an empty folder."""
    clock = VirtualClock()
    wire = ScriptedWire(clock, [reply(200, {})])
    client = Client(Settings(), clock=clock, wire=wire, environ={}, folder=tmp_path)
    for module in (commands_call, commands_scan, commands_secrets):
        monkeypatch.setattr(module, "default", lambda: client)
        monkeypatch.setattr(module, "is_batch", lambda _shell: True)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    return SimpleNamespace(client=client, wire=wire, clock=clock, folder=tmp_path / "work")


def typed(shell: Any, text: str) -> None:
    """Do what `run_cell` does with the text before it runs."""
    shell.history_manager.store_inputs(shell.execution_count, shell.transform_cell(text), text)


def remembered(shell: Any) -> str:
    """Return everything IPython keeps of the cells, in memory and in the database, in one text."""
    manager = shell.history_manager
    manager.writeout_cache()
    with closing(sqlite3.connect(manager.hist_file)) as base:
        rows = list(base.execute("SELECT * FROM history"))
    names = {name: value for name, value in shell.user_ns.items() if name.startswith("_i")}
    return repr((rows, manager.input_hist_raw, manager.input_hist_parsed, manager._i00, names))


@pytest.mark.parametrize("written", [False, True], ids=["still in the cache", "in the database already"])
@pytest.mark.parametrize("counted", [0, 1], ids=["counts after", "counts before"])
def test_a_key_in_a_cell_is_refused_and_forgotten(shell: Any, here: Any, written: bool, counted: int) -> None:
    typed(shell, "x = 1")
    shell.execution_count += 1
    typed(shell, CELL)
    if written:
        shell.history_manager.writeout_cache()
    shell.execution_count += counted
    line, cell = CELL.split("\n", 1)
    assert KEY in repr(shell.history_manager.input_hist_raw)

    with pytest.raises(CellSyntaxError) as caught:
        commands_call.call(shell, Memory(), line.removeprefix("%%flarex_call "), cell)

    assert KEY not in remembered(shell)
    assert "[STRIPE_SECRET_KEY]" in remembered(shell)
    assert "x = 1" in remembered(shell)
    assert "IPython's history has [NAME] in its place now" in caught.value.hint
    assert here.wire.seen == []


def test_where_the_history_cannot_be_written_the_refusal_says_that_it_is_in_there(
    shell: Any, here: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flarex_nb.vault.scan_history._PATIENCE", 0.05)
    typed(shell, CELL)
    shell.history_manager.writeout_cache()
    with closing(sqlite3.connect(shell.history_manager.hist_file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(CellSyntaxError) as caught:
            commands_call.call(shell, Memory(), "stripe", CELL.split("\n", 1)[1])

    assert "is already in the notebook and in IPython's history" in caught.value.hint


def test_a_value_of_the_store_is_refused_in_a_cell_whatever_it_looks_like(shell: Any, here: Any) -> None:
    here.client.secrets.set("CRM_API_KEY", "plainly-words-value", hosts=["crm.example"])
    text = "stripe\nGET /v1/charges?note=plainly-words-value"
    typed(shell, f"%%flarex_call {text}")

    with pytest.raises(CellSyntaxError, match="the value of CRM_API_KEY is written out on line 2") as caught:
        commands_call.call(shell, Memory(), *text.split("\n", 1))

    assert caught.value.hint.startswith("Write {{$secret CRM_API_KEY}} instead")
    assert "plainly-words-value" not in remembered(shell)


def test_a_line_with_the_pragma_above_is_sent(shell: Any, here: Any) -> None:
    here.client.secrets.set("STRIPE_SECRET_KEY", CHANCE, hosts=["api.stripe.com"])

    commands_call.call(shell, Memory(), "stripe", f"GET /v1/charges\n# flarex: allow\n  ?token={CHANCE[::-1]}")

    assert len(here.wire.seen) == 1


def test_a_key_on_the_line_of_the_secrets_magic_is_forgotten_too(shell: Any, here: Any) -> None:
    typed(shell, f"%flarex_secrets set CRM_API_KEY {KEY}")

    with pytest.raises(CellSyntaxError):
        commands_secrets.secrets(shell, f"set CRM_API_KEY {KEY}")

    assert KEY not in remembered(shell)


# %flarex_scan


def test_it_looks_through_the_folder_and_the_cells_of_this_session(shell: Any, here: Any) -> None:
    typed(shell, "x = 1")
    typed(shell, f"x = '{KEY}'")
    saved(here.folder / "a.ipynb", notebook(code("x", printed(KEY))))

    sheet = commands_scan.scan(shell, "")

    places = [found.place for found in sheet.of.findings]
    assert places == ["this session: In [2], line 1, column 6", "a.ipynb: cell 1, output 1 (stdout), line 1, column 1"]
    for shown in (repr(sheet), sheet._repr_html_()):
        assert "this session" in shown
        assert "Not looked at" in shown
        assert CHANCE[:16] not in shown


def test_a_value_of_the_store_is_found_in_a_file(shell: Any, here: Any) -> None:
    here.client.secrets.set("CRM_API_KEY", "plainly-words-value", hosts=["crm.example"])
    (here.folder / "a.md").write_text("eulav-sdrow-ylnialp")

    [found] = commands_scan.scan(shell, "--no-session").of.findings

    assert found.kind == "the value of CRM_API_KEY"


def test_only_the_paths_that_are_named_are_looked_at(shell: Any, here: Any) -> None:
    (here.folder / "a b.py").write_text(f'x = "{KEY}"')
    (here.folder / "c.py").write_text(f'x = "{KEY}"')

    report = commands_scan.scan(shell, '"a b.py"').of

    assert [found.spot.file for found in report.findings] == ["a b.py"]


def test_the_history_is_looked_at_when_asked(shell: Any, here: Any, tmp_path: Any) -> None:
    folder = tmp_path / "ipython" / "profile_default"
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(folder / "history.sqlite")) as base, base:
        base.execute("CREATE TABLE history (session integer, line integer, source text, source_raw text)")
        base.execute("INSERT INTO history VALUES (1, 7, ?, ?)", (KEY, KEY))

    without = commands_scan.scan(shell, "")
    with_it = commands_scan.scan(shell, "--history")

    assert without.of.findings == ()
    assert "--history" in without.of.notes[-1]
    assert [found.spot.detail for found in with_it.of.findings] == ["session 1, cell 7"]


@pytest.mark.parametrize(
    ("line", "words"),
    [("--deep", "--deep"), ("nowhere.ipynb", "no file or folder nowhere.ipynb"), ('"x', "quote")],
)
def test_bad_input_is_refused_with_the_next_step(shell: Any, here: Any, line: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        commands_scan.scan(shell, line)

    assert caught.value.hint


def test_a_long_scan_says_how_far_it_is_and_takes_the_line_away(
    shell: Any, here: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    handle = SimpleNamespace(update=lambda shown, raw: said.append(shown["text/plain"]))
    monkeypatch.setattr(commands_scan, "is_batch", lambda _shell: False)
    monkeypatch.setattr(commands_scan, "display", lambda shown, **_: said.append(shown["text/plain"]) or handle)
    moments = iter(range(100))
    monkeypatch.setattr(here.clock, "now", lambda: next(moments) * 0.4)
    for number in range(6):
        (here.folder / f"{number}.py").write_text("x = 1")

    commands_scan.scan(shell, "")

    assert said[0].startswith("3 files looked through, now ")
    assert said[-1] == ""
    assert len(said) == 3


def test_a_scan_that_is_stopped_shows_what_it_found(shell: Any, here: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []
    monkeypatch.setattr(commands_scan, "display", shown.append)
    (here.folder / "a.py").write_text(f'x = "{KEY}"')
    (here.folder / "b.ipynb").write_text("{}")

    def stop(*_arguments: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("flarex_nb.vault.scan_files.Scan._notebook", stop)

    with pytest.raises(KeyboardInterrupt) as caught:
        commands_scan.scan(shell, "")

    assert "stopped by you after 2 files" in caught.value.__notes__[0]
    assert len(shown[0].of.findings) == 1
    assert "It was stopped before its end." in repr(shown[0])


def test_what_a_file_is_called_does_nothing_in_html(shell: Any, here: Any) -> None:
    (here.folder / "<img src=x onerror=alert(1)>.py").write_text(f'x = "{KEY}" # <script>')

    markup = commands_scan.scan(shell, "")._repr_html_()

    assert "<img" not in markup
    assert "<script" not in markup
