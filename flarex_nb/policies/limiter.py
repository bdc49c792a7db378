"""The server's limits for one credential and host, as a gate: a state and a time in, a state or an answer out.

It learns from every answer what is left and when it is full again, and lets calls through accordingly. Who waits in
which order, and the waiting itself, belong to the caller: one queue and one timer for each gate, the front asks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flarex_nb.policies.durations import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flarex_nb.policies.quota import Quota
    from flarex_nb.policies.wait import ServerWait

SAME_RESET = 2.0
"""Seconds two resets may be apart and still be the same one: dates in headers are whole seconds."""

MOST_WINDOWS = 32
"""Limits remembered for one gate; names come from the server and must not pile up."""

EASED = 64
"""Calls at a time from which a gate that was closed is as wide as before."""


@dataclass(frozen=True, slots=True)
class Window:
    """One limit of the server as we count it.

    `remaining` is what is left by our own count and None bounds nothing; `told` is the least an answer named in this
    period, None before one did. `resets_at` is monotonic seconds, None when unknown or over. `seen` is the number of
    the newest call whose answer was learnt from. `over_at` is when the period before ended, `sent_before` the number
    of the last call sent until then, and `counted` whether we count this period from its start.
    """

    name: str
    limit: int | None = None
    remaining: int | None = None
    resets_at: float | None = None
    source: str = ""
    seen: int = 0
    told: int | None = None
    over_at: float = 0.0
    sent_before: int = -1
    counted: bool = False

    def room(self, in_flight: int) -> int | None:
        """Return how many calls may be sent now, None for any number.

        Two counts hold and the lower is right: ours, which knows of nobody else with this credential, and the
        server's, which may not have met the calls under way yet.
        """
        if self.remaining is None or self.told is None:
            return self.remaining
        return min(self.remaining, self.told - in_flight)


@dataclass(frozen=True, slots=True)
class Gate:
    """The state. A new one lets everything through.

    `closed_until` is monotonic seconds, `closed_by` who asked. `allowance` is how many calls may be under way while a
    gate that was closed opens again (None: any number), `closed_at` the number of the last call sent before it closed.
    """

    windows: tuple[Window, ...] = ()
    closed_until: float = 0.0
    closed_by: str = ""
    closed_at: int = 0
    allowance: int | None = None
    in_flight: int = 0
    issued: int = 0


@dataclass(frozen=True, slots=True)
class Ticket:
    """One call under way; its number grows with each call of the gate."""

    number: int


@dataclass(frozen=True, slots=True)
class GoNow:
    """Send now, after `start`."""


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Ask again at `at` (monotonic seconds); None means when another call of the gate has ended."""

    at: float | None
    source: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """Do not send and do not wait: `wait` seconds pass the caller's deadline."""

    wait: float
    source: str
    sentence: str


def admit(gate: Gate, now: float, left: float, *, ahead: int = 0) -> GoNow | WaitUntil | Refuse:
    """Return whether a call may be sent at `now` (monotonic seconds), with `left` seconds before its deadline.

    `ahead` is how many callers wait before this one.
    """
    timed = [(gate.closed_until, gate.closed_by)] if gate.closed_until > now else []
    rooms = [(window, window.room(gate.in_flight)) for window in _rolled(gate, now)]
    full = [window for window, room in rooms if room is not None and room <= ahead]
    timed += [(window.resets_at, window.source) for window in full if window.resets_at is not None]
    if timed:
        at, source = max(timed)
        return _timed(at, source, now, left)
    if gate.allowance is not None and gate.in_flight + ahead >= gate.allowance:
        return WaitUntil(None, gate.closed_by, "The limit was met just now; calls go out a few at a time.")
    if full and (gate.in_flight or ahead):
        return WaitUntil(None, full[0].source, "Nothing is left of the limit; the next answer will tell.")
    return GoNow()


def _timed(at: float, source: str, now: float, left: float) -> WaitUntil | Refuse:
    wait = at - now
    asks = f"The server's limit is full for {plain(wait)} s more ({source})"
    if wait >= left:
        return Refuse(wait, source, f"{asks}, and {plain(max(left, 0.0))} s are left before the deadline.")
    return WaitUntil(at, source, f"{asks}.")


def start(gate: Gate, now: float) -> tuple[Gate, Ticket]:
    """Return the gate with one more call under way, counted against every limit, and the call's ticket."""
    windows = tuple(
        window if window.remaining is None else replace(window, remaining=max(window.remaining - 1, 0))
        for window in _rolled(gate, now)
    )
    ticket = Ticket(gate.issued + 1)
    return _counting(gate, windows, gate.in_flight + 1, ticket.number), ticket


def finish(gate: Gate, *, counted: bool = True) -> Gate:
    """Return the gate with one call less under way; `counted` False when it never reached the server.

    Call it before `learn` with the same answer, also when the call was cancelled.
    """
    in_flight = max(gate.in_flight - 1, 0)
    windows = gate.windows
    if not counted:
        windows = tuple(
            replace(window, remaining=_capped(window, window.remaining + 1, in_flight))
            if window.remaining is not None
            else window
            for window in windows
        )
    return _counting(gate, windows, in_flight, gate.issued)


def _counting(gate: Gate, windows: tuple[Window, ...], in_flight: int, issued: int) -> Gate:
    """Return the gate with these counts; each call does it twice, and `replace` takes four times as long."""
    return Gate(windows, gate.closed_until, gate.closed_by, gate.closed_at, gate.allowance, in_flight, issued)


def learn(
    gate: Gate, quotas: Sequence[Quota], now: float, *, ticket: Ticket | None = None, wait: ServerWait | None = None
) -> Gate:
    """Return the gate after an answer: `quotas` it told, `wait` when it refused for a limit (None for any other).

    An answer of the same period or to an older call never raises what is left, and none raises it above the limit less
    the calls under way and the answered one. An answer of a period that is over says nothing.
    A wait closes the gate for all its callers and is never shortened; then calls go out one at a time, twice as many
    with each answer that is no refusal. Answers that a cache gave must not be shown.
    """
    number = ticket.number if ticket else gate.issued
    windows = {window.name: window for window in _rolled(gate, now)}
    for quota in quotas:
        known = windows.pop(quota.name, None)
        windows[quota.name] = _merged(known or Window(quota.name), quota, now, number, gate.in_flight)
    learnt = replace(gate, windows=tuple(windows.values())[-MOST_WINDOWS:])
    return _eased(learnt, number) if wait is None else _closed(learnt, now, wait)


def _closed(gate: Gate, now: float, wait: ServerWait) -> Gate:
    until, source = max((gate.closed_until, gate.closed_by), (now + wait.seconds, wait.source))
    return replace(gate, closed_until=until, closed_by=source, closed_at=gate.issued, allowance=1)


def _eased(gate: Gate, number: int) -> Gate:
    """Return the gate wider by one step, if the answer is to a call sent after it was closed."""
    if gate.allowance is None or number <= gate.closed_at:
        return gate
    wider = gate.allowance * 2
    return replace(gate, allowance=None if wider >= EASED else wider)


def _rolled(gate: Gate, now: float) -> tuple[Window, ...]:
    return gate.windows and tuple(_roll(window, now, gate) for window in gate.windows)


def _roll(window: Window, now: float, gate: Gate) -> Window:
    """Return the window as it is at `now`: past its reset it is full again, for one call where its size is unknown."""
    over_at = window.resets_at
    if over_at is None or now < over_at:
        return window
    if window.remaining is None:
        return replace(window, resets_at=None)
    remaining, counted = _capped(window, window.limit or 1, gate.in_flight), window.limit is not None
    new = replace(window, remaining=remaining, resets_at=None, told=None)
    return replace(new, over_at=over_at, sent_before=gate.issued, counted=counted)


def _capped(window: Window, remaining: int, in_flight: int) -> int:
    return remaining if window.limit is None else min(remaining, max(window.limit - in_flight, 0))


def _merged(known: Window, quota: Quota, now: float, number: int, in_flight: int) -> Window:
    resets_at = known.resets_at if quota.reset_in is None else now + quota.reset_in
    if number <= known.sent_before and (resets_at is None or resets_at <= known.over_at + SAME_RESET):
        return known  # sent before our period began, and not surely answered in it
    older = number < known.seen
    window = replace(
        known,
        limit=known.limit if quota.limit is None else quota.limit,
        resets_at=known.resets_at if older and known.resets_at is not None else resets_at,
        source=quota.source,
        seen=max(known.seen, number),
    )
    return window if quota.remaining is None else _with_left(known, window, quota.remaining, in_flight, older=older)


def _with_left(known: Window, window: Window, left: int, in_flight: int, *, older: bool) -> Window:
    """Return the window with what an answer says is left: lower in the same period, anew in another."""
    if known.remaining is not None and (older or _same_period(known, window)):
        told = left if known.told is None else min(left, known.told)
        return replace(window, remaining=min(left, known.remaining), told=told)
    answered = int(window.limit is not None and left < window.limit)
    return replace(window, remaining=_capped(window, left, in_flight + answered), told=left)


def _same_period(known: Window, window: Window) -> bool:
    if known.resets_at is None or window.resets_at is None:
        return known.counted
    return abs(known.resets_at - window.resets_at) <= SAME_RESET
