"""A cell whole: what stands on its magic's line and below it. Here a pasted command is told from `.http` text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flarex_nb.text.from_curl import is_curl, read_curl
from flarex_nb.text.grammar import parse
from flarex_nb.text.magicline import parse_line

if TYPE_CHECKING:
    from flarex_nb.text.magicline import ParsedLine
    from flarex_nb.text.raw import Cell


def parsed_cell(line: str, cell: str) -> Cell:
    """Return the cell's requests; one that is a curl command, as documentation shows them, is read as that.

    Raises:
        CellSyntaxError, UnknownOption, UsageError: with line and column.
    """
    on_line = parse_line(line)
    if not on_line.target and is_curl(cell):
        return read_curl(cell, first_line=2)
    return parse(_with_request_of(on_line) + cell, first_line=1 if on_line.target else 2)


def _with_request_of(line: ParsedLine) -> str:
    """Let `%%flarex_call stripe GET /v1/charges` stand for a request line, as far as the grammar is concerned."""
    return f"{line.method} {line.target}\n" if line.target else ""
