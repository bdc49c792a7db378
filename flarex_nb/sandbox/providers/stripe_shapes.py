"""The parameters of each endpoint (https://docs.stripe.com/api); `anything` is one the sandbox does not act on."""

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


def _also(names: str) -> Shape:
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
_COMMON: Shape = {**EXPAND, "metadata": metadata, "description": text}

CUSTOMER: Shape = {
    **_COMMON,
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
    **_also(
        "business_name cash_balance individual_name invoice_settings next_invoice_sequence tax tax_id_data test_clock "
        "validate"
    ),
}
CUSTOMER_UPDATE: Shape = {**CUSTOMER, "default_source": filled}
CUSTOMER_LIST: Shape = {**LIST, "email": email, "test_clock": anything}

_RECURRING: Shape = {
    "interval": need(one_of("day", "week", "month", "year")),
    "interval_count": integer(1, 1095),
    "usage_type": one_of("licensed", "metered"),
    "meter": text,
    "trial_period_days": integer(0),
}
_AMOUNTS: Shape = {"unit_amount": integer(0, MAX_AMOUNT), "unit_amount_decimal": decimal}
_TAX_BEHAVIOR: Shape = {"tax_behavior": one_of("exclusive", "inclusive", "unspecified")}

PRODUCT: Shape = {
    **_COMMON,
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
            "recurring": hash_of(_RECURRING),
            "metadata": metadata,
            **_AMOUNTS,
            **_TAX_BEHAVIOR,
            **_also("currency_options custom_unit_amount"),
        }
    ),
    **_also("package_dimensions tax_code"),
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
    "recurring": hash_of(_RECURRING),
    **_AMOUNTS,
    **_TAX_BEHAVIOR,
    **_also(
        "billing_scheme currency_options custom_unit_amount tiers tiers_mode transfer_lookup_key transform_quantity"
    ),
}
PRICE_UPDATE: Shape = {
    **EXPAND,
    "active": boolean,
    "lookup_key": text,
    "metadata": metadata,
    "nickname": text,
    **_TAX_BEHAVIOR,
    **_also("currency_options transfer_lookup_key"),
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

_MONEY: Shape = {"amount": need(integer(1)), "currency": need(currency)}
_STATEMENT: Shape = {"statement_descriptor": text, "statement_descriptor_suffix": text}
CHARGE: Shape = {
    **_COMMON,
    **_MONEY,
    **_STATEMENT,
    "capture": boolean,
    "customer": filled,
    "receipt_email": email,
    "shipping": hash_of(SHIPPING),
    "source": filled,
    "transfer_group": text,
    **_also("application_fee application_fee_amount destination on_behalf_of radar_options transfer_data"),
}
CHARGE_UPDATE: Shape = {
    **_COMMON,
    "customer": filled,
    "receipt_email": email,
    "shipping": hash_of(SHIPPING),
    "transfer_group": text,
    "fraud_details": hash_of({"user_report": one_of("fraudulent", "safe")}),
}
CHARGE_LIST: Shape = {**LIST, "customer": filled, "payment_intent": filled, "transfer_group": text}

_INTENT_COMMON: Shape = {
    **_COMMON,
    **_STATEMENT,
    "customer": filled,
    "payment_method": filled,
    "payment_method_types": list_of(filled),
    "receipt_email": email,
    "setup_future_usage": one_of("off_session", "on_session"),
    "shipping": hash_of(SHIPPING),
    "transfer_group": text,
    "capture_method": one_of("automatic", "automatic_async", "manual"),
    **_also(
        "application_fee_amount excluded_payment_method_types hooks payment_details payment_method_configuration "
        "payment_method_data payment_method_options transfer_data"
    ),
}
INTENT: Shape = {
    **_INTENT_COMMON,
    **_MONEY,
    "automatic_payment_methods": hash_of(
        {"enabled": need(boolean), "allow_redirects": one_of("always", "never")},
    ),
    "confirm": boolean,
    "confirmation_method": one_of("automatic", "manual"),
    "return_url": url,
    "use_stripe_sdk": boolean,
    **_also("confirmation_token error_on_requires_action mandate mandate_data off_session on_behalf_of radar_options"),
}
INTENT_UPDATE: Shape = {**_INTENT_COMMON, "amount": integer(1), "currency": currency}
INTENT_LIST: Shape = {**LIST, "customer": filled, "customer_account": filled}
INTENT_CONFIRM: Shape = {
    **EXPAND,
    "payment_method": filled,
    "receipt_email": email,
    "return_url": url,
    **_also(
        "capture_method confirmation_token error_on_requires_action mandate mandate_data off_session "
        "payment_method_data payment_method_options payment_method_types radar_options setup_future_usage shipping "
        "use_stripe_sdk"
    ),
}
INTENT_CANCEL: Shape = {
    **EXPAND,
    "cancellation_reason": one_of("abandoned", "duplicate", "fraudulent", "requested_by_customer"),
}

_LINE_ITEM: Shape = {
    "price": filled,
    "quantity": integer(0, 999_999),
    "price_data": hash_of(
        {
            "currency": need(currency),
            "product": filled,
            "product_data": hash_of(
                {
                    "name": need(filled),
                    "description": text,
                    "images": list_of(url, 8),
                    "metadata": metadata,
                    **_also("tax_code unit_label"),
                }
            ),
            "recurring": hash_of(_RECURRING),
            **_AMOUNTS,
            **_TAX_BEHAVIOR,
        }
    ),
    **_also("adjustable_quantity dynamic_tax_rates metadata tax_rates"),
}
SESSION: Shape = {
    **EXPAND,
    "mode": need(one_of("payment", "setup", "subscription")),
    "line_items": list_of(hash_of(_LINE_ITEM)),
    "success_url": url,
    "cancel_url": url,
    "return_url": url,
    "ui_mode": one_of("custom", "embedded", "hosted"),
    "allow_promotion_codes": boolean,
    "automatic_tax": hash_of({"enabled": need(boolean), "liability": anything}),
    "billing_address_collection": one_of("auto", "required"),
    "client_reference_id": filled,
    "currency": currency,
    "customer": filled,
    "customer_creation": one_of("always", "if_required"),
    "customer_email": email,
    "expires_at": integer(0),
    "locale": filled,
    "metadata": metadata,
    "payment_method_types": list_of(filled),
    "submit_type": one_of("auto", "book", "donate", "pay", "subscribe"),
    **_also(
        "adaptive_pricing after_expiration branding_settings consent_collection custom_fields custom_text "
        "customer_update discounts excluded_payment_method_types invoice_creation name_collection optional_items "
        "origin_context payment_intent_data payment_method_collection payment_method_configuration "
        "payment_method_data payment_method_options permissions phone_number_collection redirect_on_completion "
        "saved_payment_method_options setup_intent_data shipping_address_collection shipping_options "
        "subscription_data tax_id_collection wallet_options"
    ),
}
SESSION_LIST: Shape = {
    **LIST,
    "customer": filled,
    "payment_intent": filled,
    "status": one_of("complete", "expired", "open"),
    "subscription": filled,
    "payment_link": filled,
    "customer_details": hash_of({"email": need(email)}),
}
LINE_ITEMS_LIST: Shape = {name: check for name, check in LIST.items() if name != "created"}
