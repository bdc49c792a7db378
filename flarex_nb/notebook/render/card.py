"""The facts of one result as a card says them: short words, ready to be set as HTML or as plain text.

Reads a result through a protocol, so that whatever has these attributes can be shown. No markup here.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from flarex_nb.notebook.render.whole import whole_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from flarex_nb.catalog.schema_rows import Misfit
    from flarex_nb.model import Attempt, Json
    from flarex_nb.notebook.render.whole import Whole


class ResultView(Protocol):
    """What is read of a result; where they exist, also `notes` (what the frame had to decide), `errors` and `error`."""

    @property
    def df(self) -> pd.DataFrame:
        """The records as a frame."""

    @property
    def json(self) -> Json:
        """The decoded body of the last page."""

    @property
    def status(self) -> int:
        """The HTTP status of the last answer."""

    @property
    def service(self) -> str:
        """The service's name."""

    @property
    def method(self) -> str:
        """The HTTP method."""

    @property
    def path(self) -> str:
        """The path that was asked for."""

    @property
    def rows(self) -> int:
        """The number of records."""

    @property
    def columns(self) -> int:
        """The number of columns."""

    @property
    def pages(self) -> int:
        """The number of pages."""

    @property
    def complete(self) -> bool:
        """Whether all records are here."""

    @property
    def stop_reason(self) -> str:
        """Why no further page was asked for."""

    @property
    def cache(self) -> str:
        """How the cache took part: "off", "miss", "hit", ..."""

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every send of every page."""

    @property
    def elapsed(self) -> float:
        """Seconds from the call to the result."""

    @property
    def simulated(self) -> bool:
        """Whether the sandbox answered."""

    @property
    def environment(self) -> str:
        """Either "live" or "sandbox"."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the person should know."""

    @property
    def request_id(self) -> str:
        """The provider's id of the last request."""

    @property
    def into(self) -> str | None:
        """The name the frame is bound to."""


@dataclass(frozen=True, slots=True)
class Card:
    """What stands above and below a table.

    `facts` are short phrases in order. `marks` are labels with a tone ("good", "bad", "warn", "calm"). `remarks` are
    sentences with a label ("Warning", "Note", ...). `steady` says that nothing may differ between two equal runs.
    `whole` is the answer where it is no table.
    """

    service: str
    method: str
    path: str
    marks: tuple[tuple[str, str], ...]
    facts: tuple[str, ...]
    remarks: tuple[tuple[str, str], ...]
    attempts: tuple[Attempt, ...]
    rows: int
    columns: int
    into: str
    steady: bool
    misfits: Sequence[Misfit] = ()
    whole: Whole | None = None


_FIRST_ERROR = 400


def is_steady(environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether durations, dates and ids of the run are to be left out (FLAREX_DETERMINISTIC=1)."""
    return environ.get("FLAREX_DETERMINISTIC", "").strip().lower() in {"1", "true", "yes"}


def card_of(result: ResultView, *, steady: bool) -> Card:
    """Return the facts of the result; with `steady` without durations and request ids."""
    marks = [(str(result.status), "good" if result.status < _FIRST_ERROR else "bad")]
    marks += [("sandbox, simulated" if result.simulated else result.environment, "calm")]
    marks += [] if result.complete else [("incomplete", "warn")]
    whole = whole_of(result)
    table = f"{counted(result.rows, 'row')} × {counted(result.columns, 'column')}"
    facts = [whole.what if whole is not None else table, counted(result.pages, "page")]
    facts += [counted(len(result.attempts), "attempt") if result.attempts else "nothing sent", f"cache {result.cache}"]
    if not steady:
        facts += [seconds(result.elapsed), *([f"request {result.request_id}"] if result.request_id else [])]
    return Card(
        service=result.service,
        method=result.method,
        path=result.path,
        marks=tuple(marks),
        facts=tuple(facts),
        remarks=tuple(_remarks(result)),
        attempts=result.attempts,
        rows=result.rows,
        columns=result.columns,
        into=result.into or "",
        steady=steady,
        misfits=getattr(result, "errors", ()),
        whole=whole,
    )


def _remarks(result: ResultView) -> list[tuple[str, str]]:
    error = getattr(result, "error", None)
    remarks = [("Failed", str(error))] if error is not None else []
    told = any(result.stop_reason and result.stop_reason in warning for warning in result.warnings)
    if not result.complete and not told:
        remarks.append(("Incomplete", sentence(result.stop_reason or "the server holds more records")))
    remarks += [("Warning", warning) for warning in result.warnings]
    return remarks + [("Note", note) for note in getattr(result, "notes", ())]


def counted(number: int, noun: str) -> str:
    """Return "1 row", "1,200 rows"."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


_MINUTE = 100.0


def seconds(time: float) -> str:
    """Return a duration in the unit that reads best: "85 ms", "1.24 s", "2.0 s", "3 min 20 s"."""
    if time < 1:
        return f"{time * 1000:.0f} ms" if time >= 0.0005 else "0 ms"  # noqa: PLR2004 - half a millisecond
    if time < _MINUTE:
        return f"{time:.2f}".removesuffix("0") + " s"
    return f"{int(time) // 60:,} min {int(time) % 60} s"


def sentence(text: str) -> str:
    """Return the text with a capital first letter and a full stop; none after a link's closing slash."""
    text = text.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?…/" else ".")


_TIMES = re.compile(r"(?<!asks for )(?<![\d.,])\d[\d.,]*(?= (?:ms|s|min)\b)")


def without_times(text: str) -> str:
    """Return the text with durations left out, but for those a server asked for: these are the same each time."""
    return _TIMES.sub("…", text)
