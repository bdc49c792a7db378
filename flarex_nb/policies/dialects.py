"""What a server asks for when it wants fewer calls: one wait, read from whichever dialect the service speaks.

A service's profile names its dialects; the order in which they count is fixed here, the more exact and the more
explicit first. Nothing is decided and nothing raises on an answer, whatever its headers and body hold.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, TypeAlias

from flarex_nb.errors import ProfileError
from flarex_nb.policies.dates import http_date
from flarex_nb.policies.dialects_body import (
    TOO_MANY,
    body_retry_after,
    body_retry_info,
    is_foreign_block,
    parts,
)
from flarex_nb.policies.durations import bounded, decimal, plain
from flarex_nb.policies.quotas import READERS, by_size
from flarex_nb.policies.reading import Reading, read
from flarex_nb.policies.wait import ServerWait

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flarex_nb.model import Headers, Json
    from flarex_nb.policies.quota import Quota

Dialect: TypeAlias = "Callable[[Reading], ServerWait | None]"

FORBIDDEN = 403

SECONDARY_WAIT = 60.0
"""Seconds to wait at least on a secondary limit without a time (GitHub, rate limits for the REST API)."""

_MILLIS_HEADERS = ("retry-after-ms", "x-ms-retry-after-ms")
_LIMIT_WORDS = ("rate limit", "abuse detection")


def retry_after_ms(reading: Reading) -> ServerWait | None:
    """Return `retry-after-ms`, milliseconds; the OpenAI and Anthropic clients read it before Retry-After."""
    for name in _MILLIS_HEADERS:
        waits = [value / 1000 for value in map(decimal, reading.each(name)) if value is not None]
        if waits:
            return _asks(max(waits), name)
    return None


def retry_after(reading: Reading) -> ServerWait | None:
    """Return Retry-After (RFC 9110 10.2.3): seconds, also with decimals, or a date less the answer's own Date.

    Negative and past ones are 0. Exponents, "inf", "nan" and words are ignored. Of several lines the longest counts.
    """
    waits = []
    for value in reading.each("retry-after"):
        seconds = decimal(value)
        if seconds is None:
            moment = http_date(value, reading.now)
            seconds = None if moment is None else moment - reading.now
        if seconds is not None:
            waits.append(seconds)
    return _asks(max(waits), "Retry-After") if waits else None


def primary_secondary(reading: Reading) -> ServerWait | None:
    """Return the wait of a 403 or 429 that is a limit: Retry-After, else the reset with nothing left, else a minute.

    GitHub, rate limits for the REST API: a 403 is a limit only when one of these signs is there; a secondary limit
    without a time asks for at least a minute, longer each time.
    """
    if reading.status not in {FORBIDDEN, TOO_MANY}:
        return None
    asked = retry_after(reading) or _exhausted(by_size(reading), limited=False)
    if asked is not None:
        return asked
    spent = any(quota.remaining == 0 for quota in by_size(reading))
    if not (spent or reading.status == TOO_MANY or _speaks_of_a_limit(reading.body)):
        return None
    sentence = f"The answer is a rate limit that names no time: {plain(SECONDARY_WAIT)} s at least, longer each time."
    return ServerWait(SECONDARY_WAIT, "secondary limit", sentence, grows=True)


def _speaks_of_a_limit(body: Json) -> bool:
    messages = (part.get("message") for part in parts(body))
    return any(word in text.lower() for text in messages if isinstance(text, str) for word in _LIMIT_WORDS)


def reset_by_size(reading: Reading) -> ServerWait | None:
    """Return the reset of X-RateLimit-Reset, when nothing is left or the answer is a 429."""
    found = by_size(reading)
    if reading.status == TOO_MANY:
        return _latest(found)
    return _exhausted(found, limited=False)


def _of_quotas(dialect: str) -> Dialect:
    def wait(reading: Reading) -> ServerWait | None:
        return _exhausted(READERS[dialect](reading), limited=reading.status == TOO_MANY)

    return wait


def _exhausted(found: Sequence[Quota], *, limited: bool) -> ServerWait | None:
    """Return the longest reset of the quotas with nothing left; of a limited answer also of those that do not say."""
    return _latest([q for q in found if q.remaining == 0 or (limited and q.remaining is None)])


def _latest(found: Sequence[Quota]) -> ServerWait | None:
    known = [(quota.reset_in, quota.source) for quota in found if quota.reset_in is not None]
    return _asks(*max(known)) if known else None


def _asks(seconds: float, source: str) -> ServerWait:
    wait = bounded(seconds)
    return ServerWait(wait, source, f"{source} asks for {plain(wait)} s.")


_WAITS: dict[str, Dialect] = {
    "body_retry_after": body_retry_after,
    "retry_after_ms": retry_after_ms,
    "retry_after": retry_after,
    "body_retry_info": body_retry_info,
    "primary_secondary": primary_secondary,
    "ratelimit_fields": _of_quotas("ratelimit_fields"),
    "go_duration": _of_quotas("go_duration"),
    "rfc3339_resets": _of_quotas("rfc3339_resets"),
    "reset_by_size": reset_by_size,
}

KNOWN_DIALECTS: frozenset[str] = frozenset(_WAITS)
"""The names a profile may list."""

EXPLICIT: frozenset[str] = frozenset({"body_retry_after", "retry_after_ms", "retry_after", "body_retry_info"})
"""The dialects in which a server says "come back then" of this very request, not when a quota is full again."""


def check_dialects(dialects: Sequence[str]) -> None:
    """Raise ProfileError at the first name that is not a dialect, with the nearest one that is."""
    for name in dialects:
        if name not in KNOWN_DIALECTS:
            near = difflib.get_close_matches(name, KNOWN_DIALECTS, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known dialects: {', '.join(sorted(KNOWN_DIALECTS))}."
            message = f"There is no rate limit dialect {name!r}."
            raise ProfileError(message, hint=hint, place="retry.dialects")


def server_wait(
    *, status: int | None, headers: Headers, body: Json | None, dialects: Sequence[str], wall: float
) -> ServerWait | None:
    """Return the wait the server asks for with this answer, None when it asks for none.

    `status` is None when only part of an answer came. `wall` is this machine's seconds since 1970, used where the
    answer has no Date. Raises ProfileError for an unknown dialect, and nothing for any answer.
    """
    check_dialects(dialects)
    reading = read(status, headers, body, wall)
    waits = (wait(reading) for name, wait in _WAITS.items() if name in dialects)
    return next((wait for wait in waits if wait is not None), None)


def limited(*, status: int | None, headers: Headers, body: Json | None, dialects: Sequence[str], wall: float) -> bool:
    """Return whether the answer says "too many calls": a 429, or a 403 with the signs of a limit."""
    if status == TOO_MANY:
        return True
    known = status == FORBIDDEN and "primary_secondary" in dialects
    return known and primary_secondary(read(status, headers, body, wall)) is not None


def blocked(*, status: int | None, headers: Headers, body: Json | None, dialects: Sequence[str]) -> bool:
    """Return whether the caller is shut out, so that each further call makes it worse.

    A 429 the API did not say itself (`dialects_body.is_foreign_block`), or the problem type
    "abnormal-usage-detected" (draft-ietf-httpapi-ratelimit-headers-10).
    """
    reading = read(status, headers, body, 0.0)
    if "body_retry_after" in dialects and is_foreign_block(reading):
        return True
    kind = body.get("type") if isinstance(body, dict) else None
    return isinstance(kind, str) and kind.endswith("abnormal-usage-detected")
