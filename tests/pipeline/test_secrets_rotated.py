"""A rotated secret: the value before counts on for a while, and is tried once when the new one is refused with 401."""

from __future__ import annotations

from typing import Any

import pytest

from flarex_nb.errors import AuthenticationFailed
from scripted import header_of, reply

NAME = "STRIPE_SECRET_KEY"
OLD, NEW = "sk_sandbox_" + "old" * 8, "sk_sandbox_" + "new" * 8


def rotated(here: Any, **how: Any) -> Any:
    here.client.secrets.set(NAME, OLD)
    here.client.secrets.rotate(NAME, NEW, **how)
    return here


def sent_keys(here: Any) -> list[str]:
    return [(header_of(out, "Authorization") or "").removeprefix("Bearer ") for out in here.wire.seen]


@pytest.mark.parametrize("request_", ["GET /v1/charges", "POST /v1/charges"])
def test_a_refused_new_value_is_followed_by_the_old_one_at_once(world: Any, request_: str) -> None:
    here = rotated(world(reply(401, {}), reply(200, {"id": "x"})))

    result = here.call(request_)

    assert sent_keys(here) == [NEW, OLD]
    assert [(each.outcome, each.decision, each.reason) for each in result.attempts] == [
        ("401", "again", "other-version"),
        ("200", "done", "succeeded"),
    ]
    assert result.attempts[1].waited == 0
    assert [use.version for use in here.client.secrets.audit()] == [2, -1]


def test_both_values_are_tried_once_each(world: Any) -> None:
    here = rotated(world(reply(401, {})))

    with pytest.raises(AuthenticationFailed):
        here.call(attempts=5)

    assert sent_keys(here) == [NEW, OLD]


def test_a_failure_after_the_change_stays_with_the_old_value(world: Any) -> None:
    here = rotated(world(reply(401, {}), reply(503, {}), reply(200, {})))

    here.call()

    assert sent_keys(here) == [NEW, OLD, OLD]


def test_when_its_time_is_over_the_old_value_is_not_sent(world: Any) -> None:
    here = rotated(world(reply(401, {})), keep="10m")
    here.clock.advance(601)

    with pytest.raises(AuthenticationFailed):
        here.call()

    assert sent_keys(here) == [NEW]


def test_a_rotation_that_keeps_nothing_has_nothing_to_try(world: Any) -> None:
    here = rotated(world(reply(401, {})), keep=0)

    with pytest.raises(AuthenticationFailed):
        here.call()

    assert sent_keys(here) == [NEW]


def test_one_attempt_means_one(world: Any) -> None:
    here = rotated(world(reply(401, {})))

    with pytest.raises(AuthenticationFailed):
        here.call(attempts=1)

    assert sent_keys(here) == [NEW]


def test_a_secret_that_was_never_rotated_is_sent_once(world: Any) -> None:
    here = world(reply(401, {}))

    with pytest.raises(AuthenticationFailed):
        here.call()

    assert len(here.wire.seen) == 1


def test_the_old_value_goes_to_no_host_that_the_new_one_may_not_go_to(world: Any) -> None:
    here = rotated(world(reply(401, {}), reply(200, {})))
    here.client.secrets.scope(NAME, ["api.stripe.com"])

    here.call()

    assert sent_keys(here) == [NEW, OLD]
    with pytest.raises(AuthenticationFailed):
        rotated(world(reply(401, {})), keep=0).call()


def test_the_value_before_is_scrubbed_from_what_echoes_it(world: Any) -> None:
    here = rotated(world(reply(401, {}), reply(200, {"echo": OLD})))

    result = here.call()

    assert OLD not in result.text


def test_a_rotated_secret_of_the_vault_file_is_tried_likewise(world: Any, tmp_path: Any) -> None:
    here = world(reply(401, {}), reply(200, {}))
    here.client.secrets.persist(tmp_path / "vault.json", "a passphrase of words")
    rotated(here)

    here.call()

    assert sent_keys(here) == [NEW, OLD]
    assert {use.source for use in here.client.secrets.audit()} == {"vault"}
