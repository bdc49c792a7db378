"""What the doctor found, as HTML and as text: a row for each route out of the kernel, and facts by label.

Pure: reads facts; tries nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flarex_nb.notebook.render.clean import shown, words
from flarex_nb.notebook.render.plain import _wrapped
from flarex_nb.notebook.render.style import STYLE
from flarex_nb.notebook.render.why import FACTS

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINE: Final = 300
_TONES: Final = {"protected": "good", "not protected": "bad", "not checked": "warn"}
_NOTE: Final = (
    "Protected means: a known value, as it is or in a listed encoding, is shown as [NAME]. A value that code changed "
    "first (reversed pairs, rot13, compressed, spaced, sliced, drawn) is not recognised."
)


@dataclass(frozen=True, slots=True)
class RouteRow:
    """One route: "protected", "not protected" or "not checked", and why where that needs saying."""

    name: str
    state: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Checkup:
    """Everything `%flarex_doctor` tells."""

    routes: tuple[RouteRow, ...]
    facts: tuple[tuple[str, str], ...]

    @property
    def summary(self) -> str:
        """How many routes are protected, in words."""
        counts = [(state, sum(route.state == state for route in self.routes)) for state in _TONES]
        told = [f"{count} {state}" for state, count in counts if count]
        return f"{len(self.routes)} routes out of this kernel: {', '.join(told)}"


def checkup_html(checkup: Checkup) -> str:
    """Return the findings as one HTML box."""
    rows = "".join(
        f'<tr><th scope="row" class="fx-why">{words(route.name, _LINE)}</th>'
        f'<td><span class="fx-mark fx-{_TONES[route.state]}">{words(route.state, 24)}</span></td>'
        f'<td class="fx-why">{words(route.reason, _LINE)}</td></tr>'
        for route in checkup.routes
    )
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("Route", "Known secrets", "Why"))
    facts = "".join(f"<dt>{words(label, 24)}</dt><dd>{words(text, _LINE)}</dd>" for label, text in checkup.facts)
    return (
        f'{STYLE}<div class="fxr" role="group" aria-label="Doctor of flarex_nb">'
        f'<div class="fx-what">{words(checkup.summary, _LINE)}</div>'
        f'<div class="fx-scroll"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
        f'<div class="fx-foot">{words(_NOTE, _LINE)}</div>{FACTS}{facts}</dl></div>'
    )


def checkup_text(checkup: Checkup) -> str:
    """Return the findings as text of at most 100 columns."""
    return "\n".join(_lines(checkup))


def _lines(checkup: Checkup) -> Iterator[str]:
    yield from _wrapped(f"{checkup.summary}.")
    for route in checkup.routes:
        why = f" ({shown(route.reason, _LINE)})" if route.reason else ""
        yield from _wrapped(f"  {route.state:<15}{shown(route.name, _LINE)}{why}", " " * 17)
    yield from _wrapped(_NOTE)
    pad = max((len(label) for label, _ in checkup.facts), default=0) + 2
    for label, text in checkup.facts:
        yield from _wrapped(f"{shown(label, 24):<{pad}}{shown(text, _LINE)}", " " * pad)
