"""One call as the cache sees it: the name its answer stands under, and what makes that old. Decides nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flarex_nb.stores.key import selecting, with_credentials

if TYPE_CHECKING:
    from flarex_nb.model import BoundCall, Headers
    from flarex_nb.policies.freshness_fields import Told
    from flarex_nb.stores.key import Keys

MOMENT = 0.05
"""Seconds: a shorter wait is not taken off a deadline, and no deadline becomes shorter."""


@dataclass(slots=True)
class Question:
    """A read that may be answered from what is kept.

    `http` says that the server's own words about caching count; `told` is what the request says about it. `condition`
    says that the person wrote a condition of their own (If-None-Match and the like). `group` is what a write makes old,
    `generation` which one of it was current when the call began; `address` and `headers`
    are the URL and the header lines as a person may see them, the same in every kernel.
    """

    call: BoundCall
    keys: Keys
    credential: str
    told: Told
    http: bool
    condition: bool
    address: str
    headers: Headers
    generation: int = 0
    name: str = ""

    def __post_init__(self) -> None:
        """Name it: with `http`, Vary tells answers apart and HEAD is answered from GET; else every header line does."""
        call = self.call
        whose = f"{call.service.name}\0{self.credential}\0{call.content.hex()}"
        if self.http:
            self.name = self.keys.of("GET", self.address, with_credentials(self.headers), whose)
        else:
            self.name = self.keys.of(call.method, self.address, self.headers, whose)

    @property
    def group(self) -> str:
        """What a write makes old: everything of the service."""
        return group_of(self.call)

    @property
    def shared(self) -> bool:
        """Whether other kernels may have the same answer; each has a sandbox of its own."""
        return self.call.environment == "live"

    @property
    def ttl(self) -> float | None:
        """How old the answer may be because the call says so, None where the answer's own lifetime counts."""
        return None if self.http else self.call.options.ttl

    @property
    def head_of_get(self) -> bool:
        """Whether it is a HEAD that the answer to a GET would do for, but not the other way round."""
        return self.http and self.call.method == "HEAD"

    @property
    def exact(self) -> str:
        """What equal calls have in common, in this kernel and in others: the question with all its header lines."""
        if not self.http:
            return self.name  # every header line is in it
        return self.keys.of(self.call.method, self.address, self.headers, self.name)

    @property
    def flight(self) -> str:
        """What equal calls under way have in common: the exact question, the options, and no write in between."""
        options = self.call.options
        limits = (options.attempts, options.attempt_timeout, options.deadline, options.ttl, options.max_bytes)
        return f"{self.exact} {self.generation} {limits} {options.cache} {options.raw} {id(options.validate)}"

    def variant(self, names: tuple[str, ...]) -> str:
        """Return the name of the answer that these request fields choose (RFC 9111 4.1)."""
        return self.keys.mark(self.name, *names, *selecting(names, self.headers))


def with_less_time(call: BoundCall, waited: float) -> BoundCall:
    """Return the call with a wait that is over taken off its deadline."""
    if waited < MOMENT:
        return call
    options = replace(call.options, deadline=max(MOMENT, call.options.deadline - waited))
    return replace(call, request=replace(call.request, options=options))


def group_of(call: BoundCall) -> str:
    """Return what a write to the service makes old."""
    return f"{call.environment}:{call.service.name}"
