"""What `%flarex_why`, `%flarex_status`, `%flarex_reset` and `%flarex_cache` do: look, explain, and start anew.

Reads the client's stations through their own accessors; resetting happens on the private loop, where they live.
"""

from __future__ import annotations

import math
import shlex
from typing import TYPE_CHECKING

from flarex_nb.client import default
from flarex_nb.errors import FlarexError, UsageError
from flarex_nb.notebook.boxes import Sheet
from flarex_nb.notebook.journal import past_error, past_result
from flarex_nb.notebook.render.card import is_steady
from flarex_nb.notebook.render.status import Place, Status, status_html, status_text
from flarex_nb.notebook.render.status_cache import Shelf, cache_html, cache_line, cache_text
from flarex_nb.notebook.render.why import why_html, why_of, why_text
from flarex_nb.pipeline.view import CallResult, counted
from flarex_nb.policies import limiter
from flarex_nb.policies.breaker import Pass, admit
from flarex_nb.policies.budget import CREDIT
from flarex_nb.policies.durations import plain
from flarex_nb.portal import PORTAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from IPython.core.interactiveshell import InteractiveShell

    from flarex_nb.client import Client
    from flarex_nb.notebook.journal import Memory, Past
    from flarex_nb.pipeline import Pipeline
    from flarex_nb.pipeline.retry import Health
    from flarex_nb.pipeline.throttle import Lane
    from flarex_nb.policies.limiter import Gate

_LONG = 10.0**9
"""Seconds of a deadline that no wait passes: a limit is asked how long it is, not whether there is time."""


def why(shell: InteractiveShell, memory: Memory, line: str) -> Sheet:
    """Return why the last call, or the one in the variable that is named, ended as it did."""
    client = default()
    past = _named(shell, line.strip()) if line.strip() else _last(client, memory)
    known = past.service in client.services.names()
    honours = known and bool(client.services.get(past.service).idempotency_header)
    notes = [
        note
        for place in _places(client)
        if place.service == past.service and past.environment in {"", place.environment}
        for note in _notes(place)
    ]
    told = why_of(past, notes, honours_key=honours)
    return Sheet(why_html(told), why_text(told), of=past)


def _last(client: Client, memory: Memory) -> Past:
    """Return the newest call: of a cell's magic, or of Python code where its result or error is still there."""
    latest = None if client.latest is None or client.latest is memory.seen else client.latest()
    if latest is not None:
        return past_error(latest) if isinstance(latest, FlarexError) else past_result(latest)
    if memory.past is None:
        msg = "there is no call to explain: none was made here, or nothing of it was kept"
        raise UsageError(msg, hint="Run a cell with %%flarex_call first, or name a result: %flarex_why result.")
    return memory.past


def _named(shell: InteractiveShell, name: str) -> Past:
    found = shell.user_ns.get(name)
    if isinstance(found, CallResult):
        return past_result(found)
    if isinstance(found, FlarexError):
        return past_error(found)
    what = f"{name} is a {type(found).__name__}" if name in shell.user_ns else f"there is no variable {name}"
    msg = f"{what}, so there is no call to explain"
    raise UsageError(msg, hint="Name a result or an error of a call, or nothing for the last call.")


def _notes(place: Place) -> Iterator[str]:
    if not place.breaker.startswith("closed"):
        yield f"The breaker of {place.service} is {place.breaker}"
    if place.gate != _OPEN:
        yield place.gate


def status() -> Sheet:
    """Return how everything stands."""
    client = default()
    told = Status(tuple(_places(client)), tuple(_facts(client)))
    return Sheet(status_html(told), status_text(told), of=told)


def _pipeline(client: Client) -> Pipeline | None:
    """Return the stations if something was called; looking does not build them."""
    found: Pipeline | None = client.__dict__.get("pipeline")
    return found


def _places(client: Client) -> Iterator[Place]:
    pipeline = _pipeline(client)
    if pipeline is None:
        return
    now = client.clock.now()
    health, lanes = pipeline.retry.states(), pipeline.throttle.states()
    for key in sorted(each for each in {*health, *lanes} if each[1]):  # a rehearsal's own lane has no credential
        yield _place(client, key, health.get(key), lanes.get(key), now)


def _place(client: Client, key: tuple[str, str], health: Health | None, lane: Lane | None, now: float) -> Place:
    host, credential = key
    names, _, environment = credential.rpartition("@")
    tone, breaker = ("good", "closed") if health is None else _breaker(health, now)
    gate = _OPEN if lane is None else _gate(lane, now)
    return Place(
        service=_service(client, host, names, environment),
        environment=environment,
        credential=names or "none",
        tone="warn" if tone == "good" and gate != _OPEN else tone,
        breaker=breaker,
        gate=gate,
        quotas=() if lane is None else tuple(_quotas(lane.gate, now)),
        credit=f"{plain(CREDIT if health is None else health.budget.credit)} of {plain(CREDIT)}",
    )


def _service(client: Client, host: str, names: str, environment: str) -> str:
    """Return the service that is called there with that credential; the host where none is known any more."""
    for name in client.services.names():
        if _is_of(client, name, host, f"{names}@{environment}"):
            return name
    return host


def _is_of(client: Client, name: str, host: str, credential: str) -> bool:
    """Return whether calls of the service go to that host with that credential, or did to a sandbox."""
    service = client.services.get(name)
    names, _, environment = credential.rpartition("@")
    if names != ",".join(service.secret_names):
        return False
    return environment == "sandbox" or host == service.base_url.split("//", 1)[1].split("/", 1)[0]


def _breaker(health: Health, now: float) -> tuple[str, str]:
    breaker = health.breaker
    verdict = admit(breaker, now)[1]
    if breaker.phase == "closed":
        failures = sum(count[2] for count in breaker.tally)
        return "good", f"closed, {counted(failures, 'failure')} just now" if failures else "closed"
    if isinstance(verdict, Pass):
        return "warn", f"half-open, the next call is its one probe. {breaker.cause}"
    if breaker.phase == "half-open":
        return "warn", f"half-open, its one probe is under way. {breaker.cause}"
    return "bad", f"open, for {math.ceil(verdict.retry_after)} s more. {breaker.cause}"


_OPEN = "open"


def _gate(lane: Lane, now: float) -> str:
    verdict = limiter.admit(lane.gate, now, _LONG)
    waiting = f" {counted(lane_waiting, 'call')} waiting." if (lane_waiting := len(lane.queue)) else ""
    if isinstance(verdict, limiter.GoNow):
        allowance = lane.gate.allowance
        return _OPEN if allowance is None else f"opening again, {counted(allowance, 'call')} at a time.{waiting}"
    return f"{verdict.sentence}{waiting}"


def _quotas(gate: Gate, now: float) -> Iterator[str]:
    for window in gate.windows:
        if window.remaining is None and window.limit is None:
            continue
        left = "?" if window.remaining is None else f"{window.remaining:,}"
        of = f" of {window.limit:,}" if window.limit is not None else ""
        name = "" if window.name == "default" else f"{window.name}: "
        full = ""
        if window.resets_at is not None and window.resets_at > now:
            full = f", full again in {plain(round(window.resets_at - now))} s"
        yield f"{name}{left}{of} left{full} ({window.source})"


def _facts(client: Client) -> Iterator[tuple[str, str]]:
    running = client.sandbox
    where = "" if running is None else "this machine" if is_steady() else running.origin
    yield "Sandbox", "off" if running is None else f"on at {where}, for {', '.join(running.services)}"
    known = client.secrets.list()
    missing = ", ".join(f"{info.name} ({info.env})" for info in known if not info.source)
    held = sum(bool(info.source) for info in known)
    yield "Secrets", f"{held} with a value" + (f"; without one: {missing}" if missing else "")
    pipeline = _pipeline(client)
    if pipeline is not None:
        yield "Cache", cache_line(pipeline.cache.stats())


def reset(line: str) -> None:
    """Close the breaker, open the gate and refill the credit of one service, or of all."""
    words = shlex.split(line)
    client = default()
    if len(words) != 1:
        msg = "%flarex_reset needs the name of a service, or all"
        raise UsageError(msg, hint=f"For example: %flarex_reset {client.services.names()[0]}")
    name = words[0]
    if name != "all":
        client.services.get(name)
    pipeline = _pipeline(client)
    count = 0 if pipeline is None else PORTAL.run(_reset(pipeline, _chooser(client, name)))
    if not count:
        _say("Nothing to reset: no call was made." if name == "all" else f"Nothing to reset: {name} was not called.")
        return
    whose = "every service" if name == "all" else name
    _say(f"Breaker closed, limits forgotten and retry credit refilled for {whose}. The server's own limits stay.")


def _chooser(client: Client, name: str) -> Callable[[str, str], bool]:
    if name == "all":
        return lambda _host, _credential: True
    return lambda host, credential: _is_of(client, name, host, credential)


CACHE_COMMANDS = ("list", "clear")


def cache(line: str) -> Sheet | None:
    """Return what the cache keeps, or clear it: everything, or what is kept of one service."""
    words = shlex.split(line) or ["list"]
    client = default()
    if words[0] not in CACHE_COMMANDS or len(words) > 2 or (words[0] == "list" and len(words) > 1):  # noqa: PLR2004
        msg = f"%flarex_cache does not know {' '.join(words)!r}"
        raise UsageError(msg, hint="It can be %flarex_cache, %flarex_cache clear, or %flarex_cache clear SERVICE.")
    pipeline = _pipeline(client)
    if words[0] == "clear":
        name = words[1] if len(words) > 1 else None
        if name is not None:
            client.services.get(name)
        count = 0 if pipeline is None else PORTAL.run(_clear(pipeline, name))
        _say(f"{counted(count, 'answer')} forgotten{f' of {name}' if name else ''}.")
        return None
    told = Shelf() if pipeline is None else Shelf(pipeline.cache.entries(), pipeline.cache.stats())
    return Sheet(cache_html(told, client.redactor), cache_text(told, client.redactor), of=told)


async def _clear(pipeline: Pipeline, name: str | None) -> int:
    return pipeline.cache.clear(name)


async def _reset(pipeline: Pipeline, chosen: Callable[[str, str], bool]) -> int:
    return max(pipeline.retry.reset(chosen), pipeline.throttle.reset(chosen))


def _say(text: str) -> None:
    print(text)  # noqa: T201 - a magic's plain words belong on the cell's output
