"""Idempotency keys as Stripe keeps them, over real connections and in a virtual day."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from flarex_nb.sandbox.exchange import Answer
from flarex_nb.sandbox.providers.stripe_errors import Refusal
from flarex_nb.sandbox.providers.stripe_idempotency import DAY, Idempotency

CHARGE = {"amount": "2000", "currency": "usd", "source": "tok_visa"}


def keyed(key: str, script: str = "", call: str = "c") -> dict[str, str]:
    return {"Idempotency-Key": key} | ({"X-Flarex-Simulate": script, "X-Flarex-Call": call} if script else {})


def newest(stripe: httpx.Client) -> list[str]:
    return [item["id"] for item in stripe.get("/v1/charges", params={"limit": 5}).json()["data"]]


def test_the_same_key_gives_the_same_charge_once(stripe):
    first = stripe.post("/v1/charges", data=CHARGE, headers=keyed("k"))

    again = stripe.post("/v1/charges", data=CHARGE, headers=keyed("k"))

    assert again.content == first.content
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["original-request"] == first.headers["request-id"]
    assert again.headers["request-id"] != first.headers["request-id"]
    assert newest(stripe).count(first.json()["id"]) == 1


def test_a_lost_reply_is_found_again_by_its_key_and_charged_once(stripe):
    before = newest(stripe)
    with pytest.raises(httpx.TransportError):
        stripe.post("/v1/charges", data=CHARGE, headers=keyed("k", "lost-reply"))

    again = stripe.post("/v1/charges", data=CHARGE, headers=keyed("k", "lost-reply"))

    assert again.headers["idempotent-replayed"] == "true"
    assert newest(stripe)[:2] == [again.json()["id"], before[0]]


def test_without_a_key_a_repeat_charges_twice(stripe):
    first, second = (stripe.post("/v1/charges", data=CHARGE).json()["id"] for _ in range(2))

    assert first != second


def test_other_parameters_under_the_same_key_are_refused(stripe):
    stripe.post("/v1/charges", data=CHARGE, headers=keyed("k"))

    reply = stripe.post("/v1/charges", data=CHARGE | {"amount": "2001"}, headers=keyed("k"))

    assert reply.status_code == 400
    assert reply.json()["error"]["type"] == "idempotency_error"
    assert "same parameters" in reply.json()["error"]["message"]


def test_another_endpoint_under_the_same_key_is_refused(stripe):
    stripe.post("/v1/customers", data={"name": "x"}, headers=keyed("k"))

    reply = stripe.post("/v1/products", data={"name": "x"}, headers=keyed("k"))

    assert reply.json()["error"]["type"] == "idempotency_error"
    assert "'/v1/products' vs '/v1/customers'" in reply.json()["error"]["message"]


def test_the_order_of_the_fields_does_not_matter(stripe):
    stripe.post("/v1/charges", data=CHARGE, headers=keyed("k"))

    reply = stripe.post("/v1/charges", data=dict(reversed(CHARGE.items())), headers=keyed("k"))

    assert reply.headers["idempotent-replayed"] == "true"


def test_a_stored_500_comes_back_for_the_same_key_and_not_for_a_new_one(stripe):
    first = stripe.post("/v1/charges", data=CHARGE, headers=keyed("k", "500"))

    again = stripe.post("/v1/charges", data=CHARGE, headers=keyed("k", "500"))
    other = stripe.post("/v1/charges", data=CHARGE, headers=keyed("k2"))

    assert (first.status_code, again.status_code, other.status_code) == (500, 500, 200)
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize("status", [409, 429, 502, 503, 504])
def test_what_never_reached_the_endpoint_is_not_stored(status, stripe):
    got = [stripe.post("/v1/charges", data=CHARGE, headers=keyed("k", str(status))) for _ in range(3)]

    assert [reply.status_code for reply in got] == [status, 200, 200]
    assert "idempotent-replayed" not in got[1].headers
    assert got[2].headers["idempotent-replayed"] == "true"


def test_a_declined_card_is_stored(stripe):
    bad = CHARGE | {"source": "tok_chargeDeclined"}

    first, again = (stripe.post("/v1/charges", data=bad, headers=keyed("k")) for _ in range(2))

    assert first.status_code == again.status_code == 402
    assert first.content == again.content


def test_refused_parameters_leave_the_key_free(stripe):
    wrong = stripe.post("/v1/charges", data=CHARGE | {"amount": "two"}, headers=keyed("k"))

    right = stripe.post("/v1/charges", data=CHARGE, headers=keyed("k"))

    assert (wrong.status_code, right.status_code) == (400, 200)


def test_a_simulated_500_does_not_overwrite_what_is_stored(stripe):
    first = stripe.post("/v1/charges", data=CHARGE, headers=keyed("k"))
    stripe.post("/v1/charges", data=CHARGE, headers=keyed("k", "500"))

    again = stripe.post("/v1/charges", data=CHARGE, headers=keyed("k"))

    assert again.content == first.content


def test_a_second_request_while_the_first_is_in_flight_is_a_409(stripe):
    def ask(script: str, call: str) -> httpx.Response:
        return stripe.post("/v1/customers", data={"name": "x"}, headers=keyed("k", script, call))

    with ThreadPoolExecutor(2) as pool:
        replies = list(pool.map(ask, ["200:latency=0.5"] * 2, ["a", "b"]))

    refused = next(reply for reply in replies if reply.status_code == 409)
    assert sorted(reply.status_code for reply in replies) == [200, 409]
    assert refused.json()["error"]["code"] == "idempotency_key_in_use"
    assert ask("200", "c").headers["idempotent-replayed"] == "true"


def test_a_get_ignores_the_key(stripe):
    first, again = (stripe.get("/v1/customers", headers=keyed("k")) for _ in range(2))

    assert "idempotent-replayed" not in again.headers
    assert first.content == again.content


def test_a_key_too_long_is_refused(stripe):
    assert stripe.post("/v1/customers", headers=keyed("k" * 256)).status_code == 400


def test_a_key_is_forgotten_after_a_day():
    now = [0.0]
    keys = Idempotency(now=lambda: now[0])
    keys.claim("k", "/v1/charges", [])
    keys.settle("k", Answer(200, b"first"), "req_1")

    now[0] = DAY - 1
    assert keys.claim("k", "/v1/charges", []) == (Answer(200, b"first"), "req_1")
    now[0] = DAY + 1
    assert keys.claim("k", "/v1/charges", []) is None


def test_a_key_in_flight_is_refused_until_it_is_settled():
    keys = Idempotency()
    keys.claim("k", "/v1/charges", [])

    with pytest.raises(Refusal) as caught:
        keys.claim("k", "/v1/charges", [])

    assert caught.value.status == 409
