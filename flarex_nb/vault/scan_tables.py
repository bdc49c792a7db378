"""Values in a column whose title is the name of a key: a printed frame, a CSV, a Markdown table. Pure.

A column is counted from the right, as a printed frame has an index without a title on its left.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from flarex_nb.vault.placeholders import is_placeholder
from flarex_nb.vault.ref import show_markers
from flarex_nb.vault.scan_names import looks_random, lowered, name_from, tells

if TYPE_CHECKING:
    from collections.abc import Iterator

_TITLE: Final = re.compile(r"(?m)(?:key|token|secret|passw(?:or)?d|credential)(?=\"?[ \t]*(?:$|\r|[,;|\t]|[ ]{2}))")
"""In lower case."""

_BETWEEN: Final = re.compile(r"[ \t]*\|[ \t]*|\t|[ \t]*[,;][ \t]*|[ \t]{2,}")
_BLANK: Final = re.compile(r"[ \t]+")
_RULE: Final = frozenset(" \t\r|:=+-")
_LONGEST_LINE: Final = 2_000


def column_keys(text: str) -> list[tuple[int, int, str, str]]:
    """Return (start, end, kind, name) of each value that looks like a key below a telling title."""
    found: list[tuple[int, int, str, str]] = []
    done = -1
    for word in _TITLE.finditer(lowered(text)):
        if word.start() < done:  # the same line again, or a row of a table that was looked through
            continue
        first = text.rfind("\n", max(0, word.start() - _LONGEST_LINE), word.start()) + 1
        end = done = _line_end(text, word.end())
        titles = _cells(text, first, end, _BETWEEN)
        wanted = {len(titles) - at: text[a:b] for at, (a, b) in enumerate(titles) if _is_telling(text[a:b].strip('"'))}
        if len(titles) > 1 and wanted:
            done = _below(text, end + 1, wanted, found)
    return found


def _below(text: str, at: int, wanted: dict[int, str], found: list[tuple[int, int, str, str]]) -> int:
    """Add the keys in the wanted columns of the lines from `at` on; return where the table ends."""
    while at < len(text):
        end = _line_end(text, at)
        line = text[at:end].strip()
        if not line or len(line) > _LONGEST_LINE:
            break
        if set(line) - _RULE:
            row = _cells(text, at, end, _BETWEEN)
            if len(row) < max(wanted) or any(" " in text[slice(*row[-place])] for place in wanted):
                # a frame printed without its index has one space between columns
                row = _cells(text, at, end, _BLANK)
            if len(row) < max(wanted):
                break
            found += [key for place, title in wanted.items() for key in _key(text, row[-place], title)]
        at = end + 1
    return at


def _key(text: str, cell: tuple[int, int], title: str) -> Iterator[tuple[int, int, str, str]]:
    start, stop = cell
    value = text[start:stop].strip("\"'`")
    start += text[start:stop].find(value)
    if (
        not re.search(r"\s", value)
        and looks_random(value)
        and not is_placeholder(value)
        and show_markers(value) == value
    ):
        yield start, start + len(value), "what looks like a key", name_from(title.strip('"'))


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _cells(text: str, first: int, end: int, between: re.Pattern[str]) -> list[tuple[int, int]]:
    """Return where each cell of a line begins and ends; none of a line too long to be a row that somebody reads."""
    line = text[first:end].rstrip("\r")
    if len(line) > _LONGEST_LINE:
        return []
    cells, at = [], 0
    for found in between.finditer(line):
        cells.append((first + at, first + found.start()))
        at = found.end()
    cells.append((first + at, first + len(line)))
    return [(start, stop) for start, stop in cells if start < stop]


def _is_telling(title: str) -> bool:
    found = _TITLE.search(lowered(title))
    if found is None or not re.fullmatch(r"[\w .-]{2,40}", title):
        return False
    return tells(title[: found.start()], title[found.start() : found.end()])
