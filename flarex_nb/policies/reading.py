"""One answer, laid out for the dialects: its header lines by name, its body, and what time its server believes it is.

It judges nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flarex_nb.policies.dates import http_date
from flarex_nb.policies.durations import decimal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flarex_nb.model import Headers, Json


@dataclass(frozen=True, slots=True)
class Reading:
    """What the dialects look at.

    `lines` holds each header's values in order under its lower-case name. `now` is seconds since 1970 by the answer's
    own Date where it has one, so that a wrong clock on this machine shifts no wait.
    """

    status: int | None
    lines: Mapping[str, tuple[str, ...]]
    body: Json
    now: float

    def each(self, name: str) -> tuple[str, ...]:
        """Return all values of the header `name` (lower case), in order."""
        return self.lines.get(name, ())

    def first(self, *names: str) -> tuple[str, str] | None:
        """Return (name, value) of the first of these headers (lower case) that is there, None when none is."""
        return next(((name, self.lines[name][0]) for name in names if name in self.lines), None)

    def text(self, *names: str) -> str:
        """Return the value of the first of these headers that is there, "" when none is."""
        found = self.first(*names)
        return found[1] if found else ""

    @property
    def from_cache(self) -> bool:
        """Whether a cache on the way gave this answer (RFC 9111 5.1): its limits are someone else's, or old."""
        return (decimal(self.text("age")) or 0.0) > 0


def read(status: int | None, headers: Headers, body: Json | None, wall: float) -> Reading:
    """Return the answer laid out; `wall` is this machine's seconds since 1970, used when the answer has no Date."""
    collected: dict[str, list[str]] = {}
    for name, value in headers:
        collected.setdefault(name.lower(), []).append(value)
    lines = {name: tuple(values) for name, values in collected.items()}
    dates = (http_date(value, wall) for value in lines.get("date", ()))
    now = next((date for date in dates if date is not None), wall)
    return Reading(status, lines, body, now)
