"""Why a call ended as it did, and what would have changed it: real calls of the pipeline, explained."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from flarex_nb.errors import ConnectFailed, ConnectionLost, FlarexError
from flarex_nb.model import Attempt, CallOptions, CallRequest
from flarex_nb.notebook.journal import Past, past_error, past_result, past_stop
from flarex_nb.notebook.render.why import why_html, why_of, why_text
from flarex_nb.notebook.render.why_advice import _RULES, advice
from flarex_nb.policies.verdict import StopReason
from scripted import reply


def past_of(here: Any, name: str = "stripe", request: str = "GET /v1/charges", **options: Any) -> Past:
    options.setdefault("jitter", "none")
    try:
        return past_result(here.client.call(name, request, **options))
    except FlarexError as error:
        method, path = request.split()
        return past_error(error, CallRequest(name, method, path, options=CallOptions(**options)))


def told(past: Past, **facts: Any) -> str:
    return why_text(why_of(past, steady=False, **facts))


def test_each_attempt_is_told_with_its_rule_its_wait_and_whether_it_reached_the_server(world: Any) -> None:
    past = past_of(world(ConnectFailed("refused"), reply(429, {}, Retry_After="2"), reply(200, {})))

    text = told(past)

    assert "It succeeded with 3 attempts; 2 of them failed and were repeated." in text
    assert "connect-failed  reached the server: no, rule nothing-sent" in text
    assert "after 1.0 s (our backoff), reached the server: yes, rule rate-limited" in text
    assert "after 2.0 s (Retry-After)" in text


ENDS: list[tuple[list[Any], str, dict[str, Any], str, str]] = [
    ([reply(503)], "GET /v1/charges", {}, "attempts-exhausted", "--attempts 5"),
    ([reply(503)], "GET /v1/charges", {"attempts": 5, "deadline": 90.0}, "attempts-exhausted", "--attempts 7"),
    ([reply(429, {}, Retry_After="60")], "GET /v1/charges", {}, "server-wait-exceeds-deadline", "--deadline 71"),
    ([reply(429, {}, Retry_After="3600")], "GET /v1/charges", {}, "server-wait-exceeds-deadline", "again in 1 h 0 min"),
    ([reply(429, {}, Retry_After="200")], "GET /v1/charges", {"deadline": 900.0}, "server-wait-exceeds-maximum", "again in 4 min"),
    ([reply(503)], "GET /v1/charges", {"deadline": 0.9, "attempt_timeout": 0.5}, "backoff-exceeds-deadline", "--deadline 9"),
    ([reply(502)], "POST /v1/charges", {"idempotency": "off"}, "not-idempotent", "--idempotency auto"),
    ([ConnectionLost("", sent="maybe")], "POST /v1/charges", {"idempotency": "off"}, "may-have-been-applied", "--idempotency auto"),
    ([reply(500)], "POST /v1/charges", {}, "stored-answer", "--idempotency new"),
    ([reply(401)], "GET /v1/charges", {}, "not-retryable", "%flarex_secrets rotate STRIPE_SECRET_KEY"),
    ([reply(422)], "GET /v1/charges", {}, "not-retryable", "hange the request"),
    ([reply(200, b"{")], "GET /v1/charges", {}, "invalid-answer", "--raw"),
    ([reply(503, {}, Stripe_Should_Retry="false")], "GET /v1/charges", {}, "server-said-no", "the server itself wants no retry"),
    ([ConnectFailed("", permanent=True)], "GET /v1/charges", {}, "permanent", "base_url"),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "request_line", "options", "rule", "change"), ENDS, ids=lambda part: str(part)[:40])
def test_what_would_change_it_fits_the_rule_that_stopped_it(
    world: Any, steps: list[Any], request_line: str, options: dict[str, Any], rule: str, change: str
) -> None:
    past = past_of(world(*steps), request=request_line, **options)

    text = told(past, honours_key=True)

    assert past.attempts[-1].reason == rule
    assert rule in text
    assert change in " ".join(text.split()), text


@pytest.mark.parametrize("case", [case for case in ENDS if "--deadline" in case[4]], ids=lambda case: case[3])
def test_the_deadline_that_is_named_is_enough(world: Any, case: Any) -> None:
    steps, request_line, options, _, change = case
    longer = {**options, "deadline": float(change.split()[-1])}

    past = past_of(world(*steps, reply(200, {})), request=request_line, **longer)

    assert past.ended == "done"


def test_every_reason_to_stop_has_an_answer() -> None:
    others = {"succeeded", "not-idempotent", "may-have-been-applied"}

    assert set(get_args(StopReason)) - others <= set(_RULES)


def test_an_open_breaker_is_a_wait_or_a_reset(world: Any) -> None:
    here = world(reply(500))
    for _ in range(2):
        past_of(here, "plainly", "GET /x")

    past = past_of(here, "plainly", "GET /x")

    assert past.outcome == "circuit-open"
    assert "before anything was sent" in told(past)
    assert "Wait 15 s" in told(past)
    assert "%flarex_reset plainly" in told(past)


def test_a_call_that_the_breaker_ended_says_so_at_its_last_attempt(world: Any) -> None:
    past = past_of(world(reply(500)), "plainly", "GET /x", attempts=9, deadline=90.0)

    text = " ".join(told(past).split())

    assert past.attempts[-1].reason == "circuit-open"
    assert "rule circuit-open: The breaker is open by now, so no further attempt is sent." in text
    assert text.count("Next attempt") == 4
    assert "Wait 15 s" in text


async def silent(_out: Any, clock: Any, progress: Any) -> Any:
    progress.enter("waiting")
    await clock.sleep(10_000)


def test_a_deadline_that_passed_is_no_refusal_and_a_write_is_to_be_looked_after(world: Any) -> None:
    read = past_of(world(silent), attempts=3, deadline=25.0)
    write = past_of(world(ConnectFailed("refused"), silent), "plainly", "POST /x", deadline=10.5)

    assert [past.attempts[-1].reason for past in (read, write)] == ["deadline-passed", "deadline-passed"]
    assert "refused here" not in told(read) + told(write)
    assert "may have been applied" in " ".join(told(write).split())
    assert "Look at plainly first" in told(write)
    assert "Look at" not in told(read)


def test_a_silent_server_is_given_more_time_for_a_write_too(world: Any) -> None:
    past = past_of(world(silent), "plainly", "POST /x", attempt_timeout=12.0)

    assert past.attempts[-1].reason == "may-have-been-applied"
    assert "--attempt-timeout 36 --deadline 72" in " ".join(told(past).split())


def test_an_empty_credit_names_what_is_left_and_what_a_retry_costs(world: Any) -> None:
    past = past_of(world(reply(429)), "plainly", "GET /x", attempts=30, deadline=900.0)

    text = " ".join(told(past).split())

    assert past.attempts[-1].reason == "budget-empty"
    assert "0 of 20 is left, and a retry costs 1" in text
    assert "%flarex_reset plainly refills the credit" in text


def test_a_limit_that_passes_the_deadline_names_one_that_does_not(world: Any) -> None:
    here = world(reply(200, {}, X_RateLimit_Remaining="0", X_RateLimit_Reset="50"), reply(200, {}))
    past_of(here, "plainly", "GET /x")

    past = past_of(here, "plainly", "GET /y")
    (change,) = advice(past)

    assert past.outcome == "throttle-refused"
    deadline = float(change.split("--deadline ")[1].split(":")[0])
    assert past_of(here, "plainly", "GET /y", deadline=deadline).ended == "done"


def test_an_answer_from_the_cache_says_that_nothing_was_sent(world: Any) -> None:
    here = world(reply(200, {}))
    past_of(here, "plainly", "GET /x")

    text = told(past_of(here, "plainly", "GET /x"))

    assert "Nothing was sent" in text
    assert "--cache refresh" in text


def test_records_that_are_missing_are_told_with_the_option_that_brings_them(world: Any) -> None:
    page = {"object": "list", "has_more": True, "data": [{"id": "a"}]}

    text = told(past_of(world(reply(200, page))))

    assert "not complete" in text
    assert "--pages all" in text


def test_a_post_that_was_stopped_is_to_be_looked_after() -> None:
    attempt = Attempt(1, 0.0, 1.0, 0.0, "", "stopped", "maybe", "stop", "stopped-by-you", "You stopped it here.")

    text = told(
        past_stop(CallRequest("stripe", "POST", "/v1/charges"), "stopped by you during attempt 1", "maybe", (attempt,))
    )

    assert "Stopped by you during attempt 1." in text
    assert "It may have been applied" in text
    assert "reached the server: maybe" in text


def test_a_service_without_keys_is_no_place_to_advise_one(world: Any) -> None:
    past = past_of(world(reply(502)), "plainly", "POST /x")

    assert "honours no idempotency key" in told(past)
    assert "--idempotency auto" not in told(past)


def test_of_many_pages_only_those_are_told_where_something_happened(world: Any) -> None:
    def page(number: int) -> Any:
        return reply(200, {"object": "list", "has_more": number < 40, "data": [{"id": f"ch_{number}"}]})

    steps = [page(number) for number in range(1, 41)]
    steps.insert(20, reply(503))
    past = past_of(world(*steps), pages="all")

    text = told(past)

    assert "page 21, 1  503" in text
    assert "39 attempts not shown" in text


def test_hostile_words_of_a_server_stay_words(world: Any) -> None:
    body = {"error": {"message": "<img src=x onerror=alert(1)>\x1b[31m", "code": "<b>"}}
    why = why_of(past_of(world(reply(400, body))), steady=False)

    assert "<img" not in why_html(why)
    assert "\x1b" not in why_html(why) + why_text(why)
    assert len(why_html(why)) < 20_000


def test_two_equal_calls_are_told_equally_where_times_are_left_out(world: Any) -> None:
    def one() -> str:
        return why_text(why_of(past_of(world(reply(503), reply(200, {})), jitter="full"), steady=True))

    assert one() == one()
    assert "a moment (our backoff)" in one()
