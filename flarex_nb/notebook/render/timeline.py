"""The attempts as an HTML table with a small picture in each row: waits dashed, sends as bars, all on one scale.

Each picture says the same in words (`role="img"` with a label), and the cells beside it hold the figures, so that
nothing is lost where a front end shows no SVG.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flarex_nb.notebook.render.card import seconds
from flarex_nb.notebook.render.clean import words

if TYPE_CHECKING:
    from flarex_nb.notebook.render.attempts import History, Row

_UNIT = re.compile(r"(?<=\d) (?=m?s\b)")
"""The space between a number and its unit, where a line must not break."""

_WIDTH = 150
_LEAST = 2.5
"""Pixels of the shortest bar: a send of a millisecond beside a wait of seconds must not vanish."""


def timeline(past: History, most: int, *, steady: bool) -> str:
    """Return the table of attempts; with `steady` without pictures and durations of our own."""
    scale = "" if steady else f'<th scope="col">Timeline<small>0 to {seconds(past.span)}</small></th>'
    timed = "" if steady else '<th scope="col" class="fx-n">Send</th>'
    waits = any(row.waited for row in past.rows)
    head = (
        f'<tr><th scope="col">Attempt</th><th scope="col">Outcome</th>{scale}{timed}'
        + ('<th scope="col">Wait before</th>' if waits else "")
        + '<th scope="col">Then</th></tr>'
    )
    body = "".join(_line(row, past.span, most, steady=steady, waits=waits) for row in past.rows)
    left_out = f'<div class="fx-foot">{words(past.left_out, most)}</div>' if past.left_out else ""
    return f'<div class="fx-scroll"><table><thead>{head}</thead><tbody>{body}</tbody></table></div>{left_out}'


def _line(row: Row, span: float, most: int, *, steady: bool, waits: bool) -> str:
    cells = [f'<th scope="row">{words(row.label, 24)}</th>']
    cells += [f'<td><span class="fx-mark fx-{row.tone}">{words(row.outcome, 24)}</span></td>']
    if not steady:
        cells += [f"<td>{_picture(row, span, most)}</td>", f'<td class="fx-n">{row.sent_for}</td>']
    if waits:
        asked = f" <small>({words(row.asked_by, 40)})</small>" if row.asked_by else ""
        cells += [f"<td>{words(row.waited, 24)}{asked}</td>" if row.waited else "<td></td>"]
    decision = "Tried again" if row.decision == "again" else "Stopped" if row.decision == "stop" else "Done"
    cells += [f'<td class="fx-why"><b>{decision}.</b> {_UNIT.sub("&nbsp;", words(row.why, most))}</td>']
    return f"<tr>{''.join(cells)}</tr>"


def _picture(row: Row, span: float, most: int) -> str:
    scale = (_WIDTH - _LEAST) / span if span > 0 else 0.0
    begin, end = row.send
    left, length = begin * scale, max(_LEAST, (end - begin) * scale)
    wait = ""
    if row.waited:
        start = row.wait[0] * scale
        wait = f'<path class="fx-w" fill="none" d="M{start:.1f} 9H{left:.1f}"/>'
        wait += f'<path class="fx-e" d="M{start:.1f} 5v8"/>'
    bar = f'<rect x="{left:.1f}" y="4" width="{length:.1f}" height="10" rx="2"/>'
    label = words(row.spoken(), min(most, 160))
    return f'<svg class="fx-{row.tone}" viewBox="0 0 {_WIDTH} 18" role="img" aria-label="{label}">{wait}{bar}</svg>'
