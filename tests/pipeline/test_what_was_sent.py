"""What a person reads about money that may have moved: the whole call counts, not only its last attempt."""

from __future__ import annotations

from typing import Any

import pytest

from flarex_nb.catalog.profile import Service
from flarex_nb.errors import CircuitOpen, ConnectFailed, ConnectionLost, FlarexError, IncompletePages, UsageError
from scripted import reply


def pages(*after: Any) -> Any:
    """A first page of one record with more to come, then these steps."""
    return reply(200, {"object": "list", "data": [{"id": "ch_1"}], "has_more": True}), *after


def test_a_post_that_may_have_been_applied_is_never_said_to_be_unsent(world: Any) -> None:
    here = world(ConnectionLost("reset", sent="maybe"), ConnectFailed("refused"))

    with pytest.raises(ConnectFailed) as caught:
        here.call("POST /v1/charges", json={"amount": 1})

    assert caught.value.sent == "maybe"
    assert "Nothing was sent" not in caught.value.explain()


def test_an_open_breaker_does_not_deny_the_attempts_before_it(world: Any) -> None:
    here = world(reply(503))

    with pytest.raises(CircuitOpen) as caught:
        here.call(attempts=9, deadline=60.0)

    assert len(caught.value.attempts) == 5
    assert caught.value.sent == "yes"


def test_pages_that_came_were_sent(world: Any) -> None:
    here = world(*pages(ConnectFailed("no network", permanent=True)))

    with pytest.raises(IncompletePages) as caught:
        here.call(pages="all")

    assert caught.value.sent == "yes"


def test_incomplete_pages_name_every_attempt(world: Any) -> None:
    here = world(*pages(reply(400, {"error": {"message": "No more."}})))

    with pytest.raises(IncompletePages) as caught:
        here.call(pages="all")

    assert [attempt.outcome for attempt in caught.value.attempts] == ["200", "400"]


def test_sentences_end_once_and_count_right(world: Any) -> None:
    here = world(*pages(reply(400, {"error": {"message": "No more."}})))

    with pytest.raises(IncompletePages) as caught:
        here.call(pages="all")

    told = f"{caught.value} {caught.value.result.explain()}"
    assert ".." not in told
    assert "1 pages" not in told


def test_a_misspelt_dialect_is_refused_before_a_post_is_sent(world: Any) -> None:
    here = world(reply(200, {"id": 1}))

    def register_and_call() -> None:
        retry = {"dialects": ("retry_afer",)}
        here.client.services.register(Service(name="crm", base_url="https://crm.example", retry=retry))
        here.client.call("crm", "POST /contacts", json={})

    with pytest.raises(FlarexError):
        register_and_call()

    assert here.wire.seen == []


def test_no_wait_for_an_attempt_the_open_breaker_would_refuse(world: Any) -> None:
    here = world(reply(503))

    with pytest.raises(FlarexError):
        here.call(attempts=9, deadline=60.0)

    assert here.clock.slept == [1.0, 2.0, 4.0, 8.0]


@pytest.mark.parametrize("request_line", ["GET /v1/charges/ch_1", "POST /v1/charges"])
def test_a_column_that_is_not_there_does_not_deny_that_the_request_was_sent(world: Any, request_line: str) -> None:
    result = world(reply(200, {"id": "ch_1", "amount": 1})).call(request_line, columns="id,amout")

    with pytest.raises(UsageError, match="amout") as caught:
        _ = result.df

    assert caught.value.sent == "yes"
    assert "Nothing was sent" not in caught.value.explain()
    assert "200" in caught.value.explain()


def test_a_column_that_a_kept_answer_lacks_was_asked_for_without_sending(world: Any) -> None:
    here = world(reply(200, {"id": "ch_1", "amount": 1}))
    here.call("GET /v1/charges/ch_1")

    with pytest.raises(UsageError, match="amout") as caught:
        _ = here.call("GET /v1/charges/ch_1", columns="id,amout").df

    assert caught.value.sent == "no"
