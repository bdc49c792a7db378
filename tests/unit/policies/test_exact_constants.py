"""Values outside of functions, which the mutation tool leaves alone: each month, each place of a code, each default."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import formatdate

import pytest

from flarex_nb.policies import breaker as circuit
from flarex_nb.policies import budget, durations, freshness_facts, limiter, table
from flarex_nb.policies.breaker import Breaker, BreakerRules, Pass
from flarex_nb.policies.codes import codes
from flarex_nb.policies.dates import http_date
from flarex_nb.policies.dialects import EXPLICIT, server_wait
from flarex_nb.policies.limiter import Gate, Window
from flarex_nb.policies.verdict import IDEMPOTENT, Again, May, Outcome, RetryRules, Situation
from flarex_nb.policies.wait import ServerWait

NOW = 1_800_000_000.0


@pytest.mark.parametrize("month", range(1, 13))
def test_each_month_is_read_in_all_three_forms(month: int) -> None:
    moment = datetime(2026, month, 11, 7, 8, 9, tzinfo=UTC)
    seconds = moment.timestamp()

    assert http_date(formatdate(seconds, usegmt=True), NOW) == seconds
    assert http_date(moment.strftime("%A, %d-%b-%y %H:%M:%S GMT"), NOW) == seconds
    assert http_date(moment.strftime("%a %b %d %H:%M:%S %Y"), NOW) == seconds


@pytest.mark.parametrize("key", ["code", "type", "status", "reason", "error"])
def test_a_code_is_found_in_each_of_its_places(key: str) -> None:
    assert "busy" in codes(Outcome(500, body={key: "busy"}), 500)
    assert "busy" in codes(Outcome(500, body={"error": {key: "busy"}}), 500)


@pytest.mark.parametrize("key", ["reason", "code"])
@pytest.mark.parametrize("place", ["details", "errors"])
def test_a_code_is_found_in_each_place_of_a_detail(key: str, place: str) -> None:
    assert "busy" in codes(Outcome(500, body={"error": {place: [{key: "busy"}]}}), 500)


@pytest.mark.parametrize("name", ["retry-after-ms", "x-ms-retry-after-ms"])
def test_milliseconds_have_two_names(name: str) -> None:
    found = server_wait(status=429, headers=((name, "1500"),), body=None, dialects=("retry_after_ms",), wall=NOW)

    assert found == ServerWait(1.5, name, f"{name} asks for 1.5 s.")


def test_what_a_new_state_is() -> None:
    assert Breaker() == Breaker("closed", 0, (), 0.0, 0.0, probing=False, cause="")
    assert BreakerRules() == BreakerRules(30.0, 5, 0.5, 15.0, 120.0, 1.0)
    assert Gate() == Gate((), 0.0, "", 0, None, 0, 0)
    assert Window("x") == Window("x", None, None, None, "", 0, None, 0.0, -1, counted=False)
    assert freshness_facts.Rules() == freshness_facts.Rules("ttl", 60.0, 0.0, 0.0, 0.0)
    assert budget.Budget().credit == 20.0


def test_a_pass_is_no_probe_unless_it_says_so() -> None:
    half = Breaker("half-open", era=2, probing=True)

    assert circuit.release(half, Pass(2)) == half
    assert not circuit.release(half, Pass(2, probe=True)).probing


def test_what_a_decision_takes_unless_told() -> None:
    rules = RetryRules()
    situation = Situation("GET", False, 1, 3, 30.0, 1.0, lambda: 0.0)

    assert rules == RetryRules(
        ("retry_after", "ratelimit_fields", "reset_by_size"), "", (), (), False, (), tuple(sorted(IDEMPOTENT)), 120.0
    )
    assert (situation.jitter, situation.replayable, situation.budget) == ("full", True, None)
    assert Again(1.0, "backoff", "unavailable", "x").cost == 0.0
    assert not May("unavailable", "x").limited
    assert {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"} == IDEMPOTENT
    assert Outcome() == Outcome(None, None, (), None, "")
    assert ServerWait(1.0, "x") == ServerWait(1.0, "x", "", "key", grows=False)


def test_the_numbers_of_the_house() -> None:
    assert (budget.CREDIT, budget.LIMITED_COST, budget.FAILURE_COST, budget.FIRST_TRY_REFUND) == (20.0, 1.0, 3.0, 0.1)
    assert (limiter.SAME_RESET, limiter.MOST_WINDOWS, limiter.EASED) == (2.0, 32, 64)
    assert durations.CEILING == 1e10
    assert freshness_facts.GRACE == 600.0
    assert {501, 505, 506, 508, 510, 511} == table.HOPELESS


@pytest.mark.parametrize(
    ("unit", "seconds"),
    [("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("μs", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86_400.0)],
)  # fmt: skip
def test_each_unit_of_a_go_duration(unit: str, seconds: float) -> None:
    assert durations.go_duration(f"3{unit}") == pytest.approx(3 * seconds, rel=1e-12)


@pytest.mark.parametrize("words", ["API Rate Limit exceeded", "You triggered an abuse detection mechanism"])
def test_a_403_speaks_of_a_limit_in_either_of_two_words(words: str) -> None:
    found = server_wait(status=403, headers=(), body={"message": words}, dialects=("primary_secondary",), wall=NOW)

    assert found is not None
    assert found.grows


def test_the_dialects_in_which_a_server_names_a_time_for_this_very_request() -> None:
    assert {"body_retry_after", "retry_after_ms", "retry_after", "body_retry_info"} == EXPLICIT
