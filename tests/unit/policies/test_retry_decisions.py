"""Whether one more attempt is made, when, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flarex_nb.errors import (
    AddressBlocked,
    ApiError,
    AttemptTimeout,
    ConnectFailed,
    ConnectionLost,
    DeadlineExceeded,
    FlarexError,
    MalformedBody,
    ProfileError,
    ProtocolBroken,
    SecretMissing,
    ThrottleRefused,
    UsageError,
)
from flarex_nb.model import Headers, Json
from flarex_nb.policies.backoff import backoff
from flarex_nb.policies.budget import Budget
from flarex_nb.policies.retry import Again, Outcome, RetryRules, Situation, Stop, consequences, decide

WALL = 1_793_000_000.0
PLAIN = RetryRules(dialects=("retry_after_ms", "retry_after", "ratelimit_fields", "reset_by_size"))
LIMITED_403 = RetryRules(dialects=("retry_after", "primary_secondary"))
KEYED = RetryRules(
    dialects=("retry_after",),
    override_header="X-Should-Retry",
    again_codes=("idempotency_key_in_use", "lock_timeout"),
    stored_500=True,
)


def at(method: str = "GET", *, has_key: bool = False, **more: Any) -> Situation:
    start = Situation(
        method, has_key, attempt=1, attempts=3, time_left=30.0, step_wait=1.0, dice=lambda: 0.0, jitter="none"
    )
    return replace(start, **more)


def answer(status: int, *lines: tuple[str, str], body: Json = None, code: str = "") -> Outcome:
    return Outcome(status, headers=lines, body=body, code=code)


def decided(outcome: Outcome, situation: Situation | None = None, rules: RetryRules = PLAIN) -> Again | Stop:
    return decide(outcome, situation or at(), rules, wall=WALL)


def again(outcome: Outcome, situation: Situation | None = None, rules: RetryRules = PLAIN) -> Again:
    decision = decided(outcome, situation, rules)
    assert isinstance(decision, Again), decision
    return decision


def stop(outcome: Outcome, situation: Situation | None = None, rules: RetryRules = PLAIN) -> Stop:
    decision = decided(outcome, situation, rules)
    assert isinstance(decision, Stop), decision
    return decision


def test_case_11_a_503_on_get_is_sent_again_after_our_own_backoff() -> None:
    wait = backoff(0, dice=lambda: 0.4)

    decision = again(answer(503), at(step_wait=wait))

    assert decision.delay == wait
    assert 0 < decision.delay < 1
    assert (decision.source, decision.reason, decision.cost) == ("backoff", "unavailable", 3.0)
    assert decision.sentence == "503 on GET: GET may be repeated. Next attempt in 0.4 s (our own backoff)."


def test_case_12_after_the_third_500_the_attempts_are_exhausted() -> None:
    assert again(answer(500), at(attempt=1)).reason == "server-error"
    assert again(answer(500), at(attempt=2)).reason == "server-error"
    assert stop(answer(500), at(attempt=3)) == Stop("attempts-exhausted", "All 3 attempts are used.")


def test_case_13_a_502_on_post_without_a_key_is_not_idempotent() -> None:
    decision = stop(answer(502), at("POST"))

    assert decision.reason == "not-idempotent"
    assert "may have been applied" in decision.sentence


def test_case_14_a_502_on_post_with_a_key_is_sent_again() -> None:
    assert again(answer(502), at("POST", has_key=True)).reason == "server-error"


@pytest.mark.parametrize("error", [ConnectFailed("refused"), AttemptTimeout("connect", sent="no")])
def test_case_15_a_post_of_which_nothing_was_sent_is_sent_again(error: FlarexError) -> None:
    assert again(Outcome(error=error), at("POST")).reason == "nothing-sent"


@pytest.mark.parametrize("error", [AttemptTimeout("read", sent="maybe"), ConnectionLost("reset", sent="yes")])
def test_case_16_a_post_lost_on_the_way_may_have_been_applied(error: FlarexError) -> None:
    decision = stop(Outcome(error=error), at("POST"))

    assert decision.reason == "may-have-been-applied"
    assert "may have been applied" in decision.sentence


def test_a_get_or_a_keyed_post_lost_on_the_way_is_sent_again() -> None:
    timeout, lost = AttemptTimeout("read", sent="maybe"), ConnectionLost("reset", sent="maybe")

    assert again(Outcome(error=timeout)).reason == "attempt-timeout"
    assert again(Outcome(error=lost), at("patch", has_key=True)).reason == "connection-lost"
    assert again(Outcome(error=ProtocolBroken("garbage", sent="yes"))).reason == "connection-lost"


@pytest.mark.parametrize("status", [400, 404, 410, 418, 422, 501, 505, 511, 301, 304, 100, 999])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_case_17_what_would_be_answered_the_same_is_not_sent_again(status: int, method: str) -> None:
    assert stop(answer(status), at(method, has_key=True)).reason == "not-retryable"


def test_case_18_a_429_waits_for_retry_after() -> None:
    exact = again(answer(429, ("Retry-After", "2")))
    spread = again(answer(429, ("Retry-After", "2")), at(jitter="full", dice=lambda: 0.5))

    assert (exact.delay, exact.source, exact.reason, exact.cost) == (2.0, "Retry-After", "rate-limited", 1.0)
    assert spread.delay == pytest.approx(2.1)


def test_case_19_a_wait_beyond_the_deadline_stops_at_once_and_names_both() -> None:
    decision = stop(answer(429, ("Retry-After", "3600")), at(time_left=30.0))

    assert decision == Stop(
        "server-wait-exceeds-deadline",
        "The server asks for 3600 s (Retry-After), and 30 s are left before the deadline.",
    )


def test_a_wait_within_the_deadline_but_beyond_the_maximum_stops_at_once() -> None:
    decision = stop(answer(503, ("Retry-After", "121")), at(time_left=1000.0))

    assert decision.reason == "server-wait-exceeds-maximum"
    assert "121 s" in decision.sentence
    assert "120 s" in decision.sentence


def test_a_wait_is_never_cut_to_fit_the_deadline() -> None:
    assert stop(answer(429, ("Retry-After", "30"))).reason == "server-wait-exceeds-deadline"
    assert stop(answer(503), at(time_left=1.0)).reason == "backoff-exceeds-deadline"
    assert "the deadline has passed" in stop(answer(503), at(time_left=-0.5)).sentence


@pytest.mark.parametrize("key", ["code", "type"])
def test_case_20_a_used_up_quota_is_not_a_rate(key: str) -> None:
    rules = replace(PLAIN, never_codes=("insufficient_quota",))
    outcome = answer(429, ("Retry-After", "1"), body={"error": {key: "insufficient_quota", "message": "billing"}})

    decision = stop(outcome, rules=rules)

    assert decision.reason == "quota-not-rate"
    assert "insufficient_quota" in decision.sentence


def test_case_21_a_403_for_a_limit_waits_for_the_reset_and_another_403_stops() -> None:
    spent = answer(403, ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", str(int(WALL) + 20)))

    decision = again(spent, rules=LIMITED_403)

    assert (decision.delay, decision.source, decision.reason) == (20.0, "X-RateLimit-Reset", "rate-limited")
    assert again(spent, at("POST"), LIMITED_403).delay == 20.0
    assert stop(answer(403), rules=LIMITED_403).reason == "not-retryable"
    assert stop(spent, rules=PLAIN).reason == "not-retryable"


def test_a_secondary_limit_waits_a_minute_and_twice_as_long_the_next_time() -> None:
    outcome = answer(403, body={"message": "You have exceeded a secondary rate limit"})

    waits = [again(outcome, at(attempt=number, time_left=500.0), LIMITED_403).delay for number in (1, 2)]

    assert waits == [60.0, 120.0]
    assert stop(outcome, at(time_left=30.0), LIMITED_403).reason == "server-wait-exceeds-deadline"


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": 403, "errors": [{"domain": "usageLimits", "reason": "userRateLimitExceeded"}]}},
        {"error": {"code": 403, "details": [{"reason": "userRateLimitExceeded"}]}},
        [{"error": {"code": 403, "errors": [{"reason": "userRateLimitExceeded"}]}}],
    ],
)
def test_case_22_a_403_whose_reason_is_a_rate_is_sent_again_and_one_for_access_is_not(body: Json) -> None:
    rules = replace(PLAIN, again_codes=("userRateLimitExceeded",), never_codes=("accessNotConfigured",))
    refused = answer(403, body={"error": {"code": 403, "errors": [{"reason": "accessNotConfigured"}]}})

    decision = again(answer(403, body=body), at("POST"), rules)

    assert (decision.reason, decision.cost) == ("profile-code", 1.0)
    assert stop(refused, rules=rules).reason == "quota-not-rate"


def test_case_23_a_409_for_a_key_in_use_is_sent_again_and_another_is_not() -> None:
    in_use = answer(409, body={"error": {"code": "idempotency_key_in_use", "type": "idempotency_error"}})

    assert again(in_use, at("POST", has_key=True), KEYED).reason == "profile-code"
    assert again(in_use, at("POST", has_key=True), PLAIN).reason == "in-progress"
    assert stop(answer(409, code="resource_conflict"), at("POST", has_key=True), KEYED).reason == "not-retryable"
    assert stop(in_use, at("GET"), PLAIN).reason == "not-retryable"


def test_case_23_the_servers_own_no_is_final() -> None:
    decision = stop(answer(503, ("x-should-retry", "False"), ("Retry-After", "1")), rules=KEYED)

    assert decision == Stop("server-said-no", "503 on GET: X-Should-Retry is false, the server wants no retry.")


def test_the_servers_yes_repeats_what_may_be_repeated_and_nothing_else() -> None:
    yes = ("X-Should-Retry", "true")

    assert again(answer(409, yes), at("POST", has_key=True), KEYED).reason == "server-said-again"
    assert again(answer(500, yes), at("POST", has_key=True), KEYED).reason == "server-said-again"
    assert again(answer(429, yes), at("POST"), KEYED).reason == "server-said-again"
    assert stop(answer(500, yes), at("POST"), KEYED).reason == "not-idempotent"
    assert again(answer(503, ("X-Should-Retry", "perhaps")), rules=KEYED).reason == "unavailable"


def test_a_no_of_the_profile_outweighs_a_yes_of_the_server() -> None:
    rules = replace(KEYED, never_codes=("insufficient_quota",), again_codes=("insufficient_quota",))

    assert (
        stop(answer(429, ("X-Should-Retry", "true"), code="insufficient_quota"), rules=rules).reason == "quota-not-rate"
    )


def test_case_24_a_429_for_a_lock_waits_our_own_backoff() -> None:
    decision = again(answer(429, body={"error": {"code": "lock_timeout"}}), at("POST", has_key=True), KEYED)

    assert (decision.delay, decision.source) == (1.0, "backoff")


def test_case_25_the_bodys_wait_counts_and_a_page_before_the_api_is_a_block() -> None:
    rules = RetryRules(dialects=("body_retry_after", "retry_after"))
    page = answer(429, ("Content-Type", "text/html"), ("Retry-After", "1"))

    assert again(answer(429, body={"retry_after": 0.65, "global": False}), at("POST"), rules).delay == 0.65
    assert stop(page, at("POST"), rules).reason == "blocked"


def test_abnormal_usage_is_a_block() -> None:
    body = {"type": "https://iana.org/assignments/http-problem-types#abnormal-usage-detected"}

    assert stop(answer(429, ("Retry-After", "1"), body=body)).reason == "blocked"


def test_case_26_a_permanent_failure_to_connect_stops_and_a_reset_does_not() -> None:
    assert stop(Outcome(error=ConnectFailed("unknown host", permanent=True))).reason == "permanent"
    assert again(Outcome(error=ConnectionLost("reset", sent="maybe")), at(attempt=2)).reason == "connection-lost"
    assert stop(Outcome(error=ConnectionLost("reset", sent="maybe")), at(attempt=3)).reason == "attempts-exhausted"


@pytest.mark.parametrize("error", [AddressBlocked("no"), UsageError("no"), SecretMissing("no"), ThrottleRefused("no")])
def test_our_own_refusals_are_final(error: FlarexError) -> None:
    assert stop(Outcome(error=error)).reason == "refused-by-us"
    assert stop(Outcome(503, error=error)).reason == "refused-by-us"


def test_a_deadline_that_passed_says_whether_anything_may_have_been_applied() -> None:
    late, silent = DeadlineExceeded("no", sent="no"), DeadlineExceeded("no", sent="maybe")

    assert stop(Outcome(error=late), at("POST")) == Stop(
        "deadline-passed", "The call's deadline passed before this attempt was sent."
    )
    came = "The call's deadline passed before the answer to this attempt had come."
    assert stop(Outcome(error=silent)) == Stop("deadline-passed", came)
    assert stop(Outcome(error=silent), at("POST", has_key=True)) == Stop("deadline-passed", came)
    assert stop(Outcome(error=silent), at("POST")) == Stop("deadline-passed", f"{came} The POST may have been applied.")


def test_a_good_answer_that_fails_validation_is_final() -> None:
    assert stop(Outcome(200, error=MalformedBody("not JSON"))).reason == "invalid-answer"
    assert stop(answer(200)).reason == "succeeded"


def test_a_failed_answer_that_also_fails_validation_is_judged_by_its_status() -> None:
    assert again(Outcome(503, error=MalformedBody("not JSON"))).reason == "unavailable"


def test_the_status_and_code_of_an_api_error_are_enough() -> None:
    rules = replace(PLAIN, never_codes=("insufficient_quota",))

    assert again(Outcome(error=ApiError("busy", status=503))).reason == "unavailable"
    assert (
        stop(Outcome(error=ApiError("no", status=429, code="insufficient_quota")), rules=rules).reason
        == "quota-not-rate"
    )


def test_case_34_an_empty_budget_stops_and_a_limit_costs_less_than_a_failure() -> None:
    assert stop(answer(503), at(budget=Budget(0.0))).reason == "budget-empty"
    assert stop(answer(503), at(budget=Budget(2.9))).reason == "budget-empty"
    assert again(answer(429), at(budget=Budget(1.0))).cost == 1.0
    assert again(answer(503), at(budget=Budget(3.0))).cost == 3.0


def test_a_body_that_can_be_read_once_is_sent_once() -> None:
    assert stop(answer(503), at(replayable=False)).reason == "body-not-replayable"
    assert stop(answer(503), at(replayable=False, attempts=1)).reason == "body-not-replayable"


def test_425_is_sent_again_once_only() -> None:
    assert again(answer(425), at(attempt=1)).reason == "too-early"
    assert stop(answer(425), at(attempt=2)).reason == "too-early-again"
    assert stop(answer(425), at("POST")).reason == "not-idempotent"


def test_a_503_on_post_is_sent_again_only_when_the_server_names_a_time() -> None:
    assert stop(answer(503), at("POST")).reason == "not-idempotent"
    assert again(answer(503, ("Retry-After", "2")), at("POST")).delay == 2.0
    assert stop(answer(503, ("RateLimit", '"a";r=0;t=3')), at("POST")).reason == "not-idempotent"


def test_529_is_as_503_and_a_refusal_where_the_profile_says_so() -> None:
    assert again(answer(529)).reason == "unavailable"
    assert stop(answer(529), at("POST")).reason == "not-idempotent"
    assert again(answer(529), at("POST"), replace(PLAIN, overloaded=(529,))).reason == "overloaded"


def test_a_stored_500_is_not_asked_for_again_with_the_same_key() -> None:
    assert stop(answer(500), at("POST", has_key=True), KEYED).reason == "stored-answer"
    assert again(answer(500), at("POST", has_key=True), PLAIN).reason == "server-error"
    assert again(answer(500), at("GET"), KEYED).reason == "server-error"
    assert again(answer(500), at("PUT", has_key=True), KEYED).reason == "server-error"
    assert stop(answer(500), at("POST"), KEYED).reason == "not-idempotent"


def test_401_is_final_here() -> None:
    assert stop(answer(401)).reason == "not-retryable"


def test_a_408_on_post_is_sent_again_only_when_the_profile_says_so() -> None:
    assert again(answer(408)).reason == "request-timeout"
    assert stop(answer(408), at("POST")).reason == "not-idempotent"
    assert again(answer(408), at("POST"), replace(PLAIN, again_codes=("408",))).reason == "profile-code"


def test_no_code_makes_a_server_error_on_a_bare_post_safe() -> None:
    assert stop(answer(502), at("POST"), replace(PLAIN, again_codes=("502",))).reason == "not-idempotent"


def test_the_profile_says_which_methods_may_be_repeated() -> None:
    rules = replace(PLAIN, idempotent_methods=("GET", "post"))

    assert again(answer(502), at("POST"), rules).reason == "server-error"
    assert stop(answer(502), at("DELETE"), rules).reason == "not-idempotent"


def test_an_unknown_dialect_is_an_error_even_when_nothing_is_read() -> None:
    with pytest.raises(ProfileError, match="retry_affer"):
        decided(answer(200), rules=RetryRules(dialects=("retry_affer",)))


def test_texts_of_the_server_are_not_repeated_in_sentences() -> None:
    canary = "sk_sandbox_canary"
    headers: Headers = (("Retry-After", canary), ("X-RateLimit-Reset", canary), ("X-Should-Retry", canary))
    outcome = Outcome(503, headers=headers, body={"error": {"code": canary, "message": canary}}, code=canary)

    assert canary not in again(outcome, rules=replace(PLAIN, override_header="X-Should-Retry")).sentence


def rows(method: str, *, has_key: bool, rules: RetryRules = PLAIN) -> dict[str, str]:
    return {row.outcome: row.decision for row in consequences(method, has_key, rules)}


def test_the_consequences_of_a_post_without_a_key() -> None:
    table = rows("POST", has_key=False)

    assert {outcome for outcome, decision in table.items() if decision == "again"} == {
        "connection refused",
        "429",
        "503 with Retry-After",
    }


def test_the_consequences_of_a_get() -> None:
    table = rows("GET", has_key=False)

    assert {outcome for outcome, decision in table.items() if decision == "again"} == {
        "connection refused",
        "connection lost or timed out after sending",
        "408",
        "425",
        "429",
        "500",
        "502",
        "503",
        "503 with Retry-After",
        "504",
        "529",
    }


def test_the_consequences_name_what_the_profile_changes() -> None:
    rules = replace(KEYED, never_codes=("insufficient_quota",), again_codes=("lock_timeout", "408"), overloaded=(529,))

    table = rows("POST", has_key=True, rules=replace(rules, dialects=("retry_after", "primary_secondary")))

    assert table["500"] == "stop"
    assert table["429 with code insufficient_quota"] == "stop"
    assert table["409 with code lock_timeout"] == "again"
    assert table["408, by the profile"] == "again"
    assert table["403 for a rate limit"] == "again"
    assert table["503 with X-Should-Retry: false"] == "stop"


def test_each_consequence_has_a_reason_in_words() -> None:
    assert all(row.sentence.endswith(".") for row in consequences("PUT", has_key=False, rules=KEYED))
