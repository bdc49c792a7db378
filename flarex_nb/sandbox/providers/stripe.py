"""Stripe's v1 API as its public documentation describes it: keys, versions, idempotency, errors, endpoints.

https://docs.stripe.com/api. Nothing here goes on the wire; `answer` returns bytes.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
import secrets
from typing import TYPE_CHECKING

import orjson

from flarex_nb.sandbox.exchange import Admission, Answer
from flarex_nb.sandbox.providers import stripe_catalog, stripe_checkout, stripe_payments
from flarex_nb.sandbox.providers.stripe_errors import FORM_ONLY, HELP, Refusal, for_status
from flarex_nb.sandbox.providers.stripe_form import nest, pairs
from flarex_nb.sandbox.providers.stripe_idempotency import Idempotency
from flarex_nb.sandbox.providers.stripe_params import read
from flarex_nb.sandbox.providers.stripe_routes import expand, find
from flarex_nb.sandbox.providers.stripe_seed import SEEDS
from flarex_nb.sandbox.providers.stripe_store import REFERENCE, Record, Store, identity

if TYPE_CHECKING:
    from flarex_nb.sandbox.exchange import Ask, Json
    from flarex_nb.sandbox.script import Item

VERSION = "2025-09-30.clover"
NO_ACCESS = 401
FORM = "application/x-www-form-urlencoded"
ROUTES = (*stripe_catalog.ROUTES, *stripe_payments.ROUTES, *stripe_checkout.ROUTES)
_VERSION = re.compile(r"20[0-9]{2}-[01][0-9]-[0-3][0-9](\.[a-z]+)?")
_KINDS = re.compile(r"(?:sk|rk|pk)_(?:live|test|sandbox)_")
_SEE = f"See https://stripe.com/docs/api#authentication for details, or we can help at {HELP}."
_NO_KEY = (
    "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth "
    f"(e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). {_SEE}"
)
_LIVE = (
    "Invalid API Key provided: {mask}. This is the local sandbox, and a live key must not come here: turn the sandbox "
    "off to call Stripe, or use the sandbox's own STRIPE_SECRET_KEY."
)


class Stripe:
    """One account, seeded."""

    name = "stripe"

    def __init__(self) -> None:
        """Make the sandbox's own key, and an account that is filled when asked."""
        self._key = f"sk_sandbox_flarex_{secrets.token_hex(12)}"
        self.reset()

    def keys(self) -> dict[str, str]:
        """Return the secret key of this process."""
        return {"STRIPE_SECRET_KEY": self._key}

    def reset(self) -> None:
        """Go back to the seeded account; counters and idempotency keys begin again."""
        self._store = Store(SEEDS)
        self._idempotency = Idempotency()
        self._answered = 0

    def admit(self, ask: Ask) -> Admission:
        """Judge the key of the Authorization header; a live key gets its refusal at once."""
        key = _key_of(ask.headers.get("authorization", ""))
        if re.match(r"(?:sk|rk|pk)_live_", key):
            refusal = Refusal(401, _LIVE.replace("{mask}", _masked(key)))
            return Admission("live", self._refuse(ask, refusal, self._request_id()))
        if not key:
            return Admission("missing")
        accepted = secrets.compare_digest(key.encode(), self._key.encode()) or key.startswith(
            ("sk_sandbox_", "sk_test_")
        )
        return Admission("accepted" if accepted else "refused")

    async def answer(self, ask: Ask, stall: float = 0.0) -> Answer:
        """Serve one request; an idempotency key is in flight while `stall` seconds pass."""
        request_id = self._request_id()
        key = ask.headers.get("idempotency-key", "") if ask.method == "POST" else ""
        try:
            self._check_access(ask)
            fields = _fields(ask)
            stored = self._idempotency.claim(key, ask.path, fields) if key else None
        except Refusal as refusal:
            await asyncio.sleep(stall)
            return self._refuse(ask, refusal, request_id)
        await asyncio.sleep(stall)
        if stored is not None:
            return self._replay(ask, *stored, request_id)
        try:
            answer = self._render(ask, 200, self._execute(ask, fields), request_id)
        except Refusal as refusal:
            answer = self._refuse(ask, refusal, request_id)
        if key:
            self._idempotency.settle(key, answer, request_id)
        return answer

    def simulate(self, ask: Ask, item: Item) -> Answer:
        """Return Stripe's own error of that status; a 500 or 402 to a POST is kept under its idempotency key."""
        request_id = self._request_id()
        key = ask.headers.get("idempotency-key", "") if ask.method == "POST" else ""
        refusal = for_status(item.status, item.code, key)
        answer = self._refuse(ask, refusal, request_id)
        if key and self._admitted(ask):
            try:
                stored = self._idempotency.claim(key, ask.path, _fields(ask))
            except Refusal:
                return answer
            if stored is None:
                self._idempotency.settle(key, answer, request_id)
        return answer

    def complain(self, ask: Ask, message: str) -> Answer:
        """Return a 400 in Stripe's shape."""
        return self._refuse(ask, Refusal(400, message), self._request_id())

    def misshape(self, document: Json) -> Json:
        """Return a list as a hash by id without `object` and `has_more`, another object below "attributes"."""
        if isinstance(document.get("data"), list):
            return {"data": {item["id"]: item for item in document["data"]}, "total": "many"}
        return {"attributes": document}

    def _admitted(self, ask: Ask) -> bool:
        return self.admit(ask).state == "accepted"

    def _check_access(self, ask: Ask) -> None:
        state = self.admit(ask).state
        if state == "accepted":
            _check_version(ask)
            return
        challenge = (("WWW-Authenticate", 'Basic realm="Stripe"'),)
        key = _key_of(ask.headers.get("authorization", ""))
        if key.startswith("pk_"):
            message = "This API call cannot be made with a publishable API key. Please use a secret API key."
            raise Refusal(401, message, code="secret_key_required", headers=challenge)
        raise Refusal(401, f"Invalid API Key provided: {_masked(key)}" if key else _NO_KEY, headers=challenge)

    def _execute(self, ask: Ask, fields: list[tuple[str, str]]) -> Record:
        route, wanted = find(ROUTES, ask.method, ask.path)
        params = read(nest(fields), route.shape)
        made = route.action(self._store, params, wanted)
        return expand(self._store, made, params.get("expand", []))

    def _request_id(self) -> str:
        self._answered += 1
        return identity("req", self._answered, 14)

    def _refuse(self, ask: Ask, refusal: Refusal, request_id: str) -> Answer:
        body = dict(refusal.body)
        if refusal.status != NO_ACCESS:
            body["request_log_url"] = f"https://dashboard.stripe.com/test/logs/{request_id}?t={REFERENCE}"
        answer = self._render(ask, refusal.status, {"error": dict(sorted(body.items()))}, request_id)
        return Answer(answer.status, answer.body, (*answer.headers, *refusal.headers))

    def _render(self, ask: Ask, status: int, document: Record, request_id: str) -> Answer:
        body = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        key = ask.headers.get("idempotency-key", "") if ask.method == "POST" else ""
        echo = (("Idempotency-Key", key), ("Original-Request", request_id)) if key else ()
        return Answer(status, body, (*_headers(ask, request_id), *echo))

    def _replay(self, ask: Ask, answer: Answer, first: str, request_id: str) -> Answer:
        key = ask.headers["idempotency-key"]
        marks = (("Idempotency-Key", key), ("Original-Request", first), ("Idempotent-Replayed", "true"))
        return Answer(answer.status, answer.body, (*_headers(ask, request_id), *marks), replayed=True)


def _headers(ask: Ask, request_id: str) -> tuple[tuple[str, str], ...]:
    asked = ask.headers.get("stripe-version", "")
    return (
        ("Content-Type", "application/json"),
        ("Cache-Control", "no-cache, no-store"),
        ("Request-Id", request_id),
        ("Stripe-Version", asked if _VERSION.fullmatch(asked) else VERSION),
    )


def _check_version(ask: Ask) -> None:
    asked = ask.headers.get("stripe-version", "")
    if asked and _VERSION.fullmatch(asked) is None:
        message = f"Invalid Stripe API version: {asked}. Versions look like {VERSION}."
        raise Refusal(400, message)


def _fields(ask: Ask) -> list[tuple[str, str]]:
    """Return the request's parameters: query, then form body.

    Raises Refusal 400 with Stripe's words for a body that is not a form.
    """
    found = pairs(ask.query)
    if not ask.body or ask.method == "GET":
        return found
    if ask.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise Refusal(400, FORM_ONLY)
    try:
        text = ask.body.decode("ascii")
    except UnicodeDecodeError:
        raise Refusal(400, FORM_ONLY) from None
    return found + pairs(text)


def _key_of(authorization: str) -> str:
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(rest.strip(), validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _masked(key: str) -> str:
    """Return the kind of key it is, and nothing of the key."""
    kind = _KINDS.match(key)
    return f"{kind[0] if kind else ''}********"
