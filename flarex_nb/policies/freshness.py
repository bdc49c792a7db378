"""Whether an answer may be stored, used, used stale, or must be asked for anew: decisions as values to print.

Two modes. "ttl" (the default) keeps a good answer for a set time, whatever the server says but `no-store`: most JSON
APIs say nothing useful. "http" is a private cache by RFC 9111. Asks no clock: `now` is wall seconds from the caller.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flarex_nb.policies.freshness_facts import (
    Facts,
    Fresh,
    MayNotStore,
    MayStore,
    Miss,
    Revalidate,
    Rules,
    Stale,
    Verdict,
)
from flarex_nb.policies.freshness_fields import (
    LONGEST,
    PLAIN,
    Directives,
    Told,
    age_of,
    date_of,
    delta,
    directives,
    joined,
    refreshed,
    varying,
    with_age,
)

if TYPE_CHECKING:
    from flarex_nb.model import Headers, Reply

_UNDERSTOOD = frozenset({200, 203, 204})
_HEURISTIC = frozenset({200, 203, 204})
"""Statuses whose answers may be kept without being told for how long (RFC 9110 15.1), of those that reach the cache."""

_MISSING = frozenset({404, 410})

_TENTH = 0.1
_LONGEST_GUESS = 86_400.0
"""A tenth of the time since Last-Modified (RFC 9111 4.2.2), a day at most."""

_SERVER_FAILED = frozenset({500, 502, 503, 504})
"""The errors over which a stale answer may stand (RFC 5861 4)."""


def may_store(
    reply: Reply, request: Told, rules: Rules, received: float, jitter: float = 0.0
) -> MayStore | MayNotStore:
    """Return whether a checked answer to a GET or HEAD may be kept, and what will decide about it later.

    `received` is wall seconds, `jitter` from -0.1 to 0.1 spreads the lifetime of "ttl" mode so that answers kept
    together do not end together.
    """
    said = directives(reply.headers)
    if request.no_store:
        return MayNotStore("the request says no-store (RFC 9111 5.2.1.5)")
    if "no-store" in said:
        return MayNotStore("the answer says no-store (RFC 9111 5.2.2.5)")
    if reply.status in _MISSING and rules.missing:
        facts = Facts(received=received, initial_age=0.0, lifetime=rules.missing)
        return MayStore(facts, f"that there is none is kept for {rules.missing:.0f} s")
    if rules.mode == "http":
        return _by_the_rfc(reply, said, rules, received)
    return _for_a_time(reply, said, rules, received, jitter)


def _for_a_time(reply: Reply, said: Directives, rules: Rules, received: float, jitter: float) -> MayStore | MayNotStore:
    if reply.status != 200:  # noqa: PLR2004 - RFC 9110 15.3.1
        return MayNotStore(f"the status is {reply.status}")
    facts = _facts(reply, said, rules, received, (0.0, rules.ttl * (1.0 + jitter)))
    return _if_of_use(facts, f"kept for {facts.lifetime:.0f} s")


def _by_the_rfc(reply: Reply, said: Directives, rules: Rules, received: float) -> MayStore | MayNotStore:
    """RFC 9111 3, for a private cache: `private` and Authorization are no obstacle, s-maxage says nothing."""
    if not 200 <= reply.status < 300 or reply.status == 206:  # noqa: PLR2004 - RFC 9111 3.3: no partial answers
        return MayNotStore(f"answers with status {reply.status} are not kept")
    if "must-understand" in said and reply.status not in _UNDERSTOOD:
        return MayNotStore("the answer says must-understand, and its status is not (RFC 9111 5.2.2.3)")
    if varying(reply.headers) is None:
        return MayNotStore("the answer varies by anything (Vary: *, RFC 9111 4.1)")
    lifetime, why = lifetime_of(reply.headers, said, reply.status, received)
    return _if_of_use(_facts(reply, said, rules, received, (_initial_age(reply, received), lifetime)), why)


def _if_of_use(facts: Facts, why: str) -> MayStore | MayNotStore:
    return MayStore(facts, why) if facts.keep_for > 0 else MayNotStore(f"{why}, and nothing to revalidate it by")


def _facts(reply: Reply, said: Directives, rules: Rules, received: float, times: tuple[float, float]) -> Facts:
    """`times` are the initial age and the lifetime."""
    http = rules.mode == "http"
    return Facts(
        received=received,
        initial_age=times[0],
        lifetime=times[1],
        stale_if_error=_window(said, "stale-if-error", rules.stale_if_error),
        stale_while_revalidate=_window(said, "stale-while-revalidate", rules.stale_while_revalidate),
        always_ask=http and "no-cache" in said and said["no-cache"] is None,
        strict="must-revalidate" in said or "no-cache" in said or (http and "proxy-revalidate" in said),
        etag=joined(reply.headers, "etag") or "",
        last_modified=joined(reply.headers, "last-modified") or "",
    )


def _window(said: Directives, name: str, otherwise: float) -> float:
    return (delta(said[name]) or 0.0) if name in said else otherwise


def _initial_age(reply: Reply, received: float) -> float:
    """RFC 9111 4.2.3. An Age that cannot be read makes the answer older than any lifetime."""
    told = age_of(reply.headers)
    if told is None:
        return LONGEST
    date = date_of(reply.headers, "date", received)
    apparent = 0.0 if date is None else max(0.0, received - date)
    return max(apparent, told + reply.elapsed)


def lifetime_of(headers: Headers, said: Directives, status: int, received: float) -> tuple[float, str]:
    """Return how many seconds a private cache may take the answer as fresh, and by which rule (RFC 9111 4.2.1)."""
    if "max-age" in said:
        seconds = delta(said["max-age"])
        return (0.0, "max-age is not a number") if seconds is None else (seconds, f"max-age={seconds:.0f}")
    date = date_of(headers, "date", received)
    date = received if date is None else date
    if joined(headers, "expires") is not None:
        expires = date_of(headers, "expires", received)
        seconds = 0.0 if expires is None else max(0.0, expires - date)
        return seconds, "Expires is no date" if expires is None else f"Expires {seconds:.0f} s after Date"
    modified = date_of(headers, "last-modified", received)
    if modified is not None and (status in _HEURISTIC or "public" in said):
        return min(max(0.0, date - modified) * _TENTH, _LONGEST_GUESS), "a tenth of the time since Last-Modified"
    return 0.0, "the answer does not say for how long"


def judge(facts: Facts | None, request: Told, now: float, ttl: float | None = None) -> Verdict:
    """Return what to do about the stored answer; `ttl` is how old it may be for this call, None for its lifetime.

    RFC 9111 4: fresh, allowed to be served stale, successfully validated, or not to be used.
    """
    if facts is None:
        return Miss("nothing is stored")
    age = facts.age(now)
    lifetime = facts.lifetime if ttl is None else ttl
    if request is not PLAIN and request.max_age is not None:
        lifetime = min(lifetime, request.max_age)
    if facts.always_ask or request.no_cache:
        return _ask_again(facts, age, "no-cache: to be asked each time (RFC 9111 5.2.2.4)")
    if age + request.min_fresh < lifetime:
        return Fresh(age, f"{age:.0f} s old, and good for {lifetime:.0f} s")
    if not facts.strict and ttl is None and not request.min_fresh:
        over = age - lifetime
        if request.max_age is None and over < facts.stale_while_revalidate:
            return Stale(age, f"over its time by {over:.0f} s, shown while it is renewed (RFC 5861 3)", renew=True)
        if over < request.max_stale:
            return Stale(age, f"over its time by {over:.0f} s, which max-stale allows (RFC 9111 5.2.1.2)")
    return _ask_again(facts, age, f"{age:.0f} s old, and good for {lifetime:.0f} s only")


def _ask_again(facts: Facts, age: float, reason: str) -> Revalidate | Miss:
    lines = conditions(facts)
    return Revalidate(age, lines, reason) if lines else Miss(reason)


def conditions(facts: Facts) -> Headers:
    """Return the header lines that ask whether the stored answer still holds (RFC 9111 4.3.1), none where none can."""
    pairs = (("If-None-Match", facts.etag), ("If-Modified-Since", facts.last_modified))
    return tuple((name, value) for name, value in pairs if value)


def as_cached(reply: Reply, facts: Facts, method: str, asked: Headers, now: float) -> Reply:
    """Return a stored reply as the answer to this request: with its Age, and without a body where none belongs.

    `asked` is the request's header: 304 answers a condition of the person's own that is met (RFC 9111 4.3.2).
    """
    told = replace(reply, headers=with_age(reply.headers, facts.age(now)))
    if unchanged_for(asked, facts, now):
        return replace(told, status=304, content=b"")
    return replace(told, content=b"") if method == "HEAD" else told


def confirmed(stored: Reply, news: Reply) -> Reply:
    """Return the stored reply as a 304 leaves it (RFC 9111 4.3.4)."""
    request_id = news.request_id or stored.request_id
    headers = refreshed(stored.headers, news.headers)
    return replace(stored, headers=headers, elapsed=news.elapsed, request_id=request_id)


def unchanged_for(asked: Headers, facts: Facts, now: float) -> bool:
    """Return whether the person's own condition is met by the stored answer, so that 304 is the answer to it.

    If-None-Match goes before If-Modified-Since, and compares weakly (RFC 9111 4.3.2, RFC 9110 8.8.3.2).
    """
    tags = joined(asked, "if-none-match")
    if tags is not None:
        wanted = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return bool(facts.etag) and (facts.etag.removeprefix("W/") in wanted or "*" in wanted)
    since = date_of(asked, "if-modified-since", now)
    modified = date_of((("last-modified", facts.last_modified),), "last-modified", now)
    return since is not None and modified is not None and modified <= since


def over_an_error(facts: Facts | None, request: Told, status: int | None, now: float) -> Stale | Miss:
    """Return whether the stored answer may stand in for a failure; `status` None means no answer came at all.

    RFC 5861 4 and RFC 9111 4.2.4: never where must-revalidate or no-cache forbids it.
    """
    if facts is None:
        return Miss("nothing is stored")
    if status is not None and status not in _SERVER_FAILED:
        return Miss(f"a {status} is an answer, not a failure of the server")
    if facts.strict or request.no_cache:
        return Miss("the server must be asked, and a stale answer is forbidden")
    age = facts.age(now)
    over = age - facts.lifetime
    if over >= facts.stale_if_error:
        return Miss(f"over its time by {over:.0f} s, more than stale-if-error allows")
    return Stale(age, f"{age:.0f} s old; stale-if-error allows it for {facts.stale_if_error:.0f} s past its time")
