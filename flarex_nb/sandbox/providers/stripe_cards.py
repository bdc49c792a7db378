"""Test cards: which token or payment method pays with which card, and which is declined and why.

From https://docs.stripe.com/testing: `tok_visa` pays, `tok_chargeDeclined` is declined; the same with `pm_card_`
instead of `tok_`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Card:
    """A test card; `decline` is the error code when it is declined, `reason` the decline code, `words` Stripe's."""

    brand: str
    last4: str
    funding: str = "credit"
    country: str = "US"
    decline: str = ""
    reason: str = ""
    words: str = ""


VISA = Card("visa", "4242")
_DECLINED = "Your card was declined."
CARDS = {
    "visa": VISA,
    "visa_debit": Card("visa", "5556", "debit"),
    "mastercard": Card("mastercard", "4444"),
    "mastercard_debit": Card("mastercard", "8210", "debit"),
    "mastercard_prepaid": Card("mastercard", "5100", "prepaid"),
    "amex": Card("amex", "8431"),
    "discover": Card("discover", "9424"),
    "diners": Card("diners", "3237"),
    "jcb": Card("jcb", "0505", country="JP"),
    "unionpay": Card("unionpay", "0005", country="CN"),
    "de": Card("visa", "0008", country="DE"),
    "gb": Card("visa", "0000", country="GB"),
    "fr": Card("visa", "0003", country="FR"),
    "jp": Card("visa", "0003", country="JP"),
    "chargeDeclined": Card("visa", "0002", decline="card_declined", reason="generic_decline", words=_DECLINED),
    "chargeDeclinedInsufficientFunds": Card(
        "visa", "9995", decline="card_declined", reason="insufficient_funds", words="Your card has insufficient funds."
    ),
    "visa_chargeDeclinedInsufficientFunds": Card(
        "visa", "9995", decline="card_declined", reason="insufficient_funds", words="Your card has insufficient funds."
    ),
    "visa_chargeDeclined": Card("visa", "0002", decline="card_declined", reason="generic_decline", words=_DECLINED),
    "chargeDeclinedLostCard": Card("visa", "9987", decline="card_declined", reason="lost_card", words=_DECLINED),
    "chargeDeclinedStolenCard": Card("visa", "9979", decline="card_declined", reason="stolen_card", words=_DECLINED),
    "chargeDeclinedFraudulent": Card("visa", "0019", decline="card_declined", reason="fraudulent", words=_DECLINED),
    "chargeDeclinedExpiredCard": Card(
        "visa", "0069", decline="expired_card", reason="expired_card", words="Your card has expired."
    ),
    "chargeDeclinedIncorrectCvc": Card(
        "visa", "0127", decline="incorrect_cvc", reason="incorrect_cvc", words="Your card's security code is incorrect."
    ),
    "chargeDeclinedProcessingError": Card(
        "visa",
        "0119",
        decline="processing_error",
        reason="processing_error",
        words="An error occurred while processing your card. Try again in a little bit.",
    ),
}


def card_of(token: str) -> Card | None:
    """Return the card of `tok_...` or `pm_card_...`; None for one that is not known."""
    for prefix in ("pm_card_", "tok_"):
        if token.startswith(prefix):
            return CARDS.get(token.removeprefix(prefix))
    return None
