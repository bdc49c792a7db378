"""One column's values become a typed pandas array in which every value is the one that came.

| the column holds | its type |
|---|---|
| true and false | boolean |
| whole numbers that fit in 64 bits | Int64 |
| decimals, also beside whole numbers that a double holds exactly | Float64 |
| text | string, in Arrow memory |
| declared instants | datetime64[us, UTC] (`times`) |
| lists, maps, several types, integers beyond 64 bits, nothing but nulls | object: the Python values as they came |

pandas' own nullable types rather than ArrowDtype: a missing value is pd.NA in all of them and never turns an id into a
decimal; a datetime column can be an index, be resampled and be plotted, which an Arrow timestamp cannot; and what
people know of Int64 and boolean holds in pandas 2.2 and 3 alike. They are Arrow arrays with a mask, so a reader of
page bytes can hand its columns over without a copy of text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

from flarex_nb.frames.spec import is_named
from flarex_nb.frames.times import NotInstantsError, from_epoch_seconds, from_rfc3339

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from flarex_nb.frames.flatten import Column
    from flarex_nb.frames.spec import FrameSpec
    from flarex_nb.model import Json

Typed: TypeAlias = "pd.Series[Any]"

_STRING: Any = pd.StringDtype("pyarrow")  # the stubs do not know `__from_arrow__`, which pandas documents

_EXACT = 2**53
"""Up to here a double holds every whole number."""

_WORDS = {bool: "true/false", int: "whole numbers", float: "decimals", str: "text", list: "lists", dict: "objects"}


def typed(column: Column, length: int, spec: FrameSpec) -> tuple[Typed, str]:
    """Return the column with `length` rows and a type, and a note where that type needs one ("" otherwise)."""
    note = ""
    for names, read, what in (
        (spec.epoch_seconds, from_epoch_seconds, "seconds since 1970"),
        (spec.rfc3339, from_rfc3339, "RFC 3339 text"),
    ):
        if is_named(column.path, names):
            try:
                return _instants(column, length, read), ""
            except NotInstantsError as error:
                note = f"{column.name} is declared as {what} and {error}: left as it came. "
    series, more = _inferred(column, length)
    return series, (note + more).strip()


def _inferred(column: Column, length: int) -> tuple[Typed, str]:
    """Return the column by the types of its values."""
    name, rows, cells = column.name, column.rows, column.cells
    kinds = frozenset(map(type, cells))
    note = _mixed(name, kinds)
    try:
        if kinds == {str}:
            return _text(rows, cells, length), ""
        if kinds and kinds <= {bool, int, float} and (len(kinds) == 1 or kinds == {int, float}):
            array = _numbers(kinds, rows, cells, length)
            if array is not None:
                return pd.Series(array), ""
    except OverflowError:
        note = f"{name} holds integers beyond 64 bits: kept as Python integers."
    except UnicodeEncodeError:
        note = f"{name} holds text that is no valid Unicode: kept as it came."
    return _objects(rows, cells, length), note


def _numbers(
    kinds: frozenset[type], rows: list[int], cells: list[Json], length: int
) -> pd.api.extensions.ExtensionArray | None:
    """Return the masked array of numbers or truth values, None where a double would change one of them."""
    if bool in kinds:
        return pd.arrays.BooleanArray(*_spread(np.array(cells, dtype=bool), rows, length))
    if float not in kinds:
        return pd.arrays.IntegerArray(*_spread(np.array(cells, dtype=np.int64), rows, length))
    if not all(type(cell) is float or -_EXACT <= cell <= _EXACT for cell in cells):
        return None
    return pd.arrays.FloatingArray(*_spread(np.array(cells, dtype=np.float64), rows, length))


def _mixed(name: str, kinds: frozenset[type]) -> str:
    if len(kinds) < 2:  # noqa: PLR2004 - one type or none
        return ""
    words = sorted(_WORDS.get(kind, kind.__name__) for kind in kinds)
    return f"{name} holds {' and '.join(words)}: kept as they came, as Python objects."


def _spread(values: NDArray[Any], rows: list[int], length: int) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return the values in their rows, and a mask that is true where there is none."""
    if len(rows) == length:
        return values, np.zeros(length, dtype=bool)
    data, missing = np.zeros(length, dtype=values.dtype), np.ones(length, dtype=bool)
    data[rows] = values
    missing[rows] = False
    return data, missing


def _instants(column: Column, length: int, read: Callable[[Sequence[Json]], NDArray[np.datetime64]]) -> Typed:
    if not column.cells:
        data = np.full(length, "NaT", dtype="M8[us]")
    else:
        data, missing = _spread(read(column.cells), column.rows, length)
        data[missing] = np.datetime64("NaT")
    return pd.Series(pd.DatetimeIndex(data).tz_localize("UTC"))


def _text(rows: list[int], values: list[Json], length: int) -> Typed:
    full = values
    if len(rows) != length:
        full = [None] * length
        for row, value in zip(rows, values, strict=True):
            full[row] = value
    arrow = pa.array(full, type=pa.large_string())
    return pd.Series(_STRING.__from_arrow__(arrow))


def _objects(rows: list[int], values: list[Json], length: int) -> Typed:
    data = np.full(length, None, dtype=object)
    for row, value in zip(rows, values, strict=True):
        data[row] = value  # one by one: numpy would take a list of lists for a matrix
    return pd.Series(data, dtype=object, copy=False)
