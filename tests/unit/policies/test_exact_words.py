"""What a person is told of each decision, to the letter, and both sides of each edge of the rules behind it."""

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
    MalformedBody,
    UsageError,
)
from flarex_nb.policies import breaker as circuit
from flarex_nb.policies.backoff import backoff
from flarex_nb.policies.breaker import Breaker, Pass, Refused
from flarex_nb.policies.budget import Budget, spend
from flarex_nb.policies.deadline import check_times
from flarex_nb.policies.limiter import Gate, GoNow, Refuse, WaitUntil, Window, admit, finish, learn, start
from flarex_nb.policies.quota import Quota
from flarex_nb.policies.retry import Again, Consequence, Outcome, RetryRules, Situation, Stop, consequences, decide
from flarex_nb.policies.wait import ServerWait

WALL = 1_800_000_000.0
RULES = RetryRules(
    dialects=("retry_after", "primary_secondary"),
    override_header="X-Should-Retry",
    never_codes=("quota",),
    again_codes=("lock_timeout", "busy"),
    stored_500=True,
    overloaded=(503, 530),
)
PLAIN = RetryRules(dialects=("retry_after",))


def decided(outcome: Outcome, method: str = "GET", rules: RetryRules = RULES, **more: Any) -> Again | Stop:
    first = Situation(
        method, has_key=False, attempt=1, attempts=3, time_left=30.0, step_wait=1.0, dice=lambda: 0.0, jitter="none"
    )
    return decide(outcome, replace(first, **more), rules, wall=WALL)


OURS = "Next attempt in 1 s (our own backoff)."
SENTENCES: list[tuple[Outcome, dict[str, Any], str]] = [
    (Outcome(error=ConnectFailed("", permanent=True)), {}, "The connection failed for a reason that trying again cannot change."),
    (Outcome(error=ConnectFailed("")), {}, f"No connection was made and nothing was sent, so sending again is safe. {OURS}"),
    (Outcome(error=AttemptTimeout("", sent="maybe")), {}, f"The attempt ran out of time; GET may be repeated. {OURS}"),
    (Outcome(error=ConnectionLost("", sent="maybe")), {}, f"The connection broke; GET may be repeated. {OURS}"),
    (
        Outcome(error=ConnectionLost("", sent="maybe")),
        {"method": "POST", "has_key": True},
        f"The connection broke; the idempotency key makes repeating it safe. {OURS}",
    ),
    (
        Outcome(error=AttemptTimeout("", sent="maybe")),
        {"method": "POST"},
        "The attempt ran out of time after sending began; POST without an idempotency key may have been applied.",
    ),
    (Outcome(200, error=MalformedBody("")), {}, "The answer came whole but is not what was promised; another one would be the same."),
    (Outcome(error=AddressBlocked("")), {}, "This was refused here (address-blocked), not by the server."),
    (Outcome(204), {}, "204 is an answer, not a failure."),
    (Outcome(503, headers=(("X-Should-Retry", " FALSE "),)), {}, "503 on GET: X-Should-Retry is false, the server wants no retry."),
    (Outcome(400, headers=(("X-Should-Retry", "true"),)), {}, f"400 on GET: X-Should-Retry is true. {OURS}"),
    (Outcome(429, body={"type": "x:abnormal-usage-detected"}), {}, "429 on GET: the caller is shut out, and each further call would prolong it."),
    (Outcome(429, code="quota"), {}, "429 on GET: the code quota is one that waiting does not help."),
    (Outcome(400, code="busy"), {}, f"400 on GET: the code busy is worth another attempt. {OURS}"),
    (Outcome(530), {}, f"530 on GET: the service refused for load before doing anything. {OURS}"),
    (Outcome(429), {"rules": PLAIN}, f"429 on GET: refused for a rate limit. {OURS}"),
    (Outcome(500), {"method": "POST", "has_key": True}, "500 on POST: the service stores its answer for this idempotency key and would repeat the 500."),
    (Outcome(409, code="idempotency_key_in_use"), {"method": "POST", "has_key": True}, f"409 on POST: an equal request is still under way. {OURS}"),
    (Outcome(425), {"attempt": 2}, "425 on GET: it was already sent again, and 425 is retried once only."),
    (
        Outcome(503, headers=(("Retry-After", "2"),)),
        {"method": "POST", "rules": PLAIN},
        "503 on POST: the server refused it and names a time to come back. The server asks for 2 s (Retry-After): next attempt in 2 s.",
    ),
    (Outcome(503), {"replayable": False}, "The body can be read once only, so the request cannot be sent again."),
    (Outcome(503), {"attempts": 1}, "Only one attempt was allowed."),
    (Outcome(503), {"attempts": 2, "attempt": 2}, "All 2 attempts are used."),
    (Outcome(503), {"time_left": 0.0}, "The next wait is 1 s, and the deadline has passed."),
    (Outcome(503), {"time_left": 0.5}, "The next wait is 1 s, and 0.5 s are left before the deadline."),
    (Outcome(503), {"budget": Budget(2.0)}, "Failures used the credit for retries up: 2 of 20 is left, and a retry costs 3."),
    (Outcome(503, headers=(("Retry-After", "121"),)), {"time_left": 900.0}, "The server asks for 121 s (Retry-After), more than the 120 s that are ever waited."),
]  # fmt: skip


@pytest.mark.parametrize(("outcome", "situation", "sentence"), SENTENCES, ids=lambda part: str(part)[:50])
def test_each_decision_says_why(outcome: Outcome, situation: dict[str, Any], sentence: str) -> None:
    assert decided(outcome, **situation).sentence == sentence


def reason(outcome: Outcome, **situation: Any) -> str:
    return decided(outcome, **situation).reason


def test_the_edges_of_the_table() -> None:
    header = (("X-Should-Retry", "true"),)
    assert reason(Outcome(400, error=MalformedBody(""))) == "not-retryable"
    assert reason(Outcome(400, headers=header)) == "server-said-again"
    assert reason(Outcome(399, headers=header)) == "not-retryable"
    assert reason(Outcome(400, code="busy")) == "profile-code"
    assert reason(Outcome(None, code="busy")) == "not-retryable"
    assert (
        reason(Outcome(503, headers=(("X-Should-Retry", "XXXX"),)), rules=replace(RULES, overloaded=()))
        == "unavailable"
    )
    assert reason(Outcome(503, headers=(("", "false"),)), rules=PLAIN) == "unavailable"
    assert reason(Outcome(503, headers=(("Retry-After", "2"),)), method="POST", rules=PLAIN) == "unavailable"
    assert (
        reason(Outcome(503, headers=(("Retry-After", "Fri, 15 Jan 2027 08:00:05 GMT"),)), method="POST", rules=PLAIN)
        == "unavailable"
    )


def test_a_503_whose_body_names_a_time_was_refused() -> None:
    rules = RetryRules(dialects=("body_retry_info",))
    body = {"details": [{"@type": "x.RetryInfo", "retryDelay": "2s"}]}

    assert reason(Outcome(503, body=body), method="POST", rules=rules) == "unavailable"
    assert reason(Outcome(503), method="POST", rules=rules) == "not-idempotent"


def test_a_limited_answer_that_may_be_repeated_costs_what_a_limit_costs() -> None:
    header = (("X-Should-Retry", "true"),)

    asked = decided(Outcome(429, headers=header), time_left=900.0)
    assert isinstance(asked, Again)
    assert (asked.reason, asked.cost) == ("server-said-again", 1.0)
    failed = decided(Outcome(500, headers=header))
    assert isinstance(failed, Again)
    assert failed.cost == 3.0


def test_the_codes_of_an_error_are_added_to_those_of_the_body() -> None:
    error = ApiError("no", status=429, code="other")

    assert reason(Outcome(error=error, body={"code": "quota"})) == "quota-not-rate"


def test_a_named_wait_does_not_grow_and_a_least_wait_doubles_up_to_a_ceiling() -> None:
    named = decided(Outcome(429, headers=(("Retry-After", "2"),)), attempt=2, attempts=9)
    least = decided(Outcome(429), attempt=2, attempts=9, time_left=900.0)

    assert isinstance(named, Again)
    assert isinstance(least, Again)
    assert (named.delay, least.delay) == (2.0, 120.0)
    assert "10000000000 s" in decided(Outcome(429), attempt=98, attempts=99).sentence


def test_a_servers_wait_is_spread_as_the_call_says() -> None:
    headers = (("Retry-After", "2"),)

    plain = decided(Outcome(429, headers=headers), dice=lambda: 0.5)
    spread = decided(Outcome(429, headers=headers), dice=lambda: 0.5, jitter="full")

    assert isinstance(plain, Again)
    assert isinstance(spread, Again)
    assert (plain.delay, spread.delay) == (2.0, pytest.approx(2.1))


def test_a_plan_lists_each_outcome_with_what_it_leads_to() -> None:
    found = {each.outcome: each for each in consequences("POST", has_key=True, rules=RULES)}

    assert list(found) == [
        "connection refused",
        "unknown host or bad certificate",
        "connection lost or timed out after sending",
        "2xx that fails validation",
        *["400", "401", "403", "404", "408", "409", "422", "425", "429", "500", "501", "502", "503"],
        "503 with Retry-After",
        "504",
        "529",
        "530",
        "403 for a rate limit",
        "429 with code quota",
        "409 with code lock_timeout",
        "403 with code busy",
        "503 with X-Should-Retry: false",
    ]
    assert [each.reason for each in found.values()] == [
        "nothing-sent",
        "permanent",
        "connection-lost",
        "invalid-answer",
        "not-retryable",
        "not-retryable",
        "not-retryable",
        "not-retryable",
        "request-timeout",
        "not-retryable",
        "not-retryable",
        "too-early",
        "rate-limited",
        "stored-answer",
        "not-retryable",
        "server-error",
        "overloaded",
        "overloaded",
        "server-error",
        "unavailable",
        "overloaded",
        "rate-limited",
        "quota-not-rate",
        "profile-code",
        "profile-code",
        "server-said-no",
    ]
    assert {each.decision for each in found.values() if each.reason in {"permanent", "stored-answer"}} == {"stop"}
    assert found["connection lost or timed out after sending"] == Consequence(
        "connection lost or timed out after sending",
        "again",
        "connection-lost",
        f"The connection broke; the idempotency key makes repeating it safe. {OURS}",
    )
    assert found["2xx that fails validation"].sentence.startswith("The answer came whole")
    assert found["403 with code busy"].sentence.startswith("403 on POST")
    assert found["503 with X-Should-Retry: false"].sentence.startswith("503 on POST")
    assert found["409 with code lock_timeout"].sentence.startswith("409 on POST")
    assert found["503 with Retry-After"].sentence.endswith(
        "The server asks for 1 s (Retry-After): next attempt in 1 s."
    )


def test_a_plan_of_a_write_without_a_key_warns_of_what_may_have_been_applied() -> None:
    found = {each.outcome: each.reason for each in consequences("POST", has_key=False, rules=PLAIN)}

    assert found["connection lost or timed out after sending"] == "may-have-been-applied"
    assert found["503"] == "not-idempotent"
    assert found["503 with Retry-After"] == "unavailable"


def limited(left: int | None, reset_in: float | None = None, limit: int | None = None) -> Quota:
    return Quota("default", limit, left, reset_in, "X-RateLimit-Reset")


def test_a_caller_that_waits_is_told_for_what() -> None:
    closed = learn(Gate(), (), 0.0, wait=ServerWait(2.0, "Retry-After"))
    closed, _ = start(closed, 2.0)
    empty, _ = start(learn(Gate(), (limited(0),), 0.0), 0.0)

    assert admit(closed, 2.0, 30.0) == WaitUntil(
        None, "Retry-After", "The limit was met just now; calls go out a few at a time."
    )
    assert admit(empty, 0.0, 30.0) == WaitUntil(
        None, "X-RateLimit-Reset", "Nothing is left of the limit; the next answer will tell."
    )


def test_a_caller_that_is_refused_is_told_both_times() -> None:
    gate = learn(Gate(), (limited(0, 60.0),), 5.0)
    full = "The server's limit is full for 60 s more (X-RateLimit-Reset), and"

    assert admit(gate, 5.0, 30.0) == Refuse(60.0, "X-RateLimit-Reset", f"{full} 30 s are left before the deadline.")
    assert admit(gate, 5.0, -1.0) == Refuse(60.0, "X-RateLimit-Reset", f"{full} 0 s are left before the deadline.")
    assert isinstance(admit(gate, 5.0, 60.0), Refuse)
    assert isinstance(admit(gate, 5.0, 60.001), WaitUntil)


def test_who_waits_ahead_counts_while_a_gate_opens() -> None:
    gate = learn(Gate(), (), 0.0, wait=ServerWait(2.0, "Retry-After"))

    assert isinstance(admit(gate, 2.0, 30.0), GoNow)
    assert isinstance(admit(gate, 2.0, 30.0, ahead=1), WaitUntil)


def test_a_window_that_bounds_nothing_stays_so() -> None:
    gate = learn(Gate(), (limited(None, 3.0, limit=5),), 0.0)

    sent, ticket = start(gate, 1.0)
    over = finish(start(gate, 3.0)[0], counted=False)
    learnt = learn(finish(sent), (limited(None, 9.0),), 1.5, ticket=ticket)

    assert sent.windows[0].remaining is None
    assert over.windows[0] == Window("default", 5, None, None, "X-RateLimit-Reset")
    assert learnt.windows[0] == Window("default", 5, None, 10.5, "X-RateLimit-Reset", seen=1)


def test_a_call_that_never_arrived_gives_one_place_back_and_no_more() -> None:
    gate, _ = start(learn(Gate(), (limited(3, 9.0, limit=50),), 0.0), 0.0)

    assert finish(gate, counted=False).windows[0].remaining == 3


def test_the_edges_of_one_period() -> None:
    base, ticket = start(learn(Gate(), (limited(3, 9.0, limit=50),), 0.0), 0.0)
    base = finish(base)

    same = learn(base, (limited(40, 11.0, limit=50),), 0.0, ticket=ticket)
    other = learn(base, (limited(40, 11.5, limit=50),), 0.0, ticket=ticket)

    assert same.windows[0].remaining == 2
    assert other.windows[0].remaining == 40


def test_an_answer_sent_before_the_new_period_counts_from_beyond_the_edge() -> None:
    gate, late = start(learn(Gate(), (limited(1, 3.0, limit=5),), 0.0), 0.0)
    gate, _ = start(gate, 3.0)
    gate = finish(gate)

    at_the_edge = learn(gate, (limited(0, 2.0, limit=5),), 3.0, ticket=late)
    beyond = learn(gate, (limited(0, 2.5, limit=5),), 3.0, ticket=late)

    assert at_the_edge.windows[0].remaining == 3
    assert beyond.windows[0].remaining == 0


def test_in_one_period_the_least_of_both_counts_is_kept() -> None:
    gate, first = start(learn(Gate(), (limited(9, 9.0, limit=9),), 0.0), 0.0)
    gate, second = start(gate, 0.0)
    gate = learn(finish(gate), (limited(5, 9.0, limit=9),), 0.1, ticket=first)
    gate = learn(finish(gate), (limited(6, 9.0, limit=9),), 0.2, ticket=second)

    assert (gate.windows[0].told, gate.windows[0].remaining) == (5, 5)
    lower = learn(gate, (limited(2, 9.0, limit=9),), 0.3, ticket=second)
    assert (lower.windows[0].told, lower.windows[0].remaining) == (2, 2)


def test_a_period_of_unknown_size_is_not_counted_and_one_of_known_size_is() -> None:
    known, _ = start(learn(Gate(), (limited(0, 3.0, limit=5),), 0.0), 3.0)
    unknown, _ = start(learn(Gate(), (limited(0, 3.0),), 0.0), 3.0)

    assert [gate.windows[0].counted for gate in (known, unknown)] == [True, False]


def failing(times: int, now: float = 1.0, cause: str = "") -> Breaker:
    breaker = Breaker()
    for _ in range(times):
        breaker = circuit.report(breaker, Pass(breaker.era), "failure", now, cause=cause)
    return breaker


def test_an_open_and_a_half_open_breaker_say_what_opened_them() -> None:
    opened = failing(5, cause="The last failure: 503.")
    half, probe = circuit.admit(opened, 16.0)
    why = "5 of 5 calls failed within 30 s. The last failure: 503."

    assert circuit.admit(opened, 6.0)[1] == Refused(10.0, f"The breaker is open. {why}")
    assert circuit.admit(half, 16.0)[1] == Refused(
        1.0, f"The breaker is half-open and its one probe is under way. {why}"
    )
    assert circuit.admit(failing(5), 6.0)[1] == Refused(10.0, "The breaker is open. 5 of 5 calls failed within 30 s.")
    assert circuit.admit(Breaker("open", until=9.0), 6.0)[1] == Refused(3.0, "The breaker is open.")
    assert circuit.admit(Breaker("half-open", probing=True), 6.0)[1] == Refused(
        1.0, "The breaker is half-open and its one probe is under way."
    )
    assert isinstance(probe, Pass)
    again = circuit.report(half, probe, "failure", 16.0)
    assert (again.cause, again.until) == (why, 46.0)
    assert circuit.report(half, probe, "failure", 16.0, cause="Other.").cause == "Other."


def test_each_change_of_phase_is_one_era_further() -> None:
    opened = failing(5)
    half, probe = circuit.admit(opened, 16.0)
    assert isinstance(probe, Pass)
    closed = circuit.report(half, probe, "alive", 16.0)

    assert [each.era for each in (Breaker(), opened, half, closed)] == [0, 1, 2, 3]
    assert circuit.release(half, probe) == replace(half, probing=False)
    assert circuit.release(half, probe).probing is False


def test_a_failure_as_old_as_the_window_is_forgotten() -> None:
    breaker = failing(4, now=1.0)

    kept = circuit.report(breaker, Pass(0), "failure", 30.9)
    gone = circuit.report(breaker, Pass(0), "failure", 31.0)

    assert kept.phase == "open"
    assert gone.tally == ((31, 1, 1),)


def test_a_status_of_its_own_counts_before_the_errors() -> None:
    assert circuit.weigh(404, ApiError("", status=503)) == "alive"
    assert circuit.weigh(None, ApiError("", status=503)) == "failure"


def test_credit_to_the_edge() -> None:
    assert spend(Budget(3.0), 3.0) == Budget(0.0)
    assert spend(Budget(3.5), 3.0) == Budget(0.5)
    assert spend(Budget(2.9999999999), 3.0) == Budget(0.0)
    assert spend(Budget(2.99), 3.0) is None


def test_full_jitter_is_what_is_done_unless_told() -> None:
    assert backoff(1, dice=lambda: 0.25) == 0.5


WRONG_TIMES = [
    ((0, 10.0, 30.0), "attempts", "The first send counts: attempts=1 means no retry."),
    ((3, 0.0, 30.0), "attempt_timeout", "For example attempt_timeout=30."),
    ((3, 10.0, float("nan")), "deadline", "For example deadline=30."),
    ((3, 40.0, 30.0), "attempt_timeout", "Raise deadline to 40 or more, or lower attempt_timeout."),
    ((3, 10.0, 30.0, 5.0), "attempt_timeout", "Raise total to 10 or more, or lower attempt_timeout."),
]


@pytest.mark.parametrize(("times", "place", "hint"), WRONG_TIMES)
def test_times_that_make_no_sense_are_refused_with_place_and_next_step(times: Any, place: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_times(*times)

    assert (caught.value.place, caught.value.hint) == (place, hint)


def test_the_other_version_of_a_credential_is_tried_at_once_and_free_of_charge() -> None:
    sentence = "401 on POST: the new credential was not accepted; the one before its rotation still counts."

    assert decided(Outcome(401), "POST", other_version=True, budget=Budget(0.0)) == Again(
        0.0, "", "other-version", sentence
    )
    assert reason(Outcome(401), method="POST") == "not-retryable"


AFTER = (("Retry-After", "60"),)
STEPS = [
    ({}, "60", "Call again in 60 s, or raise --deadline above 60 s to wait here."),
    ({}, "120", "Call again in 120 s, or raise --deadline above 120 s to wait here."),
    ({}, "121", "Call again in 121 s."),
    ({"time_left": 900.0}, "121", "Call again in 121 s."),
]


@pytest.mark.parametrize(("situation", "asked", "step"), STEPS)
def test_a_wait_that_is_not_waited_names_the_next_step(situation: dict[str, Any], asked: str, step: str) -> None:
    decision = decided(Outcome(429, headers=(("Retry-After", asked),)), rules=PLAIN, **situation)

    assert isinstance(decision, Stop)
    assert decision.hint == step


def test_counting_a_call_changes_nothing_else_of_a_gate() -> None:
    gate = Gate((), 2.0, "Retry-After", 3, 4, 5, 6)

    assert start(gate, 9.0)[0] == replace(gate, in_flight=6, issued=7)
    assert finish(gate) == replace(gate, in_flight=4)


def test_a_good_answer_changes_nothing_but_the_tally() -> None:
    breaker = Breaker("closed", 3, (), 4.0, 5.0, probing=True, cause="Six.")

    found = circuit.report(breaker, Pass(3), "alive", 7.0)

    assert found == replace(breaker, tally=((7, 1, 0),))


def test_a_503_that_is_overloaded_by_the_profile_stands_once_in_a_plan() -> None:
    labels = [each.outcome for each in consequences("GET", has_key=False, rules=RULES)]

    assert len(labels) == len(set(labels))
    assert labels.count("503") == labels.count("529") == 1


def test_a_servers_wait_of_nothing_does_not_lengthen_a_short_break() -> None:
    rules = circuit.BreakerRules(open_for=0.1)
    half = Breaker("half-open", era=1, step=0.1, probing=True)

    assert circuit.report(half, Pass(1, probe=True), "failure", 5.0, rules=rules).until == 5.2


def test_what_opened_a_breaker_ends_without_a_space() -> None:
    assert failing(5).cause == "5 of 5 calls failed within 30 s."


def test_an_older_answer_raises_nothing_where_no_reset_is_named() -> None:
    gate, first = start(Gate(), 0.0)
    gate, second = start(gate, 0.0)
    gate = learn(finish(gate), (limited(3),), 0.1, ticket=second)

    assert learn(finish(gate), (limited(9),), 0.2, ticket=first).windows[0].remaining == 3


def test_credit_pays_a_cost_that_is_off_by_no_more_than_rounding() -> None:
    assert Budget(0.0).affords(1e-9)
    assert not Budget(0.0).affords(1.1e-9)
