"""Why a call ended as it did: every attempt with the rule that decided, and what would change it. As HTML and as text.

Pure: reads a call that ended; says nothing it was not told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flarex_nb.notebook.render.attempts import history, tone_of
from flarex_nb.notebook.render.card import counted, is_steady, seconds, sentence, without_times
from flarex_nb.notebook.render.clean import shown, words
from flarex_nb.notebook.render.plain import _wrapped
from flarex_nb.notebook.render.style import STYLE
from flarex_nb.notebook.render.why_advice import advice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flarex_nb.errors import Sent
    from flarex_nb.model import Attempt
    from flarex_nb.notebook.journal import Past

MOST = 30
"""Attempts that are told; of more pages only those where something happened."""

FACTS = '<dl style="box-sizing: border-box">'
"""Opens a list of facts: JupyterLab makes every `dl` as wide as the cell, and its padding comes on top of that."""

_TEXT = 400
_HEADS = ("Attempt", "Outcome", "Waited before", "Reached the server", "Why")
_REACHED: dict[Sent, str] = {"no": "no", "maybe": "maybe", "yes": "yes"}


@dataclass(frozen=True, slots=True)
class Why:
    """What is said: a headline, a row of words for each attempt with its tone, and what would change the end of it.

    `left_out` counts what is not among the rows. `notes` are about now.
    """

    call: str
    headline: str
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    left_out: str
    changes: tuple[str, ...]
    notes: tuple[str, ...]


def why_of(past: Past, notes: Sequence[str] = (), *, honours_key: bool = False, steady: bool | None = None) -> Why:
    """Return what there is to say about the call; `steady` leaves out what differs between two equal runs."""
    steady = is_steady() if steady is None else steady
    chosen = list(_chosen(past.attempts))
    kept = chosen[-MOST:]
    changes = advice(past, honours_key=honours_key) or ("Nothing needs to: the answer is good.",)
    place = f"{past.method} {past.path} on {past.service or '?'}".strip()
    return Why(
        call=f"{place} ({past.environment})" if past.environment else place,
        headline=_timeless(_headline(past), steady=steady),
        rows=tuple(_row(label, attempt, steady=steady) for label, attempt in kept),
        left_out=_left_out(len(past.attempts) - len(kept)) if kept else "",
        changes=tuple(_timeless(text, steady=steady) for text in changes),
        notes=tuple(_timeless(text, steady=steady) for text in notes),
    )


def why_html(why: Why) -> str:
    """Return it as one HTML box."""
    table = ""
    if why.rows:
        head = "".join(f'<th scope="col">{name}</th>' for name in _HEADS)
        body = "".join(_line(tone, cells) for tone, cells in why.rows)
        table = f'<div class="fx-scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    left = f'<div class="fx-foot">{words(why.left_out, 200)}</div>' if why.left_out else ""
    changes = "".join(f"<dd>{words(text, _TEXT)}</dd>" for text in why.changes)
    now = "".join(f"<dd>{words(text, _TEXT)}</dd>" for text in why.notes)
    now = f"<dt>Now</dt>{_in_one(now)}" if now else ""
    return (
        f'{STYLE}<div class="fxr" role="group" aria-label="{words(f"Why: {why.call}", 160)}">'
        f'<div class="fx-what">{words(why.headline, _TEXT)}</div>'
        f'<div class="fx-sub fx-top"><code>{words(why.call, 200)}</code></div>{table}{left}'
        f"{FACTS}<dt>What would change it</dt>{_in_one(changes)}{now}</dl></div>"
    )


def why_text(why: Why) -> str:
    """Return it as text of at most 100 columns."""
    lines = [*_wrapped(shown(why.headline, _TEXT)), *_wrapped(shown(why.call, 200))]
    for _, (label, outcome, waited, reached, rule, because) in why.rows:
        wait = f"after {waited}, " if waited else ""
        lines += _wrapped(f"  {label}  {outcome}  {wait}reached the server: {reached}, rule {rule}: {because}", " " * 6)
    lines += _wrapped(why.left_out)
    for head, texts in (("What would change it", why.changes), ("Now", why.notes)):
        lines += [f"{head}:"] if texts else []
        lines += [line for text in texts for line in _wrapped(f"  {shown(text, _TEXT)}", "    ")]
    return "\n".join(lines)


def _in_one(entries: str) -> str:
    """Return the entries as one definition: several `dd` below each other would run into the next row of the grid."""
    return f"<dd>{entries.replace('<dd>', '<div>').replace('</dd>', '</div>')}</dd>"


def _chosen(attempts: tuple[Attempt, ...]) -> Iterator[tuple[str, Attempt]]:
    """Yield the attempts with their labels; of several pages those where something happened."""
    pages: list[list[Attempt]] = []
    for attempt in attempts:
        if not pages or attempt.number <= pages[-1][-1].number:
            pages.append([])
        pages[-1].append(attempt)
    for number, page in enumerate(pages, 1):
        for attempt in page:
            if len(pages) == 1:
                yield str(attempt.number), attempt
            elif len(page) > 1 or attempt.waited or attempt.decision == "stop":
                yield f"page {number}, {attempt.number}", attempt


def _row(label: str, attempt: Attempt, *, steady: bool) -> tuple[str, tuple[str, ...]]:
    (row,) = history((attempt,), most=1, steady=steady).rows
    waited = f"{row.waited} ({shown(row.asked_by, 40)})" if row.waited else ""
    cells = (label, shown(row.outcome, 24), waited, _REACHED[attempt.sent], attempt.reason, shown(row.why, _TEXT))
    return tone_of(attempt), cells


def _line(tone: str, cells: tuple[str, ...]) -> str:
    label, outcome, waited, reached, rule, because = cells
    mark = f'<span class="fx-mark fx-{tone}">{words(outcome, 24)}</span>'
    return (
        f'<tr><th scope="row">{words(label, 24)}</th><td>{mark}</td>'
        f"<td>{words(waited, 80)}</td><td>{reached}</td>"
        f'<td class="fx-why">{words(because, _TEXT)}<small>rule {words(rule, 40)}</small></td></tr>'
    )


def _left_out(count: int) -> str:
    return f"{counted(count, 'attempt')} not shown: good at the first try." if count else ""


def _timeless(text: str, *, steady: bool) -> str:
    return without_times(text) if steady else text


def _headline(past: Past) -> str:
    tries = counted(len(past.attempts), "attempt")
    if past.ended == "stopped":
        return sentence(past.message)
    if past.ended == "failed":
        after = f" after {tries}" if past.attempts else ", before anything was sent"
        return sentence(f"It failed with {past.outcome}{after}: {past.message}")
    if not past.attempts:
        return f"Nothing was sent: the answer is {seconds(past.age)} old and came from the cache."
    pages = f" for {counted(past.pages, 'page')}" if past.pages > 1 else ""
    again = sum(attempt.decision == "again" for attempt in past.attempts)
    end = "" if past.complete else f" The records are not complete: {past.stop_reason.rstrip('.')}."
    if not again:
        return f"It succeeded at the first attempt{pages}.{end}"
    return (
        f"It succeeded with {tries}{pages}; {again} of them failed and {'was' if again == 1 else 'were'} repeated.{end}"
    )
