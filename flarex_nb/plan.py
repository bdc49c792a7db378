"""What a call would send and what each outcome would lead to, without sending anything.

Binds the request as the client does and asks the same policies as the executor does; it opens no connection, reveals no
secret, takes no idempotency key and changes no limit. How a plan looks is the notebook's matter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from flarex_nb.gather import Gathered
from flarex_nb.pipeline.bind import bind
from flarex_nb.pipeline.retry import rules_of
from flarex_nb.plan_words import body_words, cache_parts, cache_words, key_words, reach_words, shown_headers, shown_url
from flarex_nb.policies import limiter
from flarex_nb.policies.backoff import BASE, CAP, FLOOR
from flarex_nb.policies.breaker import Breaker, Pass, Refused, admit, report
from flarex_nb.policies.budget import CREDIT, FAILURE_COST
from flarex_nb.policies.durations import plain
from flarex_nb.policies.limiter import Gate, GoNow
from flarex_nb.policies.retry import Consequence, consequences
from flarex_nb.vault.ref import find_markers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from flarex_nb.catalog.registry import Registry
    from flarex_nb.clock import Clock
    from flarex_nb.model import BoundCall, CallOptions, CallRequest, Headers
    from flarex_nb.pipeline import Pipeline
    from flarex_nb.pipeline.bind import Place
    from flarex_nb.settings import Settings
    from flarex_nb.vault.facade import Secrets

    KnownKey = Callable[[str], str | None]

PENDING = "(made when it is sent)"
"""Stands for an idempotency key that no call has had yet."""

_OWN_WAIT = "Next attempt in 1 s (our own backoff)."
_ASKED = re.compile(r"(?P<asks>The server asks for (?P<seconds>[0-9.]+) s \([^)]*\))")
"""How a wait stands in the sentences of `consequences`, whose samples are of a call with all the time there is."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One attempt at its latest: every attempt before it ran out of time, and every wait was our longest.

    `wait` is the least and the most we wait before it; a server's own wait comes instead. `begins` and `ends` are
    seconds since the call's start.
    """

    number: int
    wait: tuple[float, float]
    begins: float
    ends: float


@dataclass(frozen=True, slots=True)
class Standing:
    """How the place that is called stands now: its breaker, its gate, the retry credit, and the time (monotonic)."""

    now: float = 0.0
    breaker: Breaker = field(default_factory=Breaker)
    gate: Gate = field(default_factory=Gate)
    credit: float = CREDIT


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be sent: nothing of it was. Secrets stand as `{{$secret NAME}}`, and no text of it holds a value.

    `call` is the bound call of the first page. `key`, `cache` and `reach` are sentences; `cache_parts` what the kept
    answer is found by. `turns` are the attempts as they would be at their latest, `cut` why there are fewer than were
    asked for ("" if there are not); `longest` is the seconds one page may take at most.
    `outcomes` say for each outcome of the first attempt whether there is another. `notes` are what would happen now,
    as breaker, limits and secrets stand.
    """

    call: BoundCall
    url: str
    headers: Headers
    body: str
    key: str
    cache: str
    cache_parts: tuple[str, ...]
    reach: str
    turns: tuple[Turn, ...]
    cut: str
    longest: float
    outcomes: tuple[Consequence, ...]
    notes: tuple[str, ...]

    def explain(self) -> str:
        """Return the plan in lines of text."""
        call = self.call
        head = f"{call.method} {self.url} on {call.service.name} ({call.environment}): nothing was sent."
        lines = [head, *(f"  {name}: {value}" for name, value in self.headers)]
        lines += [f"  body: {self.body}"] if self.body else []
        lines += [self.key, self.cache, self.reach, *self.notes]
        lines += [f"{each.outcome}: {each.decision} ({each.reason}). {each.sentence}" for each in self.outcomes]
        return "\n".join([*lines, f"At most {plain(self.longest)} s a page."])

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:  # noqa: FBT001 - the signature IPython calls
        """Show the whole plan where IPython shows a value."""
        printer.text(self.explain())

    def __repr__(self) -> str:
        """Return one line of facts; `explain()` has the rest."""
        call = self.call
        return f"<Plan {call.method} {call.request.target} on {call.service.name} ({call.environment}): nothing sent>"


def plan_of(
    request: CallRequest,
    registry: Registry,
    sandbox: Place | None,
    known_key: KnownKey,
    *,
    redact: Callable[[str], str],
    cache_mode: str = "ttl",
    proxy: str = "",
) -> Plan:
    """Return the plan of a request, as if nothing had been called yet (`as_it_stands` adds what has).

    `known_key` gives the idempotency key that an equal request had before, None for none. `redact` masks every value
    this process knows; `cache_mode` and `proxy` are the settings of those names.

    Raises:
        UnknownService, UsageError, HostNotAllowed: what the call itself would be refused for before sending.
    """
    known: list[str] = []

    def key_for(fingerprint: str) -> tuple[str, bool]:
        found = known_key(fingerprint)
        known.extend([found] if found else [])
        return found or PENDING, False  # that it is an earlier one is told by `key`

    call = Gathered(bind(request, registry, sandbox, key_for)).first()
    turns, cut = turns_of(call.options)
    return Plan(
        call=call,
        url=shown_url(call, redact),
        headers=shown_headers(call, redact),
        body=body_words(call, redact),
        key=key_words(call, repeated=bool(known)),
        cache=cache_words(call, cache_mode),
        cache_parts=cache_parts(call, cache_mode, redact),
        reach=reach_words(call, proxy),
        turns=turns,
        cut=cut,
        longest=longest(call.options),
        outcomes=outcomes_of(call),
        notes=tuple(map(redact, call.warnings)),
    )


def outcomes_of(call: BoundCall) -> tuple[Consequence, ...]:
    """Return what each outcome of the call's first attempt leads to, with the call's own attempts and times."""
    rows = consequences(call.method, bool(call.idempotency_key), rules_of(call.service))
    return tuple(_as_chosen(row, call.options) for row in rows)


def _as_chosen(row: Consequence, options: CallOptions) -> Consequence:
    """Return the row as this call's options have it: the samples are of a call with three attempts and all the time."""
    if row.decision == "stop":
        return row
    if options.attempts == 1:
        return replace(row, decision="stop", reason="attempts-exhausted", sentence="Only one attempt was allowed.")
    asked = _ASKED.search(row.sentence)
    if asked is not None:
        late = float(asked["seconds"]) >= options.deadline
        words = f"{asked['asks']}, and {plain(options.deadline)} s are left before the deadline."
        return replace(row, decision="stop", reason="server-wait-exceeds-deadline", sentence=words) if late else row
    if options.jitter == "full":
        return replace(row, sentence=row.sentence.replace("in 1 s (our", "within 1 s (our"))
    late = row.sentence.endswith(_OWN_WAIT) and options.deadline <= BASE
    words = f"The next wait is {plain(BASE)} s, and {plain(options.deadline)} s are left before the deadline."
    return replace(row, decision="stop", reason="backoff-exceeds-deadline", sentence=words) if late else row


def longest(options: CallOptions) -> float:
    """Return the seconds one page's call may take at most; a server's wait may use up what the attempts leave."""
    limit = options.deadline if options.total is None else min(options.deadline, options.total)
    return min(options.attempt_timeout, limit) if options.attempts == 1 else limit


def turns_of(options: CallOptions) -> tuple[tuple[Turn, ...], str]:
    """Return the attempts when each takes all of its time and every wait is our longest, and why there are not more."""
    turns: list[Turn] = []
    ends, breaker = 0.0, Breaker()
    for number in range(1, options.attempts + 1):
        most = min(BASE * 2.0 ** min(number - 2, 64), CAP) if number > 1 else 0.0
        begins = ends + most
        if begins >= options.deadline:
            return tuple(turns), "No time would be left for another."
        if breaker.phase == "open" and begins < breaker.until:
            return tuple(turns), "The breaker would be open after these."
        ends = min(begins + options.attempt_timeout, options.deadline)
        turns.append(Turn(number, (most if options.jitter == "none" else min(FLOOR, most), most), begins, ends))
        breaker = report(breaker, Pass(breaker.era), "failure", ends)
    return tuple(turns), ""


def as_it_stands(plan: Plan, standing: Standing, missing: Sequence[str] = ()) -> Plan:
    """Return the plan with what would happen now; `missing` are names of secrets of the call that have no value."""
    notes = [f"{name} has no value here, so nothing would be sent: %flarex_secrets set {name}." for name in missing]
    if plan.call.options.simulate:
        notes.append("Faults are rehearsed: the breaker, the limits and the credit of other calls do not count.")
    else:
        notes += _standing_words(standing, plan.call.options.deadline)
    return replace(plan, notes=(*plan.notes, *notes))


class Planner(Protocol):
    """What is asked of a client: its services, its sandbox, its secrets by name, its stations and its clock."""

    clock: Clock
    settings: Settings

    @property
    def services(self) -> Registry:
        """The profiles."""

    @property
    def secrets(self) -> Secrets:
        """The secrets by name."""

    @property
    def redactor(self) -> Callable[[str], str]:
        """Masks every value this process knows."""

    @property
    def pipeline(self) -> Pipeline:
        """The stations."""

    def place(self) -> Place | None:
        """Return where the sandbox listens."""


def plan_for(client: Planner, request: CallRequest, known_key: KnownKey = lambda _: None) -> Plan:
    """Return the plan of a request as this client would carry it out now; raises as `plan_of` does."""
    known = client.secrets.list()  # before the texts are made: a value that is met is masked from then on
    plan = plan_of(
        request,
        client.services,
        client.place(),
        known_key,
        redact=client.redactor,
        cache_mode=client.settings.cache_mode,
        proxy=client.settings.proxy,
    )
    call = plan.call
    place = (urlsplit(call.url).netloc, call.credential)
    health, lane = client.pipeline.retry.states().get(place), client.pipeline.throttle.states().get(place)
    standing = Standing(client.clock.now())
    if health is not None:
        standing = replace(standing, breaker=health.breaker, credit=health.budget.credit)
    if lane is not None:
        standing = replace(standing, gate=lane.gate)
    listed = {info.name: info.source for info in known if info.env == call.environment}
    unlisted = "" if call.environment == "sandbox" else "perhaps"  # a live one may be in the environment all the same
    missing = [name for name in _secret_names(call) if not listed.get(name, unlisted)]
    return as_it_stands(plan, standing, missing)


def _secret_names(call: BoundCall) -> list[str]:
    texts = (call.url, call.content.decode("latin-1"), *(value for _, value in call.headers))
    names = [placement.ref.name for placement in call.placements]
    return list(dict.fromkeys([*names, *(name for text in texts for _, _, name in find_markers(text))]))


def _standing_words(standing: Standing, deadline: float) -> Iterator[str]:
    verdict = admit(standing.breaker, standing.now)[1]
    if isinstance(verdict, Refused):
        yield f"Now it would be refused without sending. {verdict.sentence}"
    elif verdict.probe:
        yield "The breaker is half-open: this call would be its one probe."
    gate = limiter.admit(standing.gate, standing.now, deadline)
    if not isinstance(gate, GoNow):
        waits = "be refused without sending" if isinstance(gate, limiter.Refuse) else "wait first"
        yield f"Now it would {waits}. {gate.sentence}"
    if standing.credit < FAILURE_COST:
        yield f"Only {plain(standing.credit)} of {plain(CREDIT)} retry credit is left, too little to repeat a failure."
