"""What a scan found, as HTML; its text twin is the command line's own. Pure: what it is given holds no key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flarex_nb.notebook.render.clean import words
from flarex_nb.notebook.render.style import STYLE
from flarex_nb.vault.scan_report import WRITTEN_DOWN
from flarex_nb.vault.scan_words import counted, summary

if TYPE_CHECKING:
    from flarex_nb.vault.scan_report import Found, Report

_MOST = 100
"""Findings that are shown; the report itself has all."""

_LONG = 300
_HEADS = ("Where", "What", "As it stands there", "Next step")


def scan_html(report: Report) -> str:
    """Return the report as one HTML box: a row for each key, and what was not looked at below."""
    heads = "".join(f'<th scope="col">{name}</th>' for name in _HEADS)
    rows = "".join(map(_row, report.findings[:_MOST]))
    table = f'<div class="fx-scroll"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    foot = "".join(f"<li>{words(line, _LONG)}</li>" for line in _foot(report))
    return (
        f'{STYLE}<div class="fxr" role="group" aria-label="Keys found">'
        f'<div class="fx-what">{words(summary(report), _LONG)}</div>'
        f'{table if rows else ""}{f"""<div class="fx-foot"><ul>{foot}</ul></div>""" if foot else ""}</div>'
    )


def _row(found: Found) -> str:
    inside = f"{found.spot.words}, " if found.spot.words else ""
    place = f"{inside}line {found.line}, column {found.column}"
    return (
        f'<tr><th scope="row" class="fx-why">{words(found.spot.file, 200)}<br><small>{words(place, 160)}</small></th>'
        f'<td><span class="fx-mark fx-bad">{words(found.kind, 60)}</span></td>'
        f'<td class="fx-why"><code>{words(found.excerpt, 160)}</code></td>'
        f'<td class="fx-why">{words(found.mend, _LONG)}</td></tr>'
    )


def _foot(report: Report) -> list[str]:
    more = len(report.findings) - _MOST
    return [
        *([f"{counted(more, 'key')} more: flarex-nb scan --json lists them all."] if more > 0 else ()),
        *(f"Could not be read: {file}: {why}." for file, why in report.unread),
        *report.notes,
        *([WRITTEN_DOWN] if report.findings else ()),
    ]
