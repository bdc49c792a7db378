"""What the cache keeps, as HTML and as text: each answer's address, age and use, and the figures of the whole.

Pure: reads what it is given. Addresses are masked, cut and cleaned like any text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flarex_nb.notebook.render.card import counted, is_steady, seconds
from flarex_nb.notebook.render.clean import shown, words
from flarex_nb.notebook.render.plain import _wrapped
from flarex_nb.notebook.render.style import STYLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from flarex_nb.stores.accounts import CacheEntry, CacheStats

    Redact = Callable[[str], str]

MOST = 50
"""Answers that are listed; of more the most recently used."""

_ADDRESS = 160
_HEADS = ("Service", "Answer to", "Age", "Fresh for", "Hits", "Bytes")


@dataclass(frozen=True, slots=True)
class Shelf:
    """The kept answers, the most recently used first, and the cache's figures (None before the first call)."""

    entries: tuple[CacheEntry, ...] = ()
    stats: CacheStats | None = None


def cache_line(stats: CacheStats) -> str:
    """Return the cache's figures in a line."""
    size = f"{counted(stats.entries, 'answer')} kept ({stats.bytes:,} bytes)"
    used = (
        f"{counted(stats.hits, 'hit')}, {stats.revalidated:,} confirmed, {stats.stale:,} stale, {stats.joined:,} joined"
    )
    shared = "" if stats.shared == "none" else f"; shared store {stats.shared}"
    return f"{size}; {used}, {stats.misses:,} missed: {stats.rate:.0%} of reads spared{shared}"


def cache_html(shelf: Shelf, redact: Redact, *, steady: bool | None = None) -> str:
    """Return the answers as one HTML box; `steady` leaves out what differs between two equal runs."""
    steady = is_steady() if steady is None else steady
    heads = "".join(f'<th scope="col">{name}</th>' for name in _HEADS)
    rows = "".join(_row(_cells(entry, redact, steady=steady)) for entry in shelf.entries[:MOST])
    table = f'<div class="fx-scroll"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    more = f'<div class="fx-foot">{_more(shelf)}</div>' if _more(shelf) else ""
    return (
        f'{STYLE}<div class="fxr" role="group" aria-label="Kept answers"><div class="fx-what">Kept answers</div>'
        f'<div class="fx-sub">{words(_summary(shelf), 300)}</div>{table if rows else ""}{more}</div>'
    )


def cache_text(shelf: Shelf, redact: Redact, *, steady: bool | None = None) -> str:
    """Return the answers as text of at most 100 columns."""
    steady = is_steady() if steady is None else steady
    lines = _wrapped(_summary(shelf))
    for entry in shelf.entries[:MOST]:
        service, answer, age, left, hits, size = _cells(entry, redact, steady=steady)
        lines += _wrapped(f"  {service}  {answer}", "      ")
        lines += _wrapped(f"      age {age}, fresh for {left}, hits {hits}, {size} bytes")
    return "\n".join([*lines, *([_more(shelf)] if _more(shelf) else [])])


def _cells(entry: CacheEntry, redact: Redact, *, steady: bool) -> tuple[str, ...]:
    address = shown(redact(entry.address.split("://", 1)[-1].partition("/")[2]), _ADDRESS)
    left = "over" if entry.left <= 0 else "a while" if steady else seconds(entry.left)
    age = "a moment" if steady else seconds(entry.age)
    return shown(entry.service, 40), f"{entry.method} /{address}", age, left, f"{entry.hits:,}", f"{entry.size:,}"


def _row(cells: tuple[str, ...]) -> str:
    service, answer, age, left, hits, size = (words(text, _ADDRESS + 20) for text in cells)
    return (
        f'<tr><th scope="row">{service}</th><td class="fx-why"><code>{answer}</code></td><td>{age}</td><td>{left}</td>'
        f'<td class="fx-n">{hits}</td><td class="fx-n">{size}</td></tr>'
    )


def _summary(shelf: Shelf) -> str:
    return f"{cache_line(shelf.stats)}." if shelf.stats is not None else "Nothing was called yet, so nothing is kept."


def _more(shelf: Shelf) -> str:
    more = len(shelf.entries) - MOST
    return f"{counted(more, 'answer')} more." if more > 0 else ""
