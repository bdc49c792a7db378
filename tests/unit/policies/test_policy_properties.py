"""What holds for any answer: nothing raises, no wait is shortened, no attempt is added."""

from __future__ import annotations

import math

from hypothesis import example, given
from hypothesis import strategies as st

from flarex_nb.errors import AttemptTimeout, ConnectFailed, ConnectionLost, FlarexError
from flarex_nb.model import Headers, Json
from flarex_nb.policies.backoff import backoff
from flarex_nb.policies.dialects import KNOWN_DIALECTS, blocked, limited, server_wait
from flarex_nb.policies.quotas import quotas
from flarex_nb.policies.retry import Again, Outcome, RetryRules, Situation, Stop, decide

WALL = 1_793_000_000.0
EVERY = tuple(sorted(KNOWN_DIALECTS))

NAMES = st.sampled_from(
    [
        "Retry-After",
        "retry-after-ms",
        "Date",
        "Age",
        "X-RateLimit-Limit",
        "X-RateLimit-Remaining",
        "X-RateLimit-Reset",
        "X-RateLimit-Reset-After",
        "X-RateLimit-Global",
        "x-ratelimit-remaining-tokens",
        "x-ratelimit-reset-tokens",
        "anthropic-ratelimit-tokens-remaining",
        "anthropic-ratelimit-tokens-reset",
        "RateLimit",
        "RateLimit-Policy",
        "RateLimit-Limit",
        "RateLimit-Remaining",
        "RateLimit-Reset",
        "X-Should-Retry",
        "Content-Type",
    ]
) | st.text(max_size=20)
NUMBERS = st.integers().map(str) | st.floats().map(str) | st.integers(0, 10**400).map(str)
DATES = st.from_regex(
    r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})\Z"
) | st.from_regex(r"\A(Sun|Mon), [0-9]{2} (Jan|Feb|Dec) [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT\Z")
FIELDS = st.from_regex(r'\A"[a-z]";r=[0-9]{1,16};t=[0-9]{1,16}(;pk=:[A-Za-z=]*:|;x=@[0-9]{1,16})?\Z')
VALUES = st.text() | NUMBERS | DATES | FIELDS | st.from_regex(r"\A([0-9]+(\.[0-9]+)?(h|m|s|ms)){1,3}\Z")
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=8).map(tuple)
KEYS = st.sampled_from(
    ["error", "errors", "details", "retry_after", "global", "message", "retryDelay", "@type", "type"]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.just(10**400)
    | st.just("google.rpc.RetryInfo")
    | st.from_regex(r"\A[0-9]{1,400}(\.[0-9]{1,9})?s\Z")
)
BODIES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=5), inner, max_size=4)
)
STATUSES = st.none() | st.sampled_from([200, 403, 409, 425, 429, 500, 503, 529]) | st.integers(0, 999)
DIALECTS = st.lists(st.sampled_from(EVERY), unique=True)


@given(status=STATUSES, headers=HEADERS, body=BODIES, dialects=DIALECTS, wall=st.floats(0, 1e12))
@example(status=429, headers=(("Retry-After", "9" * 5000),), body=None, dialects=["retry_after"], wall=0.0)
@example(status=429, headers=(("RateLimit", "\ud800"),), body=None, dialects=["ratelimit_fields"], wall=0.0)
@example(
    status=429,
    headers=(("Retry-After", "Fri, 31 Dec 9999 23:59:60 GMT"),),
    body=None,
    dialects=["retry_after"],
    wall=0.0,
)
def test_no_answer_makes_the_readers_raise_or_ask_for_no_length_of_time(
    status: int | None, headers: Headers, body: Json, dialects: list[str], wall: float
) -> None:
    wait = server_wait(status=status, headers=headers, body=body, dialects=dialects, wall=wall)
    found = quotas(headers, dialects, wall)

    limited(status=status, headers=headers, body=body, dialects=dialects, wall=wall)
    blocked(status=status, headers=headers, body=body, dialects=dialects)
    assert wait is None or (math.isfinite(wait.seconds) and wait.seconds >= 0 and wait.source and wait.sentence)
    assert all(quota.reset_in is None or 0 <= quota.reset_in < math.inf for quota in found)
    assert all(quota.remaining is None or quota.remaining >= 0 for quota in found)


OUTCOMES = st.builds(
    Outcome, st.sampled_from([403, 408, 409, 425, 429, 500, 502, 503, 504, 529]), st.none(), HEADERS, BODIES
) | st.sampled_from(
    [ConnectFailed("refused"), AttemptTimeout("slow", sent="maybe"), ConnectionLost("reset", sent="maybe")]
).map(lambda error: Outcome(error=error))
RULES = st.builds(
    RetryRules,
    dialects=DIALECTS.map(tuple),
    override_header=st.sampled_from(["", "X-Should-Retry"]),
    again_codes=st.sampled_from([(), ("409", "lock_timeout")]),
    stored_500=st.booleans(),
    overloaded=st.sampled_from([(), (529,)]),
)
METHODS = st.sampled_from(["GET", "POST", "put", "PATCH", "DELETE"])
DICE = st.floats(0, 1, exclude_max=True)


@given(outcome=OUTCOMES, rules=RULES, method=METHODS, key=st.booleans(), left=st.floats(0, 500), roll=DICE)
def test_a_chosen_wait_is_never_below_the_servers_and_never_passes_the_deadline(
    outcome: Outcome,
    rules: RetryRules,
    method: str,
    key: bool,
    left: float,
    roll: float,
) -> None:
    situation = Situation(method, key, 1, 3, left, backoff(0, dice=lambda: roll), lambda: roll)

    decision = decide(outcome, situation, rules, wall=WALL)
    asked = server_wait(
        status=outcome.status, headers=outcome.headers, body=outcome.body, dialects=rules.dialects, wall=WALL
    )

    if isinstance(decision, Again):
        assert decision.delay < left
        assert decision.delay >= (asked.seconds if asked else 0.05)
        assert decision.source == (asked.source if asked else "backoff")


@given(
    outcomes=st.lists(OUTCOMES, min_size=1, max_size=8),
    rules=RULES,
    method=METHODS,
    attempts=st.integers(1, 6),
    roll=DICE,
)
def test_there_are_never_more_requests_than_attempts_nor_waits_past_the_deadline(
    outcomes: list[Outcome], rules: RetryRules, method: str, attempts: int, roll: float
) -> None:
    now, requests = 0.0, 0

    while True:
        requests += 1
        outcome = outcomes[(requests - 1) % len(outcomes)]
        wait = backoff(requests - 1, dice=lambda: roll)
        situation = Situation(method, True, requests, attempts, 30.0 - now, wait, lambda: roll)
        decision = decide(outcome, situation, rules, wall=WALL)
        if isinstance(decision, Stop):
            break
        now += decision.delay

    assert 1 <= requests <= attempts
    assert now < 30.0


UNSAFE = st.sampled_from([408, 409, 425, 500, 502, 504, 507, 520])
SAID_TO_BE_SENT: list[FlarexError] = [AttemptTimeout("slow", sent="maybe"), ConnectionLost("reset", sent="yes")]


@given(
    status=UNSAFE,
    headers=HEADERS,
    body=BODIES,
    rules=RULES.map(lambda rules: RetryRules(rules.dialects, "X-Should-Retry")),
)
def test_nothing_a_server_says_repeats_a_bare_post_that_may_have_been_applied(
    status: int, headers: Headers, body: Json, rules: RetryRules
) -> None:
    situation = Situation("POST", False, 1, 3, 500.0, 1.0, lambda: 0.5)

    assert isinstance(decide(Outcome(status, None, headers, body), situation, rules, wall=WALL), Stop)


@given(error=st.sampled_from(SAID_TO_BE_SENT), headers=HEADERS, rules=RULES)
def test_no_header_repeats_a_bare_post_that_was_lost_on_the_way(
    error: FlarexError, headers: Headers, rules: RetryRules
) -> None:
    situation = Situation("POST", False, 1, 3, 500.0, 1.0, lambda: 0.5)

    decision = decide(Outcome(None, error, headers), situation, rules, wall=WALL)

    assert isinstance(decision, Stop)
    assert decision.reason == "may-have-been-applied"


def test_long_texts_meant_to_cost_time_are_read_in_no_time() -> None:
    """Reading these in quadratic time takes minutes, so that the test would not end; in linear time, milliseconds."""
    long = 200_000
    texts = (
        "1" * long + "x",
        "1s" * long,
        "1." * long,
        "idempotency_" + "concurrent" * long + "\n",
        '"a";r=0;t=1,' * long,
    )
    names = (
        "Retry-After",
        "Date",
        "RateLimit",
        "X-RateLimit-Remaining",
        "x-ratelimit-reset-tokens",
        "a-ratelimit-b-reset",
    )

    for text in texts:
        headers = tuple((name, text) for name in names)
        body = {"error": {"code": text, "message": text, "details": [{"@type": "RetryInfo", "retryDelay": text}]}}
        situation = Situation("POST", True, 1, 3, 500.0, 1.0, lambda: 0.5)

        decision = decide(Outcome(409, None, headers, body), situation, RetryRules(EVERY), wall=WALL)
        found = server_wait(status=429, headers=headers, body=body, dialects=EVERY, wall=WALL)

        assert isinstance(decision, Stop)
        assert found is not None
