"""The seeded account: 200 customers, 30 products with their prices, 3,000 charges over 18 months, 400 payment intents.

Every value comes from a fixed seed, so all processes on all days hold the same data. Each kind is made alone and refers
to the others by ids that follow from their number.
"""

from __future__ import annotations

import random
from itertools import accumulate
from typing import TYPE_CHECKING

from flarex_nb.sandbox.providers import stripe_objects as objects
from flarex_nb.sandbox.providers.stripe_cards import CARDS, VISA, Card
from flarex_nb.sandbox.providers.stripe_params import ZERO_DECIMAL
from flarex_nb.sandbox.providers.stripe_people import PRODUCTS, Person, person
from flarex_nb.sandbox.providers.stripe_store import REFERENCE, identity

if TYPE_CHECKING:
    from collections.abc import Callable

    from flarex_nb.sandbox.providers.stripe_store import Record

CUSTOMERS, CHARGES, INTENTS = 200, 3000, 400
PERIOD = 548 * 86400
"""Eighteen months in seconds."""

_CURRENCIES = ("usd",) * 12 + ("eur",) * 5 + ("gbp",) * 3 + ("jpy",) * 2 + ("cad", "chf")
_PAYING = (VISA,) * 5 + tuple(
    CARDS[name] for name in ("mastercard", "visa_debit", "amex", "mastercard_debit", "de", "jcb")
)
_DECLINED = tuple(
    CARDS[name]
    for name in (
        "chargeDeclined",
        "chargeDeclinedInsufficientFunds",
        "chargeDeclinedExpiredCard",
        "chargeDeclinedFraudulent",
    )
)


def _dice(kind: str) -> random.Random:
    return random.Random(f"flarex sandbox stripe {kind}")


def _likely(dice: random.Random, share: float) -> bool:
    return dice.random() < share


def _times(dice: random.Random, count: int) -> list[int]:
    """Return that many different moments of the period, rising."""
    gaps = [dice.randint(1, 2 * PERIOD // count - 1) for _ in range(count)]
    offsets = list(accumulate(gaps))
    return [REFERENCE - offsets[-1] - 3600 + offset for offset in offsets]


def customers() -> list[Record]:
    """Return the customers, oldest first; some have no address, phone, name or card."""
    dice = _dice("customers")
    made = []
    for number, created in enumerate(_times(dice, CUSTOMERS)):
        who = person(number)
        made.append(
            objects.customer(
                identity("cus", number, 14),
                created,
                address=who.address if _likely(dice, 0.8) else None,
                balance=dice.choice((0, 0, 0, 0, -500, 2500)),
                currency=who.currency,
                default_source=identity("card", number) if _likely(dice, 0.9) else None,
                description=dice.choice((None, None, "Imported from the old shop", "Trade fair lead")),
                email=who.email,
                metadata=_customer_metadata(dice, number),
                name=who.name if _likely(dice, 0.95) else None,
                phone=who.phone if _likely(dice, 0.6) else None,
                preferred_locales=[who.locale] if _likely(dice, 0.4) else [],
            )
        )
    return made


def _customer_metadata(dice: random.Random, number: int) -> dict[str, str]:
    found: dict[str, str] = {}
    if _likely(dice, 0.5):
        found["crm_id"] = f"C-{number + 1000}"
    if _likely(dice, 0.3):
        found["segment"] = dice.choice(("self-serve", "mid-market", "enterprise"))
    return found


def products() -> list[Record]:
    """Return the products, oldest first; the last two are no longer sold."""
    made = []
    for number, (entry, created) in enumerate(zip(PRODUCTS, _times(_dice("products"), len(PRODUCTS)), strict=True)):
        made.append(
            objects.product(
                identity("prod", number, 14),
                created,
                active=number < len(PRODUCTS) - 2,
                default_price=identity("price", 2 * number),
                description=entry.description,
                metadata={"sku": f"SKU-{number + 1:03d}"},
                name=entry.name,
                unit_label=entry.unit,
            )
        )
    return made


def prices() -> list[Record]:
    """Return a price in dollars for each product, and for every second one another in euro."""
    made = []
    for number, (entry, created) in enumerate(zip(PRODUCTS, _times(_dice("products"), len(PRODUCTS)), strict=True)):
        recurring = {"interval": entry.interval} if entry.interval else None
        for place, currency in enumerate(("usd", "eur") if number % 2 else ("usd",)):
            made.append(
                objects.price(
                    identity("price", 2 * number + place),
                    created + 1 + place,
                    currency=currency,
                    lookup_key=f"{entry.key}_{currency}",
                    product=identity("prod", number, 14),
                    recurring=recurring,
                    unit_amount=entry.amount,
                )
            )
    return made


def charges() -> list[Record]:
    """Return the charges, oldest first: several currencies, declines, refunds, disputes, guests without a customer."""
    dice = _dice("charges")
    return [_charge(dice, number, created) for number, created in enumerate(_times(dice, CHARGES))]


def _charge(dice: random.Random, number: int, created: int) -> Record:
    card = dice.choice(_DECLINED) if _likely(dice, 0.06) else dice.choice(_PAYING)
    currency = dice.choice(_CURRENCIES)
    amount = _amount(dice, currency)
    buyer = int(CUSTOMERS * dice.random() ** 2)
    who = person(buyer)
    made = objects.charge(
        identity("ch", number),
        created,
        amount,
        card,
        balance_transaction=None if card.decline else identity("txn", number),
        billing_details=_billing(dice, buyer),
        currency=currency,
        customer=None if _likely(dice, 0.12) else identity("cus", buyer, 14),
        description=dice.choice((None, f"Order {number + 10001}", f"Order {number + 10001}", "Subscription update")),
        metadata=_charge_metadata(dice, number),
        outcome=objects.outcome(card, int(90 * dice.random() ** 2)),
        payment_intent=identity("pi", number) if number >= CHARGES - INTENTS else None,
        payment_method=identity("pm", buyer),
        payment_method_details=_details(dice, card, amount, buyer),
        receipt_email=who.email if _likely(dice, 0.7) else None,
        receipt_number=f"{1000 + number % 9000}-{number:04d}" if _likely(dice, 0.3) else None,
        shipping=_shipping(who) if _likely(dice, 0.35) else None,
        statement_descriptor_suffix=dice.choice((None, None, None, "SHOP")),
    )
    if made["paid"]:
        _afterwards(dice, number, made)
    return made


def _amount(dice: random.Random, currency: str) -> int:
    units = 10 ** (0.7 + 2.2 * dice.random())
    if currency in ZERO_DECIMAL:
        return 10 * int(units * 15)
    return int(units) * 100 + dice.choice((0, 0, 50, 90, 95, 99))


def _billing(dice: random.Random, buyer: int) -> Record:
    who = person(buyer)
    return {
        "address": who.address if _likely(dice, 0.7) else objects.NO_ADDRESS | {"country": who.address["country"]},
        "email": who.email if _likely(dice, 0.75) else None,
        "name": who.name,
        "phone": who.phone if _likely(dice, 0.25) else None,
        "tax_id": None,
    }


def _details(dice: random.Random, card: Card, amount: int, buyer: int) -> Record:
    expires = (dice.randint(1, 12), dice.randint(2026, 2031))
    details = objects.card_details(card, amount, expires=expires, fingerprint=identity("fp", buyer, 16)[3:])
    if _likely(dice, 0.15):
        details["card"]["wallet"] = {"dynamic_last4": None, "type": dice.choice(("apple_pay", "google_pay"))}
    if _likely(dice, 0.1):
        details["card"]["three_d_secure"] = {
            "authentication_flow": "challenge",
            "result": "authenticated",
            "version": "2.2.0",
        }
    return details


def _charge_metadata(dice: random.Random, number: int) -> dict[str, str]:
    found: dict[str, str] = {}
    if _likely(dice, 0.8):
        found["order_id"] = str(number + 10001)
    if _likely(dice, 0.3):
        found["campaign"] = dice.choice(("spring-sale", "newsletter", "black friday", "referral"))
    if _likely(dice, 0.1):
        found["gift"] = "true"
    if _likely(dice, 0.05):
        found["note"] = dice.choice(
            ("Bitte klingeln", "배송 전 연락", 'say "hello", please', "line one\nline two", "日本語")
        )
    return found


def _shipping(who: Person) -> Record:
    return {"address": who.address, "carrier": None, "name": who.name, "phone": who.phone, "tracking_number": None}


def _afterwards(dice: random.Random, number: int, made: Record) -> None:
    """Let time pass over a paid charge: refunds, in whole or in part, and a few disputes."""
    if _likely(dice, 0.01):
        made["disputed"] = True
    elif _likely(dice, 0.06):
        whole = _likely(dice, 0.5)
        back = made["amount"] if whole else max(1, made["amount"] // 3)
        reason = dice.choice((None, "requested_by_customer", "duplicate"))
        made["refunds"]["data"].append(
            objects.refund(identity("re", number), made["created"] + dice.randint(60, 3000), back, made, reason)
        )
        made.update(amount_refunded=back, refunded=whole)


def intents() -> list[Record]:
    """Return the payment intents of the newest charges, oldest first."""
    return [_intent(made) for made in charges()[-INTENTS:]]


def _intent(made: Record) -> Record:
    paid = made["paid"]
    return objects.intent(
        made["payment_intent"],
        made["created"] - 1,
        made["amount"],
        amount_received=made["amount"] if paid else 0,
        currency=made["currency"],
        customer=made["customer"],
        description=made["description"],
        latest_charge=made["id"],
        metadata=dict(made["metadata"]),
        payment_method=made["payment_method"] if paid else None,
        receipt_email=made["receipt_email"],
        shipping=made["shipping"],
        status="succeeded" if paid else "requires_payment_method",
    )


SEEDS: dict[str, Callable[[], list[Record]]] = {
    "customers": customers,
    "products": products,
    "prices": prices,
    "charges": charges,
    "payment_intents": intents,
}
