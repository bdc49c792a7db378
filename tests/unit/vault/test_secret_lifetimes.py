"""How long a secret counts, as people write it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.errors import UsageError
from flarex_nb.vault.lifetime import date, end_of, moment, seconds_of

NOW = 1_700_000_000.0  # 2023-11-14 22:13:20 UTC


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("90d", 7776000), ("12h", 43200), ("10m", 600), ("30s", 30), ("2w", 1209600), (" 5 M ", 300), (60, 60), (1.5, 1.5), (timedelta(hours=1), 3600), ("0s", 0)],
)  # fmt: skip
def test_a_length_of_time_is_read(written, seconds):
    assert seconds_of(written) == seconds


@pytest.mark.parametrize(
    "written", ["", "soon", "d", "-5m", "1.5h", "5", "99999999d", -1, float("nan"), float("inf"), timedelta(days=-1)]
)
def test_what_is_no_length_is_refused(written):
    with pytest.raises(UsageError, match="no length of time"):
        seconds_of(written)


@pytest.mark.parametrize(
    ("written", "end"),
    [
        (None, 0),
        ("10m", NOW + 600),
        (60, NOW + 60),
        ("2023-11-15", 1_700_092_800),
        (datetime(2023, 11, 15, tzinfo=UTC), 1_700_006_400),
    ],
)
def test_an_end_is_a_length_from_now_or_a_date(written, end):
    assert end_of(written, NOW) == end


@pytest.mark.parametrize("written", ["2023-11-13", datetime(2023, 1, 1, tzinfo=UTC), 0, "0s"])
def test_an_end_that_is_over_is_refused(written):
    with pytest.raises(UsageError, match="over already"):
        end_of(written, NOW)


@pytest.mark.parametrize("written", ["2023-02-30", datetime(2030, 1, 1)])  # noqa: DTZ001 - the case is a naive one
def test_a_date_that_means_nothing_is_refused(written):
    with pytest.raises(UsageError):
        end_of(written, NOW)


def test_the_day_that_is_named_still_counts():
    assert end_of("2023-11-14", NOW) > NOW
    assert date(end_of("2023-11-14", NOW) - 1) == "2023-11-14"


def test_dates_are_told_in_utc():
    assert (date(NOW), moment(NOW)) == ("2023-11-14", "2023-11-14 22:13:20Z")


@given(st.integers(1, 10**6), st.sampled_from("smhdw"))
def test_every_written_length_ends_after_now(count, unit):
    try:
        end = end_of(f"{count}{unit}", NOW)
    except UsageError:
        assert (
            count * {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}[unit] > 100 * 366 * 86400 or count > 999_999
        )
    else:
        assert end > NOW
