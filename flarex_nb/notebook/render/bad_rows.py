"""The records that do not fit their model: a bounded table to open, and the same as text.

What a place holds was made short where it was found, on whole words, so it is shown whole here: rows are left out and
counted instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flarex_nb.notebook.render.card import counted
from flarex_nb.notebook.render.clean import shown, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flarex_nb.catalog.schema_rows import Misfit

_PATH, _EXPECTED, _GOT = 400, 240, 400
"""Far above what a misfit's parts can have: escapes of characters that are not seen make a text longer."""

_HEADS = ("row", "path", "expected", "got")


def bad_rows_html(misfits: Sequence[Misfit], most: int) -> str:
    """Return the first `most` places as a table to open, "" where there are none."""
    if not misfits or not most:
        return ""
    head = "".join(f'<th scope="col">{name}</th>' for name in _HEADS)
    rows = "".join(_row(misfit) for misfit in misfits[:most])
    table = f'<table class="fx-grid"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    more = _more(misfits, most)
    foot = f'<div class="fx-foot">{words(more, 120)}</div>' if more else ""
    scroll = f'<div class="fx-scroll" tabindex="0" role="group" aria-label="Records that do not fit">{table}</div>'
    return f'<details class="fx-more"><summary>{words(_summary(misfits), 120)}</summary>{scroll}{foot}</details>'


def bad_rows_lines(misfits: Sequence[Misfit], most: int) -> list[str]:
    """Return the first `most` places as lines of text, none where there are none."""
    if not misfits:
        return []
    lines = [f"{_summary(misfits)}:"]
    for misfit in misfits[:most]:
        place = f"row {misfit.row:,}  {shown(_place(misfit), _PATH)}"
        lines.append(f"  {place}: expected {shown(misfit.expected, _EXPECTED)}, got {shown(misfit.got, _GOT)}")
    more = _more(misfits, most)
    return [*lines, f"  {more}"] if more else lines


def _row(misfit: Misfit) -> str:
    cells = (words(_place(misfit), _PATH), words(misfit.expected, _EXPECTED), words(misfit.got, _GOT))
    return f'<tr><th scope="row">{misfit.row}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def _place(misfit: Misfit) -> str:
    return misfit.path or "the record"


def _summary(misfits: Sequence[Misfit]) -> str:
    one = len(misfits) == 1
    return f"{counted(len(misfits), 'place')} where {'a record does' if one else 'records do'} not fit"


def _more(misfits: Sequence[Misfit], most: int) -> str:
    more = len(misfits) - most
    return f"{counted(more, 'more place')} in .errors." if more > 0 else ""
