"""What an answer says about its limits."""

from __future__ import annotations

import pytest

from flarex_nb.model import Headers
from flarex_nb.policies.quota import Quota
from flarex_nb.policies.quotas import READERS, quotas

WALL = 1_793_000_000.0


def test_single_limits_by_size_with_their_resource_for_a_name() -> None:
    headers: Headers = (
        ("X-RateLimit-Limit", "5000"),
        ("X-RateLimit-Remaining", "4999"),
        ("X-RateLimit-Reset", str(int(WALL) + 90)),
        ("X-RateLimit-Resource", "core"),
    )

    assert quotas(headers, ("reset_by_size", "primary_secondary"), WALL) == (
        Quota("core", 5000, 4999, 90.0, "X-RateLimit-Reset"),
    )


def test_a_bucket_resets_by_the_exact_delta() -> None:
    headers: Headers = (
        ("X-RateLimit-Limit", "5"),
        ("X-RateLimit-Remaining", "0"),
        ("X-RateLimit-Reset", str(WALL + 9)),
        ("X-RateLimit-Reset-After", "1.25"),
        ("X-RateLimit-Bucket", "abcd1234"),
    )

    found = quotas(headers, ("reset_by_size", "body_retry_after"), WALL)

    assert found == (Quota("abcd1234", 5, 0, 1.25, "X-RateLimit-Reset-After"),)


def test_several_limits_of_one_answer_keep_their_names() -> None:
    headers: Headers = (
        ("x-ratelimit-limit-requests", "60"),
        ("x-ratelimit-remaining-requests", "59"),
        ("x-ratelimit-reset-requests", "1s"),
        ("x-ratelimit-limit-tokens", "150000"),
        ("x-ratelimit-remaining-tokens", "-1"),
        ("x-ratelimit-reset-after", "9"),
    )

    assert quotas(headers, ("go_duration",), WALL) == (
        Quota("requests", 60, 59, 1.0, "x-ratelimit-reset-requests"),
        Quota("tokens", 150000, None, None, "x-ratelimit-remaining-tokens"),
    )


def test_rfc3339_limits_count_from_the_answers_date() -> None:
    headers: Headers = (
        ("Date", "Tue, 24 Nov 2026 17:00:00 GMT"),
        ("anthropic-ratelimit-output-tokens-limit", "8000"),
        ("anthropic-ratelimit-output-tokens-remaining", "8000"),
        ("anthropic-ratelimit-output-tokens-reset", "2026-11-24T17:00:10Z"),
    )

    assert quotas(headers, ("rfc3339_resets",), WALL) == (
        Quota("output-tokens", 8000, 8000, 10.0, "anthropic-ratelimit-output-tokens-reset"),
    )


def test_ratelimit_fields_take_the_limit_from_the_policy_of_that_name() -> None:
    headers: Headers = (
        ("RateLimit-Policy", '"permin";q=50;w=60,"perhr";q=1000;w=3600'),
        ("RateLimit", '"permin";r=12;t=30, "perhr";r=0'),
    )

    assert quotas(headers, ("ratelimit_fields",), WALL) == (
        Quota("permin", 50, 12, 30.0, "RateLimit"),
        Quota("perhr", 1000, 0, None, "RateLimit"),
    )


@pytest.mark.parametrize("dialects", [(), ("retry_after",), ("no_such_dialect",)])
def test_dialects_without_quotas_say_nothing(dialects: tuple[str, ...]) -> None:
    assert quotas((("X-RateLimit-Remaining", "0"),), dialects, WALL) == ()


def test_an_answer_from_a_cache_says_nothing() -> None:
    assert quotas((("X-RateLimit-Remaining", "0"), ("Age", "20")), ("reset_by_size",), WALL) == ()


@pytest.mark.parametrize("name", ["X-Rate-Limit-Remaining", "x-ratelimit-remaining", "X-RATELIMIT-REMAINING"])
def test_a_limit_is_read_however_its_header_is_spelled(name: str) -> None:
    found = quotas(((name, "0"), ("Date", "Tue, 24 Nov 2026 17:00:00 GMT")), ("reset_by_size",), 0.0)

    assert [quota.remaining for quota in found] == [0]


def test_an_answer_without_a_limit_header_is_not_read_at_all() -> None:
    headers = (("Date", "nonsense"), ("Retry-After", "3"), ("Content-Type", "application/json"))

    assert quotas(headers, tuple(READERS), 0.0) == ()
