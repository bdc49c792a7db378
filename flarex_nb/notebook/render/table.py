"""A result as HTML: caption with the facts, the head of the frame, remarks, and the attempts. At most 20 kB.

If it comes out larger, it is drawn again with less in it; what is left out is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flarex_nb.notebook.render.attempts import history
from flarex_nb.notebook.render.bad_rows import bad_rows_html
from flarex_nb.notebook.render.card import counted, sentence
from flarex_nb.notebook.render.clean import cell_text, escaped, is_safe_link, preview, words
from flarex_nb.notebook.render.grid import grid_of
from flarex_nb.notebook.render.style import STYLE
from flarex_nb.notebook.render.timeline import timeline
from flarex_nb.notebook.render.whole import whole_html

if TYPE_CHECKING:
    import pandas as pd

    from flarex_nb.notebook.render.card import Card
    from flarex_nb.notebook.render.grid import Grid, Head

LIMIT = 20_000
"""Bytes of one rendered result, whatever is in it."""

_NULL = '<td class="fx-null">null</td>'


@dataclass(frozen=True, slots=True)
class Fit:
    """How much is drawn: rows, columns, characters of a cell and of a sentence, fields of a record, attempts.

    `inside` is how many characters of a list or an object open below its cell, 0 for none; `misfits` how many places
    of records that do not fit their model, `lines` how many of a text.
    """

    rows: int = 10
    columns: int = 12
    cell: int = 60
    sentence: int = 240
    fields: int = 60
    attempts: int = 8
    remarks: int = 8
    inside: int = 400
    misfits: int = 10
    lines: int = 40


_FITS = (
    Fit(),
    Fit(inside=0),
    Fit(rows=8, columns=10, cell=40, fields=40, inside=0, misfits=8, lines=20),
    Fit(rows=5, columns=8, cell=30, sentence=120, fields=24, attempts=6, remarks=4, inside=0, misfits=4, lines=10),
    Fit(rows=3, columns=5, cell=16, sentence=60, fields=10, attempts=4, remarks=2, inside=0, misfits=2, lines=4),
    Fit(rows=3, columns=4, cell=12, sentence=40, fields=6, attempts=2, remarks=1, inside=0, misfits=1, lines=2),
)
_FIELDS_AT_ONCE = 20
"""Fields of a record that are seen without opening the rest."""


def card_html(card: Card, frame: pd.DataFrame) -> str:
    """Return the whole card as HTML of at most `LIMIT` bytes."""
    drawn = ""
    for fit in _FITS:
        drawn = _draw(card, frame, fit)
        if len(drawn.encode()) <= LIMIT or (card.whole is not None and card.whole.picture):
            break
    return drawn


def _draw(card: Card, frame: pd.DataFrame, fit: Fit) -> str:
    if card.whole is not None:
        body = whole_html(card.whole, _top(card, fit), lines=fit.lines)
        return f'{STYLE}<div class="fxr">{body}{_foot(card, card.whole.hint, fit)}{_attempts(card, fit)}</div>'
    one = len(frame) == 1
    grid = grid_of(frame, rows=fit.rows, columns=_MANY if one else fit.columns)
    body = _record(grid, _caption(card, fit), fit) if grid.is_record else _table(grid, _caption(card, fit), fit)
    bad = bad_rows_html(card.misfits, fit.misfits)
    foot = _foot(card, shown_of(grid, fields=fit.fields), fit)
    return f'{STYLE}<div class="fxr">{body}{foot}{bad}{_attempts(card, fit)}</div>'


_MANY = 400


def _caption(card: Card, fit: Fit) -> str:
    return f"<caption><div>{_top(card, fit)}</div></caption>"


def _top(card: Card, fit: Fit) -> str:
    most = fit.sentence // 2
    marks = "".join(f'<span class="fx-mark fx-{tone}">{words(label, 40)}</span>' for label, tone in card.marks)
    facts = " · ".join(words(fact, most) for fact in card.facts)
    place = f"<code>{words(card.method, 12)} {words(card.path, most)}</code>"
    top = f'<div class="fx-top"><b>{words(card.service, 40)}</b>{place}{marks}</div>'
    return f'{top}<div class="fx-facts">{facts}</div>'


def _table(grid: Grid, caption: str, fit: Fit) -> str:
    heads = "".join(_head(head, fit) for head in grid.heads)
    head = f'<thead><tr><th scope="col"><small>row</small></th>{heads}</tr></thead>' if grid.heads else ""
    rows = "".join(_row(number, cells, grid.heads, fit) for number, cells in enumerate(grid.cells) if cells)
    table = f'<table class="fx-grid">{caption}{head}<tbody>{rows}</tbody></table>'
    return f'<div class="fx-scroll" tabindex="0" role="group" aria-label="Table of results">{table}</div>'


def _row(number: int, cells: tuple[Any, ...], heads: tuple[Head, ...], fit: Fit) -> str:
    drawn = "".join(_cell(value, head, fit) for value, head in zip(cells, heads, strict=True))
    return f'<tr><th scope="row">{number}</th>{drawn}</tr>'


def _head(head: Head, fit: Fit) -> str:
    numeric = ' class="fx-n"' if head.numeric else ""
    return f'<th scope="col"{numeric}>{words(head.name, fit.cell)}<small>{words(head.kind, 24)}</small></th>'


def _cell(value: Any, head: Head, fit: Fit) -> str:
    if value is None:
        return _NULL.replace("fx-null", "fx-null fx-n") if head.numeric else _NULL
    if isinstance(value, (dict, list)):
        return f"<td>{_nested(value, fit)}</td>"
    text = cell_text(value, fit.cell)
    if head.numeric:
        return f'<td class="fx-n">{escaped(text)}</td>'
    title = ""
    if isinstance(value, str) and len(value) > fit.cell and fit.inside:
        title = f' title="{words(value, fit.inside)}"'
    return f"<td{title}>{escaped(text)}</td>"


def _nested(value: Any, fit: Fit) -> str:
    """Return a list or an object: its JSON if that is short, else its beginning, which opens to more of it."""
    text = preview(value, fit.cell)
    if not text.endswith("…") or not fit.inside:
        return f'<span class="fx-m">{escaped(text)}</span>'
    more = escaped(preview(value, fit.inside, indent=1))
    return f"<details><summary>{escaped(text)}</summary><pre>{more}</pre></details>"


def _record(grid: Grid, caption: str, fit: Fit) -> str:
    """Return one record, its fields below each other; those that are null are counted at the end."""
    pairs = grid.fields()
    first, rest = pairs[:_FIELDS_AT_ONCE], pairs[_FIELDS_AT_ONCE : fit.fields]
    lines = "".join(_field(head, value, fit) for head, value in first)
    head = '<thead><tr><th scope="col">field</th><th scope="col">value</th></tr></thead>'
    drawn = f'<table class="fx-record">{caption}{head}<tbody>{lines}</tbody></table>'
    if rest:
        more = "".join(_field(head, value, fit) for head, value in rest)
        drawn += (
            f'<details class="fx-more"><summary>{counted(len(rest), "more field")}</summary>'
            f'<table class="fx-record"><tbody>{more}</tbody></table></details>'
        )
    return drawn


def _field(head: Head, value: Any, fit: Fit) -> str:
    if isinstance(value, str) and is_safe_link(value) and fit.inside:
        shown = words(value, 2 * fit.cell)
        inner = f'<a href="{escaped(value)}" target="_blank" rel="noopener noreferrer nofollow">{shown}</a>'
    elif isinstance(value, (dict, list)):
        inner = _nested(value, fit)
    else:
        inner = escaped(cell_text(value, 4 * fit.cell))
    return f'<tr><th scope="row">{words(head.name, fit.cell)}</th><td>{inner}</td></tr>'


def _foot(card: Card, told: str, fit: Fit) -> str:
    """Return what stands below: `told`, where the frame is, and the remarks."""
    shown = words(told, fit.sentence)
    if card.into:
        shown = f"{shown} The frame is <code>{words(card.into, 60)}</code>.".strip()
    lines = [f"<li>{shown}</li>"] if shown else []
    lines += [f"<li><b>{label}.</b> {words(text, fit.sentence)}</li>" for label, text in card.remarks[: fit.remarks]]
    more = len(card.remarks) - fit.remarks
    lines += [f"<li>{counted(more, 'more remark')}.</li>"] if more > 0 else []
    return f'<div class="fx-foot"><ul>{"".join(lines)}</ul></div>' if lines else ""


def shown_of(grid: Grid, *, fields: int) -> str:
    """Return, in a sentence, how much of the frame is shown, "" for all of it."""
    rows, columns = len(grid.cells), len(grid.heads)
    if grid.is_record:
        nulls = sum(value is None for value in grid.cells[0])
        hidden = max(0, columns - nulls - fields) + grid.total_columns - columns
        parts = [counted(nulls, "field") + (" is null" if nulls == 1 else " are null")] if nulls else []
        parts += [f"{counted(hidden, 'field')} not shown"] if hidden else []
        return sentence(", ".join(parts))
    if not grid.total_rows:
        return "No records."
    parts = [f"{rows} of {counted(grid.total_rows, 'row')}"] if rows < grid.total_rows else []
    parts += [f"{columns} of {counted(grid.total_columns, 'column')}"] if columns < grid.total_columns else []
    over = "; columns that are null in these rows are passed over" if grid.passed_over else ""
    return f"{' and '.join(parts)} shown{over}." if parts else ""


def _attempts(card: Card, fit: Fit) -> str:
    past = history(card.attempts, most=fit.attempts, steady=card.steady)
    if not past.eventful:
        return ""
    inner = timeline(past, fit.sentence, steady=card.steady)
    return f'<details class="fx-more"><summary>{words(past.summary, 120)}</summary>{inner}</details>'
