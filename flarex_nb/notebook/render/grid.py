"""The part of a frame that is shown: its first rows and columns as plain values, with a word for each column's type.

Looks at that part only: a frame of a million rows costs no more than one of ten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Head:
    """One column of the grid: its name, the word for its type, and whether its values are numbers."""

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


def grid_of(frame: pd.DataFrame, *, rows: int, columns: int) -> Grid:
    """Return the first `rows` and `columns` of the frame."""
    part = frame.iloc[:rows].iloc[:, :columns]  # rows first: pandas 2.2 copies the columns it picks
    missing = part.isna().to_numpy()
    filled = []
    heads = []
    for place in range(part.shape[1]):
        column = part.iloc[:, place]
        values = [None if missing[row, place] else value for row, value in enumerate(column.tolist())]
        filled.append(values)
        heads.append(Head(str(part.columns[place]), _kind(column, values), getattr(column.dtype, "kind", "O") in "iuf"))
    cells = tuple(zip(*filled, strict=True)) if filled else ((),) * len(part)
    return Grid(tuple(heads), cells, len(frame), frame.shape[1])


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
