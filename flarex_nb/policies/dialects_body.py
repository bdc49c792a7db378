"""Waits that stand in the body of an answer, or are told apart by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flarex_nb.policies.durations import bounded, count, decimal, number, plain, proto_duration
from flarex_nb.policies.wait import ServerWait

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flarex_nb.model import Json
    from flarex_nb.policies.reading import Reading

TOO_MANY = 429

_MILLIS_TOLERANCE = 0.1
"""How far the body's number may be from a thousand times the header's and still be the same wait in milliseconds."""


def body_retry_after(reading: Reading) -> ServerWait | None:
    """Return the larger of the body's `retry_after` and `X-RateLimit-Reset-After`, both in seconds, of a 429.

    Discord, topics/rate-limits. With requests left in the bucket the limit is a narrower one, of which the body alone
    speaks. Versions of that API before 8 give the body's number in milliseconds: it is then about a thousand times
    the header's.
    """
    if reading.status != TOO_MANY:
        return None
    asked = number(reading.body.get("retry_after")) if isinstance(reading.body, dict) else None
    bucket = None if _left(reading) else decimal(reading.text("x-ratelimit-reset-after"))
    everywhere = is_global(reading)
    if asked is not None and bucket and not everywhere and abs(asked / (1000 * bucket) - 1) <= _MILLIS_TOLERANCE:
        asked /= 1000
    named = ((asked, "retry_after"), (bucket, "X-RateLimit-Reset-After"))
    known = [(bounded(value), source) for value, source in named if value is not None]
    if not known:
        return None
    seconds, source = max(known, key=lambda pair: pair[0])
    sentence = f"{source} asks for {plain(seconds)} s."
    return ServerWait(seconds, source, sentence, scope="host" if everywhere else "key")


def _left(reading: Reading) -> bool:
    return bool(count(reading.text("x-ratelimit-remaining")))


def is_global(reading: Reading) -> bool:
    """Return whether a limit holds for the whole host, by X-RateLimit-Global or -Scope, or the body's `global`."""
    said = reading.text("x-ratelimit-global").strip().lower() == "true"
    scope = reading.text("x-ratelimit-scope").strip().lower() == "global"
    return said or scope or (isinstance(reading.body, dict) and reading.body.get("global") is True)


def is_foreign_block(reading: Reading) -> bool:
    """Return whether a 429 was not said by the API but by the network before it, which blocks the address.

    Such an answer is a web page, or has no object for a body and no Via header (discord.py, http.py, judges so).
    """
    if reading.status != TOO_MANY or isinstance(reading.body, dict):
        return False
    page = "html" in reading.text("content-type").lower()
    return page or not reading.text("via")


def body_retry_info(reading: Reading) -> ServerWait | None:
    """Return the `retryDelay` of the RetryInfo among an error's details (google.rpc.RetryInfo, AIP-193)."""
    for detail in details(reading.body):
        kind = detail.get("@type")
        if isinstance(kind, str) and kind.endswith("RetryInfo"):
            seconds = proto_duration(detail.get("retryDelay"))
            if seconds is not None:
                sentence = f"RetryInfo.retryDelay asks for {plain(seconds)} s."
                return ServerWait(seconds, "RetryInfo.retryDelay", sentence)
    return None


def details(body: Json) -> Iterator[dict[str, Json]]:
    """Yield the objects in `details` and `errors` of a body, of its `error`, and of a one-item list around them."""
    for part in parts(body):
        for name in ("details", "errors"):
            items = part.get(name)
            yield from (item for item in (items if isinstance(items, list) else ()) if isinstance(item, dict))


def parts(body: Json) -> Iterator[dict[str, Json]]:
    """Yield the objects an error may be described in: the body, its `error`; streaming APIs put a list around them."""
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    if isinstance(body, dict):
        yield body
        if isinstance(body.get("error"), dict):
            yield body["error"]
