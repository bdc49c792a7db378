"""Declared instants become UTC datetimes, exactly or not at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.frames.build import build, build_with_notes
from flarex_nb.frames.spec import FrameSpec

EPOCH = FrameSpec(epoch_seconds=("created",))
RFC = FrameSpec(rfc3339=("at",))


def test_epoch_seconds_become_utc_datetimes_also_beside_nulls_and_in_nested_objects():
    frame = build([{"created": 1700000000, "c": {"created": 0}}, {"created": None}], EPOCH)

    assert frame.dtypes.astype(str).tolist() == ["datetime64[us, UTC]"] * 2
    assert frame["created"].iloc[0] == pd.Timestamp("2023-11-14T22:13:20Z")
    assert pd.isna(frame["created"].iloc[1])
    assert frame["c.created"].iloc[0] == pd.Timestamp("1970-01-01T00:00:00Z")


def test_a_dotted_name_means_that_one_field_only():
    frame = build([{"created": 1, "c": {"created": 1}}], FrameSpec(epoch_seconds=("c.created",)))

    assert frame["created"].dtype == "Int64"
    assert str(frame["c.created"].dtype) == "datetime64[us, UTC]"


@given(st.lists(st.datetimes(timezones=st.just(UTC)), min_size=1, max_size=5))
def test_any_moment_comes_back_as_it_went(moments: list[datetime]):
    epoch = [int((moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)) for moment in moments]

    frame = build([{"created": second, "at": moment.isoformat()} for second, moment in zip(epoch, moments, strict=True)],
                  FrameSpec(epoch_seconds=("created",), rfc3339=("at",)))  # fmt: skip

    assert frame["at"].tolist() == moments
    assert [value.timestamp() for value in frame["created"]] == epoch


@given(st.floats(-62135596800, 253402300799))
def test_a_fraction_of_a_second_is_kept_or_the_column_stays_numbers(second: float):
    frame = build([{"created": second}], EPOCH)

    cell = frame["created"].iloc[0]
    if not isinstance(cell, float):
        cell = int(cell.asm8.view("i8")) / 10 ** (9 if cell.unit == "ns" else 6)
    assert cell == second


def test_a_clock_with_six_decimals_keeps_its_microseconds():
    frame = build([{"created": 1700000000.123456}], EPOCH)

    assert frame["created"].iloc[0] == pd.Timestamp("2023-11-14T22:13:20.123456Z")
    assert str(frame["created"].dtype) == "datetime64[us, UTC]"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, "True"),
        ("1700000000", "'1700000000'"),
        (1700000000000, "1700000000000"),
        (2**80, str(2**80)),
        (1 << 20_000, "a very large integer"),
        (float("inf"), "inf"),
        ([1], "a list"),
    ],
    ids=["true", "text", "milliseconds", "large", "very-large", "infinite", "list"],
)
def test_what_is_no_epoch_stays_as_it_came_and_is_reported(value, shown):
    frame, notes = build_with_notes([{"created": 1700000000}, {"created": value}], EPOCH)

    assert frame["created"].tolist() == [1700000000, value]
    assert notes[0].startswith(f"created is declared as seconds since 1970 and holds {shown}: left as it came.")


def test_rfc3339_text_becomes_utc_whatever_its_offset():
    frame = build([{"at": "2024-01-01T00:30:00+05:30"}, {"at": "2023-12-31 19:00:00Z"}, {"at": None}], RFC)

    assert str(frame["at"].dtype) == "datetime64[us, UTC]"
    assert frame["at"].iloc[0] == frame["at"].iloc[1] == pd.Timestamp("2023-12-31T19:00:00Z")


def test_nanoseconds_are_kept():
    frame = build([{"at": "2024-01-01T00:00:00.123456789Z"}], RFC)

    assert frame["at"].iloc[0].nanosecond == 789


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-01", "2024-01-01T00:00:00", "2024-13-01T00:00:00Z", "2024-01-01T00:00:60Z", "soon", "",
        "2024-01-01T00:00:00.1234567891Z", "٢٠٢٤-01-01T00:00:00Z", "2024-01-01T00:00:00Z\n",
    ],
)  # fmt: skip
def test_what_is_no_rfc3339_stays_text_and_is_reported(text):
    frame, notes = build_with_notes([{"at": "2024-01-01T00:00:00Z"}, {"at": text}], RFC)

    assert frame["at"].tolist() == ["2024-01-01T00:00:00Z", text]
    assert "declared as RFC 3339 text" in notes[0]


def test_nanoseconds_beside_a_date_too_far_for_them_stay_text():
    texts = ["2024-01-01T00:00:00.000000001Z", "9999-01-01T00:00:00Z"]

    assert build([{"at": text} for text in texts], RFC)["at"].tolist() == texts


def test_a_declared_column_without_any_value_has_its_type_all_the_same():
    frame = build([{"created": None, "at": None}], FrameSpec(epoch_seconds=("created",), rfc3339=("at",)))

    assert frame.dtypes.astype(str).tolist() == ["datetime64[us, UTC]"] * 2


def test_the_datetimes_can_be_resampled():
    frame = build([{"created": 86400 * day, "n": day} for day in (0, 0, 1)], EPOCH)

    assert frame.set_index("created").resample("D")["n"].count().tolist() == [2, 1]


def test_an_offset_before_the_year_one_stays_text():
    text = "0001-01-01T00:00:00+23:59"
    moment = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=23, minutes=59)))

    assert moment.isoformat() == text
    assert build([{"at": text}], RFC)["at"].tolist() == [text]
