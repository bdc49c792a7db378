"""Which columns and rows there are: nesting, maps, lists, collisions, odd records."""

from __future__ import annotations

import pandas as pd
import pytest

from flarex_nb.frames.build import build, build_with_notes
from flarex_nb.frames.spec import FrameSpec


def test_nested_objects_become_dotted_columns_in_the_order_first_seen():
    frame = build([{"id": 1, "a": {"x": 1, "y": {"z": 2}}}, {"b": 1, "id": 2, "a": {"w": 3}}])

    assert list(frame.columns) == ["id", "a.x", "a.y.z", "b", "a.w"]


def test_a_separator_of_ones_own_joins_the_names():
    assert list(build([{"a": {"b": 1}}], FrameSpec(sep="_")).columns) == ["a_b"]


def test_fifty_rows_with_different_metadata_keys_make_one_column():
    """pandas.json_normalize makes fifty."""
    frame, notes = build_with_notes([{"id": i, "metadata": {f"key_{i}": "x"}} for i in range(50)])

    assert list(frame.columns) == ["id", "metadata"]
    assert frame["metadata"].iloc[7] == {"key_7": "x"}
    assert notes == ("metadata has 50 different keys, few in each record: kept as one column of dicts.",)


def test_a_declared_map_stays_whole_without_a_note():
    frame, notes = build_with_notes([{"c": {"metadata": {"a": 1}}}, {"c": {}}], FrameSpec(maps=("metadata",)))

    assert frame["c.metadata"].tolist() == [{"a": 1}, None]
    assert notes == ()


def test_a_wide_object_that_every_record_has_is_no_map():
    frame = build([{"card": {f"f{i}": row for i in range(40)}} for row in range(5)])

    assert len(frame.columns) == 40


def test_a_wide_object_whose_fields_are_mostly_null_is_no_map():
    frame = build([{"card": {f"f{i}": 1 if i == row else None for i in range(40)}} for row in range(40)])

    assert len(frame.columns) == 40


def test_a_single_record_is_flattened_however_many_keys_it_has():
    assert build({"days": {f"d{i}": i for i in range(365)}}).shape == (1, 365)


def test_records_that_are_maps_themselves_make_one_column():
    frame, notes = build_with_notes([{f"k{i}": i} for i in range(1500)])

    assert list(frame.columns) == ["record"]
    assert frame["record"].iloc[3] == {"k3": 3}
    assert notes == ("The records have 1,500 different keys, few in each record: kept as one column of dicts.",)


def test_a_document_that_would_make_too_many_columns_is_kept_whole_further_in():
    document = {"paths": {f"/p{i}": {f"m{j}": {"summary": "x", "tags": 1} for j in range(20)} for i in range(100)}}

    frame, notes = build_with_notes(document)

    assert frame.shape == (1, 2000)
    assert frame["paths./p0.m0"].iloc[0] == {"summary": "x", "tags": 1}
    assert notes == ("Flattening everything would make 4,000 columns: objects below level 3 are kept whole.",)


def test_an_object_nested_very_deep_is_kept_whole_at_the_end():
    record: object = 1
    for _ in range(600):
        record = {"a": record}

    frame, notes = build_with_notes([record])

    assert list(frame.columns) == [".".join("a" * 32)]
    assert notes == ("Objects below level 32 are kept whole.",)


def test_child_and_parent_may_both_have_an_id():
    frame = build([{"id": "ch_1", "customer": {"id": "cus_1"}}])

    assert frame.iloc[0].to_dict() == {"id": "ch_1", "customer.id": "cus_1"}


def test_two_fields_with_the_same_dotted_name_are_told_apart():
    frame, notes = build_with_notes([{"a.b": 1, "a": {"b": 2}, "a.b_2": 3}])

    assert frame.iloc[0].to_dict() == {"a.b": 1, "a.b_3": 2, "a.b_2": 3}
    assert notes == ("Two fields are both called a.b: the one seen later is a.b_3.",)


def test_a_field_that_is_now_an_id_and_now_an_object_keeps_both():
    frame, notes = build_with_notes([{"customer": "cus_1"}, {"customer": {"id": "cus_2"}}, {"customer": None}])

    assert frame["customer"].tolist() == ["cus_1", pd.NA, pd.NA]
    assert frame["customer.id"].tolist() == [pd.NA, "cus_2", pd.NA]
    assert notes == ("customer: in some records an object, whose fields have columns of their own.",)


def test_a_null_beside_objects_makes_no_column_of_its_own():
    assert list(build([{"a": None}, {"a": {"b": 1}}]).columns) == ["a.b"]


def test_lists_stay_as_they_are_in_one_column():
    frame = build([{"x": [1, 2]}, {"x": None}, {}, {"x": []}, {"x": [[{"a": 1}], "b"]}])

    assert frame["x"].tolist() == [[1, 2], None, None, [], [[{"a": 1}], "b"]]


def test_frames_with_lists_and_maps_can_be_shown_and_compared():
    records = [{"x": [1, {"a": 2}], "metadata": {"k": 1}}, {"x": None, "metadata": {}}]
    spec = FrameSpec(maps=("metadata",))

    one, other = build(records, spec), build(records, spec)

    assert one.equals(other)
    assert "{'a': 2}" in repr(one)


def test_a_field_that_is_always_null_or_an_empty_object_still_has_a_column():
    frame = build([{"n": None, "e": {}}, {"n": None, "e": {}}])

    assert frame["n"].tolist() == [None, None]
    assert frame["e"].tolist() == [{}, {}]


@pytest.mark.parametrize("records", [None, [], ()])
def test_no_records_make_an_empty_frame(records):
    assert build(records).shape == (0, 0)


def test_empty_objects_and_nulls_still_count_as_rows():
    assert build([{}, None, {}]).shape == (3, 0)


def test_plain_values_make_one_column_called_value():
    frame = build(["a", None, "b"])

    assert list(frame.columns) == ["value"]
    assert frame["value"].tolist() == ["a", pd.NA, "b"]


def test_a_single_object_and_a_single_value_make_one_row():
    assert build({"a": 1}).to_dict("records") == [{"a": 1}]
    assert build("text").to_dict("records") == [{"value": "text"}]


def test_plain_values_among_objects_stand_in_a_column_of_their_own():
    frame, notes = build_with_notes([{"value": 1}, 2, {"value": 3}])

    assert frame["value"].tolist() == [pd.NA, 2, pd.NA]
    assert frame["value_2"].tolist() == [1, pd.NA, 3]
    assert notes[0] == "Some records are no objects: each of these stands in one cell."


def test_keys_that_are_no_text_are_named_by_their_text():
    assert list(build([{1: "a", "1": "b", None: "c"}]).columns) == ["1", "1_2", "None"]
