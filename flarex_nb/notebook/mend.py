"""Mends two cells IPython refuses: `%%flarex_call ...` without a body, and one with comments above it.

An input transformer: it sees every cell, several times over, and changes only those that begin with a cell magic of
ours. Running it on its own output changes nothing.
"""

from __future__ import annotations

MAGIC = "%%flarex"


def mend(lines: list[str]) -> list[str]:
    """Return the cell's lines, each with its line end, mended where the cell is ours.

    Lines above the magic move below it, so that the lines of the body keep their numbers in error messages.
    """
    start = next((number for number, line in enumerate(lines) if not _may_stand_above(line)), None)
    if start is None or not lines[start].startswith(MAGIC):
        return lines
    first = lines[start].rstrip("\n") + "\n"
    rest = [*lines[:start], *lines[start + 1 :]]
    return [first, *(rest or ["\n"])]


def _may_stand_above(line: str) -> bool:
    text = line.strip()
    return not text or text.startswith("#")


mend.has_side_effects = True  # type: ignore[attr-defined]  # IPython's own mark: not asked whether a cell is complete,
# or a terminal would take the first line of a cell for the whole of it.
