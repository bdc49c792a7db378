"""Choosing and renaming columns, and finding the records in an answer."""

from __future__ import annotations

import pandas as pd
import pytest

from flarex_nb.errors import UsageError
from flarex_nb.frames.build import build
from flarex_nb.frames.records import records_of
from flarex_nb.frames.spec import FrameSpec

CHARGES = [
    {
        "id": "ch_1",
        "amount": 999,
        "created": 0,
        "billing_details": {"name": "Jenny", "email": None},
        "metadata": {"o": 1},
    },
    {
        "id": "ch_2",
        "amount": 5,
        "created": 1,
        "billing_details": {"name": None, "email": "a@b.c"},
        "metadata": {"p": "x"},
    },
]


def chosen(wish: str, records=CHARGES) -> pd.DataFrame:
    return build(records, FrameSpec(columns=wish, maps=("metadata",), epoch_seconds=("created",)))


def test_columns_are_chosen_in_the_order_asked_for_and_renamed():
    frame = chosen(" amount, id ,name=billing_details.name")

    assert list(frame.columns) == ["amount", "id", "name"]
    assert frame["name"].tolist() == ["Jenny", pd.NA]


def test_a_renamed_column_keeps_the_type_its_field_is_declared_with():
    assert str(chosen("when=created")["when"].dtype) == "datetime64[us, UTC]"


def test_an_object_means_all_its_columns():
    assert list(chosen("billing_details").columns) == ["billing_details.name", "billing_details.email"]
    assert list(chosen("who=billing_details").columns) == ["who.name", "who.email"]


def test_a_key_of_a_map_can_be_a_column():
    frame = chosen("id,order=metadata.o")

    assert frame["order"].dtype == "Int64"
    assert frame["order"].tolist() == [1, pd.NA]


def test_a_name_with_an_equals_sign_in_it_is_found_as_it_is():
    assert list(chosen("a=b", [{"a=b": 1, "b": 2}]).columns) == ["a=b"]


@pytest.mark.parametrize(
    ("wish", "hint"),
    [
        ("amuont", "Did you mean amount?"),
        ("email", "Did you mean billing_details.email?"),
        ("zzz", "The columns are id, amount, created, billing_details.name, billing_details.email, metadata."),
    ],
)
def test_an_unknown_column_is_an_error_with_the_nearest_names(wish, hint):
    with pytest.raises(UsageError) as raised:
        chosen(f"id,{wish}")

    assert raised.value.hint == hint
    assert repr(wish) in raised.value.message
    assert raised.value.sent == "no"


@pytest.mark.parametrize("wish", ["id,,amount", "id,", "=id", "x="])
def test_an_item_without_a_name_is_an_error(wish):
    with pytest.raises(UsageError, match="without a name"):
        chosen(wish)


@pytest.mark.parametrize("wish", ["id,id", "a=id,a=amount"])
def test_a_name_that_comes_twice_is_an_error(wish):
    with pytest.raises(UsageError, match="twice"):
        chosen(wish)


def test_without_records_the_columns_asked_for_are_there_and_empty():
    frame = chosen("id,when=created,name=billing_details.name", [])

    assert frame.shape == (0, 3)
    assert list(frame.columns) == ["id", "when", "name"]
    assert str(frame["when"].dtype) == "datetime64[us, UTC]"


@pytest.mark.parametrize(
    ("data", "records", "how"),
    [
        ([{"a": 1}], [{"a": 1}], "the answer is a list"),
        ({"object": "list", "data": [{"id": 1}], "has_more": True}, [{"id": 1}], 'found at "data"'),
        ({"object": "list", "data": [], "has_more": False}, [], 'found at "data"'),
        ({"total_count": 1, "workflow_runs": [{"id": 1}]}, [{"id": 1}], 'found at "workflow_runs"'),
        ({"kind": "calendar#events", "items": [{"id": 1}], "reminders": [{"m": 1}]}, [{"id": 1}], 'found at "items"'),
        ({"data": {"items": [{"a": 1}]}, "meta": {}}, [{"a": 1}], 'found at "data.items"'),
        ({"data": {"viewer": {"repos": {"nodes": [{"a": 1}]}}}}, [{"a": 1}], 'found at "data.viewer.repos.nodes"'),
        ({"id": "ch_1", "refunds": [{"id": 1}]}, [{"id": "ch_1", "refunds": [{"id": 1}]}], "the answer is one record"),
        ({"a": 1}, [{"a": 1}], "the answer is one record"),
        ({}, [{}], "the answer is one record"),
        ("text", ["text"], "the answer is one record"),
        (None, [], "nothing"),
    ],
)
def test_the_records_are_found_where_they_usually_are(data, records, how):
    assert records_of(data, "") == (records, how)


def test_a_path_leads_to_the_records():
    data = {"result": {"items": [{"a": 1}, {"a": 2}], "one": {"a": 3}, "none": None}, "list": [[{"a": 4}]]}

    assert records_of(data, "result.items") == ([{"a": 1}, {"a": 2}], 'at "result.items"')
    assert records_of(data, "result.one")[0] == [{"a": 3}]
    assert records_of(data, "result.none")[0] == []
    assert records_of(data, "result.none.deeper")[0] == []
    assert records_of(data, "list.0")[0] == [{"a": 4}]


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("reslt", "There is result."),
        ("result.a.b", "There is a plain value, not an object."),
        ("x.y", "There is result."),
    ],
)
def test_a_path_that_leads_nowhere_is_an_error_that_names_what_is_there(path, hint):
    with pytest.raises(UsageError) as raised:
        records_of({"result": {"a": 1}}, path)

    assert raised.value.hint == hint
