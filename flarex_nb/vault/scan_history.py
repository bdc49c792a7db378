"""IPython's history database: every cell ever run, as typed. Read without a lock; written over only when asked."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PATIENCE: Final = 2.0
"""Seconds to wait for a kernel that writes to it just now."""

_COLUMNS: Final = (("history", "source_raw"), ("history", "source"), ("output_history", "output"))
"""As typed first: what IPython made of it is another text only where there was a magic."""


class Row(NamedTuple):
    """One text of the history; `table` and `column` say where it stands."""

    table: str
    column: str
    session: int
    line: int
    text: str


def histories(environ: Mapping[str, str]) -> list[Path]:
    """Return the history of each profile of this person, by IPython's own rule for where they are."""
    folder = Path(environ.get("IPYTHONDIR") or "~/.ipython").expanduser()
    return sorted(folder.glob("profile_*/history.sqlite"))


def is_history(path: Path) -> bool:
    """Return whether the file is one by its name."""
    return path.name == "history.sqlite"


def rows(path: Path) -> Iterator[Row]:
    """Return every text in it.

    The file is opened as one that does not change: no lock is taken, and no kernel that uses it waits.

    Raises:
        sqlite3.Error: it is damaged, or no history.
    """
    address = f"file:{quote(os.fspath(path.absolute()))}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True)) as base:
        there = {name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type='table'")}
        for table, column in _COLUMNS:
            if table not in there:
                continue
            for session, line, text in base.execute(f"SELECT session, line, {column} FROM {table}"):  # noqa: S608 - names of ours
                if isinstance(text, str):
                    yield Row(table, column, int(session), int(line), text)


def unread_part(path: Path) -> bool:
    """Return whether there are entries beside the file that reading it without a lock does not see."""
    log = path.with_name(path.name + "-wal")
    return log.exists() and log.stat().st_size > 0


def overwrite_cell(path: Path, session: int, cell: dict[str, str]) -> None:
    """Replace each text of the session that is a key of `cell` by its value.

    Raises:
        sqlite3.Error: it is in use by another process, or damaged; nothing was replaced.
    """
    with closing(sqlite3.connect(path, timeout=_PATIENCE)) as base:
        base.execute("PRAGMA secure_delete=ON")
        with base:
            for text, better in cell.items():
                for column in ("source", "source_raw"):
                    statement = f"UPDATE history SET {column}=? WHERE session=? AND {column}=?"  # noqa: S608 - names of ours
                    base.execute(statement, (better, session, text))


def overwrite(path: Path, changes: list[tuple[Row, str]]) -> int:
    """Replace these texts and return how many were; all of them or, where it fails, none.

    Deleted bytes are overwritten with zeros, not only marked as free (SQLite's `secure_delete`).

    Raises:
        sqlite3.Error: it is in use by another process, or damaged.
    """
    with closing(sqlite3.connect(path, timeout=_PATIENCE)) as base:
        base.execute("PRAGMA secure_delete=ON")
        count = 0
        with base:
            for row, text in changes:
                statement = f"UPDATE {row.table} SET {row.column}=? WHERE session=? AND line=? AND {row.column}=?"  # noqa: S608 - names of ours
                count += base.execute(statement, (text, row.session, row.line, row.text)).rowcount
        return count
