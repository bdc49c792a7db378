"""IPython's history is read without a lock and written over only when asked, all of it or nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from flarex_nb.vault.scan_files import Scan
from flarex_nb.vault.scan_history import histories
from flarex_nb.vault.scan_mend import mend_files, mend_history
from written_keys import KEY, OTHER

TABLES = """
CREATE TABLE sessions (session integer primary key, start timestamp, end timestamp, num_cmds integer, remark text);
CREATE TABLE history (session integer, line integer, source text, source_raw text, PRIMARY KEY (session, line));
CREATE TABLE output_history (session integer, line integer, output text, PRIMARY KEY (session, line));
"""


@pytest.fixture
def history(tmp_path):
    folder = tmp_path / "profile_default"
    folder.mkdir()
    file = folder / "history.sqlite"
    with closing(sqlite3.connect(file)) as base, base:
        base.executescript(TABLES)
        base.executemany(
            "INSERT INTO history VALUES (?, ?, ?, ?)",
            [
                (1, 1, "x = 1", "x = 1"),
                (1, 2, f"get_ipython().run_line_magic('env', 'K={KEY}')", f"%env K={KEY}"),
                (2, 1, f"x = '{OTHER}'", f"x = '{OTHER}'"),
            ],
        )
        base.execute("INSERT INTO output_history VALUES (2, 3, ?)", (f"'{KEY}'",))
    return file


def texts(file):
    with closing(sqlite3.connect(file)) as base:
        return [
            *base.execute("SELECT * FROM history ORDER BY session, line"),
            *base.execute("SELECT * FROM output_history"),
        ]


def test_each_cell_that_holds_a_key_is_one_finding_by_session_and_line(history):
    report = Scan().paths([history]).report()

    assert [found.spot.detail for found in report.findings] == [
        "session 1, cell 2",
        "session 2, cell 1",
        "session 2, output 3",
    ]
    assert all("--history --fix" in found.mend for found in report.findings)


def test_a_history_that_another_process_has_locked_is_read_and_not_changed(history):
    before = history.read_bytes()
    with closing(sqlite3.connect(history, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        report = Scan().paths([history]).report()

    assert len(report.findings) == 3
    assert report.unread == ()
    assert history.read_bytes() == before
    assert {path.name for path in history.parent.iterdir()} == {"history.sqlite"}


@pytest.mark.parametrize("damage", [b"not a database at all, though long enough to be read" * 30, None])
def test_a_damaged_history_is_named(history, damage):
    history.write_bytes(damage if damage is not None else history.read_bytes()[:5000])

    report = Scan().paths([history]).report()

    assert [file for file, _ in report.unread] == [str(history)]
    assert report.exit_code == 2


def test_an_empty_history_holds_nothing(tmp_path):
    (tmp_path / "history.sqlite").touch()

    assert Scan().paths([tmp_path]).report().exit_code == 0


def test_entries_that_wait_beside_the_file_are_said_to_be_unread(history):
    history.with_name("history.sqlite-wal").write_bytes(b"entries")

    report = Scan().paths([history]).report()

    assert any("history.sqlite-wal" in note for note in report.notes)


def test_writing_over_leaves_no_byte_of_the_key_and_every_other_entry(history):
    done = mend_history(history)

    assert done.changes == (f"{history}: 5 entries rewritten.",)
    assert texts(history) == [
        (1, 1, "x = 1", "x = 1"),
        (
            1,
            2,
            "get_ipython().run_line_magic('env', 'K=[STRIPE_SECRET_KEY]')",
            "%env K=[STRIPE_SECRET_KEY]",
        ),
        (2, 1, "x = '[ANTHROPIC_API_KEY]'", "x = '[ANTHROPIC_API_KEY]'"),
        (2, 3, "'[STRIPE_SECRET_KEY]'"),
    ]
    raw = history.read_bytes()
    assert KEY.encode() not in raw
    assert OTHER.encode() not in raw
    assert mend_history(history).changes == ()


def test_the_pages_that_become_free_are_overwritten(history):
    with closing(sqlite3.connect(history)) as base, base:
        base.execute("INSERT INTO history VALUES (3, 1, ?, ?)", (f"{KEY}\n" * 900, f"{KEY}\n" * 900))

    mend_history(history)

    assert KEY[:20].encode() not in history.read_bytes()


def test_a_history_in_use_is_left_as_it_is_and_that_is_said(history, monkeypatch):
    monkeypatch.setattr("flarex_nb.vault.scan_history._PATIENCE", 0.05)
    before = texts(history)
    with closing(sqlite3.connect(history, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        [told] = mend_files([str(history)])

    assert "left as it is: database is locked" in told
    assert texts(history) == before


def test_the_histories_of_all_profiles_are_known(history, tmp_path):
    assert histories({"IPYTHONDIR": str(tmp_path)}) == [history]
    assert histories({"IPYTHONDIR": str(tmp_path / "nowhere")}) == []
