"""What is remembered of an endpoint stays small and cheap, whatever its records are."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.catalog.profile import RecordShape
from flarex_nb.catalog.schema import MAX_FIELDS, MAX_SHAPES, Known, Shapes, sample, shapes_of, spread
from flarex_nb.catalog.schema_drift import MOST_TOLD, departures, drift

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


def seen(records: list[Any], *maps: str) -> Shapes:
    return shapes_of(sample(records), maps)


def learnt(*pages: list[Any]) -> tuple[Known, list[tuple[str, ...]]]:
    known = Known("GET /x on y")
    return known, [drift(known, seen(page)) for page in pages]


@given(st.lists(st.lists(JSON, max_size=5), max_size=5))
def test_any_records_can_be_learnt_from(pages: list[list[Any]]) -> None:
    known, told = learnt(*pages)

    assert not told or told[0] == ()
    assert all(len(each) <= MOST_TOLD + 1 for each in told)
    assert all(0 <= each.null <= 1 and 0 < each.present <= 1 for each in known.schema().fields.values())
    assert known.schema().records == sum(map(len, pages))
    str(known.schema())


@given(st.lists(JSON, min_size=1, max_size=8))
def test_equal_records_never_differ(records: list[Any]) -> None:
    _, told = learnt(*[records] * 3)

    assert told == [(), (), ()]


@given(st.integers(0, 300), st.integers(1, 60))
def test_a_sample_has_the_first_and_the_last_and_none_twice(count: int, most: int) -> None:
    some = spread(list(range(count)), most)

    assert len(some) == min(count, most)
    assert list(some) == sorted(set(some))
    assert not count or some[0] == 0
    assert most < 2 or not count or some[-1] == count - 1


def test_a_part_of_many_records_is_looked_at() -> None:
    first = sample([{"a": 1}] * 4_000)

    further = sample([{"a": 1}] * 100, before=len(first))

    assert (len(first), len(further)) == (124, 3)
    assert sum(shapes_of(first).values()) == 2 * 124


def test_an_object_with_a_thousand_keys_is_a_map_not_fields() -> None:
    wide = [{f"key{number}_{each}": 1 for each in range(600)} for number in range(20)]
    sparse = [{"of": {f"key{number}_{each}": 1 for each in range(9)}} for number in range(20)]

    known, told = learnt(wide, sparse, sparse)

    assert set(known.schema().fields) == {"of"}
    assert sum(map(len, told)) <= 1


def test_fields_and_shapes_are_bounded() -> None:
    known = Known("x")
    for number in range(400):
        drift(known, seen([{f"f{number}_{each}": each for each in range(5)}]))

    assert len(known.schema().fields) <= MAX_FIELDS
    assert len(known.shapes) <= MAX_SHAPES
    assert len(known.pending) <= MAX_SHAPES


def test_many_differences_are_counted_beyond_the_first_few() -> None:
    _, told = learnt([{f"f{each}": 1 for each in range(30)}] * 10, [{f"f{each}": "x" for each in range(30)}] * 10)

    assert len(told[1]) == MOST_TOLD + 1
    assert told[1][-1] == "25 more differences of this kind."


def test_one_new_object_is_one_difference_not_one_for_each_of_its_fields() -> None:
    _, told = learnt([{"a": 1}] * 20, [{"a": 1, "card": {"brand": "visa", "last4": "4242"}}] * 20)

    assert told[1] == ("`card` is new: it is in all 20 looked at, and was in none of 20 records before.",)


def test_a_vanished_field_is_told_once_until_it_comes_back() -> None:
    both, one = {"a": 1, "b": 1}, {"a": 1}

    _, told = learnt([both] * 20, [one] * 20, [{**one, "c": 1}] * 20, [{**both, "d": 1}] * 200, [{"a": None}] * 20)

    assert [any("`b` has vanished" in each for each in page) for page in told] == [False, True, False, False, True]


def test_a_field_that_was_null_before_does_not_become_null() -> None:
    _, told = learnt([{"a": 1}] * 19 + [{"a": None}], [{"a": None, "b": 1}] * 20)

    assert not any("never null" in each for each in told[1])


def test_a_map_is_known_by_its_name_wherever_it_stands() -> None:
    known = Known("x")
    records = [{"of": {"metadata": {"k": 1}, "address": {"city": "x"}}}] * 5

    drift(known, seen(records, "metadata", "of.address"))

    assert set(known.schema().fields) == {"of", "of.metadata", "of.address"}


def test_whole_numbers_and_decimals_are_both_numbers() -> None:
    _, told = learnt([{"a": 1}] * 20, [{"a": 1.5}] * 20)

    assert told[1] == ()


def test_a_hostile_name_is_bounded_in_the_report() -> None:
    name = "x" * 5_000
    _, told = learnt([{"a": 1}] * 20, [{"a": 1, name: 1}] * 20)

    assert told[1] == ("`(5,000 characters)` is new: it is in all 20 looked at, and was in none of 20 records before.",)


def test_a_shape_tells_missing_wrong_and_null_and_knows_alternatives() -> None:
    shape = RecordShape(fields={"id": "string", "of.city": "string?", "who": "string|object", "n": "number"})
    good = {"id": "a", "of": {"city": None}, "who": {}, "n": 1.5}

    assert departures(shape, [good, {**good, "who": "w", "n": 2}, "no object"]) == ()
    assert departures(shape, [good, {"id": None, "of": {}, "who": 1, "n": "1"}]) == (
        "`id` is null in 1 of 2 records, and should be a string in each.",
        "`of.city` is missing in 1 of 2 records, and should be a string in each.",
        "`who` is a number in 1 of 2 records, and should be a string or an object in each.",
        "`n` is a string in 1 of 2 records, and should be a number in each.",
    )
    assert departures(RecordShape(fields={"id": "string"}, unless="deleted"), [{"deleted": True}]) == ()
