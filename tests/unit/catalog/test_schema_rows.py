"""The verdict on a page: the right rows, the right places, and never more words than can be read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator, model_validator

from flarex_nb.catalog.models import resolve_model
from flarex_nb.catalog.schema_rows import MOST_TOLD, SLICE, Verdict, check_records
from flarex_nb.catalog.schema_words import brief, got


class Address(BaseModel):
    city: str


class Person(BaseModel):
    name: str = Field(alias="fullName")
    age: int | None = None
    address: Address | None = None
    tags: list[int] = []


class Tree(BaseModel):
    kids: list[Tree] = []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["fullName", "age", "address", "city", "tags"]), inner, max_size=4)
    ),
    max_leaves=6,
)


def model_of(wanted: Any) -> Any:
    model = resolve_model(wanted)
    assert model is not None
    return model


def check(wanted: Any, *records: Any, path: str = "") -> Verdict:
    return check_records(model_of(wanted), list(records))


@given(st.lists(JSON, max_size=6))
def test_the_rows_are_those_pydantic_refuses_one_by_one(records: list[Any]) -> None:
    one = TypeAdapter(Person)

    def refused(record: Any) -> bool:
        try:
            one.validate_json(orjson.dumps(record))
        except ValidationError:
            return True
        return False

    wanted = [row for row, record in enumerate(records) if refused(record)]
    body = orjson.dumps({"a": {"data": records}, "more": False})

    assert check(Person, *records).rows == wanted
    assert check_records(model_of(Person), records, content=body, path="a.data").rows == wanted


@pytest.mark.parametrize(
    ("record", "places"),
    [
        ({"fullName": "A", "address": {"city": 5}}, [("address.city", "5")]),
        ({"fullName": "A", "address": {}}, [("address.city", "missing")]),
        ({"fullName": "A", "tags": [1, "x", 2, None]}, [("tags.1", '"x"'), ("tags.3", "null")]),
        ({}, [("fullName", "missing")]),
        ({"fullName": True, "age": "old"}, [("fullName", "true"), ("age", '"old"')]),
    ],
)
def test_a_place_is_where_the_value_stands_in_the_record(record: Any, places: Any) -> None:
    assert [(each.path, each.got) for each in check(Person, record).misfits] == places


def test_names_of_the_members_of_a_union_are_no_part_of_the_place() -> None:
    class Either(BaseModel):
        who: int | Address

    assert {each.path for each in check(Either, {"who": {"city": 5}}).misfits} == {"who", "who.city"}


def test_a_missing_place_of_a_tuple_is_told() -> None:
    class Pair(BaseModel):
        both: tuple[int, int]

    assert [each.path for each in check(Pair, {"both": [1]}).misfits] == ["both.1"]


def test_json_is_checked_as_json_so_a_strict_model_takes_a_date() -> None:
    class Event(BaseModel):
        model_config = ConfigDict(strict=True)
        at: datetime

    assert check(Event, {"at": "2026-11-24T20:00:00Z"}).fits


def test_records_beyond_one_slice_keep_their_numbers() -> None:
    records: list[Any] = [{"fullName": "A"}] * (2 * SLICE + 10)
    records[SLICE], records[-1] = {}, {}

    verdict = check(Person, *records)

    assert verdict.rows == [SLICE, 2 * SLICE + 9]
    assert [each.row for each in verdict.misfits] == verdict.rows


def test_pages_add_up_and_a_limit_cuts_what_lies_beyond() -> None:
    page = check(Person, {}, {"fullName": "A"}, {})
    whole, cut = Verdict(page.model), Verdict(page.model)

    for _ in range(2):
        whole.add(page)
        cut.add(page, most=5)

    assert (whole.rows, whole.checked, [each.row for each in whole.misfits]) == ([0, 2, 3, 5], 6, [0, 2, 3, 5])
    assert (cut.rows, cut.checked, cut.sentence()) == ([0, 2, 3], 5, "3 of 5 records do not fit Person")


def test_a_record_nested_deeper_than_a_json_reader_goes_is_one_bad_record() -> None:
    deep = orjson.loads(b'{"kids":[' * 300 + b"{}" + b"]}" * 300)

    verdict = check(Tree, {}, deep, {"kids": 5})

    assert verdict.rows == [1, 2]
    assert all(len(str(each)) < 600 for each in verdict.misfits)


def test_a_hundred_thousand_faults_in_one_record_are_one_sentence() -> None:
    verdict = check(Person, {"fullName": "A", "tags": ["x"] * 100_000}, {"fullName": "B"}, {})

    assert verdict.rows == [0, 2]
    assert verdict.misfits[0].message == "100,000 places in it do not fit"
    assert verdict.places == 100_001


def test_no_more_is_told_than_the_limit() -> None:
    verdict = check(Person, *[{"fullName": 5, "age": "x"}] * MOST_TOLD)

    assert (len(verdict.rows), len(verdict.misfits), verdict.places) == (MOST_TOLD, MOST_TOLD, 2 * MOST_TOLD)


@pytest.mark.parametrize("odd", [KeyError("k"), RecursionError(), StopIteration(), TypeError("no"), OSError(5, "io")])
def test_whatever_a_validator_raises_spoils_its_own_record_only(odd: Exception) -> None:
    class Model(BaseModel):
        x: int

        @field_validator("x")
        @classmethod
        def _odd(cls, value: int) -> int:
            if value == 2:
                raise odd
            return value

    verdict = check(Model, {"x": 1}, {"x": 2}, {"x": 3}, {"x": "y"})

    assert [(each.row, each.path) for each in verdict.misfits] == [(1, ""), (3, "x")]
    assert type(odd).__name__ in verdict.misfits[0].message


def test_an_exception_that_cannot_even_be_printed_is_told_by_its_name() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError

    class Model(BaseModel):
        x: int

        @model_validator(mode="after")
        def _odd(self) -> Model:
            raise Mute

    assert check(Model, {"x": 1}).misfits[0].message == "the model's own code raised Mute"


def test_being_interrupted_in_a_validator_is_no_bad_record() -> None:
    class Model(BaseModel):
        x: int

        @field_validator("x")
        @classmethod
        def _stop(cls, _value: int) -> int:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check(Model, {"x": 1})


@given(st.text(max_size=400), st.integers(10, 120))
def test_a_text_is_shortened_between_words_only(text: str, most: int) -> None:
    short = brief(text, most)

    assert len(short) <= max(most, 26)
    kept = short.removesuffix(" …").split()
    assert short == f"({len(text):,} characters)" or kept == text.split()[: len(kept)]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("a" * 60, '"' + "a" * 60 + '"'),
        ("sk_sandbox_" + "k" * 90, "a string of 101 characters"),
        ('say "hi"\n', '"say \\"hi\\"\\n"'),
        (10**100, "a whole number of 333 bits"),
        ({}, "an empty object"),
        ([], "an empty list"),
        ({"a": 1, "b" * 99: 2, "c": 3, "d": 4, "e": 5}, "an object with a, (99 characters), c, d and 1 more"),
        ([1] * 1_234, "a list of 1,234"),
        (0.1, "0.1"),
        (False, "false"),
    ],
)
def test_a_value_is_shown_whole_or_by_its_size_never_in_part(value: Any, words: str) -> None:
    assert got(value) == words


@given(st.one_of(JSON, st.text(max_size=200), st.dictionaries(st.text(max_size=90), JSON, max_size=9)))
def test_whatever_a_value_is_its_words_are_bounded(value: Any) -> None:
    assert len(got(value)) <= 380
