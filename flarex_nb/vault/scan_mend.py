"""Takes keys out of notebooks: clears outputs that hold one, drops widget state, names the secret in our cells.

What cannot be changed rightly is left and named. No backup is made, since it would hold the key: what is lost are
outputs, which running the cell makes again. A notebook is replaced whole or not at all, and only if nobody changed it.
"""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flarex_nb.errors import UsageError
from flarex_nb.vault.scan import unallowed_keys
from flarex_nb.vault.scan_history import is_history, overwrite, rows
from flarex_nb.vault.scan_notebook import cells_of, is_call, pieces, text_of
from flarex_nb.vault.scan_write import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flarex_nb.vault.scan import Contains

_ASCII_ESCAPE: Final = re.compile(rb"\\u[0-9a-fA-F]{4}")
_INDENT: Final = re.compile(rb"\{\r?\n( +|\t+)\"")


@dataclass(frozen=True, slots=True)
class Mended:
    """What was changed in a notebook, one sentence each, and how many keys are left in it for a person to take out."""

    changes: tuple[str, ...]
    left: int


def mend_files(files: Iterable[str], contains: Contains | None = None) -> Iterator[str]:
    """Mend each file that can be: notebooks and histories; return what was done and what could not be, in sentences."""
    for file in files:
        path = Path(file)
        try:
            if is_history(path):
                yield from mend_history(path, contains).changes
            elif path.suffix == ".ipynb":
                yield from (f"{file}: {change}" for change in mend_notebook(path, contains).changes)
        except (OSError, sqlite3.Error) as error:
            yield f"{file}: left as it is: {error}"
        except UsageError as error:
            yield error.explain()


def mend_notebook(path: Path, contains: Contains | None = None) -> Mended:
    """Take the keys out of the notebook's outputs, widget state and calls; return what was done.

    Doing it again changes nothing.

    Raises:
        UsageError: it is no notebook that can be read, or somebody changed it in the meantime.
        OSError: it cannot be written; it is as it was.
    """
    before = path.read_bytes()
    try:
        notebook = json.loads(before.decode("utf-8-sig"))
        cells = cells_of(notebook)
    except (ValueError, AttributeError):
        msg = f"{path} is not a notebook that can be read, and was left as it is"
        raise UsageError(msg, hint="Open it in Jupyter and save it again.") from None
    marked = _spots(notebook, contains)
    changes = [
        change
        for number, cell in enumerate(cells, 1)
        if isinstance(cell, dict)
        for change in _mend_cell(cell, number, {part for at, part in marked if at == number}, contains)
    ]
    if (0, "widget state") in marked:
        del notebook["metadata"]["widgets"]
        changes.append("Widget state dropped: widgets show again when their cells are run.")
    if changes:
        _put(path, before, notebook)
    return Mended(tuple(changes), len(_spots(notebook, contains)))


def _spots(notebook: dict[str, Any], contains: Contains | None) -> list[tuple[int, str]]:
    """Return (cell, part) of each key in the notebook."""
    return [
        (piece.spot.cell, piece.spot.part)
        for piece in pieces(notebook, "")
        if piece.text
        for _ in ([0] if piece.secret else unallowed_keys(piece.text, contains, guess=piece.code))
    ]


def _mend_cell(cell: dict[str, Any], number: int, parts: set[str], contains: Contains | None) -> list[str]:
    changes = []
    if "output" in parts:
        cell["outputs"] = []
        cell["execution_count"] = None
        changes.append(f"Cell {number}: outputs cleared.")
    field = "source" if "source" in cell else "input"
    source = text_of(cell.get(field))
    if source and "source" in parts and is_call(source):
        mended, names = _in_call(source, contains)
        if names:
            cell[field] = mended if isinstance(cell[field], str) else mended.splitlines(keepends=True)
            told = " and ".join(f"{{{{$secret {name}}}}}" for name in dict.fromkeys(names))
            changes.append(f"Cell {number}: {told} stands in the place of the key; %flarex_secrets set asks for it.")
    return changes


def _in_call(source: str, contains: Contains | None) -> tuple[str, list[str]]:
    """Return the cell with a reference in the place of each key, and the names; not in the magic's own line."""
    first = source.find("\n", source.find("%flarex_call"))
    names = []
    for found in reversed(unallowed_keys(source, contains)):
        if 0 <= first < found.start and found.kind != "a private key":
            after = found.start + found.length
            source = f"{source[: found.start]}{{{{$secret {found.name_hint}}}}}{source[after:]}"
            names.append(found.name_hint)
    return source, names[::-1]


def _put(path: Path, before: bytes, notebook: dict[str, Any]) -> None:
    """Write the notebook as it was written: same indent, same order, same way with letters beyond ASCII."""
    indent = _INDENT.match(before.lstrip(b"\xef\xbb\xbf"))
    ascii_only = bool(_ASCII_ESCAPE.search(before)) and before.isascii()
    spaces = indent[1].decode() if indent else None
    text = json.dumps(notebook, ensure_ascii=ascii_only, indent=spaces) + ("\n" if before.endswith(b"\n") else "")
    data = text.encode("utf-8", "surrogatepass")
    if path.read_bytes() != before:
        msg = f"{path} was changed by somebody while it was looked through, and was left as it is"
        raise UsageError(msg, hint="Save it there, and run this again.")
    write_whole(path, data)


def mend_history(path: Path, contains: Contains | None = None) -> Mended:
    """Write [NAME] over each key in a history database; return what was done.

    Raises:
        sqlite3.Error: it is in use or damaged; it is as it was.
    """
    changes = [(row, hidden) for row in rows(path) if (hidden := without_keys(row.text, contains)) != row.text]
    done = overwrite(path, changes) if changes else 0
    return Mended((f"{path}: {done} entries rewritten.",) if done else (), 0)


def without_keys(text: str, contains: Contains | None = None) -> str:
    """Return the text with [NAME] in the place of each key."""
    for found in reversed(unallowed_keys(text, contains, guess=True)):
        text = f"{text[: found.start]}[{found.name_hint}]{text[found.start + found.length :]}"
    return text
