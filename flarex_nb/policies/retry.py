"""Whether one more attempt is made, when, and why: the decision as a value, with one plain sentence.

Pure: it sleeps, sends and counts nothing. First the outcome is judged (`table`), then body, attempts, time and credit.
A server's wait is never cut short: when it does not fit, the call ends now with the server's own answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from flarex_nb.errors import ConnectFailed, ConnectionLost, MalformedBody
from flarex_nb.policies.backoff import spread
from flarex_nb.policies.budget import CREDIT, cost_of
from flarex_nb.policies.codes import in_progress
from flarex_nb.policies.dialects import check_dialects, server_wait
from flarex_nb.policies.durations import CEILING, plain
from flarex_nb.policies.table import facts_of, judge
from flarex_nb.policies.verdict import Again, May, Outcome, RetryRules, Situation, Stop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flarex_nb.policies.verdict import AgainReason, StopReason
    from flarex_nb.policies.wait import ServerWait

__all__ = ["Again", "Consequence", "Outcome", "RetryRules", "Situation", "Stop", "consequences", "decide"]


def decide(outcome: Outcome, situation: Situation, rules: RetryRules, *, wall: float) -> Again | Stop:
    """Return whether to send again and after how many seconds, or why not.

    `wall` is this machine's seconds since 1970, used for dates where the answer has none. Raises ProfileError for an
    unknown dialect in `rules`, nothing else.
    """
    check_dialects(rules.dialects)
    facts = facts_of(outcome, situation, rules, wall)
    verdict = judge(facts)
    if isinstance(verdict, Stop):
        return verdict
    used_up = _used_up(situation)
    if used_up is not None:
        return used_up
    if verdict.reason == "other-version":
        return Again(0.0, "", verdict.reason, verdict.sentence)
    asked = server_wait(
        status=facts.status, headers=outcome.headers, body=outcome.body, dialects=rules.dialects, wall=wall
    )
    if asked is None:
        return _after_backoff(verdict, situation)
    return _after_server_wait(verdict, situation, asked, rules.max_server_wait)


def _used_up(situation: Situation) -> Stop | None:
    if not situation.replayable:
        return Stop("body-not-replayable", "The body can be read once only, so the request cannot be sent again.")
    if situation.attempt >= situation.attempts:
        count = situation.attempts
        sentence = f"All {count} attempts are used." if count > 1 else "Only one attempt was allowed."
        return Stop("attempts-exhausted", sentence)
    return None


def _after_backoff(verdict: May, situation: Situation) -> Again | Stop:
    wait, left = situation.step_wait, situation.time_left
    if wait >= left:
        return Stop("backoff-exceeds-deadline", f"The next wait is {plain(wait)} s, and {_left(left)}.")
    sentence = f"{verdict.sentence} Next attempt in {plain(wait)} s (our own backoff)."
    return _paid(Again(wait, "backoff", verdict.reason, sentence, cost_of(limited=verdict.limited)), situation)


def _after_server_wait(verdict: May, situation: Situation, asked: ServerWait, most: float) -> Again | Stop:
    seconds, left = _grown(asked, situation.attempt), situation.time_left
    delay = spread(seconds, jitter=situation.jitter, dice=situation.dice)
    asks = f"The server asks for {plain(seconds)} s ({asked.source})"
    again = f"Call again in {plain(seconds)} s"
    if delay >= left:
        longer = f", or raise --deadline above {plain(seconds)} s to wait here." if seconds <= most else "."
        return Stop("server-wait-exceeds-deadline", f"{asks}, and {_left(left)}.", again + longer)
    if seconds > most:
        longest = f"{asks}, more than the {plain(most)} s that are ever waited."
        return Stop("server-wait-exceeds-maximum", longest, f"{again}.")
    sentence = f"{verdict.sentence} {asks}: next attempt in {plain(delay)} s."
    return _paid(Again(delay, asked.source, verdict.reason, sentence, cost_of(limited=verdict.limited)), situation)


def _grown(asked: ServerWait, attempt: int) -> float:
    """Return the seconds asked for; of a least wait twice as much with each attempt that met the limit again."""
    return min(asked.seconds * 2.0 ** min(attempt - 1, 32), CEILING) if asked.grows else asked.seconds


def _left(left: float) -> str:
    return f"{plain(left)} s are left before the deadline" if left > 0 else "the deadline has passed"


def _paid(again: Again, situation: Situation) -> Again | Stop:
    if situation.budget is None or situation.budget.affords(again.cost):
        return again
    credit, cost = plain(situation.budget.credit), plain(again.cost)
    sentence = (
        f"Failures used the credit for retries up: {credit} of {plain(CREDIT)} is left, and a retry costs {cost}."
    )
    return Stop("budget-empty", sentence)


@dataclass(frozen=True, slots=True)
class Consequence:
    """What one outcome would lead to: `outcome` in words, "again" or "stop", the reason's code and its sentence."""

    outcome: str
    decision: Literal["again", "stop"]
    reason: AgainReason | StopReason
    sentence: str


def consequences(method: str, has_key: bool, rules: RetryRules) -> tuple[Consequence, ...]:  # noqa: FBT001 - a plain fact
    """Return what each outcome of a first attempt would lead to, by asking `decide` itself; for `--plan`."""
    situation = Situation(
        method, has_key, attempt=1, attempts=3, time_left=CEILING, step_wait=1.0, dice=lambda: 0.0, jitter="none"
    )
    found = []
    for label, outcome in _samples(rules):
        decision = decide(outcome, situation, rules, wall=0.0)
        word: Literal["again", "stop"] = "again" if isinstance(decision, Again) else "stop"
        found.append(Consequence(label, word, decision.reason, decision.sentence))
    return tuple(found)


def _samples(rules: RetryRules) -> Iterator[tuple[str, Outcome]]:
    yield "connection refused", Outcome(error=ConnectFailed(""))
    yield "unknown host or bad certificate", Outcome(error=ConnectFailed("", permanent=True))
    yield "connection lost or timed out after sending", Outcome(error=ConnectionLost("", sent="maybe"))
    yield "2xx that fails validation", Outcome(200, error=MalformedBody(""))
    for status in (400, 401, 403, 404, 408, 409, 422, 425, 429, 500, 501, 502, 503):
        yield str(status), Outcome(status)
    if "retry_after" in rules.dialects:
        yield "503 with Retry-After", Outcome(503, headers=(("Retry-After", "1"),))
    yield "504", Outcome(504)
    for status in (529, *(status for status in rules.overloaded if status not in {503, 529})):
        yield str(status), Outcome(status)
    if "primary_secondary" in rules.dialects:
        yield "403 for a rate limit", Outcome(403, headers=(("Retry-After", "1"),))
    yield from (_with_code(code, 429) for code in rules.never_codes)
    yield from (_with_code(code, 409 if in_progress(frozenset({code})) else 403) for code in rules.again_codes)
    if rules.override_header:
        yield f"503 with {rules.override_header}: false", Outcome(503, headers=((rules.override_header, "false"),))


def _with_code(code: str, status: int) -> tuple[str, Outcome]:
    """Return a sample for a profile's code, which may be a status written as text."""
    if re.fullmatch(r"[1-5][0-9]{2}", code):
        return f"{code}, by the profile", Outcome(int(code))
    return f"{status} with code {code}", Outcome(status, code=code)
