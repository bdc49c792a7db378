"""Station 4: the deadline, the breaker and the attempts. Records every attempt with its reason.

Whether to try again is decided in `policies.retry`; this station measures, waits, and keeps the breaker and the retry
credit of each host and credential. A call that fails leaves with its whole history on the error.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from flarex_nb.catalog.payload import decoded_or_none
from flarex_nb.catalog.schema_rows import marked
from flarex_nb.catalog.urls import place_of
from flarex_nb.errors import (
    ApiError,
    CircuitOpen,
    FlarexError,
    GuardError,
    ResponseError,
    SecretError,
    ServerError,
    UsageError,
)
from flarex_nb.events import Event, emit
from flarex_nb.model import Attempt
from flarex_nb.net.progress import Progress
from flarex_nb.policies import breaker as circuit
from flarex_nb.policies import budget as credit
from flarex_nb.policies.backoff import backoff
from flarex_nb.policies.dialects import server_wait
from flarex_nb.policies.retry import Again, Outcome, RetryRules, Situation, Stop, decide

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from flarex_nb.catalog.profile import Service
    from flarex_nb.clock import Clock
    from flarex_nb.errors import Sent
    from flarex_nb.events import Listener
    from flarex_nb.model import Answer, BoundCall, Reply

_SENT_ORDER: tuple[Sent, ...] = ("no", "maybe", "yes")

_HINTS = {
    "stored-answer": (
        "The service gives this same answer to the same idempotency key. Look whether the request was applied; if it "
        "was not, --idempotency new asks with a fresh key."
    )
}

_DONE = Stop("succeeded", "The answer is good.")


@dataclass
class Turn:
    """One attempt in the making: how long it may take, and what came of it.

    `ends` is the call's deadline and `began` when the send began, both monotonic seconds (`began` None before that);
    `waited` and `source`: the wait before it and who asked. `previous`: secrets as before a rotation; `spare`: could.
    """

    number: int
    ends: float
    waited: float = 0.0
    source: str = ""
    previous: bool = False
    spare: bool = False
    began: float | None = None
    progress: Progress = field(default_factory=Progress)


@dataclass
class Health:
    """What is remembered of one host and credential: its breaker and its retry credit."""

    breaker: circuit.Breaker = field(default_factory=circuit.Breaker)
    budget: credit.Budget = field(default_factory=credit.Budget)


def rules_of(service: Service) -> RetryRules:
    """Return what the profile says about failures, as the decision takes it."""
    retry = service.retry
    return RetryRules(
        dialects=retry.dialects,
        override_header=retry.override_header,
        never_codes=retry.never_codes,
        again_codes=retry.again_codes,
        stored_500=retry.stored_500,
        overloaded=retry.overloaded,
        idempotent_methods=service.idempotent_methods,
    )


class Retry:
    """Attempts a call until it succeeds or there is a reason to stop."""

    def __init__(self, clock: Clock, dice: Callable[[], float]) -> None:
        """Take the clock, and the dice that spread waits (0 up to 1)."""
        self._clock = clock
        self._dice = dice
        self._health: defaultdict[tuple[str, str], Health] = defaultdict(Health)

    async def run(
        self, call: BoundCall, attempt: Callable[[Turn], Awaitable[Answer]], listener: Listener | None
    ) -> Answer:
        """Return the first good answer, with the history of the attempts.

        Raises:
            FlarexError: the last attempt's, with `.attempts`, and `.context["why it ended"]` where there were several.
        """
        run = _Run(call, self._clock, self._dice, self._health_of(call))
        turn = run.first_turn()
        while True:
            passed = run.ask_breaker()
            emit(Event("attempt", call.service.name, turn.number), listener)
            try:
                answer = await attempt(turn)
            except FlarexError as error:
                outcome = run.outcome_of(error)
                decision = run.failed(turn, error, passed)
                emit(Event("answer", call.service.name, turn.number, text=outcome), listener)
                if isinstance(decision, Stop):
                    raise
                turn = run.next_turn(turn, decision)
                emit(Event("wait", call.service.name, turn.number, 0, decision.delay, decision.source), listener)
                await self._clock.sleep(decision.delay)
            except BaseException:
                run.cancelled(passed)
                emit(Event("stopped", call.service.name, turn.number, text=run.sent_with(turn.progress.sent)), listener)
                raise
            else:
                return run.succeeded(turn, answer, passed)

    def states(self) -> dict[tuple[str, str], Health]:
        """Return how each (host, credential) that was called stands, as a copy."""
        return {place: replace(health) for place, health in list(self._health.items())}

    def reset(self, chosen: Callable[[str, str], bool]) -> int:
        """Close the breaker and refill the credit of each (host, credential) that is `chosen`; return how many.

        To be called on the private loop. Calls under way keep going; what they meet counts for the old breaker only.
        """
        found = [health for (host, credential), health in self._health.items() if chosen(host, credential)]
        for health in found:
            health.breaker = circuit.Breaker(era=health.breaker.era + 1)
            health.budget = credit.Budget()
        return len(found)

    def _health_of(self, call: BoundCall) -> Health:
        """A rehearsed failure (`simulate`) is remembered for its own call only."""
        if call.rehearsed:
            return Health()
        return self._health[place_of(call.url), call.credential]


class _Run:
    """One call's way through its attempts."""

    def __init__(self, call: BoundCall, clock: Clock, dice: Callable[[], float], health: Health) -> None:
        self._call, self._clock, self._dice, self._health = call, clock, dice, health
        self._started = clock.now()
        self._attempts: list[Attempt] = []
        self._spent = 0.0
        self._last_reply: Reply | None = None
        self._sent: Sent = "no"

    def first_turn(self) -> Turn:
        return Turn(1, self._started + self._call.options.deadline)

    def next_turn(self, turn: Turn, decision: Again) -> Turn:
        self._spent += decision.cost
        self._health.budget = credit.spend(self._health.budget, decision.cost) or self._health.budget
        previous = turn.previous or decision.reason == "other-version"
        return Turn(turn.number + 1, turn.ends, decision.delay, decision.source, previous)

    def ask_breaker(self) -> circuit.Pass:
        self._health.breaker, verdict = circuit.admit(self._health.breaker, self._clock.now())
        if isinstance(verdict, circuit.Pass):
            return verdict
        raise self._circuit_open(verdict)

    def _circuit_open(self, refused: circuit.Refused) -> CircuitOpen:
        seconds = math.ceil(refused.retry_after)
        hint = f"Wait {seconds} s: the service failed too often just now, so nothing is sent to it."
        error = CircuitOpen(f"{self._call.service.name} is not called. {refused.sentence}", hint=hint, sent=self._sent)
        error.attempts = tuple(self._attempts)
        error.reply, error.retry_after = self._last_reply, refused.retry_after
        return error

    def sent_with(self, sent: Sent) -> Sent:
        """Return whether anything of the whole call may have reached the server, this attempt's `sent` included."""
        self._sent = max(self._sent, sent, key=_SENT_ORDER.index)
        return self._sent

    def failed(self, turn: Turn, error: FlarexError, passed: circuit.Pass) -> Again | Stop:
        """Note the failed attempt, and return whether there is another."""
        outcome = self._outcome(error)
        self._report(passed, error, outcome)
        situation = Situation(
            method=self._call.method,
            has_key=bool(self._call.idempotency_key),
            attempt=turn.number,
            attempts=self._call.options.attempts,
            time_left=turn.ends - self._clock.now(),
            step_wait=backoff(turn.number - 1, jitter=self._call.options.jitter, dice=self._dice),
            dice=self._dice,
            jitter=self._call.options.jitter,
            budget=self._health.budget,
            other_version=turn.spare,
        )
        decision = decide(outcome, situation, rules_of(self._call.service), wall=self._clock.wall())
        ours = error.sent == "no" and isinstance(error, GuardError | SecretError | UsageError)
        if turn.began is not None and not ours:  # a refusal of ours before anything was sent is no attempt
            self._note(turn, self.outcome_of(error), error.sent, decision, error.reply)
        error.sent = self.sent_with(error.sent)
        error.attempts = tuple(self._attempts)
        error.reply = self._last_reply = error.reply or self._last_reply
        if isinstance(decision, Again):
            self._check_wait(decision, error)
        elif self._attempts:
            error.context.setdefault("why it ended", decision.sentence)
        if isinstance(decision, Stop):
            error.hint = _HINTS.get(decision.reason, "") or decision.hint or error.hint
        return decision

    def _check_wait(self, decision: Again, error: FlarexError) -> None:
        """Do not wait for an attempt that the breaker, open by now, would refuse."""
        state, after = self._health.breaker, self._clock.now() + decision.delay
        if state.phase == "open" and after < state.until:
            why = "The breaker is open by now, so no further attempt is sent."
            self._attempts[-1] = replace(self._attempts[-1], decision="stop", reason="circuit-open", sentence=why)
            left = state.until - self._clock.now()
            raise self._circuit_open(circuit.Refused(left, f"The breaker is open. {state.cause}".rstrip())) from error

    def succeeded(self, turn: Turn, answer: Answer, passed: circuit.Pass) -> Answer:
        """Note the good attempt and return the answer with the history."""
        self._report(passed, None, Outcome(answer.reply.status))
        self._health.budget = credit.refund(self._health.budget, self._spent)
        self._note(turn, str(answer.reply.status), "yes", _DONE, answer.reply)
        return marked(answer, tuple(self._attempts))

    def cancelled(self, passed: circuit.Pass) -> None:
        """Give a probe's place back."""
        self._health.breaker = circuit.release(self._health.breaker, passed)

    @staticmethod
    def outcome_of(error: FlarexError) -> str:
        """Return the status in digits where there is one, the error's kind otherwise."""
        return str(error.reply.status) if error.reply is not None else error.kind

    def _report(self, passed: circuit.Pass, error: FlarexError | None, outcome: Outcome) -> None:
        weight = circuit.weigh(outcome.status, error)
        wait = None
        if isinstance(error, ServerError):
            asked = server_wait(
                status=outcome.status,
                headers=outcome.headers,
                body=outcome.body,
                dialects=self._call.service.retry.dialects,
                wall=self._clock.wall(),
            )
            wait = asked.seconds if asked else None
        cause = "" if error is None else f"The last failure: {self.outcome_of(error)}."
        self._health.breaker = circuit.report(
            self._health.breaker, passed, weight, self._clock.now(), server_wait=wait, cause=cause
        )

    def _note(self, turn: Turn, outcome: str, sent: Sent, decision: Again | Stop, reply: Reply | None) -> None:
        began = self._started if turn.began is None else turn.began
        self._attempts.append(
            Attempt(
                number=turn.number,
                started=began - self._started,
                elapsed=self._clock.now() - began,
                waited=turn.waited,
                wait_source=turn.source,
                outcome=outcome,
                sent=sent,
                decision="done" if decision is _DONE else "again" if isinstance(decision, Again) else "stop",
                reason=decision.reason,
                sentence=decision.sentence,
                request_id="" if reply is None else reply.request_id,
            )
        )

    @staticmethod
    def _outcome(error: FlarexError) -> Outcome:
        reply = error.reply
        if reply is None:
            return Outcome(error=error)
        if isinstance(error, ApiError):
            return Outcome(reply.status, headers=reply.headers, body=decoded_or_none(reply), code=error.code)
        return Outcome(reply.status if isinstance(error, ResponseError) else None, error, reply.headers)
