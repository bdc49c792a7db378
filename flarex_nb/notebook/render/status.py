"""How things stand as HTML and as text: breakers, gates, what is left of quotas, retry credit, cache, sandbox, secrets.

Pure: reads facts; asks nothing and no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flarex_nb.notebook.render.clean import shown, words
from flarex_nb.notebook.render.plain import _wrapped
from flarex_nb.notebook.render.style import STYLE
from flarex_nb.notebook.render.why import FACTS

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINE = 300
_MOST = 60
"""Rows that are told."""


@dataclass(frozen=True, slots=True)
class Place:
    """One service with one credential, in words; `tone` is "good", "warn" or "bad", of breaker and gate together."""

    service: str
    environment: str
    credential: str
    tone: str
    breaker: str
    gate: str
    quotas: tuple[str, ...]
    credit: str


@dataclass(frozen=True, slots=True)
class Status:
    """Everything `%flarex_status` tells: a row for each place that was called, and facts by label."""

    places: tuple[Place, ...]
    facts: tuple[tuple[str, str], ...]


_HEADS = ("Service", "Credential", "Breaker", "Limit", "Left of the quota", "Retry credit")


def status_html(status: Status) -> str:
    """Return the status as one HTML box."""
    rows = "".join(_row(place) for place in status.places[:_MOST])
    heads = "".join(f'<th scope="col">{name}</th>' for name in _HEADS)
    table = f'<div class="fx-scroll"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    facts = "".join(f"<dt>{words(label, 24)}</dt><dd>{words(text, _LINE)}</dd>" for label, text in status.facts)
    more = f'<div class="fx-foot">{_more(status)}</div>' if _more(status) else ""
    none = '<div class="fx-sub">Nothing was called yet.</div>'
    return (
        f'{STYLE}<div class="fxr" role="group" aria-label="Status of flarex_nb">'
        f'<div class="fx-what">Status</div>{table if rows else none}{more}{FACTS}{facts}</dl></div>'
    )


def status_text(status: Status) -> str:
    """Return the status as text of at most 100 columns."""
    lines = [] if status.places else ["Nothing was called yet."]
    for place in status.places[:_MOST]:
        lines += _wrapped(f"{shown(place.service, 40)} ({place.environment}), credential {shown(place.credential, 80)}")
        for label, text in _facts_of(place):
            lines += _wrapped(f"  {label:<14}{shown(text, _LINE)}", " " * 16)
    lines += [_more(status)] if _more(status) else []
    pad = max((len(label) for label, _ in status.facts), default=0) + 2
    for label, text in status.facts:
        lines += _wrapped(f"{shown(label, 24):<{pad}}{shown(text, _LINE)}", " " * pad)
    return "\n".join(lines)


def _facts_of(place: Place) -> Iterator[tuple[str, str]]:
    yield "breaker", place.breaker
    yield "limit", place.gate
    yield "quota", "; ".join(place.quotas) or "nothing told yet"
    yield "retry credit", place.credit


def _row(place: Place) -> str:
    quotas = "<br>".join(words(text, _LINE) for text in place.quotas) or "nothing told yet"
    phase, _, rest = place.breaker.partition(", ")
    name = f"{words(place.service, 40)} <small>{words(place.environment, 12)}</small>"
    return (
        f'<tr><th scope="row">{name}</th><td>{words(place.credential, 80)}</td>'
        f'<td class="fx-why"><span class="fx-mark fx-{place.tone}">{words(phase, 24)}</span> {words(rest, _LINE)}</td>'
        f"<td>{words(place.gate, _LINE)}</td><td>{quotas}</td>"
        f"<td>{words(place.credit, 40)}</td></tr>"
    )


def _more(status: Status) -> str:
    more = len(status.places) - _MOST
    return f"{more} more not shown." if more > 0 else ""
