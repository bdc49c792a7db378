"""The parameters of charges, payment intents and checkout sessions (https://docs.stripe.com/api)."""

from __future__ import annotations

from flarex_nb.sandbox.providers.stripe_params import (
    Shape,
    anything,
    boolean,
    currency,
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
from flarex_nb.sandbox.providers.stripe_shapes import (
    AMOUNTS,
    COMMON,
    EXPAND,
    LIST,
    RECURRING,
    SHIPPING,
    TAX_BEHAVIOR,
    also,
)

_MONEY: Shape = {"amount": need(integer(1)), "currency": need(currency)}
_STATEMENT: Shape = {"statement_descriptor": text, "statement_descriptor_suffix": text}
CHARGE: Shape = {
    **COMMON,
    **_MONEY,
    **_STATEMENT,
    "capture": boolean,
    "customer": filled,
    "receipt_email": email,
    "shipping": hash_of(SHIPPING),
    "source": filled,
    "transfer_group": text,
    **also("application_fee application_fee_amount destination on_behalf_of radar_options transfer_data"),
}
CHARGE_UPDATE: Shape = {
    **COMMON,
    "customer": filled,
    "receipt_email": email,
    "shipping": hash_of(SHIPPING),
    "transfer_group": text,
    "fraud_details": hash_of({"user_report": one_of("fraudulent", "safe")}),
}
CHARGE_CAPTURE: Shape = {
    **EXPAND,
    **_STATEMENT,
    "amount": integer(1),
    "receipt_email": email,
    "transfer_group": text,
    **also("application_fee application_fee_amount transfer_data"),
}
CHARGE_LIST: Shape = {**LIST, "customer": filled, "payment_intent": filled, "transfer_group": text}

_INTENT_COMMON: Shape = {
    **COMMON,
    **_STATEMENT,
    "customer": filled,
    "payment_method": filled,
    "payment_method_types": list_of(filled),
    "receipt_email": email,
    "setup_future_usage": one_of("off_session", "on_session"),
    "shipping": hash_of(SHIPPING),
    "transfer_group": text,
    "capture_method": one_of("automatic", "automatic_async", "manual"),
    **also(
        "allowed_payment_method_types amount_details application_fee_amount customer_account "
        "excluded_payment_method_types  hooks payment_details payment_method_configuration "
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
    **also("confirmation_token error_on_requires_action mandate mandate_data off_session on_behalf_of radar_options"),
}
INTENT_UPDATE: Shape = {**_INTENT_COMMON, "amount": integer(1), "currency": currency}
INTENT_LIST: Shape = {**LIST, "customer": filled, "customer_account": filled}
INTENT_CONFIRM: Shape = {
    **EXPAND,
    "payment_method": filled,
    "receipt_email": email,
    "return_url": url,
    **also(
        "allowed_payment_method_types amount_details amount_to_confirm excluded_payment_method_types "
        "hooks payment_details capture_method confirmation_token error_on_requires_action mandate "
        "mandate_data off_session payment_method_data payment_method_options payment_method_types "
        "radar_options setup_future_usage shipping use_stripe_sdk"
    ),
}
INTENT_CAPTURE: Shape = {
    **EXPAND,
    **_STATEMENT,
    "amount_to_capture": integer(1),
    "metadata": metadata,
    **also("amount_details application_fee_amount final_capture hooks payment_details transfer_data"),
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
                    **also("tax_code unit_label"),
                }
            ),
            "recurring": hash_of(RECURRING),
            **AMOUNTS,
            **TAX_BEHAVIOR,
        }
    ),
    **also("adjustable_quantity dynamic_tax_rates metadata tax_rates"),
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
    **also(
        "allowed_payment_method_types customer_account integration_identifier managed_payments "
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
    "customer_account": filled,
    "customer_details": hash_of({"email": need(email)}),
}
LINE_ITEMS_LIST: Shape = {name: check for name, check in LIST.items() if name != "created"}
