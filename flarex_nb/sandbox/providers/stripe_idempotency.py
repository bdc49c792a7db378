"""Idempotency keys as v1 keeps them: the first executed answer for 24 hours, 500s included.

https://docs.stripe.com/api/idempotent_requests. Not kept: what was refused before anything was carried out (bad
parameters, a wrong key, rate limits, another request in flight).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flarex_nb.sandbox.providers.stripe_errors import Refusal, busy_key, reused_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flarex_nb.sandbox.exchange import Answer

DAY = 86400.0
MAX_KEYS = 10_000
MAX_LENGTH = 255
ERRORS = 400
CARRIED_OUT = frozenset({402, 500})


@dataclass(slots=True)
class _Kept:
    path: str
    fields: tuple[tuple[str, str], ...]
    until: float
    request_id: str = ""
    answer: Answer | None = None


class Idempotency:
    """The keys of one account."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Begin with none; `now` gives monotonic seconds."""
        self._kept: dict[str, _Kept] = {}
        self._now = now

    def claim(self, key: str, path: str, fields: Sequence[tuple[str, str]]) -> tuple[Answer, str] | None:
        """Return the stored answer and its request's id, or None when the caller may carry out the request.

        Raises Refusal: 409 while the first is in flight, 400 for another endpoint or other parameters.
        """
        if len(key) > MAX_LENGTH:
            message = f"Idempotency-Key is too long: {len(key)} characters, at most {MAX_LENGTH}."
            raise Refusal(400, message)
        known = self._kept.get(key)
        if known is None or known.until < self._now():
            self._keep(key, _Kept(path, tuple(sorted(fields)), self._now() + DAY))
            return None
        if known.path != path or known.fields != tuple(sorted(fields)):
            raise reused_key(key, known.path, path)
        if known.answer is None:
            raise busy_key(key)
        return known.answer, known.request_id

    def settle(self, key: str, answer: Answer, request_id: str) -> None:
        """Store the answer when the request was carried out, else free the key."""
        known = self._kept[key]
        if carried_out(answer.status):
            known.answer = answer
            known.request_id = request_id
        else:
            del self._kept[key]

    def _keep(self, key: str, entry: _Kept) -> None:
        self._kept.pop(key, None)
        while len(self._kept) >= MAX_KEYS:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = entry


def carried_out(status: int) -> bool:
    """Return whether an answer of that status means the endpoint ran: success, a declined card, its own failure.

    502, 503 and 504 come from what stands in front of it.
    """
    return status < ERRORS or status in CARRIED_OUT
