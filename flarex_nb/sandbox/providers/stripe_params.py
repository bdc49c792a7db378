"""Check and convert an endpoint's parameters, as Stripe does: unknown, missing, empty, not an integer.

A checker takes the text value and its full bracketed name, and returns the typed value or raises Refusal. A shape is
a dict from parameter name to checker; `need(...)` marks the required ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from flarex_nb.sandbox.providers.stripe_errors import empty, invalid, missing, unknown

Check: TypeAlias = Callable[[Any, str], Any]

MAX_KEYS, MAX_KEY, MAX_VALUE = 50, 40, 500
"""Of metadata (https://docs.stripe.com/metadata)."""
_CODES = (
    "aed ars aud bgn bhd brl cad chf clp cny cop czk dkk egp eur gbp hkd huf idr ils inr isk jpy krw kwd mad mxn myr "
    "ngn nok nzd pen php pln qar ron sar sek sgd thb try twd uah usd uyu vnd xaf xof zar"
)
CURRENCIES = frozenset(_CODES.split())
_WHOLE = "bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf"
ZERO_DECIMAL = frozenset(_WHOLE.split())
"""Currencies whose smallest unit is the whole one (https://docs.stripe.com/currencies#zero-decimal)."""


@dataclass(frozen=True, slots=True)
class Required:
    """A checker whose parameter must be there."""

    check: Check

    def __call__(self, value: Any, name: str) -> Any:
        """Check as the inner checker does."""
        return self.check(value, name)


Shape: TypeAlias = Mapping[str, Check]


def need(check: Check) -> Required:
    """Return the checker, marked as required."""
    return Required(check)


def read(values: Mapping[str, Any], shape: Shape, prefix: str = "") -> dict[str, Any]:
    """Return the typed parameters.

    Raises Refusal 400: unknown names first, then the first bad value, then the first missing one.
    """
    strangers = [_named(prefix, name) for name in values if name not in shape]
    if strangers:
        raise unknown(strangers)
    typed = {name: shape[name](value, _named(prefix, name)) for name, value in values.items()}
    for name, check in shape.items():
        if isinstance(check, Required) and name not in values:
            raise missing(_named(prefix, name))
    return typed


def _named(prefix: str, name: str) -> str:
    return f"{prefix}[{name}]" if prefix else name


def text(value: Any, name: str) -> str | None:
    """Return the text; "" unsets, and is None."""
    if not isinstance(value, str):
        message = f"Invalid string: {_shown(value)}"
        raise invalid(message, name)
    return value or None


def filled(value: Any, name: str) -> str:
    """Return a text that is not empty."""
    found = text(value, name)
    if found is None:
        raise empty(name)
    return found


def integer(low: int | None = None, high: int | None = None) -> Check:
    """Return a checker for a whole number within the bounds."""

    def check(value: Any, name: str) -> int:
        given = filled(value, name)
        if re.fullmatch(r"-?[0-9]{1,18}", given) is None:
            message = f"Invalid integer: {given}"
            raise invalid(message, name, "parameter_invalid_integer")
        number = int(given)
        if low is not None and number < low:
            message = f"This value must be greater than or equal to {low}."
            raise invalid(message, name, "parameter_invalid_integer")
        if high is not None and number > high:
            message = f"This value must be less than or equal to {high} (it currently is '{number}')."
            raise invalid(message, name, "parameter_invalid_integer")
        return number

    return check


def decimal(value: Any, name: str) -> str:
    """Return a decimal number as text."""
    given = filled(value, name)
    if re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,12})?", given) is None:
        message = f"Invalid decimal: {given}"
        raise invalid(message, name)
    return given


def boolean(value: Any, name: str) -> bool:
    """Return true or false; Stripe takes lower case only."""
    given = filled(value, name)
    if given not in {"true", "false"}:
        message = f"Invalid boolean: {given}"
        raise invalid(message, name)
    return given == "true"


def currency(value: Any, name: str) -> str:
    """Return a three-letter code in lower case."""
    given = filled(value, name).lower()
    if given not in CURRENCIES:
        message = (
            f"Invalid currency: {given}. Stripe currently supports these currencies: {', '.join(sorted(CURRENCIES))}"
        )
        raise invalid(message, name)
    return given


def url(value: Any, name: str) -> str:
    """Return an absolute http or https URL; `{CHECKOUT_SESSION_ID}` in it is left as it is."""
    given = filled(value, name)
    if re.fullmatch(r"https?://[^\s/?#]+[^\s]*", given) is None:
        raise invalid(message="Not a valid URL", param=name, code="url_invalid")
    return given


def email(value: Any, name: str) -> str | None:
    """Return an email address; "" unsets."""
    given = text(value, name)
    if given is not None and re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", given) is None:
        message = f"Invalid email address: {given}"
        raise invalid(message, name, "email_invalid")
    return given


def one_of(*choices: str) -> Check:
    """Return a checker for a word out of a list."""

    def check(value: Any, name: str) -> str:
        given = filled(value, name)
        if given not in choices:
            message = f"Invalid {name}: must be {_alternatives(choices)}"
            raise invalid(message, name)
        return given

    return check


def _alternatives(choices: tuple[str, ...]) -> str:
    return f"one of {', '.join(choices[:-1])}, or {choices[-1]}" if len(choices) > 1 else choices[0]


def hash_of(shape: Shape) -> Check:
    """Return a checker for a hash with these parameters; "" unsets."""

    def check(value: Any, name: str) -> dict[str, Any] | None:
        if value == "":
            return None
        if not isinstance(value, dict):
            raise invalid(message="Invalid object", param=name)
        return read(value, shape, name)

    return check


def list_of(check_item: Check, most: int = 100) -> Check:
    """Return a checker for a list; "" is an empty one."""

    def check(value: Any, name: str) -> list[Any]:
        if value == "":
            return []
        if not isinstance(value, list):
            raise invalid(message="Invalid array", param=name)
        if len(value) > most:
            message = f"Array too long: at most {most} items."
            raise invalid(message, name)
        return [check_item(item, f"{name}[{place}]") for place, item in enumerate(value)]

    return check


def metadata(value: Any, name: str) -> dict[str, str]:
    """Return up to 50 keys of 40 characters with values of 500; "" for the whole empties it."""
    if value == "":
        return {}
    if isinstance(value, list):  # `metadata[0]=x`: a number is a key like any other
        value = {str(place): item for place, item in enumerate(value)}
    if not isinstance(value, dict):
        raise invalid(message="Invalid object", param=name)
    for key, item in value.items():
        if not isinstance(item, str) or len(item) > MAX_VALUE or len(key) > MAX_KEY:
            message = f"Metadata keys can have up to {MAX_KEY} characters, values are strings of up to {MAX_VALUE}."
            raise invalid(message, f"{name}[{key}]")
    if len(value) > MAX_KEYS:
        message = f"Metadata can have up to {MAX_KEYS} keys, this has {len(value)}."
        raise invalid(message, name)
    return dict(value)


def anything(value: Any, _name: str) -> Any:
    """Return the value as it came: a parameter Stripe has and the sandbox does not act on."""
    return value


def _shown(value: Any) -> str:
    return "{}" if isinstance(value, dict) else "[]"
