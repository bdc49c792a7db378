"""Requests of other tools become cells: `%flarex_import`. Nothing is sent, and a key in them becomes a name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from flarex_nb.errors import UsageError
from flarex_nb.notebook.commands import say, words_of
from flarex_nb.notebook.homes import home_for
from flarex_nb.notebook.live import is_batch
from flarex_nb.text.away import at_home
from flarex_nb.text.export import print_cell
from flarex_nb.text.from_curl import is_curl, read_curl
from flarex_nb.text.from_hurl import read_hurl
from flarex_nb.text.from_postman import is_postman, read_postman
from flarex_nb.text.grammar import parse
from flarex_nb.text.raw import Cell
from flarex_nb.vault.scan import find_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from IPython.core.interactiveshell import InteractiveShell

    from flarex_nb.text.away import Home
    from flarex_nb.text.raw import RawRequest

_MOST = 8
"""Requests that become a cell at once; of more, the list is shown and numbers choose."""

_LARGEST = 16 * 1024 * 1024
_HURL = re.compile(
    r"(?m)^HTTP(?:/[\d.]+)?\s+(?:\d{3}|\*)\s*$|^\[(?:Asserts|Captures|QueryStringParams|FormParams)\]\s*$"
)
_CURL_LINE = re.compile(r"(?m)^(?=\$?[ \t]*curl(?:\.exe)?\s)")


class Imported(NamedTuple):
    """One cell made of foreign requests: its text, the requests in it, and what is to be known about it."""

    text: str
    requests: tuple[RawRequest, ...]
    notes: tuple[str, ...]


def import_(shell: InteractiveShell, line: str, pasted: str | None) -> None:
    """Make a new cell of a file's requests, or of those pasted below the magic, and say what was left out.

    Raises:
        UsageError: no such file, or nothing in it that is known here.
    """
    words = words_of(line)
    if pasted is not None and pasted.strip():
        text, name, chosen = pasted, "", words
    elif words:
        name, *chosen = words
        text = _file(name)
    else:
        msg = "%flarex_import needs a file, or the request itself below %%flarex_import"
        raise UsageError(msg, hint="It reads .http, curl commands, Postman collections (v2.1) and Hurl files.")
    text, keys = without_keys(text)
    cell = read_any(text, name)
    picked = _picked(cell, chosen)
    if picked is None:
        say(_listed(cell, name))
        return
    for each in cells_of(picked):
        _show(shell, each)
    for note in keys:
        say(note)


def read_any(text: str, name: str = "") -> Cell:
    """Return the requests of a text in any of the known forms; the file's ending says which, or its looks.

    Raises:
        UsageError: it is in none of them.
    """
    ending = Path(name.lower()).suffix
    if ending == ".json" or (not ending and is_postman(text)):
        return read_postman(text)
    if ending == ".hurl" or (not ending and _HURL.search(text)):
        return read_hurl(text)
    if is_curl(text):
        commands = [part for part in _CURL_LINE.split(text) if is_curl(part)]
        cells = [read_curl(part) for part in commands]
        return Cell((), tuple(request for cell in cells for request in cell.requests))
    return parse(text)


def cells_of(cell: Cell) -> list[Imported]:
    """Return the cells its requests come to: one for each run of requests to the same service.

    A body that holds a line `###` ends its cell, since everything below it belongs to it.
    """
    homes = [home_for(_whole(each.target.text, cell)) for each in cell.requests]
    groups: list[tuple[Home | None, list[RawRequest]]] = []
    for request, home in zip(cell.requests, homes, strict=True):
        if groups and groups[-1][0] == home and not groups[-1][1][-1].body_raw:
            groups[-1][1].append(at_home(request, home))
        else:
            groups.append((home, [at_home(request, home)]))
    return [_imported(cell, home, requests) for home, requests in groups]


def _imported(cell: Cell, home: Home | None, requests: list[RawRequest]) -> Imported:
    used = repr(requests)
    variables = tuple(each for each in cell.variables if re.search(rf"\b{re.escape(each.name)}\b", used))
    body = print_cell(Cell(variables, tuple(requests)))
    notes = [warning for request in requests for warning in request.warnings]
    if home is None:
        hosts = dict.fromkeys(re.findall(r"https?://([^/\s{?#:]+)", _whole(body, cell)))
        notes.append(f"no service here has {', '.join(hosts) or 'this host'}: register one before the cell is run")
    return Imported(f"%%flarex_call{' ' + home.name if home else ''}\n{body}", tuple(requests), tuple(notes))


def _whole(target: str, cell: Cell) -> str:
    """Return the target with the file's own `@base` variables in place, so that its host is known."""
    for variable in cell.variables:
        if "{{" not in variable.value.text:
            hole = rf"\{{\{{\s*{re.escape(variable.name)}\s*\}}\}}"
            target = re.sub(hole, variable.value.text.replace("\\", r"\\"), target)
    return target


def without_keys(text: str) -> tuple[str, list[str]]:
    """Return the text with each key in it as the name of a secret, and what to do about each; no key is repeated."""
    notes: list[str] = []
    lines = text.split("\n")
    for found in reversed(find_keys(text)):
        line = lines[found.line - 1]
        start = found.column - 1
        lines[found.line - 1] = f"{line[:start]}{{{{$secret {found.name_hint}}}}}{line[start + found.length :]}"
        notes.append(
            f"Line {found.line}: {found.kind} was left out; {{{{$secret {found.name_hint}}}}} stands for it: "
            f"%flarex_secrets set {found.name_hint}"
        )
    return "\n".join(lines), notes[::-1]


def _file(name: str) -> str:
    path = Path(name).expanduser()
    try:
        if path.stat().st_size > _LARGEST:
            msg = f"{path.name} has more than {_LARGEST:,} bytes"
            raise UsageError(msg, hint="Export a smaller part of it.")
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path.name!r} cannot be read ({type(error).__name__})"
        raise UsageError(msg, hint="Paths begin in the notebook's folder; the file is text in UTF-8.") from None


def _picked(cell: Cell, chosen: Sequence[str]) -> Cell | None:
    """Return the requests that are meant, None where the person is to choose first."""
    if chosen == ["all"] or (not chosen and len(cell.requests) <= _MOST):
        return cell
    if not chosen:
        return None
    numbers = [int(word) for word in chosen if word.isdecimal()]
    if len(numbers) != len(chosen) or not all(1 <= number <= len(cell.requests) for number in numbers):
        msg = f"choose numbers from 1 to {len(cell.requests)}, or all"
        raise UsageError(msg, hint="%flarex_import without a number lists them.")
    return Cell(cell.variables, tuple(cell.requests[number - 1] for number in numbers))


def _listed(cell: Cell, name: str) -> str:
    rows = [
        f"{number:>4}  {each.method:<7} {each.target.text[:60]:<60} {each.title or each.name}".rstrip()
        for number, each in enumerate(cell.requests, 1)
    ]
    return "\n".join([*rows, f"Choose some: %flarex_import {name} 1 3, or %flarex_import {name} all"])


def _show(shell: InteractiveShell, made: Imported) -> None:
    """Put the cell below where that can be, and print it; what was left out is said under it."""
    if not is_batch(shell):
        shell.set_next_input(made.text.rstrip("\n"))
    say(made.text.rstrip("\n"))
    for note in made.notes:
        say(f"Note: {note}.")
