"""What a Stripe account holds: objects by kind in the order they were made, ids and time that repeat exactly.

Time stands still at REFERENCE and moves on one second for each new object, so that the same notebook gives the same
answers on any day. Seeded kinds are made when first asked for.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, TypeAlias

from flarex_nb.sandbox.providers.stripe_errors import invalid, no_such

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Record: TypeAlias = dict[str, Any]
Page: TypeAlias = dict[str, Any]

REFERENCE = 1_767_225_600
"""2026-01-01T00:00:00Z: all seeded data lies before it."""

_ALPHABET = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LETTERS = bytes(_ALPHABET[place % 62] for place in range(256))
NOUNS = {
    "customers": "customer",
    "products": "product",
    "prices": "price",
    "charges": "charge",
    "payment_intents": "payment_intent",
    "checkout/sessions": "checkout.session",
}


def identity(prefix: str, number: int, length: int = 24) -> str:
    """Return an id that looks random and is the same for the same prefix and number."""
    digest = hashlib.blake2b(f"{prefix}:{number}".encode(), digest_size=length)
    return f"{prefix}_{digest.digest().translate(_LETTERS).decode()}"


class Store:
    """The objects of one account."""

    def __init__(self, seeds: Mapping[str, Callable[[], list[Record]]]) -> None:
        """Keep how each kind is seeded; nothing is made yet."""
        self._seeds = seeds
        self._kinds: dict[str, dict[str, Record]] = {}
        self._deleted: dict[str, str] = {}
        self._made = 0
        self.line_items: dict[str, list[Record]] = {}

    def kind(self, kind: str) -> dict[str, Record]:
        """Return the objects of one kind by id, oldest first."""
        if kind not in self._kinds:
            seed = self._seeds.get(kind, list)
            self._kinds[kind] = {record["id"]: record for record in seed()}
        return self._kinds[kind]

    def new_id(self, prefix: str, length: int = 24) -> str:
        """Return a fresh id; those of seeded objects have numbers below a million."""
        self._made += 1
        return identity(prefix, 1_000_000 + self._made, length)

    def now(self) -> int:
        """Return the account's time in epoch seconds: later with each object made."""
        return REFERENCE + self._made

    def add(self, kind: str, record: Record) -> Record:
        """Keep a new object and return it."""
        self.kind(kind)[record["id"]] = record
        return record

    def get(self, kind: str, wanted: str, param: str = "id") -> Record:
        """Return the object, or its tombstone when it was deleted.

        Raises Refusal: 404 for the object of the URL, 400 when a parameter names it.
        """
        record = self.kind(kind).get(wanted)
        if record is not None:
            return record
        if param == "id" and wanted in self._deleted:
            return {"id": wanted, "object": NOUNS[kind], "deleted": True}
        raise no_such(NOUNS[kind], wanted, param, 404 if param == "id" else 400)

    def delete(self, kind: str, wanted: str) -> Record:
        """Remove the object and return Stripe's tombstone."""
        if wanted in self._deleted or wanted not in self.kind(kind):
            raise no_such(NOUNS[kind], wanted)
        del self.kind(kind)[wanted]
        self._deleted[wanted] = kind
        return {"id": wanted, "object": NOUNS[kind], "deleted": True}

    def page(self, kind: str, params: Mapping[str, Any], wanted: Callable[[Record], bool]) -> Page:
        """Return one page of the objects that are wanted, newest first."""
        found = [record for record in reversed(self.kind(kind).values()) if wanted(record)]
        return cut(found, params, f"/v1/{kind}", NOUNS[kind])


def cut(found: list[Record], params: Mapping[str, Any], url: str, noun: str) -> Page:
    """Return the page that `limit`, `starting_after` and `ending_before` ask for (https://docs.stripe.com/api/pagination).

    Raises Refusal 400 when the cursor is not among the objects.
    """
    if "starting_after" in params and "ending_before" in params:
        message = "Received both ending_before and starting_after parameters. Please pass in only one."
        raise invalid(message, "starting_after")
    limit: int = params.get("limit", 10)
    places = {record["id"]: place for place, record in enumerate(found)}
    if "ending_before" in params:
        end = _place(places, params["ending_before"], "ending_before", noun)
        start = max(0, end - limit)
        return {"object": "list", "data": found[start:end], "has_more": start > 0, "url": url}
    start = 0
    if "starting_after" in params:
        start = _place(places, params["starting_after"], "starting_after", noun) + 1
    data = found[start : start + limit]
    return {"object": "list", "data": data, "has_more": start + limit < len(found), "url": url}


def _place(places: Mapping[str, int], wanted: str, param: str, noun: str) -> int:
    if wanted not in places:
        raise no_such(noun, wanted, param, 400)
    return places[wanted]


def created_in(record: Record, window: int | Mapping[str, int] | None) -> bool:
    """Return whether `created` lies in the window of a list's parameter: a number, or gt, gte, lt, lte."""
    if window is None:
        return True
    moment: int = record["created"]
    if isinstance(window, int):
        return moment == window
    return (
        moment > window.get("gt", -1)
        and moment >= window.get("gte", 0)
        and moment < window.get("lt", moment + 1)
        and moment <= window.get("lte", moment)
    )
