"""What goes into a retry decision and what comes out of it: frozen values a person can print."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from flarex_nb.errors import FlarexError
    from flarex_nb.model import Headers, Jitter, Json
    from flarex_nb.policies.budget import Budget

AgainReason = Literal[
    "nothing-sent", "connection-lost", "attempt-timeout", "request-timeout", "in-progress", "too-early", "rate-limited",
    "server-error", "unavailable", "overloaded", "profile-code", "server-said-again", "other-version",
]  # fmt: skip
"""Why an attempt is repeated."""

StopReason = Literal[
    "succeeded", "attempts-exhausted", "not-idempotent", "may-have-been-applied", "server-wait-exceeds-deadline",
    "server-wait-exceeds-maximum", "backoff-exceeds-deadline", "quota-not-rate", "budget-empty", "body-not-replayable",
    "not-retryable", "blocked", "server-said-no", "permanent", "stored-answer", "too-early-again", "invalid-answer",
    "refused-by-us", "deadline-passed",
]  # fmt: skip
"""Why an attempt is the last."""

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""Methods that may be repeated without harm (RFC 9110 9.2.2; TRACE is never sent)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt ended: `status` for any answer, `error` for a failure of the wire or a check of ours.

    `body` is the decoded JSON, None when it is not JSON. `code` is the provider's own error code where the profile
    says where it stands; codes in the usual places of the body are found without it.
    """

    status: int | None = None
    error: FlarexError | None = None
    headers: Headers = ()
    body: Json | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class Situation:
    """Where the call stands after an attempt.

    `has_key` says that an idempotency key the service honours was sent. `replayable` says that the body can be sent
    again byte for byte. `attempt` counts from 1 and has just ended; `attempts` is how many there may be. `time_left`
    is seconds until the deadline, `step_wait` the backoff drawn for this step (`backoff.backoff`); `dice` in [0, 1)
    and `jitter` spread a server's wait. `budget` None means that credit does not matter. `other_version` says that the
    secret's value before its rotation still counts and was not tried.
    """

    method: str
    has_key: bool
    attempt: int
    attempts: int
    time_left: float
    step_wait: float
    dice: Callable[[], float]
    jitter: Jitter = "full"
    replayable: bool = True
    budget: Budget | None = None
    other_version: bool = False


@dataclass(frozen=True, slots=True)
class RetryRules:
    """What a service does differently when it fails.

    `dialects` are names of `dialects.KNOWN_DIALECTS`. `override_header` holds "true" or "false": whether the server
    wants a retry. `never_codes` and `again_codes` are error codes, or statuses as text ("408"). `stored_500` says that
    the service replays a stored 500 for the same idempotency key. `overloaded` are statuses that refuse for load
    before anything was done. `max_server_wait` is the longest wait of a server, in seconds, that is slept.
    """

    dialects: tuple[str, ...] = ("retry_after", "ratelimit_fields", "reset_by_size")
    override_header: str = ""
    never_codes: tuple[str, ...] = ()
    again_codes: tuple[str, ...] = ()
    stored_500: bool = False
    overloaded: tuple[int, ...] = ()
    idempotent_methods: tuple[str, ...] = tuple(sorted(IDEMPOTENT))
    max_server_wait: float = 120.0


@dataclass(frozen=True, slots=True)
class Again:
    """Send again after `delay` seconds.

    `source` is who asked for the wait: "backoff" or a header's name. `cost` is what the retry takes from the budget
    (`budget.spend`).
    """

    delay: float
    source: str
    reason: AgainReason
    sentence: str
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Stop:
    """Send no more; `hint` is the next step where the decision knows a better one than the error does."""

    reason: StopReason
    sentence: str
    hint: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class May:
    """The outcome may be repeated, if attempts, time and budget allow; `limited` when refused for a limit."""

    reason: AgainReason
    sentence: str
    limited: bool = False
