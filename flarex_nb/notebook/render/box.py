"""An error as one HTML box: a bold sentence, the facts as a list, the attempts as a table with a timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flarex_nb.notebook.render.attempts import history
from flarex_nb.notebook.render.bad_rows import bad_rows_html
from flarex_nb.notebook.render.clean import words
from flarex_nb.notebook.render.style import STYLE
from flarex_nb.notebook.render.table import LIMIT
from flarex_nb.notebook.render.timeline import timeline

if TYPE_CHECKING:
    from flarex_nb.notebook.render.failure import Failure

_FITS = ((600, 8), (300, 6), (120, 4), (60, 2), (60, 1))
"""Characters of a text, and attempts or places of records: the first that stays within the limit is taken."""


def failure_html(failure: Failure) -> str:
    """Return the box as HTML of at most `LIMIT` bytes."""
    drawn = ""
    for most, attempts in _FITS:
        drawn = _draw(failure, most, attempts)
        if len(drawn.encode()) <= LIMIT:
            break
    return drawn


def _draw(failure: Failure, most: int, attempts: int) -> str:
    entries = "".join(f"<dt>{words(label, 24)}</dt><dd>{words(text, most)}</dd>" for label, text in failure.rows)
    if failure.next_step:
        entries += f'<dt>Next</dt><dd class="fx-next">{words(failure.next_step, most)}</dd>'
    call = f"<code>{words(failure.call, min(most, 160))}</code>" if failure.call else ""
    mark = f'<span class="fx-mark fx-bad">{words(failure.kind, 40)}</span>'
    head = f'<div class="fx-what">{words(failure.what, most)}</div><div class="fx-sub fx-top">{mark}{call}</div>'
    past = history(failure.attempts, most=attempts, steady=failure.steady)
    bad = bad_rows_html(failure.misfits, attempts)
    tried = ""
    if past.eventful:
        inner = timeline(past, min(most, 240), steady=failure.steady)
        tried = f'<details class="fx-more" open><summary>Tried: {words(past.summary, 120)}</summary>{inner}</details>'
    label = words(f"Error: {failure.what}", 120)
    return (
        f'{STYLE}<div class="fxr fx-fail" role="group" aria-label="{label}">{head}'
        f"{f'<dl>{entries}</dl>' if entries else ''}{bad}{tried}</div>"
    )
