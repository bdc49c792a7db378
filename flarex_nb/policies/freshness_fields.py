"""What the header fields about caching say, read to plain values. Decides nothing; no text makes it raise.

RFC 9111 section 5, and section 4.1 for Vary.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from flarex_nb.policies.dates import http_date

if TYPE_CHECKING:
    from flarex_nb.model import Headers

LONGEST = 2.0**31
"""Seconds: any longer delta counts as this (RFC 9111 1.2.2)."""

_DIRECTIVE = re.compile(r'\s*([^\s,="]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^,]*)))?[^,]*(?:,|$)')
_PAIR = re.compile(r"\\(.)")
_DELTA = re.compile(r"[0-9]+")

TELLING = frozenset({"cache-control", "pragma"})
"""The request's own fields about caching."""

CONDITIONS = frozenset({"if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "if-range"})
"""The request's own conditions (RFC 9110 13.1)."""

_CONSTANT = frozenset({"accept-encoding", "user-agent", "host", "connection", "origin", "referer", "cookie"})
"""Fields the wire sets to the same value in every request of ours, or never sends: no answer can differ by them."""

_PER_CONNECTION = frozenset(
    {
        "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authentication-info",
        "proxy-authorization", "te", "transfer-encoding", "upgrade",
    }
)  # fmt: skip
"""Never stored (RFC 9111 3.1)."""

_COOKIES = frozenset({"set-cookie", "set-cookie2"})
"""Not stored either: a cookie is a credential, and belongs to the answer it came with."""

_KEPT_OVER_304 = frozenset(
    {"content-length", "content-encoding", "content-md5", "content-range", "etag", *_PER_CONNECTION}
)
"""What a 304 does not change: it describes the stored body, or the stored answer's own identity (RFC 9111 3.2)."""

Directives = dict[str, str | None]
"""Directive names in lower case, each with its argument, None for none."""


def joined(headers: Headers, name: str) -> str | None:
    """Return the field's lines as one list (RFC 9110 5.3), None where there is no such field."""
    lines = [value for key, value in headers if key.lower() == name]
    return ", ".join(lines) if lines else None


def directives(headers: Headers) -> Directives:
    """Return what Cache-Control says; of a directive that stands twice, the one that keeps an answer the shorter."""
    text = joined(headers, "cache-control")
    found: Directives = {}
    for name, quoted, plain in _DIRECTIVE.findall(text or ""):
        value = _PAIR.sub(r"\1", quoted) if quoted else plain.strip() or None
        key = name.lower()
        found[key] = _shorter(found[key], value) if key in found else value
    return found


def _shorter(one: str | None, other: str | None) -> str | None:
    first, second = delta(one), delta(other)
    if first is None or second is None:
        return one if first is None else other
    return one if first <= second else other


def delta(text: str | None) -> float | None:
    """Return delta-seconds (RFC 9111 1.2.2), None for anything but digits."""
    if text is None or not _DELTA.fullmatch(text):
        return None
    return min(float(text[:20]), LONGEST)


def age_of(headers: Headers) -> float | None:
    """Return the seconds the Age field says, 0 where there is none, None where it is not one number.

    RFC 9111 5.1 lets a cache read the first of a list and pass over what is no number. An answer whose age cannot be
    known is taken as stale here instead: that is never wrong, and costs one request.
    """
    text = joined(headers, "age")
    return 0.0 if text is None else delta(text.strip())


def date_of(headers: Headers, name: str, now: float) -> float | None:
    """Return the moment in a date field, seconds since 1970; None where it is missing or no date."""
    text = joined(headers, name)
    return None if text is None else http_date(text, now)


def varying(headers: Headers) -> tuple[str, ...] | None:
    """Return the request fields by which the answer may differ, sorted; None for `*`: by anything (RFC 9111 4.1)."""
    text = joined(headers, "vary")
    if text is None:
        return ()
    names = {name.strip().lower() for name in text.split(",")} - {""}
    return None if "*" in names else tuple(sorted(names - _CONSTANT))


def storable(headers: Headers) -> Headers:
    """Return what of an answer's header may be stored (RFC 9111 3.1)."""
    listed = joined(headers, "connection") or ""
    dropped = {name.strip().lower() for name in listed.split(",")} | _PER_CONNECTION | _COOKIES
    return tuple(line for line in headers if line[0].lower() not in dropped)


def refreshed(stored: Headers, news: Headers) -> Headers:
    """Return the stored header as a 304 changes it (RFC 9111 3.2): a field it brings replaces the one of that name.

    The stored Age and Date say when the old answer was made; without new ones they would make this one old at once.
    """
    fresh = tuple(line for line in news if line[0].lower() not in _KEPT_OVER_304)
    replaced = {name.lower() for name, _ in fresh} | {"age", "date"}
    return (*(line for line in stored if line[0].lower() not in replaced), *fresh)


def with_age(headers: Headers, age: float) -> Headers:
    """Return the header with the Age a stored answer must say (RFC 9111 5.1)."""
    return (*(line for line in headers if line[0].lower() != "age"), ("Age", str(int(age))))


class Told(NamedTuple):
    """What a request's own Cache-Control asks (RFC 9111 5.2.1); seconds, None for not said.

    `max_stale` is how long past its lifetime an answer may be. A request without any of it is `PLAIN`.
    """

    no_store: bool = False
    no_cache: bool = False
    only_if_cached: bool = False
    max_age: float | None = None
    min_fresh: float = 0.0
    max_stale: float = 0.0

    def at_most(self, seconds: float | None) -> Told:
        """Return the same with an age of so many seconds at most, None for no limit."""
        if seconds is None:
            return self
        return self._replace(max_age=seconds if self.max_age is None else min(seconds, self.max_age))


PLAIN = Told()


def told_by(headers: Headers) -> Told:
    """Return what the request says about caching. Pragma counts where Cache-Control is missing (RFC 9111 5.4)."""
    if not any(name.lower() in TELLING for name, _ in headers):
        return PLAIN
    said = directives(headers)
    if not said:
        return Told(no_cache="no-cache" in (joined(headers, "pragma") or "").lower())
    stale = delta(said.get("max-stale"))
    if "max-stale" in said and said["max-stale"] is None:
        stale = LONGEST
    return Told(
        no_store="no-store" in said,
        no_cache="no-cache" in said,
        only_if_cached="only-if-cached" in said,
        max_age=delta(said.get("max-age")),
        min_fresh=delta(said.get("min-fresh")) or 0.0,
        max_stale=stale or 0.0,
    )
