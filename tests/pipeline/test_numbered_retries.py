"""Cases 11 to 26 as whole calls, by number: how many requests the server sees, when, and why no more."""

from __future__ import annotations

from typing import Any

import pytest

from flarex_nb.errors import AttemptTimeout, ConnectFailed, ConnectionLost, FlarexError, RateLimited, ServerError
from scripted import World, header_of, reply, waits_of

NO_KEY = {"json": {"email": "a@example.com"}, "idempotency": "off"}
OK = reply(200, {"id": "x_1"})


def ask(here: World, request: str = "GET /v1/x/1", **more: Any) -> Any:
    """Return the final answer, of a server's error too; other errors raise."""
    return here.call(request, **{"check": False, **more})


def ask_of(here: World, rules: dict[str, Any], request: str = "GET /v1/x/1", **more: Any) -> Any:
    """Do the same with a service whose profile has these rules for failures."""
    profile = here.client.services.get("stripe")
    retry = profile.retry.model_copy(update={"again_codes": (), "stored_500": False, **rules})
    here.client.services.register(profile.model_copy(update={"name": "other", "retry": retry}))
    return here.client.call("other", request, jitter="none", **{"check": False, **more})


def last_reason(result: Any) -> str:
    return result.attempts[-1].reason


def test_case_11_a_503_then_a_200_is_two_requests_and_a_wait_below_a_second(world: Any) -> None:
    here = world(reply(503), OK)

    result = ask(here, jitter="full")

    assert (result.status, len(here.wire.seen)) == (200, 2)
    assert 0 < result.attempts[1].waited < 1


def test_case_12_three_500s_are_three_requests_and_the_last_one_is_returned(world: Any) -> None:
    here = world(reply(500, {"error": {"message": "first"}}), reply(500), reply(500, {"error": {"message": "third"}}))

    result = ask(here)

    assert (result.status, len(here.wire.seen), last_reason(result)) == (500, 3, "attempts-exhausted")
    assert result.json["error"]["message"] == "third"


def test_case_13_a_502_to_a_post_without_a_key_is_one_request(world: Any) -> None:
    here = world(reply(502), OK)

    result = ask(here, "POST /v1/customers", **NO_KEY)

    assert (len(here.wire.seen), last_reason(result)) == (1, "not-idempotent")


def test_case_14_a_502_to_a_post_with_a_key_is_two_with_equal_keys(world: Any) -> None:
    here = world(reply(502), OK)

    result = ask(here, "POST /v1/customers", json={"email": "a@example.com"})

    one, two = (header_of(out, "Idempotency-Key") for out in here.wire.seen)
    assert result.status == 200
    assert one
    assert one == two


def test_case_15_a_post_that_was_refused_the_connection_is_tried_again(world: Any) -> None:
    here = world(ConnectFailed("refused"), OK)

    result = ask(here, "POST /v1/customers", **NO_KEY)

    assert (result.status, len(here.wire.seen)) == (200, 2)


def test_case_16_a_post_whose_answer_did_not_come_is_one_request(world: Any) -> None:
    here = world(AttemptTimeout("silent", sent="maybe"), OK)

    with pytest.raises(AttemptTimeout) as caught:
        ask(here, "POST /v1/customers", **NO_KEY)

    assert len(here.wire.seen) == 1
    assert "may have been applied" in caught.value.explain()


@pytest.mark.parametrize("status", [400, 404, 422, 501])
def test_case_17_an_answer_that_would_be_the_same_is_asked_once(world: Any, status: int) -> None:
    here = world(reply(status), OK)

    assert ask(here).status == status
    assert len(here.wire.seen) == 1


def test_case_18_a_429_is_followed_by_two_seconds_of_waiting(world: Any) -> None:
    here = world(reply(429, Retry_After="2"), OK)

    result = ask(here)

    assert (result.status, len(here.wire.seen)) == (200, 2)
    assert here.clock.now() >= 2.0


def test_case_19_an_hours_wait_ends_the_call_at_once(world: Any) -> None:
    here = world(reply(429, Retry_After="3600"), OK)

    with pytest.raises(RateLimited) as caught:
        here.call()

    assert (len(here.wire.seen), here.clock.now(), caught.value.reply.status) == (1, 0.0, 429)
    assert "3600 s" in caught.value.explain()
    assert "30 s" in caught.value.explain()


def test_case_20_a_quota_is_not_a_rate(world: Any) -> None:
    here = world(reply(429, {"error": {"code": "insufficient_quota"}}), OK)

    result = ask_of(here, {"never_codes": ("insufficient_quota",)})

    assert (result.status, len(here.wire.seen), last_reason(result)) == (429, 1, "quota-not-rate")


def test_case_21_a_403_with_nothing_left_waits_for_the_reset(world: Any) -> None:
    reset = str(1_700_000_000 + 20)
    here = world(reply(403, X_RateLimit_Remaining="0", X_RateLimit_Reset=reset), OK)

    result = ask_of(here, {"dialects": ("retry_after", "primary_secondary")})

    assert (result.status, len(here.wire.seen)) == (200, 2)
    assert here.clock.now() == pytest.approx(20.0, abs=0.01)


def test_case_21_a_403_without_signs_of_a_limit_is_asked_once(world: Any) -> None:
    here = world(reply(403, {"message": "Must have admin rights."}), OK)

    assert ask_of(here, {"dialects": ("retry_after", "primary_secondary")}).status == 403
    assert len(here.wire.seen) == 1


@pytest.mark.parametrize(("reason", "requests"), [("userRateLimitExceeded", 2), ("accessNotConfigured", 1)])
def test_case_22_a_403_goes_by_its_reason(world: Any, reason: str, requests: int) -> None:
    here = world(reply(403, {"error": {"code": 403, "errors": [{"reason": reason}]}}), OK)

    ask_of(here, {"again_codes": ("userRateLimitExceeded",), "never_codes": ("accessNotConfigured",)})

    assert len(here.wire.seen) == requests


@pytest.mark.parametrize(("code", "requests"), [("idempotency_key_in_use", 2), ("resource_conflict", 1)])
def test_case_23_a_409_goes_by_its_code(world: Any, code: str, requests: int) -> None:
    here = world(reply(409, {"error": {"code": code}}), OK)

    ask(here, "POST /v1/customers", json={"email": "a@example.com"})

    assert len(here.wire.seen) == requests


def test_case_23_the_servers_no_is_final(world: Any) -> None:
    here = world(reply(503, Stripe_Should_Retry="false"), OK)

    assert last_reason(ask(here)) == "server-said-no"
    assert len(here.wire.seen) == 1


def test_case_24_a_lock_is_met_with_our_own_backoff(world: Any) -> None:
    here = world(reply(429, {"error": {"code": "lock_timeout"}}), OK)

    result = ask(here, "POST /v1/customers", json={"email": "a@example.com"})

    assert (result.status, len(here.wire.seen)) == (200, 2)
    assert (waits_of(result.attempts), result.attempts[1].wait_source) == ([0.0, 1.0], "backoff")


def test_case_25_the_wait_in_the_body_is_kept(world: Any) -> None:
    here = world(reply(429, {"retry_after": 0.65, "global": False}, Via="1.1 fake"), OK)

    result = ask_of(here, {"dialects": ("body_retry_after",)})

    assert (result.status, waits_of(result.attempts)) == (200, [0.0, 0.65])


def test_case_25_a_page_of_the_network_before_the_api_is_a_block(world: Any) -> None:
    here = world(reply(429, b"<html>blocked</html>", Content_Type="text/html"), OK)

    with pytest.raises(FlarexError) as caught:
        ask_of(here, {"dialects": ("body_retry_after",)}, check=True)

    assert (len(here.wire.seen), caught.value.attempts[-1].reason) == (1, "blocked")


@pytest.mark.parametrize(
    ("failure", "requests"),
    [
        (ConnectFailed("signed by itself", permanent=True), 1),
        (ConnectFailed("no such host", permanent=True), 1),
        (ConnectionLost("reset", sent="maybe"), 3),
    ],
)
def test_case_26_what_cannot_change_is_tried_once_and_a_reset_three_times(
    world: Any, failure: FlarexError, requests: int
) -> None:
    here = world(failure)

    with pytest.raises(type(failure)):
        ask(here)

    assert len(here.wire.seen) == requests


def test_a_final_error_of_the_server_raises_unless_it_is_asked_for(world: Any) -> None:
    here = world(reply(500))

    with pytest.raises(ServerError) as caught:
        here.call()

    assert caught.value.reply.status == 500
