"""Lengths of time and dates, as servers write them."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import formatdate

import pytest

from flarex_nb.model import Json
from flarex_nb.policies.dates import http_date, reset_in, rfc3339
from flarex_nb.policies.durations import CEILING, count, decimal, go_duration, number, plain, proto_duration

SIXTH_NOVEMBER_1994 = 784111777.0
NOW = 1_793_000_000.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("6m0s", 360), ("1s", 1), ("20ms", 0.02), ("1h2m3.5s", 3723.5), ("12", 12), ("0s", 0), ("1.5µs", 1.5e-6)],
)
def test_case_06_go_durations(text: str, seconds: float) -> None:
    assert go_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "s", "5x", "1s!", "!1s", "1 s", "-1", "-1s", "1e3", "٣s", "nan", "m5"])
def test_what_is_no_go_duration_is_unknown(text: str) -> None:
    assert go_duration(text) is None


@pytest.mark.parametrize(("text", "value"), [("12", 12), (" 0.3\t", 0.3), ("-5", -5), (".5", 0.5), ("5.", 5)])
def test_decimals(text: str, value: float) -> None:
    assert decimal(text) == value


@pytest.mark.parametrize("text", ["", "soon", "1e3", "inf", "nan", "+5", "1_000", "0x10", "१२", "1,2", "."])
def test_what_is_no_decimal_is_ignored(text: str) -> None:
    assert decimal(text) is None


@pytest.mark.parametrize(("text", "value"), [("100, 100;w=60", 100), ("599.0", 599), ("0", 0), (" 7 ", 7)])
def test_counts(text: str, value: int) -> None:
    assert count(text) == value


@pytest.mark.parametrize("text", ["-1", "", "many", "9" * 5000])
def test_what_is_no_count_is_unknown(text: str) -> None:
    assert count(text) is None


@pytest.mark.parametrize(
    ("value", "seconds"), [("12s", 12), ("1.5s", 1.5), ({"seconds": "3", "nanos": 500_000_000}, 3.5), ("-1s", 0)]
)
def test_protobuf_durations(value: Json, seconds: float) -> None:
    assert proto_duration(value) == seconds


@pytest.mark.parametrize("value", ["12", "s", None, 12, {"seconds": "x"}, [], "1.5m"])
def test_what_is_no_protobuf_duration_is_unknown(value: Json) -> None:
    assert proto_duration(value) is None


@pytest.mark.parametrize("value", [True, None, [], {}, float("nan"), float("inf"), "inf"])
def test_what_is_no_number_in_json_is_unknown(value: Json) -> None:
    assert number(value) is None


def test_a_number_too_large_for_a_float_is_a_very_long_wait() -> None:
    assert number(10**400) == CEILING


@pytest.mark.parametrize(
    "text",
    ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"],
)
def test_all_three_forms_of_an_http_date(text: str) -> None:
    assert http_date(text, NOW) == SIXTH_NOVEMBER_1994


def test_two_digits_of_a_year_mean_the_near_one() -> None:
    near = http_date("Saturday, 06-Nov-27 08:49:37 GMT", NOW)

    assert near is not None
    assert NOW < near < NOW + 2 * 366 * 86400


def test_a_leap_second_is_a_moment() -> None:
    assert http_date("Sat, 31 Dec 2016 23:59:60 GMT", NOW) == http_date("Sun, 01 Jan 2017 00:00:00 GMT", NOW)


@pytest.mark.parametrize(
    "text",
    ["Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT", "06 Nov 1994", "Sun, 06 Nov 1994 08:49:37 CET"],
)
def test_what_is_no_http_date_is_ignored(text: str) -> None:
    assert http_date(text, NOW) is None


@pytest.mark.parametrize(
    "text",
    [
        "1994-11-06T08:49:37Z",
        "1994-11-06t10:49:37+02:00",
        "1994-11-06 03:19:37-05:30",
        "1994-11-06T08:49:37.000000000Z",
    ],
)
def test_rfc3339_dates_with_their_zone(text: str) -> None:
    assert rfc3339(text) == SIXTH_NOVEMBER_1994


@pytest.mark.parametrize("text", ["1994-11-06T08:49:37", "1994-13-06T08:49:37Z", "0000-01-01T00:00:00Z", "today"])
def test_what_is_no_rfc3339_date_is_ignored(text: str) -> None:
    assert rfc3339(text) is None


IN_A_MINUTE = datetime.fromtimestamp(NOW + 60, tz=UTC)


@pytest.mark.parametrize(
    "text",
    [str(int(NOW) + 60), str((int(NOW) + 60) * 1000), "60", IN_A_MINUTE.isoformat(), formatdate(NOW + 60, usegmt=True)],
)
def test_case_07_a_reset_is_read_by_its_size(text: str) -> None:
    assert reset_in(text, NOW) == pytest.approx(60.0)


def test_a_reset_that_is_over_is_zero_and_a_negative_one_unknown() -> None:
    assert reset_in(str(int(NOW) - 60), NOW) == 0
    assert reset_in("-1", NOW) is None
    assert reset_in("later", NOW) is None


def test_an_absurd_reset_stays_finite() -> None:
    assert reset_in("9" * 400, NOW) == CEILING


@pytest.mark.parametrize(
    ("seconds", "text"), [(3600.0, "3600"), (0.65, "0.65"), (29.98, "29.98"), (0.0, "0"), (1e-6, "0.001")]
)
def test_seconds_are_written_plainly(seconds: float, text: str) -> None:
    assert plain(seconds) == text
