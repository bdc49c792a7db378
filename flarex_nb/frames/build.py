"""Records in, DataFrame out: the room's front door.

This is the exact way: one pass over parsed objects. A faster reader of page bytes may make the typed columns in some
other manner, as long as it hands equal ones to `frame_of`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from flarex_nb.frames.columns import typed
from flarex_nb.frames.flatten import flatten
from flarex_nb.frames.pick import pick
from flarex_nb.frames.spec import FrameSpec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flarex_nb.frames.columns import Typed
    from flarex_nb.model import Json

MAX_NOTES = 8
"""Notes that are told one by one; the rest is counted."""

_PLAIN = FrameSpec()


def build(records: Json, spec: FrameSpec = _PLAIN) -> pd.DataFrame:
    """Return the records as a flat frame, one row each; see `build_with_notes`."""
    return build_with_notes(records, spec)[0]


def build_with_notes(records: Json, spec: FrameSpec = _PLAIN) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the records as a flat frame, and in sentences what had to be decided.

    `records` is a list; a single object counts as a list of one, None as an empty list. Columns stand in the order in
    which their fields were first seen; `columns` has the table of their types. No value changes: a value that does
    not fit a type keeps its column from having one, and a note says so.

    Raises:
        UsageError: `spec.columns` asks for a column that is not there.
    """
    rows = _as_records(records)
    flat = flatten(rows, spec)
    columns, notes = flat.columns, flat.notes
    if spec.columns and spec.columns.strip():
        columns = pick(columns, spec.columns, empty=not rows, sep=spec.sep)
    series: dict[str, Typed] = {}
    for column in columns:
        series[column.name], note = typed(column, flat.length, spec)
        if note:
            notes.append(note)
    return frame_of(series, flat.length), _bounded(notes)


def frame_of(series: Mapping[str, Typed], length: int) -> pd.DataFrame:
    """Return the typed columns, each of `length` rows, as a frame numbered from 0."""
    return pd.DataFrame(dict(series), index=pd.RangeIndex(length), copy=False)


def _as_records(records: Json) -> Sequence[Json]:
    if records is None:
        return []
    return records if isinstance(records, (list, tuple)) else [records]


def _bounded(notes: list[str]) -> tuple[str, ...]:
    more = len(notes) - MAX_NOTES
    return (*notes[:MAX_NOTES], f"{more:,} more notes of this kind.") if more > 0 else tuple(notes)
