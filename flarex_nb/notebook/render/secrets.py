"""Which secret was sent where and when, as HTML and as text. Pure; it reads names, places and times."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flarex_nb.notebook.render.card import is_steady
from flarex_nb.notebook.render.clean import shown, words
from flarex_nb.notebook.render.style import STYLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flarex_nb.vault.audit import Use

MOST = 200
"""Uses that are listed, of more the latest."""

_HEADS = ("Secret", "When", "Sent to", "In", "From", "Version", "Environment")
_NONE = "No secret was sent by this kernel yet."
_LONGEST = 120


def uses_html(uses: Sequence[Use], *, steady: bool | None = None) -> str:
    """Return the uses as one HTML box, the latest first; `steady` leaves the times out."""
    steady = is_steady() if steady is None else steady
    heads = "".join(f'<th scope="col">{head}</th>' for head in _HEADS)
    rows = "".join(_row(_cells(use, steady=steady)) for use in _latest(uses))
    table = f'<div class="fx-scroll"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    body = table if rows else f'<div class="fx-sub">{_NONE}</div>'
    more = f'<div class="fx-foot">{_more(uses)}</div>' if _more(uses) else ""
    return f'{STYLE}<div class="fxr" role="group" aria-label="Uses of secrets">{body}{more}</div>'


def uses_text(uses: Sequence[Use], *, steady: bool | None = None) -> str:
    """Return the uses as aligned text, the latest first."""
    steady = is_steady() if steady is None else steady
    if not uses:
        return _NONE
    rows = [tuple(head.lower() for head in _HEADS), *(_cells(use, steady=steady) for use in _latest(uses))]
    rows = [tuple(shown(cell, _LONGEST) for cell in row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join([*lines, *([_more(uses)] if _more(uses) else [])])


def _latest(uses: Sequence[Use]) -> list[Use]:
    return list(reversed(uses[-MOST:]))


def _more(uses: Sequence[Use]) -> str:
    return f"{len(uses) - MOST:,} earlier ones not shown." if len(uses) > MOST else ""


def _cells(use: Use, *, steady: bool) -> tuple[str, ...]:
    when = "-" if steady else datetime.fromtimestamp(use.when, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    version = {-1: "the one before", 0: "-"}.get(use.version, str(use.version))
    return use.name, when, use.destination, use.place, use.source, version, use.env


def _row(cells: tuple[str, ...]) -> str:
    first, *rest = (words(cell, _LONGEST) for cell in cells)
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'
