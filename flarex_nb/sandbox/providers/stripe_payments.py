"""Charges and payment intents: create, retrieve, update, list; capture, confirm, cancel."""

from __future__ import annotations

from typing import Any

from flarex_nb.sandbox.providers import stripe_objects as objects
from flarex_nb.sandbox.providers import stripe_payment_shapes as shapes
from flarex_nb.sandbox.providers.stripe_cards import VISA, Card, card_of
from flarex_nb.sandbox.providers.stripe_errors import Refusal, invalid, no_such
from flarex_nb.sandbox.providers.stripe_params import ZERO_DECIMAL
from flarex_nb.sandbox.providers.stripe_routes import Params, Route, merged, refer
from flarex_nb.sandbox.providers.stripe_shapes import MAX_AMOUNT, RETRIEVE
from flarex_nb.sandbox.providers.stripe_store import Record, Store, created_in

_SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}
MIN_AMOUNT = 50
_EXPIRES = (12, 2034)


def check_amount(amount: int, currency: str) -> None:
    """Refuse an amount under 50 of the smallest unit, or over eight digits (https://docs.stripe.com/currencies)."""
    if amount > MAX_AMOUNT:
        message = f"Amount must be no more than {_money(MAX_AMOUNT, currency)}"
        raise invalid(message, "amount", "amount_too_large")
    if amount < MIN_AMOUNT:
        message = f"Amount must be at least {_money(MIN_AMOUNT, currency)}"
        raise invalid(message, "amount", "amount_too_small")


def _money(amount: int, currency: str) -> str:
    number = f"{amount:,}" if currency in ZERO_DECIMAL else f"{amount / 100:,.2f}"
    return f"{_SYMBOLS.get(currency, '')}{number} {currency}"


def _create_charge(store: Store, params: Params, _id: str) -> Record:
    check_amount(params["amount"], params["currency"])
    refer(store, "customers", params, "customer")
    card = _charge_card(store, params)
    made = _new_charge(store, params, card, _settings(params))
    if card.decline:
        raise declined(card, charge=made["id"])
    if not params.get("capture", True):
        made.update(captured=False, amount_captured=0, balance_transaction=None)
    return made


def _settings(params: Params) -> Params:
    return {name: value for name, value in params.items() if name not in {"amount", "source", "capture", "expand"}}


def _charge_card(store: Store, params: Params) -> Card:
    source = params.get("source")
    if source is not None:
        card = card_of(source)
        if card is None:
            raise no_such(noun="token", identity=source, param="source", status=400)
        return card
    if "customer" not in params:
        message = "Must provide source or customer."
        raise invalid(message, "source", "parameter_missing")
    if store.get("customers", params["customer"], "customer")["default_source"] is None:
        message = "Cannot charge a customer that has no active card"
        raise Refusal(402, message, code="missing", param="card", kind="card_error")
    return VISA


def _new_charge(store: Store, params: Params, card: Card, settings: Params) -> Record:
    amount: int = params["amount"]
    made = objects.charge(
        store.new_id("ch"),
        store.now(),
        amount,
        card,
        balance_transaction=None if card.decline else store.new_id("txn"),
        outcome=objects.outcome(card, 21),
        payment_method=store.new_id("card"),
        payment_method_details=objects.card_details(card, amount, expires=_EXPIRES, fingerprint="SandboxFingerpr1"),
    )
    merged(made, settings)
    return store.add("charges", made)


def declined(card: Card, **more: Any) -> Refusal:
    """Return the 402 of a declined card (https://docs.stripe.com/declines)."""
    decline: dict[str, Any] = {
        "decline_code": card.reason,
        "advice_code": "try_again_later",
        "network_decline_code": "01",
    }
    param = {"expired_card": "exp_month", "incorrect_cvc": "cvc"}.get(card.decline, "")
    return Refusal(402, card.words, code=card.decline, param=param, kind="card_error", **decline, **more)


def _update_charge(store: Store, params: Params, wanted: str) -> Record:
    refer(store, "customers", params, "customer")
    record = store.get("charges", wanted)
    merged(record, params)
    return record


def _capture_charge(store: Store, params: Params, wanted: str) -> Record:
    record = store.get("charges", wanted)
    if record["captured"]:
        message = f"Charge {wanted} has already been captured."
        raise Refusal(400, message, code="charge_already_captured")
    amount = params.get("amount", record["amount"])
    if amount > record["amount"]:
        raise invalid(message="The amount is larger than the charge's.", param="amount", code="amount_too_large")
    merged(record, {name: value for name, value in params.items() if name not in {"amount", "expand"}})
    record.update(captured=True, amount_captured=amount, balance_transaction=store.new_id("txn"))
    return record


def _listed(kind: str, *filters: str) -> Any:
    def action(store: Store, params: Params, _id: str) -> Record:
        def wanted(record: Record) -> bool:
            return created_in(record, params.get("created")) and all(
                name not in params or record[name] == params[name] for name in filters
            )

        return store.page(kind, params, wanted)

    return action


def _create_intent(store: Store, params: Params, _id: str) -> Record:
    check_amount(params["amount"], params["currency"])
    refer(store, "customers", params, "customer")
    if params.get("confirm") and "payment_method" not in params:
        message = "You cannot confirm this PaymentIntent because it's missing a payment method."
        raise Refusal(400, message, code="payment_intent_unexpected_state")
    _card_of_method(params)
    made = objects.intent(store.new_id("pi"), store.now(), params["amount"])
    merged(made, params)
    if "payment_method" in params:
        made["status"] = "requires_confirmation"
    store.add("payment_intents", made)
    return _paid(store, made) if params.get("confirm") else made


def _card_of_method(params: Params) -> None:
    method = params.get("payment_method")
    if method is not None and card_of(method) is None and not method.startswith(("pm_", "card_")):
        raise no_such(noun="PaymentMethod", identity=method, param="payment_method", status=400)


def _update_intent(store: Store, params: Params, wanted: str) -> Record:
    record = store.get("payment_intents", wanted)
    _must_be(record, "updated", "requires_payment_method", "requires_confirmation", "requires_action")
    check_amount(params.get("amount", record["amount"]), params.get("currency", record["currency"]))
    refer(store, "customers", params, "customer")
    _card_of_method(params)
    merged(record, params)
    if "payment_method" in params:
        record["status"] = "requires_confirmation"
    return record


def _must_be(record: Record, verb: str, *states: str) -> None:
    if record["status"] not in states:
        message = (
            f"This PaymentIntent could not be {verb} because it has a status of {record['status']}. "
            f"Only a PaymentIntent with one of the following statuses may be {verb}: {', '.join(states)}."
        )
        raise Refusal(400, message, code="payment_intent_unexpected_state", payment_intent=dict(record))


def _confirm_intent(store: Store, params: Params, wanted: str) -> Record:
    record = store.get("payment_intents", wanted)
    _must_be(record, "confirmed", "requires_payment_method", "requires_confirmation")
    _card_of_method(params)
    if "payment_method" not in params and record["payment_method"] is None:
        message = "You cannot confirm this PaymentIntent because it's missing a payment method."
        raise Refusal(400, message, code="payment_intent_unexpected_state", payment_intent=dict(record))
    merged(record, {name: params[name] for name in ("payment_method", "receipt_email") if name in params})
    return _paid(store, record)


def _paid(store: Store, record: Record) -> Record:
    card = card_of(record["payment_method"]) or VISA
    shared = ("currency", "customer", "description", "metadata", "receipt_email", "shipping")
    made = _new_charge(store, record, card, {name: record[name] for name in shared if record[name] is not None})
    made["payment_intent"] = record["id"]
    record["latest_charge"] = made["id"]
    if card.decline:
        refusal = declined(card, charge=made["id"])
        record.update(status="requires_payment_method", payment_method=None, last_payment_error=dict(refusal.body))
        raise declined(card, charge=made["id"], payment_intent=dict(record))
    held = record["capture_method"] == "manual"
    if held:
        made.update(captured=False, amount_captured=0, balance_transaction=None)
    record.update(
        status="requires_capture" if held else "succeeded",
        amount_capturable=record["amount"] if held else 0,
        amount_received=0 if held else record["amount"],
        last_payment_error=None,
    )
    return record


def _capture_intent(store: Store, params: Params, wanted: str) -> Record:
    record = store.get("payment_intents", wanted)
    _must_be(record, "captured", "requires_capture")
    amount = params.get("amount_to_capture", record["amount"])
    _capture_charge(store, {"amount": amount}, record["latest_charge"])
    merged(record, {name: value for name, value in params.items() if name == "metadata"})
    record.update(status="succeeded", amount_capturable=0, amount_received=amount)
    return record


def _cancel_intent(store: Store, params: Params, wanted: str) -> Record:
    record = store.get("payment_intents", wanted)
    _must_be(
        record, "canceled", "requires_payment_method", "requires_capture", "requires_confirmation", "requires_action"
    )
    reason = params.get("cancellation_reason")
    record.update(status="canceled", canceled_at=store.now(), cancellation_reason=reason, amount_capturable=0)
    return record


ROUTES = (
    Route("POST", "charges", shapes.CHARGE, _create_charge),
    Route("GET", "charges", shapes.CHARGE_LIST, _listed("charges", "customer", "payment_intent", "transfer_group")),
    Route("GET", "charges/{id}", RETRIEVE, lambda store, _, wanted: store.get("charges", wanted)),
    Route("POST", "charges/{id}", shapes.CHARGE_UPDATE, _update_charge),
    Route("POST", "charges/{id}/capture", shapes.CHARGE_CAPTURE, _capture_charge),
    Route("POST", "payment_intents", shapes.INTENT, _create_intent),
    Route("GET", "payment_intents", shapes.INTENT_LIST, _listed("payment_intents", "customer")),
    Route("GET", "payment_intents/{id}", RETRIEVE, lambda store, _, wanted: store.get("payment_intents", wanted)),
    Route("POST", "payment_intents/{id}", shapes.INTENT_UPDATE, _update_intent),
    Route("POST", "payment_intents/{id}/confirm", shapes.INTENT_CONFIRM, _confirm_intent),
    Route("POST", "payment_intents/{id}/capture", shapes.INTENT_CAPTURE, _capture_intent),
    Route("POST", "payment_intents/{id}/cancel", shapes.INTENT_CANCEL, _cancel_intent),
)
