"""The part of a frame that is shown: its first rows and columns as plain values, with a word for each column's type.

Looks at that part only: a frame of a million rows costs no more than one of ten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


_LOOKED_AT = 200
"""Columns that are looked at for something to show."""

_FIRST = {"id": 0, "url": 1}
"""Fields of a record that a person looks for: who it is, and where to go."""


@dataclass(frozen=True, slots=True)
class Head:
    """One column of the grid: its place in the frame, its name, the word for its type, whether it holds numbers."""

    place: int
    name: str
    kind: str
    numeric: bool


@dataclass(frozen=True, slots=True)
class Grid:
    """`cells[row][column]` are Python values, None where a value is missing; the totals are the frame's."""

    heads: tuple[Head, ...]
    cells: tuple[tuple[Any, ...], ...]
    total_rows: int
    total_columns: int

    @property
    def is_record(self) -> bool:
        """Whether it is one record: its fields read better below each other."""
        return self.total_rows == 1 and self.total_columns > 1

    @property
    def passed_over(self) -> bool:
        """Whether columns without a value in these rows made room for others."""
        return any(head.place != number for number, head in enumerate(self.heads))

    def fields(self) -> list[tuple[Head, Any]]:
        """Return the first row's fields that are not null: its own id and url first, the others in their order."""
        there = [(head, value) for head, value in zip(self.heads, self.cells[0], strict=True) if value is not None]
        return sorted(there, key=lambda field: _FIRST.get(field[0].name, len(_FIRST)))


def grid_of(frame: pd.DataFrame, *, rows: int, columns: int) -> Grid:
    """Return the first `rows` and `columns` of the frame; columns without a value in these rows come last.

    Of a frame with more columns than that, only the first `columns` that have something to show are taken, among the
    first few hundred.
    """
    part = frame.iloc[:rows].iloc[:, : max(columns, _LOOKED_AT)]  # rows first: pandas 2.2 copies the columns it picks
    missing = part.isna().to_numpy()
    places = list(range(part.shape[1]))
    if len(places) > columns:
        fullest = sorted(places, key=lambda place: bool(missing[:, place].all()))
        places = sorted(fullest[:columns])
    filled = [
        [None if missing[row, place] else value for row, value in enumerate(part.iloc[:, place].tolist())]
        for place in places
    ]
    heads = tuple(_head(part, place, values) for place, values in zip(places, filled, strict=True))
    cells = tuple(zip(*filled, strict=True)) if filled else ((),) * len(part)
    return Grid(heads, cells, len(frame), frame.shape[1])


def _head(part: pd.DataFrame, place: int, values: list[Any]) -> Head:
    column = part.iloc[:, place]
    numeric = getattr(column.dtype, "kind", "O") in "iuf"
    return Head(place, str(part.columns[place]), _kind(column, values), numeric)


def _kind(column: pd.Series[Any], values: list[Any]) -> str:
    """Return the type as a person reads it; of an object column what its first values are."""
    zone = getattr(column.dtype, "tz", None)
    if getattr(column.dtype, "kind", "") == "M":
        return f"datetime, {zone}" if zone is not None else "datetime"
    if column.dtype != object:
        return str(column.dtype)
    kinds = {type(value) for value in values if value is not None}
    if len(kinds) != 1:
        return "object" if kinds else "null"
    return {dict: "map", list: "list", int: "integer"}.get(kinds.pop(), "object")
