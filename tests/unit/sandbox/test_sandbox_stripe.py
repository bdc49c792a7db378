"""The Stripe look-alike answers as Stripe's reference says."""

from __future__ import annotations

import base64
import re

import httpx
import pytest

from flarex_nb.sandbox import launch
from flarex_nb.sandbox.providers import stripe_seed
from flarex_nb.sandbox.providers.stripe_store import REFERENCE

LIVE = "sk_" + "live_" + "0123456789abcdef"


def error(reply: httpx.Response) -> dict:
    return reply.json()["error"]


def pages(stripe: httpx.Client, path: str, **params) -> list[dict]:
    found: list[dict] = []
    while True:
        page = stripe.get(path, params=params).json()
        found += page["data"]
        if not page["has_more"]:
            return found
        params["starting_after"] = found[-1]["id"]


def test_all_3000_charges_come_page_by_page_newest_first(stripe):
    found = pages(stripe, "/v1/charges", limit=100)

    times = [item["created"] for item in found]
    assert len(found) == len({item["id"] for item in found}) == 3000
    assert times == sorted(times, reverse=True)
    assert REFERENCE - 560 * 86400 < times[-1] < times[0] < REFERENCE


def test_the_seeded_account_is_the_same_in_every_process(stripe):
    seeded = [item["id"] for item in reversed(stripe_seed.charges())]

    served = [item["id"] for item in stripe.get("/v1/charges", params={"limit": 100}).json()["data"]]

    assert served == seeded[:100]


def test_ids_and_times_of_new_objects_repeat_after_a_reset(stripe):
    def make() -> tuple[str, int, str]:
        reply = stripe.post("/v1/customers", data={"name": "x"})
        return reply.json()["id"], reply.json()["created"], reply.headers["request-id"]

    first = make()
    launch.reset()

    assert make() == first


def test_a_charge_is_nested_as_stripes(stripe):
    found = stripe.get("/v1/charges", params={"limit": 100}).json()["data"]
    one = found[0]

    assert set(one["billing_details"]["address"]) == {"city", "country", "line1", "line2", "postal_code", "state"}
    assert {"network_status", "risk_score", "seller_message", "type"} <= set(one["outcome"])
    assert set(one["payment_method_details"]["card"]["checks"]) == {
        "address_line1_check", "address_postal_code_check", "cvc_check",
    }  # fmt: skip
    assert len({tuple(sorted(item["metadata"])) for item in found}) > 3
    assert {item["currency"] for item in found} >= {"usd", "eur", "jpy"}
    assert any(item["refunds"]["data"] for item in found)
    assert any(item["status"] == "failed" for item in found)
    assert all(isinstance(item["amount"], int) for item in found)


def test_what_refers_to_an_object_finds_it(stripe):
    for charge in stripe.get("/v1/charges", params={"limit": 30}).json()["data"]:
        if charge["customer"]:
            assert stripe.get(f"/v1/customers/{charge['customer']}").json()["object"] == "customer"
        intent = stripe.get(f"/v1/payment_intents/{charge['payment_intent']}").json()
        assert intent["latest_charge"] == charge["id"]
    for price in pages(stripe, "/v1/prices", limit=100):
        assert stripe.get(f"/v1/products/{price['product']}").json()["object"] == "product"


@pytest.mark.parametrize(
    ("path", "count"),
    [("customers", 200), ("products", 30), ("prices", 45), ("payment_intents", 400), ("checkout/sessions", 0)],
)
def test_each_list_has_its_url_and_all_its_objects(path, count, stripe):
    assert stripe.get(f"/v1/{path}").json()["url"] == f"/v1/{path}"
    assert len(pages(stripe, f"/v1/{path}", limit=100)) == count


def test_a_list_has_ten_by_default(stripe):
    page = stripe.get("/v1/customers").json()

    assert (len(page["data"]), page["has_more"], page["object"]) == (10, True, "list")


def test_a_page_that_ends_with_the_last_object_has_no_more(stripe):
    page = stripe.get("/v1/products", params={"limit": 30}).json()

    assert (len(page["data"]), page["has_more"]) == (30, False)


def test_ending_before_pages_back(stripe):
    first = [item["id"] for item in stripe.get("/v1/customers", params={"limit": 25}).json()["data"]]

    page = stripe.get("/v1/customers", params={"limit": 5, "ending_before": first[20]}).json()
    top = stripe.get("/v1/customers", params={"limit": 5, "ending_before": first[3]}).json()

    assert [item["id"] for item in page["data"]] == first[15:20]
    assert page["has_more"]
    assert [item["id"] for item in top["data"]] == first[:3]
    assert not top["has_more"]


def test_created_selects_a_window(stripe):
    every = [item["created"] for item in pages(stripe, "/v1/customers", limit=100)]
    low, high = every[150], every[50]

    def times(**window: int) -> list[int]:
        return [item["created"] for item in pages(stripe, "/v1/customers", limit=100, **window)]

    assert times(**{"created[gte]": low, "created[lt]": high}) == every[51:151]
    assert times(**{"created[gt]": low, "created[lte]": high}) == every[50:150]
    assert times(created=low) == [low]


def test_charges_of_one_customer(stripe):
    customer = next(item["customer"] for item in stripe.get("/v1/charges").json()["data"] if item["customer"])

    found = pages(stripe, "/v1/charges", customer=customer, limit=100)

    assert {item["customer"] for item in found} == {customer}
    assert len(found) == sum(item["customer"] == customer for item in stripe_seed.charges())


def test_expand_puts_objects_in_place_of_ids(stripe):
    data = stripe.get("/v1/charges", params={"limit": 20, "expand[]": "data.customer"}).json()["data"]
    intent = stripe.get(f"/v1/payment_intents/{data[0]['payment_intent']}?expand[0]=latest_charge.customer").json()

    assert {type(item["customer"]) for item in data} <= {dict, type(None)}
    assert intent["latest_charge"]["id"] == data[0]["id"]
    assert error(stripe.get("/v1/charges?expand[]=data.amount"))["message"].startswith(
        "This property cannot be expanded"
    )


def test_expanding_does_not_change_what_is_kept(stripe):
    charge = stripe.get("/v1/charges?limit=1").json()["data"][0]
    stripe.get(f"/v1/charges/{charge['id']}?expand[]=customer")

    assert stripe.get(f"/v1/charges/{charge['id']}").json() == charge


def test_a_customer_is_made_changed_and_deleted(stripe):
    made = stripe.post("/v1/customers", data={"name": "Ada", "email": "ada@example.com", "metadata[plan]": "a"}).json()
    path = f"/v1/customers/{made['id']}"

    changed = stripe.post(
        path, data={"name": "", "metadata[seats]": "3", "metadata[plan]": "", "address[city]": "Bonn"}
    ).json()
    gone = stripe.delete(path).json()

    assert (made["name"], made["metadata"]) == ("Ada", {"plan": "a"})
    assert (changed["name"], changed["metadata"], changed["email"]) == (None, {"seats": "3"}, "ada@example.com")
    assert changed["address"]["city"] == "Bonn"
    assert gone == {"id": made["id"], "object": "customer", "deleted": True}
    assert stripe.get(path).json() == gone
    assert stripe.post(path, data={"name": "x"}).status_code == 404
    assert made["id"] not in [item["id"] for item in stripe.get("/v1/customers").json()["data"]]


def test_a_product_with_a_price_is_made_and_found(stripe):
    product = stripe.post(
        "/v1/products",
        data={"name": "Tea", "default_price_data[currency]": "eur", "default_price_data[unit_amount]": "450"},
    ).json()
    price = stripe.post(
        "/v1/prices", data={"product": product["id"], "currency": "USD", "unit_amount_decimal": "12.5"}
    ).json()

    found = stripe.get("/v1/prices", params={"product": product["id"]}).json()["data"]

    assert [item["id"] for item in found] == [price["id"], product["default_price"]]
    assert (price["currency"], price["unit_amount"], price["unit_amount_decimal"]) == ("usd", None, "12.5")
    assert stripe.delete(f"/v1/products/{product['id']}").status_code == 400
    assert (
        stripe.post("/v1/products", data={"name": "Tea", "id": product["id"]}).json()["error"]["code"]
        == "resource_already_exists"
    )


def test_a_charge_is_paid(stripe):
    reply = stripe.post(
        "/v1/charges", data={"amount": "1999", "currency": "eur", "source": "tok_mastercard", "description": "Tea"}
    )

    made = reply.json()
    assert (made["status"], made["paid"], made["amount"], made["currency"]) == ("succeeded", True, 1999, "eur")
    assert made["payment_method_details"]["card"]["brand"] == "mastercard"
    assert stripe.get("/v1/charges?limit=1").json()["data"][0] == made


@pytest.mark.parametrize(
    ("token", "code", "decline"),
    [
        ("tok_chargeDeclined", "card_declined", "generic_decline"),
        ("tok_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("tok_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
    ],
)
def test_a_declined_card_is_a_402_and_a_failed_charge(token, code, decline, stripe):
    reply = stripe.post("/v1/charges", data={"amount": "500", "currency": "usd", "source": token})

    found = error(reply)
    kept = stripe.get(f"/v1/charges/{found['charge']}").json()
    assert reply.status_code == 402
    assert (found["type"], found["code"], found["decline_code"]) == ("card_error", code, decline)
    assert (kept["status"], kept["failure_code"], kept["paid"]) == ("failed", code, False)


def test_a_charge_held_is_captured_once(stripe):
    made = stripe.post(
        "/v1/charges", data={"amount": "500", "currency": "usd", "source": "tok_visa", "capture": "false"}
    ).json()
    path = f"/v1/charges/{made['id']}/capture"

    assert not made["captured"]
    assert stripe.post(path).json()["captured"]
    assert error(stripe.post(path))["code"] == "charge_already_captured"


def test_a_payment_intent_goes_its_way(stripe):
    made = stripe.post(
        "/v1/payment_intents", data={"amount": "2000", "currency": "usd", "automatic_payment_methods[enabled]": "true"}
    )
    path = f"/v1/payment_intents/{made.json()['id']}"

    refused = stripe.post(f"{path}/confirm", data={"payment_method": "pm_card_chargeDeclined"})
    after = stripe.get(path).json()
    paid = stripe.post(f"{path}/confirm", data={"payment_method": "pm_card_visa"}).json()
    late = stripe.post(f"{path}/cancel")

    assert made.json()["status"] == "requires_payment_method"
    assert (refused.status_code, error(refused)["payment_intent"]["id"]) == (402, made.json()["id"])
    assert after["last_payment_error"]["code"] == "card_declined"
    assert (paid["status"], paid["amount_received"]) == ("succeeded", 2000)
    assert stripe.get(f"/v1/charges/{paid['latest_charge']}").json()["payment_intent"] == paid["id"]
    assert error(late)["code"] == "payment_intent_unexpected_state"


def test_a_checkout_session_for_999_cents_has_a_url(stripe):
    body = (
        "mode=payment&success_url=https%3A%2F%2Fexample.com%2Fok%3Fid%3D%7BCHECKOUT_SESSION_ID%7D"
        "&line_items[0][price_data][currency]=usd&line_items[0][price_data][unit_amount]=999"
        "&line_items[0][price_data][product_data][name]=A%26B&line_items[0][quantity]=1&automatic_tax[enabled]=true"
        "&expand[0]=line_items&payment_method_types[0]=card&payment_method_types[1]=link"
    )
    reply = stripe.post(
        "/v1/checkout/sessions", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )

    made = reply.json()
    path = f"/v1/checkout/sessions/{made['id']}"
    assert made["url"].startswith("https://checkout.stripe.com/c/pay/cs_test_")
    assert (made["amount_total"], made["currency"], made["status"]) == (999, "usd", "open")
    assert made["success_url"].endswith("{CHECKOUT_SESSION_ID}")
    assert made["line_items"]["data"][0]["description"] == "A&B"
    assert made["payment_method_types"] == ["card", "link"]
    assert "line_items" not in stripe.get(path).json()
    assert stripe.get(f"{path}/line_items").json()["data"] == made["line_items"]["data"]
    assert stripe.get("/v1/checkout/sessions", params={"status": "open"}).json()["data"][0]["id"] == made["id"]
    expired = stripe.post(f"{path}/expire").json()
    assert (expired["status"], expired["url"]) == ("expired", None)
    assert stripe.post(f"{path}/expire").status_code == 400


def test_a_checkout_session_of_a_seeded_price(stripe):
    price = stripe.get("/v1/prices", params={"type": "one_time", "currency": "usd"}).json()["data"][0]
    data = {
        "mode": "payment",
        "success_url": "https://example.com",
        "line_items[0][price]": price["id"],
        "line_items[0][quantity]": "3",
    }

    made = stripe.post("/v1/checkout/sessions", data=data).json()

    assert made["amount_total"] == 3 * price["unit_amount"]


@pytest.mark.parametrize(
    ("method", "path", "data", "status", "code", "param"),
    [
        ("POST", "charges", {"currency": "usd", "source": "tok_visa"}, 400, "parameter_missing", "amount"),
        ("POST", "charges", {"amount": "1.5", "currency": "usd"}, 400, "parameter_invalid_integer", "amount"),
        ("POST", "charges", {"amount": "", "currency": "usd"}, 400, "parameter_invalid_empty", "amount"),
        (
            "POST",
            "charges",
            {"amount": "10", "currency": "usd", "source": "tok_visa"},
            400,
            "amount_too_small",
            "amount",
        ),
        ("POST", "charges", {"amount": "100", "currency": "xyz"}, 400, None, "currency"),
        ("POST", "charges", {"amount": "100", "currency": "usd", "foo": "1"}, 400, "parameter_unknown", "foo"),
        (
            "POST",
            "charges",
            {"amount": "100", "currency": "usd", "customer": "cus_no"},
            400,
            "resource_missing",
            "customer",
        ),
        (
            "POST",
            "charges",
            {"amount": "100", "currency": "usd", "source": "tok_no"},
            400,
            "resource_missing",
            "source",
        ),
        ("POST", "charges", {"amount": "100", "currency": "usd", "capture": "yes"}, 400, None, "capture"),
        ("POST", "customers", {"email": "nobody"}, 400, "email_invalid", "email"),
        ("POST", "customers", {"address": "here"}, 400, None, "address"),
        ("POST", "customers", {"address[zip]": "1"}, 400, "parameter_unknown", "address[zip]"),
        ("POST", "checkout/sessions", {"mode": "payment"}, 400, "parameter_missing", "success_url"),
        (
            "POST",
            "checkout/sessions",
            {"mode": "payment", "success_url": "https://e.com", "line_items[0][price_data][currency]": "usd"},
            400,
            "parameter_missing",
            "line_items[0][quantity]",
        ),
        ("GET", "charges/ch_no", None, 404, "resource_missing", "id"),
        ("GET", "charges?limit=101", None, 400, "parameter_invalid_integer", "limit"),
        ("GET", "charges?limit=0", None, 400, "parameter_invalid_integer", "limit"),
        ("GET", "charges?limit=ten", None, 400, "parameter_invalid_integer", "limit"),
        ("GET", "charges?starting_after=ch_no", None, 400, "resource_missing", "starting_after"),
        ("GET", "charges?created[from]=1", None, 400, "parameter_unknown", "created[from]"),
        ("GET", "charges?page=2", None, 400, "parameter_unknown", "page"),
    ],
)
def test_a_wrong_request_is_refused_in_stripes_shape(method, path, data, status, code, param, stripe):
    reply = stripe.request(method, f"/v1/{path}", data=data)

    found = error(reply)
    assert reply.status_code == status
    assert (found["type"], found.get("code"), found["param"]) == ("invalid_request_error", code, param)
    assert found["message"]
    assert found["request_log_url"].split("?")[0].endswith(reply.headers["request-id"])
    if code:
        assert found["doc_url"] == f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"


def test_messages_are_stripes(stripe):
    def message(method: str, path: str, **data) -> str:
        return error(stripe.request(method, path, data=data))["message"]

    assert message("POST", "/v1/customers", foo="1") == "Received unknown parameter: foo"
    assert message("POST", "/v1/customers", foo="1", bar="2") == "Received unknown parameters: foo, bar"
    assert message("POST", "/v1/products") == "Missing required param: name."
    assert message("GET", "/v1/charges/ch_no") == "No such charge: 'ch_no'"
    assert message("GET", "/v1/charges?limit=x") == "Invalid integer: x"
    assert message("GET", "/v1/nothing").startswith("Unrecognized request URL (GET: /v1/nothing).")
    assert message("GET", "/v1/charges/").startswith("Unrecognized request URL (GET: /v1/charges/).")


@pytest.mark.parametrize(
    "body",
    [
        {"json": {"name": "x"}},
        {"content": b"name=x"},
        {"files": {"name": b"x"}},
        {"content": b"\xff", "headers": {"content-type": "application/x-www-form-urlencoded"}},
    ],
)
def test_a_body_that_is_not_a_form_is_refused_with_stripes_words(body, stripe):
    reply = stripe.post("/v1/customers", **body)

    assert reply.status_code == 400
    assert "check that your POST content type is application/x-www-form-urlencoded" in error(reply)["message"]


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Basic"])
def test_a_good_key_is_accepted_as_bearer_or_basic(scheme, running):
    key = running.keys["STRIPE_SECRET_KEY"]
    given = base64.b64encode(f"{key}:".encode()).decode() if scheme == "Basic" else key

    reply = httpx.get(f"{running.origin}/stripe/v1/customers", headers={"Authorization": f"{scheme} {given}"})

    assert reply.status_code == 200


@pytest.mark.parametrize("key", ["sk_test_" + "anything", "sk_sandbox_" + "anything"])
def test_any_visibly_fake_key_is_accepted(key, running):
    assert (
        httpx.get(f"{running.origin}/stripe/v1/customers", headers={"Authorization": f"Bearer {key}"}).status_code
        == 200
    )


def test_no_key_is_a_401_that_says_how(stripe):
    del stripe.headers["authorization"]

    reply = stripe.get("/v1/customers")

    assert reply.status_code == 401
    assert error(reply)["message"].startswith("You did not provide an API key.")
    assert launch.log()[0]["key"] == "missing"


@pytest.mark.parametrize("key", ["wrong-key-1234567890", "pk_test_abcdefgh1234", "rk_test_abcdefgh1234"])
def test_a_wrong_key_is_a_401_without_the_key_in_it(key, stripe):
    reply = stripe.get("/v1/customers", headers={"Authorization": f"Bearer {key}"})

    assert reply.status_code == 401
    assert key[8:] not in reply.text
    assert launch.log()[0]["key"] == "refused"


@pytest.mark.parametrize("script", ["", "503", "200", "reset", "nonsense"])
@pytest.mark.parametrize("key", [LIVE, LIVE.replace("sk_", "rk_")])
def test_a_live_key_is_refused_whatever_is_asked_and_shown_nowhere(key, script, stripe):
    path = f"/v1/customers/{key}?email={key}"
    headers = {
        "Authorization": f"Bearer {key}",
        "X-Flarex-Simulate": script,
        "X-Flarex-Call": key,
        "Idempotency-Key": key,
    }

    reply = stripe.get(path, headers=headers)

    assert reply.status_code == 401
    assert "a live key must not come here" in error(reply)["message"]
    assert key[8:] not in reply.text
    assert key[8:] not in str(launch.log())
    assert launch.log()[0]["key"] == "live"


def test_every_answer_has_a_request_id_and_the_version_asked_for(stripe):
    good = stripe.get("/v1/customers", headers={"Stripe-Version": "2025-03-31.basil"})
    bad = stripe.get("/v1/customers/no")
    odd = stripe.get("/v1/customers", headers={"Stripe-Version": "latest"})

    assert good.headers["stripe-version"] == "2025-03-31.basil"
    assert bad.headers["stripe-version"] == "2025-09-30.clover"
    assert (odd.status_code, odd.headers["stripe-version"]) == (400, "2025-09-30.clover")
    ids = {reply.headers["request-id"] for reply in (good, bad, odd)}
    assert len(ids) == 3
    assert all(re.fullmatch(r"req_[A-Za-z0-9]{14}", found) for found in ids)
    assert good.headers["content-type"] == "application/json"


def test_a_body_too_large_is_refused_and_not_kept(stripe):
    reply = stripe.post("/v1/customers", data={"name": "x" * (9 << 20)})

    assert reply.status_code == 400
    assert "larger than" in error(reply)["message"]


def test_unknown_metadata_limits_are_stripes(stripe):
    many = {f"metadata[k{number}]": "x" for number in range(51)}

    assert stripe.post("/v1/customers", data=many).status_code == 400
    assert stripe.post("/v1/customers", data={"metadata[k]": "x" * 501}).status_code == 400
    assert stripe.post("/v1/customers", data={"metadata[2024]": "x"}).json()["metadata"] == {"2024": "x"}
