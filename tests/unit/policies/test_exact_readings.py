"""What is read out of an answer, to the letter: every part of a quota or a wait, and both sides of each edge."""

from __future__ import annotations

from typing import Any

import pytest

from flarex_nb.errors import ProfileError
from flarex_nb.model import Headers, Json
from flarex_nb.policies.codes import codes
from flarex_nb.policies.dates import http_date, reset_in, rfc3339
from flarex_nb.policies.dialects import KNOWN_DIALECTS, blocked, check_dialects, server_wait
from flarex_nb.policies.durations import CEILING, count, decimal, go_duration, number, plain, proto_duration
from flarex_nb.policies.quota import Quota
from flarex_nb.policies.quotas import quotas
from flarex_nb.policies.verdict import Outcome
from flarex_nb.policies.wait import ServerWait

NOW = 1_800_000_000.0  # Fri, 15 Jan 2027 08:00:00 GMT


def told(dialect: str, *headers: tuple[str, str]) -> tuple[Quota, ...]:
    return quotas(headers, (dialect,), NOW)


QUOTAS: list[tuple[str, Headers, tuple[Quota, ...]]] = [
    (
        "ratelimit_fields",
        (("RateLimit", "limit=100, remaining=0, reset=5"),),
        (Quota("default", 100, 0, 5.0, "RateLimit"),),
    ),
    ("ratelimit_fields", (("RateLimit", "remaining=7"),), (Quota("default", None, 7, None, "RateLimit"),)),
    ("ratelimit_fields", (("RateLimit", "reset=5"),), (Quota("default", None, None, 5.0, "RateLimit"),)),
    ("ratelimit_fields", (("RateLimit", "limit=100"),), ()),
    (
        "ratelimit_fields",
        (("RateLimit-Limit", "100, 100;w=60"), ("RateLimit-Remaining", "3"), ("RateLimit-Reset", "9")),
        (Quota("default", 100, 3, 9.0, "RateLimit-Reset"),),
    ),
    ("ratelimit_fields", (("RateLimit-Remaining", "3"),), (Quota("default", None, 3, None, "RateLimit-Reset"),)),
    ("ratelimit_fields", (("RateLimit-Reset", "0"),), (Quota("default", None, None, 0.0, "RateLimit-Reset"),)),
    ("ratelimit_fields", (("RateLimit-Reset", "0.5"),), (Quota("default", None, None, 0.5, "RateLimit-Reset"),)),
    ("ratelimit_fields", (("RateLimit-Reset", "-1"),), (Quota("default", None, None, None, "RateLimit-Reset"),)),
    ("ratelimit_fields", (("RateLimit-Limit", "100"),), ()),
    ("ratelimit_fields", (("RateLimit", f'"a";r=5;t=1{" " * 8182}'),), ()),
    ("ratelimit_fields", (("RateLimit", '"a";r=5;t=1' + " " * (8192 - 11)),), (Quota("a", None, 5, 1.0, "RateLimit"),)),
    ("reset_by_size", (("X-RateLimit-Remaining", "3"),), (Quota("default", None, 3, None, "X-RateLimit-Remaining"),)),
    ("reset_by_size", (("X-RateLimit-Reset", "60"),), (Quota("default", None, None, 60.0, "X-RateLimit-Reset"),)),
    ("reset_by_size", (("X-RateLimit-Used", "60"),), ()),
    (
        "reset_by_size",
        (("X-RateLimit-Remaining", "3"), ("X-RateLimit-Resource", "search")),
        (Quota("search", None, 3, None, "X-RateLimit-Remaining"),),
    ),
    (
        "go_duration",
        (("x-ratelimit-limit-tokens", "90"),),
        (Quota("tokens", 90, None, None, "x-ratelimit-limit-tokens"),),
    ),
]


@pytest.mark.parametrize(("dialect", "headers", "found"), QUOTAS, ids=lambda part: str(part)[:50])
def test_each_part_of_a_quota_is_read(dialect: str, headers: Headers, found: tuple[Quota, ...]) -> None:
    assert told(dialect, *headers) == found


def wait(dialects: str, *headers: tuple[str, str], status: int = 429, body: Json = None) -> ServerWait | None:
    return server_wait(status=status, headers=headers, body=body, dialects=dialects.split(), wall=NOW)


AFTER = ("X-RateLimit-Reset-After", "2")
BODY = "body_retry_after"
WAITS = [
    (BODY, (), {"retry_after": 3}, ServerWait(3.0, "retry_after", "retry_after asks for 3 s.")),
    (BODY, (AFTER,), {}, ServerWait(2.0, "X-RateLimit-Reset-After", "X-RateLimit-Reset-After asks for 2 s.")),
    (BODY, (AFTER,), {"retry_after": 2}, ServerWait(2.0, "retry_after", "retry_after asks for 2 s.")),
    (BODY, (AFTER,), {"retry_after": 2000}, ServerWait(2.0, "retry_after", "retry_after asks for 2 s.")),
    (BODY, (AFTER,), {"retry_after": 2199}, ServerWait(2.199, "retry_after", "retry_after asks for 2.199 s.")),
    (BODY, (AFTER,), {"retry_after": 2201}, ServerWait(2201.0, "retry_after", "retry_after asks for 2201 s.")),
    (BODY, (AFTER,), {"retry_after": 1800}, ServerWait(2.0, "X-RateLimit-Reset-After", "X-RateLimit-Reset-After asks for 2 s.")),
    (BODY, (("X-RateLimit-Global", " True "),), {"retry_after": 3}, ServerWait(3.0, "retry_after", "retry_after asks for 3 s.", "host")),
    (BODY, (("X-RateLimit-Scope", " GLOBAL "),), {"retry_after": 3}, ServerWait(3.0, "retry_after", "retry_after asks for 3 s.", "host")),
    (BODY, (("X-RateLimit-Scope", "user"),), {"retry_after": 3}, ServerWait(3.0, "retry_after", "retry_after asks for 3 s.")),
    (BODY, (), {"retry_after": 3, "global": True}, ServerWait(3.0, "retry_after", "retry_after asks for 3 s.", "host")),
    (BODY, (), ["retry_after"], None),
    (
        "body_retry_info",
        (),
        {"error": {"details": [{"@type": "x.Help", "retryDelay": "9s"}, {"@type": "x.RetryInfo", "retryDelay": "4s"}]}},
        ServerWait(4.0, "RetryInfo.retryDelay", "RetryInfo.retryDelay asks for 4 s."),
    ),
    ("body_retry_info", (), {"details": [{"@type": 7}]}, None),
    (
        "primary_secondary",
        (),
        {"message": "You have exceeded a secondary rate limit"},
        ServerWait(
            60.0,
            "secondary limit",
            "The answer is a rate limit that names no time: 60 s at least, longer each time.",
            grows=True,
        ),
    ),
    ("go_duration", (("x-ratelimit-remaining-a", "1"), ("x-ratelimit-reset-a", "5s")), None, None),
    ("go_duration", (("x-ratelimit-reset-a", "5s"),), None, ServerWait(5.0, "x-ratelimit-reset-a", "x-ratelimit-reset-a asks for 5 s.")),
]  # fmt: skip


@pytest.mark.parametrize(("dialects", "headers", "body", "found"), WAITS, ids=lambda part: str(part)[:40])
def test_each_part_of_a_wait_is_read(dialects: str, headers: Headers, body: Any, found: ServerWait | None) -> None:
    assert wait(dialects, *headers, body=body) == found


def test_only_a_429_speaks_for_a_quota_that_does_not_say_what_is_left() -> None:
    assert wait("go_duration", ("x-ratelimit-reset-a", "5s"), status=503) is None
    assert wait("reset_by_size", ("X-RateLimit-Reset", "5"), status=503) is None
    assert wait("primary_secondary", ("X-RateLimit-Reset", "5"), status=403) is None
    quota = (("x-ratelimit-remaining-a", "0"), ("x-ratelimit-reset-a", "5s"))
    assert wait("go_duration", *quota, status=503) is not None


@pytest.mark.parametrize(
    ("headers", "body", "shut_out"),
    [
        ((("Content-Type", "Text/HTML"), ("Via", "1.1 x")), None, True),
        ((("Content-Type", "application/json"), ("Via", "1.1 x")), None, False),
        ((("Content-Type", "application/json"),), None, True),
        ((("Content-Type", "text/html"),), {"retry_after": 1}, False),
    ],
)
def test_a_page_of_the_network_before_the_api_is_known_by_its_type_or_its_missing_via(
    headers: Headers, body: Any, shut_out: bool
) -> None:
    assert blocked(status=429, headers=headers, body=body, dialects=(BODY,)) is shut_out


def test_an_unknown_dialect_is_told_with_the_nearest_or_with_all() -> None:
    with pytest.raises(ProfileError) as near:
        check_dialects(("retry_after", "retry_aftr"))
    with pytest.raises(ProfileError) as far:
        check_dialects(("zzz",))

    assert (near.value.hint, near.value.place) == ("Did you mean 'retry_after'?", "retry.dialects")
    assert far.value.hint == f"Known dialects: {', '.join(sorted(KNOWN_DIALECTS))}."
    assert far.value.message == "There is no rate limit dialect 'zzz'."


@pytest.mark.parametrize(
    ("code", "found"),
    [("", {"500"}), ("x", {"500", "x"}), ("y" * 200, {"500", "y" * 200}), ("y" * 201, {"500"})],
)
def test_a_code_has_a_length(code: str, found: set[str]) -> None:
    assert codes(Outcome(500, code=code), 500) == found
    assert codes(Outcome(), None) == frozenset()


@pytest.mark.parametrize("odd", ["\v5\v", "\f5", "5\n", "\u00a05", "X5X", "X5", "XX5XX"])
def test_only_spaces_and_tabs_stand_around_a_value(odd: str) -> None:
    assert decimal(" \t5\t ") == 5.0
    assert count("\t 5 \t") == 5
    assert go_duration(" \t5s\t ") == 5.0
    assert decimal(odd) is None
    assert count(odd) is None
    assert go_duration(odd) is None
    assert go_duration(odd + "s") is None


@pytest.mark.parametrize("around", ["{}\n", "X{}X", "\v{}"])
def test_only_spaces_and_tabs_stand_around_a_date(around: str) -> None:
    assert http_date("\t Fri, 15 Jan 2027 08:00:00 GMT ", NOW) == NOW
    assert rfc3339(" 2027-01-15T08:00:00Z\t") == NOW
    assert http_date(around.format("Fri, 15 Jan 2027 08:00:00 GMT"), NOW) is None
    assert rfc3339(around.format("2027-01-15T08:00:00Z")) is None


def test_a_fraction_of_a_second_is_added() -> None:
    assert rfc3339("2027-01-15T08:00:00.25Z") == NOW + 0.25


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0.0), ("0.5", 0.5), ("-1", None), ("999999999", 999_999_999.0), ("1000000000", 0.0),
     ("100000000000", 0.0), (str(NOW + 5), 5.0), (str((NOW + 5) * 1000), 5.0)],
)  # fmt: skip
def test_a_reset_is_read_by_its_size_to_the_edge(text: str, seconds: float | None) -> None:
    assert reset_in(text, NOW) == seconds


def test_the_edges_of_a_resets_size_belong_to_the_larger_unit() -> None:
    assert reset_in("1000000000", 0.0) == 1e9
    assert reset_in("100000000000", 0.0) == 1e8


@pytest.mark.parametrize(("digits", "year"), [("77", 2077), ("78", 1978), ("27", 2027), ("00", 2000), ("99", 1999)])
def test_two_digits_are_a_year_at_most_fifty_ahead(digits: str, year: int) -> None:
    whole = http_date(f"Fri, 01 Jan {year} 00:00:00 GMT", NOW)

    assert http_date(f"Friday, 01-Jan-{digits} 00:00:00 GMT", NOW) == whole


def test_a_two_digit_year_is_read_beside_the_given_moment() -> None:
    end_of_1999 = 946_684_799.0

    assert http_date("Friday, 31-Dec-49 00:00:00 GMT", end_of_1999) == http_date("Fri, 31 Dec 1949 00:00:00 GMT", 0.0)
    assert reset_in("Friday, 15-Jan-27 08:00:09 GMT", NOW) == 9.0
    assert wait("retry_after", ("Retry-After", "Friday, 15-Jan-27 08:00:09 GMT")) == ServerWait(
        9.0, "Retry-After", "Retry-After asks for 9 s."
    )
    dated = (("Retry-After", "9"), ("Date", "Friday, 15-Jan-27 08:00:00 GMT"), ("X-RateLimit-Reset", str(NOW + 4)))
    assert told("reset_by_size", *dated)[0].reset_in == 4.0


@pytest.mark.parametrize(
    ("seconds", "text"), [(100.0, "100"), (10.5, "10.5"), (0.0, "0"), (0.0001, "0.001"), (5.25, "5.25")]
)
def test_seconds_are_written_without_needless_digits(seconds: float, text: str) -> None:
    assert plain(seconds) == text


@pytest.mark.parametrize(
    ("value", "read"),
    [(10**400, CEILING), (-(10**400), 0.0), (7, 7.0), ("7", 7.0), (True, None), (None, None)],
)
def test_a_number_of_a_document_is_bounded(value: Json, read: float | None) -> None:
    assert number(value) == read


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0.0), ("0.5", 0.5), ("s", None), ("5", 5.0), ("1s", 1.0), ("-1", None)]
)
def test_a_go_duration_to_the_edge(text: str, seconds: float | None) -> None:
    assert go_duration(text) == seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ({"seconds": "3"}, 3.0),
        ({"nanos": 500_000_000}, 0.5),
        ({}, 0.0),
        ({"seconds": None}, None),
        ({"nanos": "x"}, None),
    ],
)
def test_a_proto_duration_of_parts(value: Json, seconds: float | None) -> None:
    assert proto_duration(value) == seconds


def test_a_year_begins_after_so_many_mean_years_of_the_gregorian_calendar() -> None:
    beginning = 57 * 31_556_952.0
    whole = http_date("Fri, 01 Jan 2077 00:00:00 GMT", NOW)

    assert http_date("Friday, 01-Jan-77 00:00:00 GMT", beginning) == whole
    assert http_date("Friday, 01-Jan-77 00:00:00 GMT", beginning - 1) != whole


def test_a_block_is_seen_whatever_the_answers_date() -> None:
    headers = (("Date", "Friday, 15-Jan-27 08:00:00 GMT"), ("Content-Type", "text/html"))

    assert blocked(status=429, headers=headers, body=None, dialects=(BODY,))
