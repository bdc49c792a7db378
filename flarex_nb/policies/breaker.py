"""The circuit breaker of one host and credential, as a pure state machine: a state and a time in, a state out.

Closed lets calls through and counts them; open refuses them at once; half-open lets exactly one probe through. After
M. Nygard, Release It!, and the states of Polly and resilience4j. Refusals of our own, rate limits and cancelled calls
never open it: they say nothing about the service's health.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from flarex_nb.errors import ApiError, ResponseError, TransportError
from flarex_nb.policies.durations import plain

if TYPE_CHECKING:
    from flarex_nb.errors import FlarexError

Phase = Literal["closed", "open", "half-open"]
Health = Literal["failure", "alive", "nothing"]
Count: TypeAlias = tuple[int, int, int]

SERVER_ERRORS = 500


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """When a breaker opens and for how long.

    It opens after `failures` failures that are at least `share` of the calls of the last `window` seconds, for
    `open_for` seconds; each failed probe doubles that up to `cap`. A call refused while a probe is under way is told
    to come back after `probe_pause` seconds.
    """

    window: float = 30.0
    failures: int = 5
    share: float = 0.5
    open_for: float = 15.0
    cap: float = 120.0
    probe_pause: float = 1.0


RULES = BreakerRules()


@dataclass(frozen=True, slots=True)
class Breaker:
    """The state. A new one is closed, and is also what a person's reset puts in place.

    `era` grows with every change of phase and every probe, so that reports from before are dropped. `tally` is
    (second, calls, failures) for each second that had calls. `until` is when an open breaker lets a probe through,
    `step` its current own time, `cause` what opened it.
    """

    phase: Phase = "closed"
    era: int = 0
    tally: tuple[Count, ...] = ()
    until: float = 0.0
    step: float = 0.0
    probing: bool = False
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Pass:
    """The call may be sent; hand this back with `report` or `release`."""

    era: int
    probe: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The call must not be sent; `retry_after` is in how many seconds it is worth asking again.

    `sentence` names no running time: two refusals for one cause read the same.
    """

    retry_after: float
    sentence: str


def weigh(status: int | None, error: FlarexError | None) -> Health:
    """Return what an attempt says about the service: 5xx and a failed wire "failure", other answers "alive".

    Refusals of our own, before or after sending, say "nothing".
    """
    if isinstance(error, TransportError):
        return "failure"
    if isinstance(error, ApiError):
        status = error.status if status is None else status
    elif error is not None and not isinstance(error, ResponseError):
        return "nothing"
    if status is None:
        return "alive" if isinstance(error, ResponseError) else "nothing"
    return "failure" if status >= SERVER_ERRORS else "alive"


def admit(breaker: Breaker, now: float, rules: BreakerRules = RULES) -> tuple[Breaker, Pass | Refused]:
    """Return the state and whether a call may be sent at `now` (monotonic seconds)."""
    if breaker.phase == "closed":
        return breaker, Pass(breaker.era)
    if breaker.phase == "open" and now < breaker.until:
        return breaker, Refused(breaker.until - now, f"The breaker is open. {breaker.cause}".rstrip())
    if breaker.probing:
        sentence = f"The breaker is half-open and its one probe is under way. {breaker.cause}".rstrip()
        return breaker, Refused(rules.probe_pause, sentence)
    probing = replace(breaker, phase="half-open", era=breaker.era + 1, probing=True)
    return probing, Pass(probing.era, probe=True)


def report(
    breaker: Breaker,
    passed: Pass,
    health: Health,
    now: float,
    *,
    server_wait: float | None = None,
    cause: str = "",
    rules: BreakerRules = RULES,
) -> Breaker:
    """Return the state after the call of `passed` ended.

    `server_wait` is the wait a 503 asked for: it replaces the own time of an opening breaker, and lengthens that of a
    failed probe. `cause` is one sentence for people, without secrets. Reports from an earlier era change nothing.
    """
    if passed.era != breaker.era:
        return breaker
    if health == "nothing":
        return release(breaker, passed)
    if breaker.phase == "half-open":
        if health == "alive":
            return Breaker(era=breaker.era + 1)
        step = min(breaker.step * 2, rules.cap)
        return _open(breaker, now, step=step, wait=max(step, server_wait or 0.0), cause=cause)
    tally = _counted(breaker.tally, now, rules.window, failed=health == "failure")
    if health == "failure":
        calls, failures = sum(count[1] for count in tally), sum(count[2] for count in tally)
        if failures >= rules.failures and failures >= rules.share * calls:
            wait = rules.open_for if server_wait is None else server_wait
            why = f"{failures} of {calls} calls failed within {plain(rules.window)} s. {cause}".rstrip()
            return _open(breaker, now, step=rules.open_for, wait=wait, cause=why)
    return Breaker(breaker.phase, breaker.era, tally, breaker.until, breaker.step, breaker.probing, breaker.cause)


def release(breaker: Breaker, passed: Pass) -> Breaker:
    """Return the state after the call of `passed` was cancelled or refused by us: a probe's place is free again."""
    if passed.probe and passed.era == breaker.era:
        return replace(breaker, probing=False)
    return breaker


def _open(breaker: Breaker, now: float, *, step: float, wait: float, cause: str) -> Breaker:
    return Breaker("open", breaker.era + 1, until=now + wait, step=step, cause=cause or breaker.cause)


def _counted(tally: tuple[Count, ...], now: float, window: float, *, failed: bool) -> tuple[Count, ...]:
    """Return the counts by second with one more call, without those older than the window."""
    second = math.floor(now)
    kept = [count for count in tally if count[0] > now - window]
    if kept and kept[-1][0] == second:
        _, calls, failures = kept.pop()
        return (*kept, (second, calls + 1, failures + failed))
    return (*kept, (second, 1, int(failed)))
