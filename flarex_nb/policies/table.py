"""Which outcomes may be repeated at all, before attempts, time and credit are asked.

The order: a failure of the wire, a refusal of ours, "no" of the server or the profile, "yes" of the server or the
profile, then the table by status. A "no" always outweighs a "yes": waiting does not refill a quota.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from flarex_nb.errors import (
    ApiError,
    AttemptTimeout,
    ConnectFailed,
    DeadlineExceeded,
    ResponseError,
    TransportError,
)
from flarex_nb.model import header
from flarex_nb.policies.codes import codes, in_progress
from flarex_nb.policies.dialects import EXPLICIT, blocked, limited, server_wait
from flarex_nb.policies.verdict import May, Stop

if TYPE_CHECKING:
    from collections.abc import Callable

    from flarex_nb.errors import FlarexError
    from flarex_nb.policies.verdict import AgainReason, Outcome, RetryRules, Situation

SUCCESS = range(200, 300)
FIRST_ERROR = 400
SERVER_ERRORS = range(500, 600)
HOPELESS = frozenset({501, 505, 506, 508, 510, 511})
"""Server errors that another attempt meets again: not implemented, or a mistake in how the request was made."""


@dataclass(frozen=True, slots=True)
class Facts:
    """An outcome with what the rules ask of it."""

    outcome: Outcome
    rules: RetryRules
    method: str
    has_key: bool
    attempt: int
    wall: float
    status: int | None
    codes: frozenset[str]
    limited: bool
    other_version: bool = False

    @property
    def idempotent(self) -> bool:
        """Whether the method itself may be repeated."""
        return self.method in {name.upper() for name in self.rules.idempotent_methods}

    @property
    def repeatable(self) -> bool:
        """Whether sending twice does no more than sending once: by the method, or by the idempotency key."""
        return self.idempotent or self.has_key

    @property
    def what(self) -> str:
        """The outcome in two words, for sentences."""
        return f"{self.status} on {self.method}"


def facts_of(outcome: Outcome, situation: Situation, rules: RetryRules, wall: float) -> Facts:
    """Return the outcome with its status, codes and whether it is a limit."""
    status = outcome.status
    if status is None and isinstance(outcome.error, ApiError):
        status = outcome.error.status
    words = codes(outcome, status)
    if isinstance(outcome.error, ApiError) and outcome.error.code:
        words |= {outcome.error.code}
    is_limit = limited(status=status, headers=outcome.headers, body=outcome.body, dialects=rules.dialects, wall=wall)
    method = situation.method.upper()
    other = situation.other_version
    return Facts(outcome, rules, method, situation.has_key, situation.attempt, wall, status, words, is_limit, other)


def judge(facts: Facts) -> May | Stop:
    """Return whether the outcome may be repeated, and why or why not."""
    error = facts.outcome.error
    if isinstance(error, TransportError):
        return _wire(facts, error)
    own = _own(facts, error)
    return own or _said_no(facts) or _said_yes(facts) or _by_status(facts)


def _wire(facts: Facts, error: TransportError) -> May | Stop:
    if isinstance(error, ConnectFailed) and error.permanent:
        return Stop("permanent", "The connection failed for a reason that trying again cannot change.")
    if error.sent == "no":
        return May("nothing-sent", "No connection was made and nothing was sent, so sending again is safe.")
    timeout = isinstance(error, AttemptTimeout)
    what = "The attempt ran out of time" if timeout else "The connection broke"
    if facts.repeatable:
        return May("attempt-timeout" if timeout else "connection-lost", f"{what}; {_safety(facts)}")
    sentence = f"{what} after sending began; {facts.method} without an idempotency key may have been applied."
    return Stop("may-have-been-applied", sentence)


def _own(facts: Facts, error: FlarexError | None) -> Stop | None:
    failed = facts.status is not None and facts.status >= FIRST_ERROR
    if isinstance(error, ResponseError):
        sentence = "The answer came whole but is not what was promised; another one would be the same."
        return None if failed else Stop("invalid-answer", sentence)
    if isinstance(error, DeadlineExceeded):
        return _deadline_passed(facts, error)
    if error is not None and not isinstance(error, ApiError):
        return Stop("refused-by-us", f"This was refused here ({error.kind}), not by the server.")
    if facts.status in SUCCESS:
        return Stop("succeeded", f"{facts.status} is an answer, not a failure.")
    return None


def _deadline_passed(facts: Facts, error: DeadlineExceeded) -> Stop:
    if error.sent == "no":
        return Stop("deadline-passed", "The call's deadline passed before this attempt was sent.")
    sentence = "The call's deadline passed before the answer to this attempt had come."
    if not facts.repeatable:
        sentence += f" The {facts.method} may have been applied."
    return Stop("deadline-passed", sentence)


def _said_no(facts: Facts) -> Stop | None:
    rules, outcome = facts.rules, facts.outcome
    if _override(facts) == "false":
        return Stop("server-said-no", f"{facts.what}: {rules.override_header} is false, the server wants no retry.")
    if blocked(status=facts.status, headers=outcome.headers, body=outcome.body, dialects=rules.dialects):
        return Stop("blocked", f"{facts.what}: the caller is shut out, and each further call would prolong it.")
    never = sorted(facts.codes.intersection(rules.never_codes))
    if never:
        return Stop("quota-not-rate", f"{facts.what}: the code {never[0]} is one that waiting does not help.")
    return None


def _said_yes(facts: Facts) -> May | None:
    """Return what server or profile allow; neither can make a POST safe that may have been applied."""
    if facts.status is None or facts.status < FIRST_ERROR:
        return None
    if _override(facts) == "true" and (facts.repeatable or facts.limited):
        header_name = facts.rules.override_header
        return May("server-said-again", f"{facts.what}: {header_name} is true.", limited=facts.limited)
    again = sorted(facts.codes.intersection(facts.rules.again_codes))
    if again and (facts.repeatable or facts.status not in SERVER_ERRORS):
        # A 403 worth repeating is a limit under another name.
        is_limit = facts.limited or facts.status == 403  # noqa: PLR2004 - as the comment says
        return May("profile-code", f"{facts.what}: the code {again[0]} is worth another attempt.", limited=is_limit)
    if facts.status in facts.rules.overloaded:
        return May("overloaded", f"{facts.what}: the service refused for load before doing anything.")
    return None


def _override(facts: Facts) -> str:
    name = facts.rules.override_header
    return (header(facts.outcome.headers, name) or "").strip().lower() if name else ""


def _by_status(facts: Facts) -> May | Stop:
    if facts.limited:
        return May("rate-limited", f"{facts.what}: refused for a rate limit.", limited=True)
    if facts.status in _ROWS:
        return _ROWS[facts.status](facts)
    if facts.status in SERVER_ERRORS and facts.status not in HOPELESS:
        return _if_repeatable("server-error")(facts)
    return _never(facts)


def _never(facts: Facts) -> Stop:
    return Stop("not-retryable", f"{facts.what}: the same request would meet the same answer.")


def _unauthorised(facts: Facts) -> May | Stop:
    """Return the row of 401: refused before anything was done, so any method may go with the other live version."""
    if facts.other_version:
        sentence = f"{facts.what}: the new credential was not accepted; the one before its rotation still counts."
        return May("other-version", sentence)
    return Stop("not-retryable", f"{facts.what}: the credential was not accepted, and would not be again.")


def _if_repeatable(reason: AgainReason) -> Callable[[Facts], May | Stop]:
    def row(facts: Facts) -> May | Stop:
        if facts.repeatable:
            return May(reason, f"{facts.what}: {_safety(facts)}")
        sentence = f"{facts.what} without an idempotency key: it may have been applied, so it is not sent again."
        return Stop("not-idempotent", sentence)

    return row


def _failed(facts: Facts) -> May | Stop:
    """Return the row of 500; the service may keep the answer for the key and give it again (Stripe API v1)."""
    if facts.rules.stored_500 and facts.has_key and not facts.idempotent:
        sentence = f"{facts.what}: the service stores its answer for this idempotency key and would repeat the 500."
        return Stop("stored-answer", sentence)
    return _if_repeatable("server-error")(facts)


def _conflict(facts: Facts) -> May | Stop:
    if facts.has_key and not facts.idempotent and in_progress(facts.codes):
        return May("in-progress", f"{facts.what}: an equal request is still under way.")
    return _never(facts)


def _too_early(facts: Facts) -> May | Stop:
    if facts.attempt > 1:
        return Stop("too-early-again", f"{facts.what}: it was already sent again, and 425 is retried once only.")
    return _if_repeatable("too-early")(facts)


def _unavailable(facts: Facts) -> May | Stop:
    """Return the row of 503: with a time to come back at, the server says that it refused the request."""
    dialects = [name for name in facts.rules.dialects if name in EXPLICIT]
    asked = server_wait(
        status=facts.status,
        headers=facts.outcome.headers,
        body=facts.outcome.body,
        dialects=dialects,
        wall=facts.wall,
    )
    if asked is not None and not facts.repeatable:
        return May("unavailable", f"{facts.what}: the server refused it and names a time to come back.")
    return _if_repeatable("unavailable")(facts)


def _safety(facts: Facts) -> str:
    if facts.idempotent:
        return f"{facts.method} may be repeated."
    return "the idempotency key makes repeating it safe."


Row: TypeAlias = "Callable[[Facts], May | Stop]"

_ROWS: dict[int | None, Row] = {
    401: _unauthorised,
    408: _if_repeatable("request-timeout"),
    409: _conflict,
    425: _too_early,
    500: _failed,
    503: _unavailable,
    529: _unavailable,
}
