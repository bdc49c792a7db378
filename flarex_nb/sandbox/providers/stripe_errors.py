"""Stripe's refusals: one exception that carries status, type, code and the provider's words.

Wording and shape follow https://docs.stripe.com/api/errors and https://docs.stripe.com/error-codes.
"""

from __future__ import annotations

from typing import Any

HELP = "https://support.stripe.com/"
FORM_ONLY = (
    "Invalid request (check that your POST content type is application/x-www-form-urlencoded). "
    f"If you have any questions, we can help at {HELP}."
)


class Refusal(Exception):
    """An error answer; `body` is the content of "error", `headers` go with it."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str = "",
        param: str = "",
        kind: str = "invalid_request_error",
        headers: tuple[tuple[str, str], ...] = (),
        **more: Any,
    ) -> None:
        """Keep the fields; empty ones are left out, as Stripe does."""
        super().__init__(message)
        self.status = status
        self.headers = headers
        doc_url = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}" if code else ""
        fields = {"code": code, "doc_url": doc_url, "message": message, "param": param, "type": kind, **more}
        self.body = {name: value for name, value in sorted(fields.items()) if value != ""}


def missing(param: str) -> Refusal:
    """Return the refusal of a request without a required parameter."""
    return Refusal(400, f"Missing required param: {param}.", code="parameter_missing", param=param)


def unknown(params: list[str]) -> Refusal:
    """Return the refusal of parameters the endpoint does not have."""
    plural = "s" if len(params) > 1 else ""
    message = f"Received unknown parameter{plural}: {', '.join(params)}"
    return Refusal(400, message, code="parameter_unknown", param=params[0])


def empty(param: str) -> Refusal:
    """Return the refusal of an empty string where a value is needed."""
    message = (
        f"You passed an empty string for '{param}'. We assume empty values are an attempt to unset a parameter; "
        f"however '{param}' cannot be unset. You should remove '{param}' from your request or supply a non-empty value."
    )
    return Refusal(400, message, code="parameter_invalid_empty", param=param)


def invalid(message: str, param: str, code: str = "") -> Refusal:
    """Return a 400 for a parameter whose value is not what it should be."""
    return Refusal(400, message, param=param, code=code)


def no_such(noun: str, identity: str, param: str = "id", status: int = 404) -> Refusal:
    """Return "No such charge: 'ch_1'": 404 for the object itself, 400 when a parameter names it."""
    return Refusal(status, f"No such {noun}: '{identity}'", code="resource_missing", param=param)


def unrecognized(method: str, path: str) -> Refusal:
    """Return the refusal of a URL the API does not have."""
    message = (
        f"Unrecognized request URL ({method}: {path}). If you are trying to list objects, remove the trailing slash. "
        "If you are trying to retrieve an object, make sure you passed a valid (non-empty) identifier in your code. "
        f"Please see https://stripe.com/docs or we can help at {HELP}."
    )
    return Refusal(404, message)


_LOCKED = (
    "This object cannot be accessed right now because another API request or Stripe process is currently accessing it. "
    "If you see this error intermittently, retry the request. If you see this error frequently and are making multiple "
    "concurrent requests to a single object, make your requests serially or at a lower rate."
)
_LIMITED = "Request rate limit exceeded. You can learn more about rate limits here https://stripe.com/docs/rate-limits."
_BUSY_KEY = (
    "There is currently another in-progress request using this Idempotent Key (that probably means you submitted "
    "twice, and the other request is still going through): {key}. Please try again later."
)
_WORDS = {
    400: ("invalid_request_error", "", "The request was unacceptable."),
    401: ("invalid_request_error", "", "Invalid API Key provided."),
    402: ("card_error", "card_declined", "Your card was declined."),
    403: ("invalid_request_error", "", "The provided key does not have the required permissions for this endpoint."),
    404: ("invalid_request_error", "resource_missing", "No such object."),
    409: ("invalid_request_error", "idempotency_key_in_use", _BUSY_KEY),
    424: ("api_error", "", "The request could not be completed due to a failure in an external dependency."),
    429: ("invalid_request_error", "rate_limit", _LIMITED),
}
FAILURES = 500
TOO_MANY = 429
_SERVER = f"Sorry! There was an error while talking to one of our backends. Support: {HELP}"


def for_status(status: int, code: str = "", key: str = "") -> Refusal:
    """Return the error Stripe would send with that status, for a scripted fault.

    A 429 names its limiter in Stripe-Rate-Limited-Reason, except an object lock (`lock_timeout`), which has none
    (https://docs.stripe.com/rate-limits). `code` replaces the status's usual error code.
    """
    kind, usual, words = _WORDS.get(
        status, ("api_error" if status >= FAILURES else "invalid_request_error", "", _SERVER)
    )
    chosen = code or usual
    if chosen == "lock_timeout":
        words = _LOCKED
    headers: tuple[tuple[str, str], ...] = ()
    if status == TOO_MANY and chosen == "rate_limit":
        headers = (("Stripe-Rate-Limited-Reason", "global-rate"),)
    more = {"decline_code": "generic_decline"} if chosen == "card_declined" else {}
    return Refusal(status, words.replace("{key}", key or "(none)"), code=chosen, kind=kind, headers=headers, **more)


def busy_key(key: str) -> Refusal:
    """Return the 409 for a key whose first request is still being worked on."""
    return for_status(409, key=key)


def reused_key(key: str, before: str, now: str) -> Refusal:
    """Return the 400 for a key that came back with another endpoint or other parameters."""
    same = "with the same parameters they were first used with"
    if before != now:
        same = f"for the same endpoint they were first used for ('{now}' vs '{before}')"
    message = (
        f"Keys for idempotent requests can only be used {same}. "
        f"Try using a key other than '{key}' if you meant to execute a different request."
    )
    return Refusal(400, message, kind="idempotency_error")
