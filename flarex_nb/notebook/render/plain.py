"""The same facts as plain text of at most 100 columns, for terminals, logs, nbval and papermill."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flarex_nb.notebook.render.attempts import history
from flarex_nb.notebook.render.bad_rows import bad_rows_lines
from flarex_nb.notebook.render.card import counted
from flarex_nb.notebook.render.clean import cell_text, shown, width
from flarex_nb.notebook.render.grid import grid_of
from flarex_nb.notebook.render.table import shown_of
from flarex_nb.notebook.render.whole import whole_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from flarex_nb.catalog.schema_rows import Misfit
    from flarex_nb.model import Attempt
    from flarex_nb.notebook.render.card import Card
    from flarex_nb.notebook.render.failure import Failure
    from flarex_nb.notebook.render.grid import Grid

COLUMNS = 100
"""The widest line."""

_ROWS, _CELL, _FIELDS, _REMARKS, _ATTEMPTS, _MISFITS = 10, 32, 24, 8, 8, 8
_GAP, _INDENT = "  ", 40
_FILL = "\0"
"""Stands for the second place of a wide character while lines are measured; never in a text that was cleaned."""


def card_text(card: Card, frame: pd.DataFrame) -> str:
    """Return the card as text: facts, the head of the frame, remarks, and the attempts if anything went wrong."""
    whole = card.whole
    grid = grid_of(frame, rows=_ROWS, columns=400 if len(frame) == 1 else 30)
    marks = ", ".join(shown(label, 40) for label, _ in card.marks)
    facts = ", ".join(shown(fact, 120) for fact in card.facts).replace("×", "x")
    call = f"{shown(card.service, 40)}  {shown(card.method, 12)} {shown(card.path, 120)}"
    lines = [*_wrapped(f"{call}  {marks}"), *_wrapped(facts), ""]
    if whole is not None:
        body = whole_lines(whole)
    else:
        body, grid = (_record(grid), grid) if grid.is_record else _table(grid)
    lines += [*body, ""] if body else []
    into = f" The frame is {shown(card.into, 60)}." if card.into else ""
    told = shown_of(grid, fields=_FIELDS) if whole is None else whole.hint
    lines += _wrapped((told + into).strip())
    for label, text in card.remarks[:_REMARKS]:
        lines += _wrapped(f"{label}: {shown(text, 240)}", "  ")
    more = len(card.remarks) - _REMARKS
    lines += [f"{counted(more, 'more remark')}."] if more > 0 else []
    lines += _misfits(card.misfits)
    lines += attempts_text(card.attempts, steady=card.steady)
    return "\n".join(lines).rstrip()


def failure_text(failure: Failure) -> str:
    """Return the error as text, with the facts of its box."""
    lines = _wrapped(shown(failure.what, 600))
    lines += _wrapped(f"{failure.kind}: {shown(failure.call, 160)}" if failure.call else failure.kind)
    pad = max((len(label) for label, _ in failure.rows), default=4) + 2
    for label, text in (*failure.rows, *([("Next", failure.next_step)] if failure.next_step else [])):
        lines += _wrapped(f"  {shown(label, 24):<{pad}}{shown(text, 400)}", " " * (pad + 2))
    lines += _misfits(failure.misfits)
    return "\n".join([*lines, *attempts_text(failure.attempts, steady=failure.steady)])


def _misfits(misfits: Sequence[Misfit]) -> list[str]:
    return [line for text in bad_rows_lines(misfits, _MISFITS) for line in _wrapped(text, "    ")]


def attempts_text(attempts: tuple[Attempt, ...], *, steady: bool) -> list[str]:
    """Return the attempts as lines: number, outcome, send, wait before it, and what was decided."""
    past = history(attempts, most=_ATTEMPTS, steady=steady)
    if not past.eventful:
        return []
    lines = [f"{past.summary}:"]
    labels = max(len(row.label) for row in past.rows)
    outcomes = max(len(shown(row.outcome, 24)) for row in past.rows)
    for row in past.rows:
        wait = f"after {row.waited} ({shown(row.asked_by, 40)}), " if row.waited else ""
        sent = f"sent in {row.sent_for}, " if row.sent_for else ""
        what = {"again": "tried again", "stop": "stopped"}.get(row.decision, "done")
        start = f"  {row.label:<{labels}}  {shown(row.outcome, 24):<{outcomes}}  "
        lines += _wrapped(f"{start}{wait}{sent}{what}: {shown(row.why, 200)}", " " * min(len(start), _INDENT))
    return [*lines, *_wrapped(f"  {past.left_out}" if past.left_out else "")]


def _table(grid: Grid) -> tuple[list[str], Grid]:
    """Return the lines of as many columns as fit, and the grid without the others."""
    if not grid.heads:
        return [], grid
    numbers = [str(number) for number in range(len(grid.cells))]
    built = [_padded(["", *numbers], right=True)]
    taken, room = 0, COLUMNS - width(built[0][0])
    for place, head in enumerate(grid.heads):
        texts = [shown(head.name, _CELL), *(_text(row[place], _CELL) for row in grid.cells)]
        column = _padded(texts, right=head.numeric)
        room -= width(column[0]) + len(_GAP)
        if room < 0 and taken:
            break
        built.append(column)
        taken += 1
    lines = [_GAP.join(parts).rstrip() for parts in zip(*built, strict=True)]
    cells = tuple(row[:taken] for row in grid.cells)
    return lines, replace(grid, heads=grid.heads[:taken], cells=cells)


def _record(grid: Grid) -> list[str]:
    pairs = grid.fields()
    names = _padded([shown(head.name, _CELL) for head, _ in pairs[:_FIELDS]], right=False)
    return [
        line
        for name, (_, value) in zip(names, pairs, strict=False)
        for line in _wrapped(f"{name}{_GAP}{_text(value, 240)}", " " * min(width(name) + len(_GAP), _INDENT))
    ]


def _text(value: Any, most: int) -> str:
    return "null" if value is None else cell_text(value, most)


def _padded(texts: list[str], *, right: bool) -> list[str]:
    widest = max((width(text) for text in texts), default=0)
    pads = [" " * (widest - width(text)) for text in texts]
    return [pad + text if right else text + pad for pad, text in zip(pads, texts, strict=True)]


def _wrapped(text: str, indent: str = "") -> list[str]:
    """Return the text in lines of at most `COLUMNS` places; the first line's own spaces stay."""
    if text.isascii():
        filled, room = text, COLUMNS
    else:  # a wide letter may be parted from what stands for its second place
        filled, room = "".join(letter + _FILL * (width(letter) - 1) for letter in text), COLUMNS - 1
    lines = textwrap.wrap(filled, room, subsequent_indent=indent, replace_whitespace=False, break_on_hyphens=False)
    return [line.replace(_FILL, "") for line in lines]
