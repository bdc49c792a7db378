"""Cells on their way to other tools: `%flarex_export` and `%flarex_curl`. Nothing is sent, and secrets stay names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from flarex_nb.client import default
from flarex_nb.errors import UsageError
from flarex_nb.model import CallRequest, RawBody
from flarex_nb.notebook.commands import say, words_of
from flarex_nb.notebook.homes import base_options, home_for, home_named
from flarex_nb.pipeline.ask import Surroundings, from_cell, from_line
from flarex_nb.pipeline.bind import bind
from flarex_nb.pipeline.view import CallResult, to_export
from flarex_nb.text.away import abroad, can_leave, names_in
from flarex_nb.text.cell import parsed_cell
from flarex_nb.text.export import print_cell, to_http
from flarex_nb.text.export_code import to_curl, to_python
from flarex_nb.text.files import saved_place, write_whole
from flarex_nb.text.magicline import parse_line
from flarex_nb.text.raw import Cell, Variable
from flarex_nb.text.source import Source
from flarex_nb.text.values import text_of
from flarex_nb.vault.ref import find_markers
from flarex_nb.vault.scan import find_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from IPython.core.interactiveshell import InteractiveShell

    from flarex_nb.model import BoundCall
    from flarex_nb.notebook.journal import Memory
    from flarex_nb.text.raw import RawRequest

FORMATS = {".http": "http", ".rest": "http", ".sh": "curl", ".curl": "curl", ".py": "python"}
"""What is written by the file's ending; the three words alone print it instead."""

_WRITERS: dict[str, Callable[..., str]] = {"http": to_http, "curl": to_curl, "python": to_python}
_HINT = "Write %flarex_export checkout.http, .sh for curl or .py for Python; http, curl or python alone prints it."


def export(shell: InteractiveShell, memory: Memory, line: str) -> None:
    """Write the last cell, all of this session's, or a result to a file, or print it.

    Raises:
        UsageError: no cell yet, a file there is already, an ending that says nothing.
    """
    words = words_of(line)
    if not words:
        msg = "%flarex_export needs a file, or http, curl or python"
        raise UsageError(msg, hint=_HINT)
    target, *what = words
    form = target if target in _WRITERS else FORMATS.get(Path(target.lower()).suffix, "")
    if not form:
        msg = "the file's ending does not say what to write"
        raise UsageError(msg, hint=_HINT)
    place = None if target in _WRITERS else saved_place(Path.cwd(), target)
    text = "\n".join(_texts(shell, memory, form, what))
    if place is None:
        say(text.rstrip("\n"))
        return
    write_whole(place, f"{text.rstrip(chr(10))}\n".encode())
    say(f"{place.name}: written. Secrets stand in it as names.")


def curl(shell: InteractiveShell, memory: Memory, line: str) -> None:
    """Print the last cell, or the result in a variable, as curl commands."""
    say("\n".join(_texts(shell, memory, "curl", words_of(line))))


def _texts(shell: InteractiveShell, memory: Memory, form: str, what: list[str]) -> Iterator[str]:
    """Yield the text of each cell or result that is meant."""
    if what and what != ["all"]:
        for name in what:
            yield _of_result(shell, form, name)
        return
    if not memory.cells:
        msg = "no cell has called anything yet"
        raise UsageError(msg, hint="Run a %%flarex_call cell first, or name a variable that holds a result.")
    for line, cell in memory.cells if what else memory.cells[-1:]:
        if form == "http" and cell is not None:
            yield _http(shell, memory, line, cell)
        else:
            yield from _filled(shell, memory, form, line, cell)


def _of_result(shell: InteractiveShell, form: str, name: str) -> str:
    found = shell.user_ns.get(name)
    if not isinstance(found, CallResult):
        msg = f"{name[:40]} holds no result of a call" if name.isidentifier() else "this is no name of a result"
        raise UsageError(msg, hint="Name a variable that holds one, _ for the last, or `all` for all cells.")
    return _written(form, found.call)


def _written(form: str, call: BoundCall) -> str:
    request, implied = to_export(call)
    if isinstance(request.body, RawBody) and request.body.media_type.startswith("multipart/"):
        msg = "a request with files in it cannot be written out"
        raise UsageError(msg, hint="Export the cell as .http: it names the files.")
    return _WRITERS[form](request, call.service.base_url, find_markers=find_markers, implied=implied)


def _filled(shell: InteractiveShell, memory: Memory, form: str, line: str, cell: str | None) -> Iterator[str]:
    """Yield each request of a cell, filled with what the notebook holds now and not sent."""
    around = Surroundings(shell.user_ns, memory.answers, Path.cwd())
    requests = from_line(line, around, base_options) if cell is None else from_cell(line, cell, around, base_options)
    for request in requests:
        yield _written(form, _bound(request, memory))


def _bound(request: CallRequest, memory: Memory) -> BoundCall:
    """Return the request as the real service would get it, whatever answers just now."""
    plain = replace(request, options=replace(request.options, env=None, simulate=None))
    return bind(plain, default().services, None, lambda mark: (memory.keys.known(mark) or "", False))


def _http(shell: InteractiveShell, memory: Memory, line: str, cell: str) -> str:
    """Return the cell as a `.http` file: as it was written where other clients can fill it in, filled elsewhere."""
    service = parse_line(line).service
    parsed = parsed_cell(line, cell)
    homes = [home_named(service) if service else home_for(each.target.text) for each in parsed.requests]
    whole = all(home is not None and can_leave(each, home) for each, home in zip(parsed.requests, homes, strict=True))
    moved = [abroad(each, home) for each, home in zip(parsed.requests, homes, strict=True) if home is not None]
    values = _held(shell, parsed, moved)
    if not whole or values is None:
        return "\n".join(_filled(shell, memory, "http", line, cell))
    return print_cell(Cell((*values, *parsed.variables), tuple(moved)))


def _held(shell: InteractiveShell, parsed: Cell, moved: list[RawRequest]) -> list[Variable] | None:
    """Return the values as variables of the file, None where one of them is more than a file can hold."""
    try:
        return list(_values(shell, parsed, moved))
    except UsageError:
        return None


def _values(shell: InteractiveShell, parsed: Cell, moved: list[RawRequest]) -> Iterator[Variable]:
    """Yield the notebook's values the cell uses as `@name = value` lines; never one that looks like a key.

    Raises:
        UsageError: a value that is more than one line of text, so that other clients cannot hold it.
    """
    own = {each.name for each in parsed.variables}
    for name in dict.fromkeys(name for request in moved for name in names_in(request)):
        if name in own or name not in shell.user_ns:
            continue
        value = text_of(shell.user_ns[name])
        if find_keys(f"{name} = {value}") or "\n" in value or "{{" in value:
            yield Variable(name, Source(f"{{{{$dotenv {name.upper()}}}}}"))
        else:
            yield Variable(name, Source(value))
