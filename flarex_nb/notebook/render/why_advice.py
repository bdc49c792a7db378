"""What would have changed the end of a call: the option, the magic or the change to the request, for each rule.

Pure: reads a call that ended and says sentences; what is true of the shell now (an open breaker) is said elsewhere.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NamedTuple

from flarex_nb.model import CallOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flarex_nb.model import Attempt
    from flarex_nb.notebook.journal import Past

_ASKED = re.compile(r"asks for (?P<seconds>[0-9.]+) s \(")
_REFUSED_FOR = re.compile(r"for (?P<seconds>[0-9.]+) s more")
_OPEN_FOR = re.compile(r"Wait (?P<seconds>[0-9]+) s\b")

MOST_WAITED = 120.0
"""Seconds of a server's wait that are slept at most (`policies.verdict.RetryRules.max_server_wait`)."""

_READS = frozenset({"GET", "HEAD"})


def advice(past: Past, *, honours_key: bool = False) -> tuple[str, ...]:
    """Return what would change the outcome, one sentence each; `honours_key`: the service takes idempotency keys."""
    return tuple(dict.fromkeys(_advice(past, honours_key=honours_key)))


class Case(NamedTuple):
    """A call that ended with an attempt a rule stopped at: its facts, that attempt, and its options."""

    past: Past
    last: Attempt
    options: CallOptions


def _advice(past: Past, *, honours_key: bool) -> Iterator[str]:
    options, last = past.options or CallOptions(), past.attempts[-1] if past.attempts else None
    if past.ended == "stopped":
        yield from _stopped(past)
    elif past.ended == "done":
        yield from _done(past, options)
    elif last is None or last.decision == "done":
        yield from _without_attempt(past, options)
    else:
        yield from _at_the_last(Case(past, last, options), honours_key=honours_key)


def _at_the_last(case: Case, *, honours_key: bool) -> Iterator[str]:
    found = _RULES.get(case.last.reason)
    if found is not None:
        yield found(case)
    elif case.last.reason in {"not-idempotent", "may-have-been-applied"}:
        yield _unsafe(case.past, honours_key=honours_key)
        if case.last.outcome == "attempt-timeout":
            yield f"{_longer_attempt(case.options)} would have left the answer more time."
    elif case.past.hint:
        yield case.past.hint


def _stopped(past: Past) -> Iterator[str]:
    yield "Run the cell again to ask anew."
    if past.sent != "no" and past.method not in _READS:
        yield "It may have been applied: look at the service first, unless an idempotency key makes it safe to repeat."
    if any(attempt.waited for attempt in past.attempts):
        yield "--deadline SECONDS ends a call that would wait longer, without anybody watching."


def _done(past: Past, options: CallOptions) -> Iterator[str]:
    if past.cache in {"hit", "stale"}:
        yield "--cache refresh asks the server although an answer is kept."
    if not past.complete and options.pages == "none":
        yield "--pages all fetches the rest."
    elif not past.complete:
        yield "A higher --max-pages or --max-records fetches more."
    if any(attempt.decision == "again" for attempt in past.attempts):
        yield "--attempts 1 would have failed at the first answer instead of trying again."


def _without_attempt(past: Past, options: CallOptions) -> Iterator[str]:
    """Return what to do about a call that was refused before anything was sent."""
    found = _REFUSED_FOR.search(past.message)
    wait = float(found["seconds"]) if found else None
    if past.outcome == "circuit-open":
        yield _breaker(past)
    elif past.outcome == "throttle-refused" and wait is not None:
        longer = _deadline(wait, options, 0.0)
        yield f"Wait {math.ceil(wait)} s, or {longer}: the call then waits for the server's limit itself."
    elif past.hint:
        yield past.hint


def _breaker(past: Past) -> str:
    reset = f"close it at once with %flarex_reset {past.service or 'SERVICE'}"
    found = _OPEN_FOR.search(past.hint)
    if found is None or "half-open" in past.message:
        return f"Wait for the one probe to end: if its answer is good the breaker closes; or {reset}."
    return f"Wait {found['seconds']} s, when it lets one call through to see whether the service is well; or {reset}."


def _unsafe(past: Past, *, honours_key: bool) -> str:
    if honours_key:
        return "An idempotency key makes repeating safe: --idempotency auto (leave --idempotency off out)."
    return (
        f"{past.service or 'The service'} honours no idempotency key that is known here, so look there whether it was "
        "applied, then run the cell again. If it does take keys, set idempotency_header in its profile."
    )


def _exhausted(case: Case) -> str:
    last, options = case.last, case.options
    more = max(options.attempts, last.number) + 2
    text = f"--attempts {more} would have allowed two more"
    spent = last.started + last.elapsed
    needed = math.ceil(spent + 2 * (8.0 + options.attempt_timeout))
    text += f", with --deadline {needed} to leave them time." if needed > options.deadline else "."
    if last.outcome == "attempt-timeout":
        text += f" A slow service may need {_longer_attempt(options)}."
    return text


def _longer_attempt(options: CallOptions) -> str:
    """Return the words for three times the attempt's time, with a deadline that holds it."""
    seconds = math.ceil(options.attempt_timeout * 3)
    return f"--attempt-timeout {seconds}" + (f" --deadline {seconds * 2}" if seconds > options.deadline else "")


def _server_wait(case: Case) -> str:
    found = _ASKED.search(case.last.sentence)
    if found is None:
        return "A longer --deadline."
    seconds = float(found["seconds"])
    if seconds > MOST_WAITED:
        return f"Run it again in {_long(seconds)}: above {MOST_WAITED:.0f} s nothing is waited, whatever the deadline."
    longer = _deadline(seconds, case.options, case.last.started + case.last.elapsed)
    return f"{longer} gives the server the time it asks for."


def _deadline(wait: float, options: CallOptions, spent: float) -> str:
    """Return the deadline that has room for the wait, the tenth that is added to it, and one more attempt."""
    return f"--deadline {math.ceil(spent + wait + min(wait * 0.1, 1.0) + options.attempt_timeout)}"


def _long(seconds: float) -> str:
    """Return a long time in the two largest units: "1 h 0 min", "2 d 3 h"."""
    minutes = math.ceil(seconds / 60)
    if minutes < 60:  # noqa: PLR2004 - an hour
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours < 24 else f"{hours // 24:,} d {hours % 24} h"  # noqa: PLR2004 - a day


def _backoff(case: Case) -> str:
    last, options = case.last, case.options
    spent = last.started + last.elapsed
    return f"--deadline {math.ceil(spent + 8.0 + options.attempt_timeout)} leaves time for another attempt."


def _deadline_passed(case: Case) -> str:
    longer = f"--deadline {math.ceil(case.options.deadline * 2)} leaves the last attempt more time."
    if case.last.sent != "no" and case.past.method not in _READS:
        return f"Look at {case.past.service or 'the service'} first whether it was applied. {longer}"
    return longer


def _refused(case: Case) -> str:
    return case.past.hint or "Only a change to the request: this was refused here, not by the server."


def _same_answer(case: Case) -> str:
    past = case.past
    if case.last.outcome in {"401", "403"}:
        return past.hint or "Another credential: %flarex_secrets."
    change = "hange the request: repeating it as it is meets the same answer."
    return f"{past.hint.rstrip('.')}, or c{change}" if past.hint else f"C{change}"


def _hinted(words: str) -> Callable[[Case], str]:
    def say(case: Case) -> str:
        return words.format(service=case.past.service or "SERVICE")

    return say


_RULES: dict[str, Callable[[Case], str]] = {
    "attempts-exhausted": _exhausted,
    "server-wait-exceeds-deadline": _server_wait,
    "server-wait-exceeds-maximum": _server_wait,
    "backoff-exceeds-deadline": _backoff,
    "not-retryable": _same_answer,
    "invalid-answer": _hinted("--raw shows the answer as it came; repeating the call would bring the same one."),
    "quota-not-rate": _hinted("Nothing here: waiting does not refill a quota. Look at the account's plan and billing."),
    "refused-by-us": _refused,
    "deadline-passed": _deadline_passed,
    "budget-empty": _hinted(
        "%flarex_reset {service} refills the credit for retries; each call that succeeds gives a little of it back."
    ),
    "circuit-open": lambda case: _breaker(case.past),
    "body-not-replayable": _hinted("A body given as text or bytes instead of a stream can be sent again."),
    "blocked": _hinted("Nothing here: each further call prolongs the block. Wait, and send fewer calls from then on."),
    "server-said-no": _hinted("Nothing here: the server itself wants no retry. Run the cell again later."),
    "permanent": _hinted("A right host name and certificate: look at the service's base_url, and at the network."),
    "stored-answer": _hinted("--idempotency new, once you looked that the request was not applied."),
    "too-early-again": _hinted("Running the cell again later; 425 is tried again once only."),
}
