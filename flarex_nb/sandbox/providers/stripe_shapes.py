"""The parameters of lists, customers, products and prices (https://docs.stripe.com/api).

`anything` marks one the sandbox accepts and does not act on.
"""

from __future__ import annotations

from flarex_nb.sandbox.providers.stripe_params import (
    Shape,
    anything,
    boolean,
    currency,
    decimal,
    email,
    filled,
    hash_of,
    integer,
    list_of,
    metadata,
    need,
    one_of,
    text,
    url,
)

MAX_AMOUNT = 99_999_999


def also(names: str) -> Shape:
    """Return a shape in which each of the names is accepted as it comes."""
    return dict.fromkeys(names.split(), anything)


EXPAND: Shape = {"expand": list_of(filled)}
_CREATED: Shape = {name: integer(0) for name in ("gt", "gte", "lt", "lte")}


def _created(value: object, name: str) -> object:
    return integer(0)(value, name) if isinstance(value, str) else hash_of(_CREATED)(value, name)


LIST: Shape = {
    **EXPAND,
    "limit": integer(1, 100),
    "starting_after": filled,
    "ending_before": filled,
    "created": _created,
}
RETRIEVE: Shape = EXPAND

ADDRESS: Shape = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"), text)
SHIPPING: Shape = {
    "address": need(hash_of(ADDRESS)),
    "name": text,
    "phone": text,
    "carrier": text,
    "tracking_number": text,
}
COMMON: Shape = {**EXPAND, "metadata": metadata, "description": text}

CUSTOMER: Shape = {
    **COMMON,
    "address": hash_of(ADDRESS),
    "balance": integer(),
    "email": email,
    "invoice_prefix": text,
    "name": text,
    "payment_method": filled,
    "phone": text,
    "preferred_locales": list_of(filled),
    "shipping": hash_of(SHIPPING),
    "source": filled,
    "tax_exempt": one_of("none", "exempt", "reverse"),
    **also(
        "business_name cash_balance individual_name invoice_settings next_invoice_sequence tax tax_id_data test_clock "
        "validate"
    ),
}
CUSTOMER_UPDATE: Shape = {
    **{name: check for name, check in CUSTOMER.items() if name not in {"payment_method", "tax_id_data", "test_clock"}},
    "default_source": filled,
}
CUSTOMER_LIST: Shape = {**LIST, "email": email, "test_clock": anything}

RECURRING: Shape = {
    "interval": need(one_of("day", "week", "month", "year")),
    "interval_count": integer(1, 1095),
    "usage_type": one_of("licensed", "metered"),
    "meter": text,
    "trial_period_days": integer(0),
}
AMOUNTS: Shape = {"unit_amount": integer(0, MAX_AMOUNT), "unit_amount_decimal": decimal}
TAX_BEHAVIOR: Shape = {"tax_behavior": one_of("exclusive", "inclusive", "unspecified")}

PRODUCT: Shape = {
    **COMMON,
    "name": need(filled),
    "active": boolean,
    "id": filled,
    "images": list_of(url, 8),
    "marketing_features": list_of(hash_of({"name": need(filled)}), 15),
    "shippable": boolean,
    "statement_descriptor": text,
    "type": one_of("good", "service"),
    "unit_label": text,
    "url": url,
    "default_price_data": hash_of(
        {
            "currency": need(currency),
            "recurring": hash_of(RECURRING),
            "metadata": metadata,
            **AMOUNTS,
            **TAX_BEHAVIOR,
            **also("currency_options custom_unit_amount"),
        }
    ),
    **also("package_dimensions tax_code tax_details"),
}
PRODUCT_UPDATE: Shape = {
    **{name: check for name, check in PRODUCT.items() if name not in {"id", "type", "default_price_data"}},
    "name": filled,
    "default_price": filled,
}
PRODUCT_LIST: Shape = {
    **LIST,
    "active": boolean,
    "ids": list_of(filled),
    "shippable": boolean,
    "type": text,
    "url": url,
}

_PRODUCT_DATA: Shape = {
    "name": need(filled),
    "active": boolean,
    "id": filled,
    "metadata": metadata,
    "statement_descriptor": text,
    "unit_label": text,
    "tax_code": anything,
}
PRICE: Shape = {
    **EXPAND,
    "currency": need(currency),
    "active": boolean,
    "lookup_key": filled,
    "metadata": metadata,
    "nickname": text,
    "product": filled,
    "product_data": hash_of(_PRODUCT_DATA),
    "recurring": hash_of(RECURRING),
    **AMOUNTS,
    **TAX_BEHAVIOR,
    **also(
        "billing_scheme currency_options custom_unit_amount tiers tiers_mode transfer_lookup_key transform_quantity"
    ),
}
PRICE_UPDATE: Shape = {
    **EXPAND,
    "active": boolean,
    "lookup_key": text,
    "metadata": metadata,
    "nickname": text,
    **TAX_BEHAVIOR,
    **also("currency_options transfer_lookup_key"),
}
PRICE_LIST: Shape = {
    **LIST,
    "active": boolean,
    "currency": currency,
    "lookup_keys": list_of(filled, 10),
    "product": filled,
    "type": one_of("one_time", "recurring"),
    "recurring": anything,
}
