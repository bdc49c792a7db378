"""No value changes on its way into the frame, whatever the records look like."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.frames.build import build, build_with_notes
from flarex_nb.frames.spec import FrameSpec

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**70), max_value=2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=6)
)
KEYS = st.text("abcd", min_size=1, max_size=2)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.dictionaries(KEYS, inner, max_size=4) | st.lists(inner, max_size=3),
    max_leaves=12,
)
RECORDS = st.lists(st.dictionaries(KEYS, VALUES, max_size=5), max_size=6)


def leaves(value: Any, path: tuple[str, ...] = ()):
    """Yield path and value of every scalar and list that is no null."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif value is not None:
        yield path, value


def same(seen: Any, came: Any) -> bool:
    """Equal and of the same JSON type; whole numbers may stand in a column of decimals that holds them exactly."""
    if isinstance(came, bool) or isinstance(seen, (bool,)) or type(seen).__name__ == "bool":
        return bool(seen) is came
    if isinstance(came, (int, float)):
        return not isinstance(seen, str) and seen == came
    return type(seen) is type(came) and seen == came


@given(RECORDS)
def test_every_scalar_of_every_record_is_found_unchanged_at_its_row_and_column(records: list[dict[str, Any]]):
    frame = build(records)

    assert len(frame) == len(records)
    for row, record in enumerate(records):
        for path, value in leaves(record):
            assert same(frame[".".join(path)].iloc[row], value), (path, value)


@given(RECORDS)
def test_nothing_is_in_the_frame_that_is_not_in_the_records(records: list[dict[str, Any]]):
    frame = build(records)

    found = sum(int(frame[name].notna().sum()) for name in frame.columns)
    empty_objects = sum(
        isinstance(cell, dict) for name in frame.columns for cell in frame[name].tolist()
    )  # a field that is always {} keeps its column
    assert found - empty_objects == sum(1 for record in records for _ in leaves(record))


@given(st.lists(st.dictionaries(st.text("a._b2", max_size=4), VALUES, max_size=5), max_size=5))
def test_fields_whose_names_collide_all_keep_their_values(records: list[dict[str, Any]]):
    frame = build(records)

    assert frame.columns.is_unique
    for row, record in enumerate(records):
        came = Counter(json.dumps(value) for _, value in leaves(record))
        cells = [frame[name].iloc[row] for name in frame.columns]
        seen = [cell for cell in cells if isinstance(cell, list) or (not isinstance(cell, dict) and pd.notna(cell))]
        assert len(seen) == came.total()


@given(RECORDS, st.integers(1, 5), st.integers(1, 8))
def test_values_in_objects_that_stay_whole_are_unchanged_too(records, max_map_keys, max_columns):
    frame = build(records, FrameSpec(max_map_keys=max_map_keys, max_columns=max_columns, maps=("a",)))

    for row, record in enumerate(records):
        for path, value in leaves(record):
            assert same(look(frame, row, path), value), (path, value)


def look(frame: pd.DataFrame, row: int, path: tuple[str, ...]) -> Any:
    """Return what stands at the path: in the column of that name, or inside a whole object."""
    for cut in range(len(path), -1, -1):
        name = ".".join(path[:cut]) or "record"
        if name in frame.columns:
            cell = frame[name].iloc[row]
            for key in path[cut:]:
                cell = cell[key]
            return cell
    pytest.fail(f"no column holds {path}")


def test_a_64_bit_id_beside_a_null_stays_that_id():
    """pandas.json_normalize makes 1.2345678901234568e+18 of it."""
    frame = build([{"id": 1234567890123456789}, {"id": None}, {}])

    assert frame["id"].dtype == "Int64"
    assert frame["id"].iloc[0] == 1234567890123456789
    assert frame["id"].isna().tolist() == [False, True, True]


def test_an_integer_beyond_64_bits_keeps_every_digit_and_is_reported():
    frame, notes = build_with_notes([{"n": 2**63}, {"n": 1}, {"n": None}])

    assert frame["n"].tolist() == [2**63, 1, None]
    assert notes == ("n holds integers beyond 64 bits: kept as Python integers.",)


@pytest.mark.parametrize(
    ("values", "dtype"), [([1, 2.5], "Float64"), ([2**53, 0.5], "Float64"), ([2**53 + 1, 0.5], "O")]
)
def test_whole_numbers_join_decimals_only_where_a_double_holds_them(values, dtype):
    frame, notes = build_with_notes([{"x": value} for value in values])

    assert frame["x"].dtype == dtype
    assert frame["x"].tolist() == values
    assert bool(notes) == (dtype == "O")


def test_values_of_several_types_stay_as_they_came_and_are_reported():
    values = [1, "1", True, 1.5, [1], None]

    frame, notes = build_with_notes([{"x": value} for value in values])

    assert frame["x"].tolist() == values
    assert [type(value) for value in frame["x"]] == [type(value) for value in values]
    kinds = "decimals and lists and text and true/false and whole numbers"
    assert notes == (f"x holds {kinds}: kept as they came, as Python objects.",)


def test_booleans_with_a_null_do_not_become_numbers():
    frame = build([{"paid": True}, {"paid": None}, {"paid": False}])

    assert frame["paid"].dtype == "boolean"
    assert frame["paid"].tolist() == [True, pd.NA, False]


def test_an_iso_text_that_is_not_declared_stays_text():
    frame = build([{"at": "2024-01-01T00:00:00Z"}])

    assert frame["at"].dtype == "string"
    assert frame["at"].iloc[0] == "2024-01-01T00:00:00Z"


def test_text_that_is_no_valid_unicode_is_kept():
    frame, notes = build_with_notes([{"x": "\ud800", "\udfff": 1}])

    assert frame["x"].iloc[0] == "\ud800"
    assert list(frame.columns) == ["x", "\\udfff"]
    assert "no valid Unicode" in notes[0]


def test_notes_are_bounded():
    _, notes = build_with_notes([{f"f{i}": 1 for i in range(20)}, {f"f{i}": "a" for i in range(20)}])

    assert len(notes) == 9
    assert notes[-1] == "12 more notes of this kind."
