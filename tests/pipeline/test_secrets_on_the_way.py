"""The secret exists in transmit alone: on the right host, in no other object, and out of what comes back."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

from flarex_nb.catalog.profile import Service
from flarex_nb.errors import (
    ConnectionLost,
    HostNotAllowed,
    MalformedBody,
    RedirectBlocked,
    ScopeDenied,
    SecretMissing,
    UsageError,
)
from scripted import KEY, header_of, reply


def test_the_key_goes_to_its_host_in_its_header(world: Any) -> None:
    here = world(reply(200, {}))

    result = here.call()

    assert header_of(here.wire.seen[0], "Authorization") == f"Bearer {KEY}"
    assert here.wire.seen[0].url.startswith("https://api.stripe.com/v1/charges")
    assert KEY not in repr(result.call)
    assert KEY not in repr(here.wire.seen[0])


def test_a_missing_key_sends_nothing_and_names_the_ways(world: Any) -> None:
    here = world(reply(200, {}))
    del here.client._environ["STRIPE_SECRET_KEY"]

    with pytest.raises(SecretMissing) as caught:
        here.call()

    assert here.wire.seen == []
    assert caught.value.attempts == ()
    assert "STRIPE_SECRET_KEY" in caught.value.explain()


def test_a_key_bound_elsewhere_is_refused_before_sending(world: Any) -> None:
    here = world(reply(200, {}))
    auth = {"kind": "bearer", "secret": "STRIPE_SECRET_KEY"}
    here.client.services.register(Service(name="evil", base_url="https://evil.example", auth=auth))
    here.client.secrets.set("STRIPE_SECRET_KEY", KEY, hosts=("api.stripe.com",))

    with pytest.raises(ScopeDenied) as caught:
        here.client.call("evil", "GET /")

    assert here.wire.seen == []
    assert "evil.example" in str(caught.value)
    assert KEY not in caught.value.explain()


def test_an_echoed_key_is_scrubbed_from_body_and_headers(world: Any) -> None:
    here = world(reply(200, {"you_sent": f"Bearer {KEY}"}, X_Echo=KEY))

    result = here.call()

    assert KEY not in result.text
    assert "[STRIPE_SECRET_KEY]" in result.text
    assert all(KEY not in value for _, value in result.headers)


def test_an_error_message_that_repeats_the_key_is_scrubbed(world: Any) -> None:
    here = world(reply(401, {"error": {"message": f"Invalid API Key provided: {KEY}"}}))

    result = here.call(check=False)

    assert KEY not in str(result.error)


def test_no_traceback_of_a_failed_send_holds_the_key(world: Any) -> None:
    here = world(ConnectionLost("reset", sent="maybe"))

    with pytest.raises(ConnectionLost) as caught:
        here.call(attempts=1)

    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert KEY not in "".join(shown.format())


def test_a_redirect_to_another_origin_is_not_followed(world: Any) -> None:
    here = world(reply(302, {}, Location="https://evil.example/steal"))

    with pytest.raises(RedirectBlocked) as caught:
        here.call()

    assert len(here.wire.seen) == 1
    assert "evil.example" in str(caught.value)


def test_a_post_is_not_carried_to_a_redirect(world: Any) -> None:
    here = world(reply(307, {}, Location="/v2/customers"))

    with pytest.raises(RedirectBlocked):
        here.call("POST /v1/customers", json={"email": "a"})

    assert len(here.wire.seen) == 1


def test_a_redirect_within_the_origin_is_followed_for_a_read(world: Any) -> None:
    here = world(reply(302, {}, Location="/v1/other"), reply(200, {"id": 1}))

    result = here.call()

    assert here.wire.seen[1].url == "https://api.stripe.com/v1/other"
    assert result.status == 200


def test_a_whole_url_on_another_host_is_refused(world: Any) -> None:
    here = world(reply(200, {}))

    with pytest.raises(HostNotAllowed, match=r"evil\.example"):
        here.call("GET https://evil.example/v1/charges")

    assert here.wire.seen == []


@pytest.mark.parametrize("path", ["v1/charges", "/v1/../x", "/v1/%2e%2e/x"])
def test_a_crooked_path_is_refused(world: Any, path: str) -> None:
    here = world(reply(200, {}))

    with pytest.raises(UsageError):
        here.call(f"GET {path}")

    assert here.wire.seen == []


def test_only_public_addresses_may_be_dialled_for_a_catalog_service(world: Any) -> None:
    here = world(reply(200, {}))

    here.call()

    assert here.wire.reaches[0].private == frozenset()


def test_a_private_service_may_reach_its_own_host_and_port_only(world: Any) -> None:
    here = world(reply(200, {}))
    here.client.services.register(Service(name="dev", base_url="http://127.0.0.1:8000", network="private"))

    here.client.call("dev", "GET /")

    assert here.wire.reaches[0].private == frozenset({("127.0.0.1", 8000)})


def test_a_body_that_lies_about_being_json_is_not_tried_again(world: Any) -> None:
    here = world(reply(200, b"<html>", Content_Type="application/json"))

    with pytest.raises(MalformedBody):
        here.call()

    assert len(here.wire.seen) == 1
