"""Failures that pass: what is tried again, how often, after which wait, and what the person is told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from flarex_nb.errors import CircuitOpen, ConnectFailed, ConnectionLost, NotFound, ServerError
from scripted import KEY, header_of, reply, waits_of


def test_a_503_is_tried_again_and_the_answer_has_both_attempts(world: Any) -> None:
    here = world(reply(503), reply(200, {"id": "ch_1"}))

    result = here.call()

    assert result.status == 200
    assert [attempt.outcome for attempt in result.attempts] == ["503", "200"]
    assert waits_of(result.attempts) == [0.0, 1.0]
    assert result.attempts[1].wait_source == "backoff"


def test_three_500s_raise_the_last_with_its_history(world: Any) -> None:
    here = world(reply(500, {"error": {"message": "We broke.", "code": "oops"}}, Request_Id="req_7"))

    with pytest.raises(ServerError) as caught:
        here.call()

    assert len(here.wire.seen) == 3
    assert caught.value.message == "We broke."
    assert caught.value.reply.status == 500
    assert caught.value.reply.request_id == "req_7"
    assert caught.value.attempts[-1].reason == "attempts-exhausted"
    assert here.clock.slept == [1.0, 2.0]


def test_backoff_without_jitter_follows_the_series_to_its_cap(world: Any) -> None:
    here = world(reply(503))

    with pytest.raises(ServerError):
        here.call(attempts=5, deadline=60.0)

    assert here.clock.slept == [1.0, 2.0, 4.0, 8.0]


def test_five_failures_open_the_breaker_and_the_sixth_attempt_is_not_sent(world: Any) -> None:
    here = world(reply(503, {"error": {"message": "Busy."}}))

    with pytest.raises(CircuitOpen) as caught:
        here.call(attempts=9, deadline=60.0)

    assert len(here.wire.seen) == 5
    assert len(caught.value.attempts) == 5
    assert caught.value.reply.status == 503
    with pytest.raises(CircuitOpen):
        here.call()
    assert len(here.wire.seen) == 5


def test_an_open_breaker_lets_one_probe_through_and_a_good_answer_closes_it(world: Any) -> None:
    here = world(*[reply(503)] * 5, reply(200, {}))
    with pytest.raises(CircuitOpen):
        here.call(attempts=9, deadline=60.0)
    here.clock.advance(16)

    assert here.call().status == 200
    assert here.call(cache="bypass").status == 200


def test_rehearsed_failures_do_not_open_the_breaker(world: Any) -> None:
    here = world(reply(503))
    here.client.sandbox = SimpleNamespace(origin="http://127.0.0.1:1", host="127.0.0.1", port=1, services=("stripe",))
    here.client.secrets.set("STRIPE_SECRET_KEY", KEY, hosts=("127.0.0.1:1",), env="sandbox")

    for _ in range(4):
        with pytest.raises(ServerError):
            here.call(simulate="503,503,503")

    assert len(here.wire.seen) == 12


def test_a_post_without_a_key_is_not_repeated_after_a_502(world: Any) -> None:
    here = world(reply(502))

    with pytest.raises(ServerError) as caught:
        here.call("POST /v1/customers", json={"email": "a@example.com"}, idempotency="off")

    assert len(here.wire.seen) == 1
    assert caught.value.attempts[0].reason in {"not-idempotent", "may-have-been-applied"}


def test_a_post_with_a_key_sends_the_same_key_and_bytes_again(world: Any) -> None:
    here = world(reply(502), reply(200, {"id": "cus_1"}))

    here.call("POST /v1/customers", json={"email": "a@example.com"})

    first, second = here.wire.seen
    assert header_of(first, "Idempotency-Key")
    assert header_of(first, "Idempotency-Key") == header_of(second, "Idempotency-Key")
    assert first.content == second.content == b"email=a%40example.com"


def test_two_calls_have_two_keys(world: Any) -> None:
    here = world(reply(200, {"id": "cus_1"}))

    here.call("POST /v1/customers", json={"email": "a@example.com"})
    here.call("POST /v1/customers", json={"email": "a@example.com"})

    first, second = here.wire.seen
    assert header_of(first, "Idempotency-Key") != header_of(second, "Idempotency-Key")


def test_a_refused_connection_is_tried_again_even_for_a_post_without_a_key(world: Any) -> None:
    here = world(ConnectFailed("refused"), reply(200, {"id": "cus_1"}))

    result = here.call("POST /v1/customers", json={"email": "a"}, idempotency="off")

    assert [attempt.sent for attempt in result.attempts] == ["no", "yes"]


def test_a_lost_answer_to_a_post_without_a_key_says_it_may_have_been_applied(world: Any) -> None:
    here = world(ConnectionLost("closed without an answer", sent="maybe"))

    with pytest.raises(ConnectionLost) as caught:
        here.call("POST /v1/customers", json={"email": "a"}, idempotency="off")

    assert len(here.wire.seen) == 1
    assert caught.value.attempts[0].reason == "may-have-been-applied"
    assert "may have been applied" in caught.value.explain()


@pytest.mark.parametrize("status", [400, 404, 422, 501])
def test_a_refusal_is_asked_once(world: Any, status: int) -> None:
    here = world(reply(status))

    result = here.call(check=False)

    assert len(here.wire.seen) == 1
    assert result.status == status
    assert not result


def test_an_unknown_host_is_tried_once(world: Any) -> None:
    here = world(ConnectFailed("no such host", permanent=True))

    with pytest.raises(ConnectFailed) as caught:
        here.call()

    assert len(here.wire.seen) == 1
    assert len(caught.value.attempts) == 1


def test_the_error_names_the_call(world: Any) -> None:
    here = world(reply(404, {"error": {"message": "No such charge: 'ch_x'", "code": "resource_missing"}}))

    with pytest.raises(NotFound) as caught:
        here.call("GET /v1/charges/ch_x")

    assert caught.value.code == "resource_missing"
    assert "GET /v1/charges/ch_x on stripe" in caught.value.explain()
