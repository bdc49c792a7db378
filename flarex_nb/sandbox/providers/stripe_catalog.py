"""Customers, products and prices: create, retrieve, update, list, delete."""

from __future__ import annotations

from typing import Any

from flarex_nb.sandbox.providers import stripe_objects as objects
from flarex_nb.sandbox.providers import stripe_shapes as shapes
from flarex_nb.sandbox.providers.stripe_cards import card_of
from flarex_nb.sandbox.providers.stripe_errors import Refusal, invalid, missing, no_such
from flarex_nb.sandbox.providers.stripe_routes import Params, Route, merged, refer
from flarex_nb.sandbox.providers.stripe_store import Record, Store, created_in


def _create_customer(store: Store, params: Params, _id: str) -> Record:
    made = objects.customer(store.new_id("cus", 14), store.now())
    _settle_customer(store, made, params)
    return store.add("customers", made)


def _update_customer(store: Store, params: Params, wanted: str) -> Record:
    record = _living(store, "customers", wanted)
    _settle_customer(store, record, params)
    return record


def _settle_customer(store: Store, record: Record, params: Params) -> None:
    """Write the parameters into the customer; a declined card is refused before anything is written."""
    if "source" in params:
        source = params["source"]
        card = card_of(source)
        if card is None:
            raise no_such(noun="token", identity=source, param="source", status=400)
        if card.decline and card.reason != "generic_decline":
            raise Refusal(402, card.words, code=card.decline, kind="card_error", decline_code=card.reason)
        record["default_source"] = store.new_id("card")
    merged(record, {name: value for name, value in params.items() if name not in {"source", "expand"}})


def _living(store: Store, kind: str, wanted: str) -> Record:
    record = store.get(kind, wanted)
    if record.get("deleted"):
        raise no_such(record["object"], wanted)
    return record


def _list_customers(store: Store, params: Params, _id: str) -> Record:
    email = params.get("email")
    return store.page(
        "customers",
        params,
        lambda record: created_in(record, params.get("created")) and (email is None or record["email"] == email),
    )


def _create_product(store: Store, params: Params, _id: str) -> Record:
    wanted = params.get("id") or store.new_id("prod", 14)
    if wanted in store.kind("products"):
        raise invalid(message="Product already exists.", param="id", code="resource_already_exists")
    made = objects.product(wanted, store.now())
    merged(made, {name: value for name, value in params.items() if name not in {"id", "default_price_data"}})
    store.add("products", made)
    first = params.get("default_price_data")
    if first:
        made["default_price"] = new_price(store, first, wanted)["id"]
    return made


def _update_product(store: Store, params: Params, wanted: str) -> Record:
    record = _living(store, "products", wanted)
    refer(store, "prices", params, "default_price")
    merged(record, params)
    record["updated"] = store.now()
    return record


def _delete_product(store: Store, _params: Params, wanted: str) -> Record:
    if any(price["product"] == wanted for price in store.kind("prices").values()):
        message = "This product cannot be deleted because it has one or more user-created prices."
        raise Refusal(400, message)
    return store.delete("products", wanted)


def _list_products(store: Store, params: Params, _id: str) -> Record:
    ids = params.get("ids")

    def wanted(record: Record) -> bool:
        return (
            created_in(record, params.get("created"))
            and _same(record, params, "active", "shippable", "url", "type")
            and (not ids or record["id"] in ids)
        )

    return store.page("products", params, wanted)


def _same(record: Record, params: Params, *names: str) -> bool:
    return all(name not in params or record[name] == params[name] for name in names)


def _create_price(store: Store, params: Params, _id: str) -> Record:
    if not {"unit_amount", "unit_amount_decimal", "custom_unit_amount", "tiers"} & set(params):
        raise missing(param="unit_amount")
    data = params.get("product_data")
    if ("product" in params) == bool(data):
        message = "You must specify either `product` or `product_data` when creating a price."
        raise invalid(message, "product", "parameter_missing")
    refer(store, "products", params, "product")
    product = params.get("product") or _create_product(store, data or {}, "")["id"]
    return new_price(store, params, product)


def new_price(store: Store, params: Params, product: str) -> Record:
    """Add a price of the product, from the parameters of a price or of an inline `price_data`, and return it."""
    known = {"active", "currency", "lookup_key", "metadata", "nickname", "recurring", "tax_behavior", "unit_amount"}
    given: dict[str, Any] = {name: value for name, value in params.items() if name in known and value is not None}
    if "unit_amount_decimal" in params and "unit_amount" not in params:
        written: str = params["unit_amount_decimal"]
        given["unit_amount_decimal"] = written
        given["unit_amount"] = int(float(written)) if float(written).is_integer() else None
    price = objects.price(store.new_id("price"), store.now(), product=product, **given)
    return store.add("prices", price)


def _update_price(store: Store, params: Params, wanted: str) -> Record:
    record = store.get("prices", wanted)
    merged(record, params)
    return record


def _list_prices(store: Store, params: Params, _id: str) -> Record:
    keys = params.get("lookup_keys")

    def wanted(record: Record) -> bool:
        return (
            created_in(record, params.get("created"))
            and _same(record, params, "active", "currency", "product", "type")
            and (not keys or record["lookup_key"] in keys)
        )

    return store.page("prices", params, wanted)


ROUTES = (
    Route("POST", "customers", shapes.CUSTOMER, _create_customer),
    Route("GET", "customers", shapes.CUSTOMER_LIST, _list_customers),
    Route("GET", "customers/{id}", shapes.RETRIEVE, lambda store, _, wanted: store.get("customers", wanted)),
    Route("POST", "customers/{id}", shapes.CUSTOMER_UPDATE, _update_customer),
    Route("DELETE", "customers/{id}", {}, lambda store, _, wanted: store.delete("customers", wanted)),
    Route("POST", "products", shapes.PRODUCT, _create_product),
    Route("GET", "products", shapes.PRODUCT_LIST, _list_products),
    Route("GET", "products/{id}", shapes.RETRIEVE, lambda store, _, wanted: store.get("products", wanted)),
    Route("POST", "products/{id}", shapes.PRODUCT_UPDATE, _update_product),
    Route("DELETE", "products/{id}", {}, _delete_product),
    Route("POST", "prices", shapes.PRICE, _create_price),
    Route("GET", "prices", shapes.PRICE_LIST, _list_prices),
    Route("GET", "prices/{id}", shapes.RETRIEVE, lambda store, _, wanted: store.get("prices", wanted)),
    Route("POST", "prices/{id}", shapes.PRICE_UPDATE, _update_price),
)
