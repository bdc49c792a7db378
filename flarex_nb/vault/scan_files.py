"""A scan over files and folders: which files are looked at, how each is read, and what was left out, in words.

Changes nothing. A scan that is interrupted still has its report; `scan_mend` takes keys out.
"""

from __future__ import annotations

import os
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flarex_nb.vault import scan_history, scan_text
from flarex_nb.vault.scan import Finding, unallowed_keys
from flarex_nb.vault.scan_git import is_ignored, is_tracked
from flarex_nb.vault.scan_notebook import Piece, pieces
from flarex_nb.vault.scan_report import Found, Report, Spot, found_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from flarex_nb.vault.scan import Contains
    from flarex_nb.vault.scan_allow import Baseline

_PASSED_OVER: Final = frozenset(
    {".git", ".hg", ".svn", "node_modules", "__pycache__", "site-packages", ".tox", ".nox", ".hypothesis"}
    | {".mypy_cache", ".ruff_cache", ".pytest_cache", ".import_linter_cache"}
)
"""Folders that hold other people's code or caches."""

_SOURCE: Final = frozenset(
    {
        ".py",
        ".pyi",
        ".r",
        ".jl",
        ".js",
        ".ts",
        ".jsx",
        ".tsx",
        ".sh",
        ".bash",
        ".zsh",
        ".ps1",
        ".bat",
        ".scala",
        ".java",
    }
    | {".go", ".rb", ".php", ".cs", ".md", ".rst", ".qmd", ".rmd", ".txt"}
)
_EXAMPLES: Final = (".example", ".sample", ".template", ".dist")


class Scan:
    """One scan; `report()` tells at any time what it has come to."""

    def __init__(
        self,
        contains: Contains | None = None,
        *,
        baseline: Baseline | None = None,
        on_file: Callable[[int, str], None] = lambda _count, _file: None,
        large: int = scan_text.LARGE,
    ) -> None:
        """Look for keys and for the values `contains` knows; `on_file` hears the number and name of each file first."""
        self._contains, self._baseline, self._on_file, self._large = contains, baseline, on_file, large
        self._found: list[Found] = []
        self._notes: list[str] = []
        self._unread: list[tuple[str, str]] = []
        self._left: dict[str, int] = {}
        self._files = self._allowed = 0

    def paths(self, paths: Iterable[Path]) -> Scan:
        """Look through files, and folders with all that is below them."""
        for path in paths:
            if path.is_dir():
                for file in self._below(path):
                    self.file(file)
            elif path.is_file():
                self.file(path)
            else:
                self._unread.append((str(path), "it is no file" if path.exists() else "there is no such file"))
        return self

    def file(self, path: Path) -> None:
        """Look through one file, as what it is."""
        self._files += 1
        self._on_file(self._files, str(path))
        try:
            if scan_history.is_history(path):
                self.history(path)
            elif path.suffix == ".ipynb":
                self._notebook(path)
            else:
                self._text(path)
        except (OSError, sqlite3.Error, RecursionError) as error:
            self._unread.append((str(path), getattr(error, "strerror", None) or str(error) or type(error).__name__))

    def pieces(self, pieces: Iterable[Piece]) -> Scan:
        """Look through texts that are no files, such as this session's cells."""
        seen: set[tuple[Spot, str]] = set()
        for piece in pieces:
            self._piece(piece, seen)
        return self

    def history(self, path: Path) -> None:
        """Look through a history database.

        Raises:
            sqlite3.Error: it is damaged or no history.
        """
        seen: set[Spot] = set()
        for row in scan_history.rows(path):
            what = "output" if row.table == "output_history" else "cell"
            spot = Spot(str(path), "history", detail=f"session {row.session}, {what} {row.line}")
            if spot in seen:  # as typed it was a finding already; what IPython made of it holds the same
                continue
            before = len(self._found)
            self.pieces([Piece(spot, row.text, code=True)])
            if len(self._found) > before:
                seen.add(spot)
        if scan_history.unread_part(path):
            self._notes.append(f"{path}: its newest entries are in {path.name}-wal and were not looked at.")

    def report(self, *, stopped: bool = False) -> Report:
        """Return what was found so far."""
        left = [f"Not looked at: {what} ({number})." for what, number in sorted(self._left.items())]
        return Report(
            tuple(dict.fromkeys(self._found)),
            self._files,
            (*self._notes, *left),
            tuple(self._unread),
            self._allowed,
            stopped,
        )

    def _below(self, folder: Path) -> Iterator[Path]:
        def unreadable(error: OSError) -> None:
            self._unread.append((str(error.filename), error.strerror or "it cannot be read"))

        for at, folders, files in os.walk(folder, onerror=unreadable):
            here = Path(at)
            folders[:] = sorted(each for each in folders if not self._passes_over(here / each))
            for each in sorted(files):
                if (here / each).is_file():
                    yield here / each
                else:  # opening a pipe would wait for whoever writes to it
                    self._leave("links to nothing" if (here / each).is_symlink() else "pipes, sockets and devices")

    def _passes_over(self, folder: Path) -> bool:
        linked, environment = folder.is_symlink(), (folder / "pyvenv.cfg").exists()
        if linked or environment or folder.name in _PASSED_OVER:
            plain = "virtual environments" if environment else f"{folder.name} folders"
            self._leave("linked folders" if linked else plain)
            return True
        return False

    def _leave(self, what: str) -> None:
        self._left[what] = self._left.get(what, 0) + 1

    def _notebook(self, path: Path) -> None:
        import orjson  # noqa: PLC0415 - with the first notebook

        size = path.stat().st_size
        if size > self._large:
            self._notes.append(
                f"{path}: {size // 1_000_000} MB, too large to be read as a notebook; it was looked through as text, "
                "so places are lines of the file."
            )
            self._windows(path, "utf-8", code=False)
            return
        try:
            notebook: Any = orjson.loads(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
        except orjson.JSONDecodeError as error:
            self._notes.append(f"{path}: not a notebook that can be read ({error.msg}); it was looked through as text.")
            self._windows(path, "utf-8", code=False)
            return
        if isinstance(notebook, dict):
            self.pieces(pieces(notebook, str(path)))
        else:
            self._windows(path, "utf-8", code=False)

    def _text(self, path: Path) -> None:
        encoding = scan_text.encoding_of(scan_text.head_of(path))
        if encoding is None:
            self._leave("files that are no text")
            return
        before = len(self._found)
        kept = _is_dotenv(path)
        self._windows(path, encoding, code=path.suffix.lower() in _SOURCE, part="dotenv" if kept else "text")
        if kept and not is_tracked(path):
            number = len(self._found) - before
            del self._found[before:]
            if number:
                ignored = is_ignored(path) in {True, None}
                more = "" if ignored else " It is not in .gitignore yet: add it there."
                held = f"{number} key{'' if number == 1 else 's'}"
                self._notes.append(f"{path} holds {held} and is not in git, which is right.{more}")

    def _windows(self, path: Path, encoding: str, *, code: bool, part: Any = "text") -> None:
        spot = Spot(str(path), part)
        for window in scan_text.windows(path, encoding):
            found = unallowed_keys(window.text, self._contains, guess=code)
            for each in found:
                if window.first <= each.start < window.last:
                    self._keep(spot, window.text, each, found, (window.line - 1, window.column - 1))

    def _piece(self, piece: Piece, seen: set[tuple[Spot, str]]) -> None:
        if not piece.text:
            return
        if piece.secret:
            name = "SERVICE_PASSWORD"
            found = [Finding("what a password field held", name, 1, 1, len(piece.text), 0, "name")]
        else:
            found = unallowed_keys(piece.text, self._contains, guess=piece.code)
        for each in found:
            key = piece.text[each.start : each.start + each.length]
            if piece.spot.part != "widget state" or (piece.spot, key) not in seen:
                seen.add((piece.spot, key))
                self._keep(piece.spot, piece.text, each, found)

    def _keep(
        self, spot: Spot, text: str, each: Finding, others: list[Finding], before: tuple[int, int] = (0, 0)
    ) -> None:
        """Keep a finding, unless the baseline has it; `before` are the lines and columns that stand before the text."""
        mark = ""
        if self._baseline is not None:
            mark = self._baseline.mark(spot.file, text[each.start : each.start + each.length])
            if self._baseline.knows(spot.file, mark):
                self._allowed += 1
                return
        found = found_in(spot, text, each, others, mark)
        lines, columns = before
        moved = replace(found, line=found.line + lines, column=found.column + (columns if each.line == 1 else 0))
        self._found.append(moved)


def _is_dotenv(path: Path) -> bool:
    name = path.name
    return (name.startswith(".env") or name.endswith(".env")) and not name.endswith(_EXAMPLES)
