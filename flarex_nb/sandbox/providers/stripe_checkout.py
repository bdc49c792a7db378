"""Checkout Sessions: create (a page to pay on, as a URL), retrieve, list, expire, line items."""

from __future__ import annotations

from typing import Any

from flarex_nb.sandbox.providers import stripe_objects as objects
from flarex_nb.sandbox.providers import stripe_payment_shapes as shapes
from flarex_nb.sandbox.providers.stripe_catalog import new_price
from flarex_nb.sandbox.providers.stripe_errors import Refusal, invalid, missing
from flarex_nb.sandbox.providers.stripe_routes import Params, Route, refer
from flarex_nb.sandbox.providers.stripe_shapes import RETRIEVE
from flarex_nb.sandbox.providers.stripe_store import Record, Store, created_in, cut

DAY = 86400
KIND = "checkout/sessions"


def _create(store: Store, params: Params, _id: str) -> Record:
    _check(store, params)
    items = [_line_item(store, item, place) for place, item in enumerate(params.get("line_items", []))]
    currency = _one_currency(items) or params.get("currency")
    wanted = store.new_id("cs_test", 58)
    made = _session(wanted, store.now(), params, currency, sum(item["amount_total"] for item in items))
    store.line_items[wanted] = items
    return store.add(KIND, made)


def _check(store: Store, params: Params) -> None:
    hosted = params.get("ui_mode", "hosted") == "hosted"
    if hosted and "success_url" not in params:
        raise missing(param="success_url")
    if params["mode"] != "setup" and not params.get("line_items"):
        message = f"`line_items` is required in `{params['mode']}` mode."
        raise invalid(message, "line_items", "parameter_missing")
    if "customer" in params and "customer_email" in params:
        message = "You may only specify one of these parameters: customer, customer_email."
        raise invalid(message, "customer", "parameters_exclusive")
    refer(store, "customers", params, "customer")
    recurring = [_is_recurring(store, item, place) for place, item in enumerate(params.get("line_items", []))]
    if params["mode"] == "payment" and any(recurring):
        message = (
            "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use "
            "only one-time prices."
        )
        raise Refusal(400, message, param="line_items[0][price]")
    if params["mode"] == "subscription" and not any(recurring):
        message = "You must provide at least one recurring price in `subscription` mode when using prices."
        raise Refusal(400, message)


def _is_recurring(store: Store, item: Params, place: int) -> bool:
    data = item.get("price_data")
    if data:
        return data.get("recurring") is not None
    if "price" not in item:
        raise missing(param=f"line_items[{place}][price]")
    price = store.get("prices", item["price"], f"line_items[{place}][price]")
    return price["recurring"] is not None


def _line_item(store: Store, item: Params, place: int) -> Record:
    param = f"line_items[{place}]"
    if "quantity" not in item:
        message = f"Quantity is required. Add `quantity` to `{param}`."
        raise invalid(message, f"{param}[quantity]", "parameter_missing")
    data = item.get("price_data")
    price = _inline_price(store, data, f"{param}[price_data]") if data else store.get("prices", item["price"])
    amount = (price["unit_amount"] or 0) * item["quantity"]
    return {
        "id": store.new_id("li"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": store.get("products", price["product"])["name"],
        "price": price,
        "quantity": item["quantity"],
    }


def _inline_price(store: Store, data: Params, param: str) -> Record:
    if not {"unit_amount", "unit_amount_decimal"} & set(data):
        raise missing(param=f"{param}[unit_amount]")
    product = data.get("product_data")
    if ("product" in data) == bool(product):
        message = f"You must specify either `product` or `product_data` in `{param}`."
        raise invalid(message, f"{param}[product]", "parameter_missing")
    refer(store, "products", data, "product")
    if product:
        made = objects.product(store.new_id("prod", 14), store.now(), active=False, name=product["name"])
        made.update({name: product[name] for name in ("description", "images", "metadata") if name in product})
        store.add("products", made)
        return new_price(store, data, made["id"])
    return new_price(store, data, data["product"])


def _one_currency(items: list[Record]) -> str | None:
    found = {item["currency"] for item in items}
    if len(found) > 1:
        message = "All prices on a Checkout session must have the same currency."
        raise Refusal(400, message)
    return found.pop() if found else None


def _session(wanted: str, created: int, params: Params, currency: str | None, total: int) -> Record:
    mode = params["mode"]
    hosted = params.get("ui_mode", "hosted") == "hosted"
    amounts = None if mode == "setup" else total
    tax = params.get("automatic_tax") or {"enabled": False}
    return {
        "id": wanted,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": True},
        "after_expiration": None,
        "allow_promotion_codes": params.get("allow_promotion_codes"),
        "amount_subtotal": amounts,
        "amount_total": amounts,
        "automatic_tax": {
            "enabled": tax["enabled"],
            "liability": None,
            "provider": None,
            "status": "requires_location_inputs" if tax["enabled"] else None,
        },
        "billing_address_collection": params.get("billing_address_collection"),
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "client_secret": None if hosted else f"{wanted}_secret_sandbox",
        "created": created,
        "currency": currency,
        "custom_fields": [],
        "customer": params.get("customer"),
        "customer_creation": params.get("customer_creation", "if_required") if mode == "payment" else None,
        "customer_details": {"email": params["customer_email"]} if params.get("customer_email") else None,
        "customer_email": params.get("customer_email"),
        "expires_at": params.get("expires_at", created + DAY),
        "invoice": None,
        "invoice_creation": None,
        "livemode": False,
        "locale": params.get("locale"),
        "metadata": dict(params.get("metadata", {})),
        "mode": mode,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required" if mode == "payment" else "always",
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": params.get("payment_method_types") or ["card"],
        "payment_status": "no_payment_required" if mode == "setup" else "unpaid",
        "phone_number_collection": {"enabled": False},
        "return_url": params.get("return_url"),
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": params.get("submit_type"),
        "subscription": None,
        "success_url": params.get("success_url"),
        "total_details": _no_details() if mode != "setup" else None,
        "ui_mode": params.get("ui_mode", "hosted"),
        "url": f"https://checkout.stripe.com/c/pay/{wanted}" if hosted else None,
        "wallet_options": None,
    }


def _no_details() -> dict[str, int]:
    return {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0}


def _expire(store: Store, _params: Params, wanted: str) -> Record:
    record = store.get(KIND, wanted)
    if record["status"] != "open":
        message = (
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of {record['status']}."
        )
        raise Refusal(400, message)
    record.update(status="expired", url=None, expires_at=store.now())
    return record


def _list(store: Store, params: Params, _id: str) -> Record:
    names = ("customer", "payment_intent", "payment_link", "status", "subscription")
    details: Any = params.get("customer_details")

    def wanted(record: Record) -> bool:
        return (
            created_in(record, params.get("created"))
            and all(name not in params or record[name] == params[name] for name in names)
            and (details is None or record["customer_email"] == details["email"])
        )

    return store.page(KIND, params, wanted)


def _list_items(store: Store, params: Params, wanted: str) -> Record:
    store.get(KIND, wanted)
    return cut(store.line_items.get(wanted, []), params, f"/v1/{KIND}/{wanted}/line_items", "item")


ROUTES = (
    Route("POST", KIND, shapes.SESSION, _create),
    Route("GET", KIND, shapes.SESSION_LIST, _list),
    Route("GET", f"{KIND}/{{id}}", RETRIEVE, lambda store, _, wanted: store.get(KIND, wanted)),
    Route("POST", f"{KIND}/{{id}}/expire", RETRIEVE, _expire),
    Route("GET", f"{KIND}/{{id}}/line_items", shapes.LINE_ITEMS_LIST, _list_items),
)
