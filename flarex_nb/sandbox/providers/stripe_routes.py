"""Which endpoint a method and path mean, and the objects behind an `expand`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from flarex_nb.sandbox.providers.stripe_errors import Refusal, unrecognized
from flarex_nb.sandbox.providers.stripe_store import Record, Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flarex_nb.sandbox.providers.stripe_params import Shape

Params: TypeAlias = Mapping[str, Any]
Action: TypeAlias = Callable[[Store, Params, str], Record]

MAX_LEVELS = 4
REFERENCES = {
    "charge": "charges",
    "customer": "customers",
    "default_price": "prices",
    "latest_charge": "charges",
    "payment_intent": "payment_intents",
    "price": "prices",
    "product": "products",
}
"""Fields whose id can be replaced by the object, and the kind it is of."""

_OTHERS = (
    "application balance_transaction default_payment_method default_source discount dispute invoice on_behalf_of "
    "payment_method payment_method_configuration refunds review setup_intent source source_transfer subscription "
    "test_clock total_details transfer transfer_data"
)
_LEFT_ALONE = frozenset(_OTHERS.split())
"""Expandable at Stripe; the sandbox does not keep these objects, so the id stays."""


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint: `template` below /v1/, with {id} for one id; `shape` are its parameters."""

    method: str
    template: str
    shape: Shape
    action: Action

    def match(self, method: str, path: str) -> str | None:
        """Return the id in the path ("" for a path without one), None for another endpoint."""
        pattern = re.escape(f"/v1/{self.template}").replace(r"\{id\}", "([^/]+)")
        found = re.fullmatch(pattern, path) if method == self.method else None
        if found is None:
            return None
        return found[1] if found.groups() else ""


def find(routes: Sequence[Route], method: str, path: str) -> tuple[Route, str]:
    """Return the endpoint and the id in its path.

    Raises Refusal 404 with Stripe's words for a URL it does not have.
    """
    for route in routes:
        wanted = route.match(method, path)
        if wanted is not None:
            return route, wanted
    raise unrecognized(method, path)


def expand(store: Store, document: Record, paths: Sequence[str]) -> Record:
    """Return a copy of the document with the objects in place of their ids (https://docs.stripe.com/expand).

    Raises Refusal 400 for a field that holds no object.
    """
    for path in paths:
        document = _expanded(store, document, path.split("."), path)
    return document


def _expanded(store: Store, node: Any, parts: list[str], whole: str) -> Any:
    if isinstance(node, list):
        return [_expanded(store, item, parts, whole) for item in node]
    if node is None or not parts:
        return node
    field, rest = parts[0], parts[1:]
    if not isinstance(node, dict) or whole.count(".") >= MAX_LEVELS:
        raise _not_expandable(whole)
    if field == "line_items" and node.get("object") == "checkout.session":
        return node | {field: _expanded(store, line_items(store, node["id"]), rest, whole)}
    if field in _LEFT_ALONE or node.get("deleted"):
        return node
    if field not in node:
        raise _not_expandable(whole)
    return node | {field: _expanded(store, _resolved(store, field, node[field], whole, last=not rest), rest, whole)}


def _resolved(store: Store, field: str, value: Any, whole: str, *, last: bool) -> Any:
    if field in REFERENCES:
        return store.get(REFERENCES[field], value) if isinstance(value, str) else value
    if last or not isinstance(value, dict | list):
        raise _not_expandable(whole)
    return value


def line_items(store: Store, session: str) -> Record:
    """Return the first page of a checkout session's line items."""
    url = f"/v1/checkout/sessions/{session}/line_items"
    return {"object": "list", "data": store.line_items.get(session, []), "has_more": False, "url": url}


def _not_expandable(path: str) -> Refusal:
    message = f"This property cannot be expanded ({path})."
    return Refusal(400, message)


def refer(store: Store, kind: str, params: Params, name: str) -> None:
    """Check that the object a parameter names exists and is not deleted.

    Raises Refusal 400 resource_missing naming the parameter.
    """
    if name in params:
        store.get(kind, params[name], name)


def merged(record: Record, params: Params) -> None:
    """Write the parameters into the object; metadata is merged, and a key with an empty value removed."""
    for name, value in params.items():
        if name == "metadata":
            kept = record["metadata"] | value if value else {}
            record["metadata"] = {key: item for key, item in kept.items() if item != ""}
        elif name in record:
            record[name] = value
