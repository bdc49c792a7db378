"""The values of caching: the rules of a service, the facts about one stored answer, and what can be decided about it.

Seconds throughout; moments are wall seconds since 1970. Decides nothing itself (`freshness`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flarex_nb.model import Headers

Mode = Literal["ttl", "http"]

GRACE = 600.0
"""Seconds an answer with a validator stays stored past its lifetime, so that it can be revalidated."""


class Wish(Protocol):
    """How one service wants its answers kept; None where the rules for all of them count."""

    @property
    def mode(self) -> Mode | None:
        """As in `Rules`."""
        ...

    @property
    def ttl(self) -> float | None:
        """As in `Rules`."""
        ...

    @property
    def missing(self) -> float:
        """As in `Rules`."""
        ...


@dataclass(frozen=True, slots=True)
class Rules:
    """How answers of a service are kept; seconds.

    `ttl` counts in "ttl" mode. `stale_if_error` and `stale_while_revalidate` are how long past its lifetime an answer
    may stand in for a failing server, or be shown while it is renewed; what the answer's own Cache-Control says about
    that (RFC 5861) wins. `missing` is how long a 404 or 410 is kept; 0 is not at all.
    """

    mode: Mode = "ttl"
    ttl: float = 60.0
    stale_if_error: float = 0.0
    stale_while_revalidate: float = 0.0
    missing: float = 0.0

    def of(self, wish: Wish) -> Rules:
        """Return the rules with what a service wants instead."""
        if wish.mode is None and wish.ttl is None and not wish.missing:
            return self
        ttl = self.ttl if wish.ttl is None else wish.ttl
        return replace(self, mode=wish.mode or self.mode, ttl=ttl, missing=wish.missing)


class Facts(NamedTuple):
    """What decides about one stored answer; plain values, so that a store can keep them.

    `received` is wall seconds; `initial_age` how old it was then (RFC 9111 4.2.3); `lifetime` how long it is fresh
    (4.2.1). `stale_if_error` and `stale_while_revalidate` count from the end of the lifetime. `always_ask` is
    no-cache, `strict` must-revalidate or no-cache: never to be used stale.
    """

    received: float
    initial_age: float
    lifetime: float
    stale_if_error: float = 0.0
    stale_while_revalidate: float = 0.0
    always_ask: bool = False
    strict: bool = False
    etag: str = ""
    last_modified: str = ""

    def age(self, now: float) -> float:
        """Return the current age, seconds (RFC 9111 4.2.3); a clock set back makes nothing younger."""
        return self.initial_age + max(0.0, now - self.received)

    @property
    def keep_for(self) -> float:
        """Seconds from `received` after which the answer is of no use any more."""
        grace = max(self.stale_if_error, self.stale_while_revalidate, GRACE if self.etag or self.last_modified else 0.0)
        return max(0.0, self.lifetime - self.initial_age) + grace


@dataclass(frozen=True, slots=True)
class MayStore:
    """The answer may be kept."""

    facts: Facts
    reason: str


@dataclass(frozen=True, slots=True)
class MayNotStore:
    """The answer must not be kept."""

    reason: str


@dataclass(frozen=True, slots=True)
class Fresh:
    """The stored answer is good as it is."""

    age: float
    reason: str


@dataclass(frozen=True, slots=True)
class Stale:
    """The stored answer is over its time and may be used all the same; `renew` asks for a new one meanwhile."""

    age: float
    reason: str
    renew: bool = False


@dataclass(frozen=True, slots=True)
class Revalidate:
    """The server must be asked whether the stored answer still holds; `headers` make the request conditional."""

    age: float
    headers: Headers
    reason: str


@dataclass(frozen=True, slots=True)
class Miss:
    """Nothing stored can be used."""

    reason: str


Verdict: TypeAlias = Fresh | Stale | Revalidate | Miss


def read_facts(values: Sequence[object]) -> Facts | None:
    """Return the facts from plain values that were stored elsewhere, None when they are not ones."""
    numbers, flags, texts = values[:5], values[5:7], values[7:]
    if not all(type(each) in {int, float} and math.isfinite(each) and each >= 0 for each in numbers):  # type: ignore[arg-type,operator]  # the type was looked at just before
        return None
    if len(values) != len(Facts._fields) or not all(isinstance(each, bool) for each in flags):
        return None
    return Facts(*values) if all(isinstance(each, str) for each in texts) else None  # type: ignore[arg-type]  # checked one by one
