"""The wait a server asks for, in each dialect."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import formatdate

import pytest

from flarex_nb.errors import ProfileError
from flarex_nb.model import Headers, Json
from flarex_nb.policies.dialects import KNOWN_DIALECTS, blocked, limited, server_wait
from flarex_nb.policies.wait import ServerWait

NOW = datetime(2026, 11, 24, 17, 0, 0, tzinfo=UTC).timestamp()


def asked(*lines: tuple[str, str], dialects: str, status: int | None = 429, body: Json = None) -> ServerWait | None:
    return server_wait(status=status, headers=lines, body=body, dialects=dialects.split(), wall=NOW)


def seconds(*lines: tuple[str, str], dialects: str, status: int | None = 429, body: Json = None) -> float | None:
    wait = asked(*lines, dialects=dialects, status=status, body=body)
    return None if wait is None else wait.seconds


def retry_info(delay: str) -> Json:
    kind = "type.googleapis.com/google.rpc.RetryInfo"
    return {"error": {"code": 429, "details": [{"@type": kind, "retryDelay": delay}]}}


def test_case_01_retry_after_in_seconds() -> None:
    found = asked(("retry-after", "120"), dialects="retry_after", status=503)

    assert found == ServerWait(120.0, "Retry-After", "Retry-After asks for 120 s.")


@pytest.mark.parametrize(("value", "wait"), [("0.3", 0.3), (".5", 0.5), (" 7 ", 7.0), ("2.", 2.0)])
def test_case_02_retry_after_with_a_decimal_point_or_space_around(value: str, wait: float) -> None:
    found = asked(("retry-after", value), dialects="retry_after", status=503)

    assert found == ServerWait(wait, "Retry-After", f"Retry-After asks for {wait:g} s.")


def test_case_03_a_date_counts_from_the_answers_own_date_not_from_our_clock() -> None:
    date = ("Date", "Wed, 21 Oct 2026 07:27:30 GMT")
    headers: Headers = (date, ("Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT"))
    our_clock = datetime(2026, 10, 21, 8, 27, 30, tzinfo=UTC).timestamp()

    found = server_wait(status=503, headers=headers, body=None, dialects=("retry_after",), wall=our_clock)

    assert found is not None
    assert found.seconds == 30.0


def test_a_date_counts_from_our_clock_when_the_answer_has_none_that_can_be_read() -> None:
    later = formatdate(NOW + 45, usegmt=True)

    assert seconds(("Retry-After", later), ("Date", "yesterday"), dialects="retry_after") == 45.0


def test_case_04_milliseconds_come_before_seconds() -> None:
    lines = (("retry-after", "9"), ("retry-after-ms", "250"))

    found = asked(*lines, dialects="retry_after retry_after_ms")

    assert found is not None
    assert (found.seconds, found.source) == (0.25, "retry-after-ms")


def test_milliseconds_that_cannot_be_read_leave_it_to_the_seconds() -> None:
    lines = (("retry-after", "9"), ("retry-after-ms", "soon"))

    assert seconds(*lines, dialects="retry_after_ms retry_after") == 9.0


def test_case_05_negative_waits_are_zero() -> None:
    assert seconds(("Retry-After", "-5"), dialects="retry_after") == 0.0
    assert seconds(("Retry-After", formatdate(NOW - 60, usegmt=True)), dialects="retry_after") == 0.0


@pytest.mark.parametrize("value", ["soon", "1e3", "inf", "nan", "", "5 minutes", "0x10"])
def test_case_05_what_is_no_wait_is_ignored(value: str) -> None:
    assert seconds(("Retry-After", value), dialects="retry_after") is None


def test_of_two_retry_after_lines_the_longer_counts() -> None:
    assert seconds(("Retry-After", "2"), ("Retry-After", "5"), dialects="retry_after") == 5.0


def test_case_06_the_longest_reset_of_what_is_used_up_counts() -> None:
    lines = (
        ("x-ratelimit-remaining-requests", "0"),
        ("x-ratelimit-reset-requests", "20ms"),
        ("x-ratelimit-remaining-tokens", "0"),
        ("x-ratelimit-reset-tokens", "6m0s"),
        ("x-ratelimit-remaining-images", "3"),
        ("x-ratelimit-reset-images", "1h0m0s"),
    )

    found = asked(*lines, dialects="go_duration")

    assert found is not None
    assert (found.seconds, found.source) == (360.0, "x-ratelimit-reset-tokens")


def test_a_reset_with_tokens_left_is_no_wait_and_minus_one_is_unknown() -> None:
    left = (("x-ratelimit-remaining-tokens", "5"), ("x-ratelimit-reset-tokens", "6m0s"))
    unknown = (("x-ratelimit-remaining-tokens", "-1"), ("x-ratelimit-reset-tokens", "-1"))

    assert seconds(*left, dialects="go_duration") is None
    assert seconds(*unknown, dialects="go_duration") is None


def test_retry_after_comes_before_the_time_to_a_full_bucket() -> None:
    lines = (("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "6m0s"), ("retry-after", "2"))

    assert seconds(*lines, dialects="go_duration retry_after") == 2.0


@pytest.mark.parametrize("value", [str(int(NOW) + 60), str((int(NOW) + 60) * 1000), "60"])
def test_case_07_a_reset_counts_with_nothing_left(value: str) -> None:
    lines = (("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", value))

    found = asked(*lines, dialects="reset_by_size", status=503)

    assert found is not None
    assert (found.seconds, found.source) == (60.0, "X-RateLimit-Reset")


def test_a_reset_with_something_left_counts_on_a_429_only() -> None:
    lines = (("X-RateLimit-Remaining", "4"), ("X-RateLimit-Reset", "60"))

    assert seconds(*lines, dialects="reset_by_size", status=503) is None
    assert seconds(*lines, dialects="reset_by_size", status=429) == 60.0


def test_case_08_rfc3339_resets() -> None:
    found = asked(("anthropic-ratelimit-tokens-reset", "2026-11-24T17:00:10Z"), dialects="rfc3339_resets")

    assert found is not None
    assert (found.seconds, found.source) == (10.0, "anthropic-ratelimit-tokens-reset")


def test_rfc3339_resets_count_for_what_is_used_up() -> None:
    lines = (
        ("anthropic-ratelimit-requests-remaining", "0"),
        ("anthropic-ratelimit-requests-reset", "2026-11-24T17:00:05Z"),
        ("anthropic-ratelimit-input-tokens-remaining", "900"),
        ("anthropic-ratelimit-input-tokens-reset", "2026-11-24T18:00:00Z"),
    )

    assert seconds(*lines, dialects="rfc3339_resets") == 5.0


def test_case_09_ratelimit_field_and_retry_after_before_it() -> None:
    field = ("RateLimit", '"default";r=0;t=30')

    assert seconds(field, dialects="retry_after ratelimit_fields") == 30.0
    assert seconds(field, ("Retry-After", "45"), dialects="ratelimit_fields retry_after") == 45.0


def test_case_10_only_used_up_policies_count() -> None:
    assert seconds(("RateLimit", '"a";r=5;t=1, "b";r=0;t=9'), dialects="ratelimit_fields") == 9.0
    assert seconds(("RateLimit", '"a";r=0;t=4'), ("RateLimit", '"b";r=0;t=9'), dialects="ratelimit_fields") == 9.0


@pytest.mark.parametrize(
    "lines",
    [
        (("RateLimit", "limit=100, remaining=0, reset=5"),),
        (("RateLimit-Limit", "100, 100;w=60"), ("RateLimit-Remaining", "0"), ("RateLimit-Reset", "5")),
        (("RateLimit", "default;r=0;t=5"),),
    ],
)
def test_older_forms_of_the_ratelimit_fields(lines: Headers) -> None:
    assert seconds(*lines, dialects="ratelimit_fields", status=200) == 5.0


@pytest.mark.parametrize(
    "value",
    ['"a";r=0;t=9,', '"a;r=0;t=9', '"a";r=0;t=1.5', '"a";r;t=9', '"a";r=-1;t=9', "(1 2);r=0;t=9", "\xff", "é" * 9000],
)
def test_a_malformed_ratelimit_field_is_ignored(value: str) -> None:
    assert seconds(("RateLimit", value), dialects="ratelimit_fields") is None


def test_ratelimit_fields_of_an_answer_from_a_cache_are_ignored() -> None:
    assert seconds(("RateLimit", '"a";r=0;t=9'), ("Age", "3"), dialects="ratelimit_fields") is None


def test_case_21_a_403_with_nothing_left_waits_for_the_reset() -> None:
    lines = (("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", str(int(NOW) + 20)))

    assert seconds(*lines, dialects="primary_secondary", status=403) == 20.0


def test_a_secondary_limit_asks_by_retry_after_or_for_a_minute_and_more() -> None:
    body = {"message": "You have exceeded a secondary rate limit. Please wait."}

    by_header = asked(("retry-after", "7"), dialects="primary_secondary", status=403, body=body)
    by_message = asked(("x-ratelimit-remaining", "42"), dialects="primary_secondary", status=403, body=body)

    assert by_header is not None
    assert by_header.seconds == 7.0
    assert by_message is not None
    assert (by_message.seconds, by_message.grows) == (60.0, True)


def test_a_403_without_signs_of_a_limit_asks_for_nothing() -> None:
    body = {"message": "Resource not accessible by integration"}
    lines = (("x-ratelimit-remaining", "42"), ("x-ratelimit-reset", str(int(NOW) + 20)))

    assert seconds(*lines, dialects="primary_secondary", status=403, body=body) is None


@pytest.mark.parametrize("wrap", [lambda body: body, lambda body: [body], lambda body: body["error"]])
def test_the_delay_of_a_retry_info_is_found_in_the_details(wrap: Json) -> None:
    found = asked(dialects="body_retry_info", body=wrap(retry_info("12s")))

    assert found is not None
    assert (found.seconds, found.source) == (12.0, "RetryInfo.retryDelay")


def test_case_25_the_bodys_retry_after_counts() -> None:
    found = asked(
        ("Retry-After", "1"), dialects="body_retry_after retry_after", body={"retry_after": 0.65, "global": False}
    )

    assert found is not None
    assert (found.seconds, found.source, found.scope) == (0.65, "retry_after", "key")


def test_the_larger_of_body_and_header_counts_and_only_the_body_for_a_narrower_limit() -> None:
    header = ("X-RateLimit-Reset-After", "2.5")

    both = seconds(header, ("X-RateLimit-Remaining", "0"), dialects="body_retry_after", body={"retry_after": 0.65})
    narrower = seconds(header, ("X-RateLimit-Remaining", "3"), dialects="body_retry_after", body={"retry_after": 0.65})

    assert (both, narrower) == (2.5, 0.65)


def test_a_body_of_about_a_thousand_times_the_header_is_in_milliseconds() -> None:
    lines = (("X-RateLimit-Reset-After", "0.65"), ("X-RateLimit-Remaining", "0"))

    assert seconds(*lines, dialects="body_retry_after", body={"retry_after": 652}) == pytest.approx(0.652)


def test_a_long_global_wait_is_not_taken_for_milliseconds_and_holds_for_the_host() -> None:
    found = asked(
        ("X-RateLimit-Reset-After", "0.9"), dialects="body_retry_after", body={"retry_after": 900, "global": True}
    )

    assert found is not None
    assert (found.seconds, found.scope) == (900.0, "host")


@pytest.mark.parametrize("retry_after", [None, "soon", True, float("nan"), [], {}])
def test_a_body_that_says_nothing_usable_asks_for_nothing(retry_after: Json) -> None:
    assert seconds(dialects="body_retry_after", body={"retry_after": retry_after}) is None


def test_case_25_a_page_of_the_network_before_the_api_is_a_block() -> None:
    page: Headers = (("Content-Type", "text/html; charset=UTF-8"),)

    assert blocked(status=429, headers=page, body=None, dialects=("body_retry_after",))
    assert blocked(status=429, headers=(), body=None, dialects=("body_retry_after",))
    assert not blocked(status=429, headers=(("Via", "1.1 google"),), body=None, dialects=("body_retry_after",))
    assert not blocked(status=429, headers=(), body={"retry_after": 0.65}, dialects=("body_retry_after",))
    assert not blocked(status=429, headers=page, body=None, dialects=("retry_after",))


def test_limited_answers() -> None:
    spent: Headers = (("X-RateLimit-Remaining", "0"),)

    assert limited(status=429, headers=(), body=None, dialects=(), wall=NOW)
    assert limited(status=403, headers=spent, body=None, dialects=("primary_secondary",), wall=NOW)
    assert not limited(status=403, headers=spent, body=None, dialects=("retry_after",), wall=NOW)
    assert not limited(status=403, headers=(), body=None, dialects=("primary_secondary",), wall=NOW)
    assert not limited(status=503, headers=spent, body=None, dialects=tuple(KNOWN_DIALECTS), wall=NOW)


def test_an_unknown_dialect_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(ProfileError, match="retry_aftr") as caught:
        asked(dialects="retry_aftr")

    assert "retry_after" in caught.value.hint


def test_without_dialects_nothing_is_read() -> None:
    assert seconds(("Retry-After", "9"), dialects="") is None
