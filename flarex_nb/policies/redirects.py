"""Where an answer that points elsewhere may lead: the next URL, or the reason why it is not gone to. Pure.

A call with a credential stays on its origin. A call without one may go to another, never back from https to http. A
body is not sent a second time. Whether the next address may be dialled is judged where it is dialled, at every hop.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote, urljoin, urlsplit

MAX_REDIRECTS = 5
STATUSES = frozenset({301, 302, 303, 307, 308})
_READS = frozenset({"GET", "HEAD"})
_PORTS = {"http": 80, "https": 443}
_ASCII = "".join(map(chr, range(0x21, 0x7F)))
_LONGEST = 80

ANYWHERE = frozenset({"accept", "accept-language", "user-agent"})
"""Headers that say nothing about who asks for what; only these go along to another origin."""


@dataclass(frozen=True, slots=True)
class Follow:
    """Go on to `url`; `leaves` says that it is another origin. The URL may hold anything and is not shown."""

    url: str = field(repr=False)
    leaves: bool


@dataclass(frozen=True, slots=True)
class Stay:
    """Do not go on: `where` is the origin that was asked for, `why` the reason."""

    where: str
    why: str


def onward(url: str, method: str, location: str, *, roams: bool) -> Follow | Stay:  # noqa: PLR0911 - a list of rules
    """Return what becomes of a redirect from `url` (RFC 9110 15.4).

    `location` is the header's value as it came, latin-1; `roams` says that no credential is sent, so that another
    origin may be asked.
    """
    try:
        following = urljoin(url, quote(location.encode("latin-1", "replace"), safe=_ASCII)).partition("#")[0]
        here, there = _origin(url), _origin(following)
    except ValueError:  # the standard library's parser refuses it: a bracket that never closes, a port that is none
        return Stay("a URL that cannot be read", "it is no URL")
    where = _shown(following)
    if method not in _READS:
        return Stay(where, "a body is never sent twice")
    if there == here:
        return Follow(following, leaves=False)
    if not roams:
        return Stay(where, "a credential never goes along to another origin")
    if there[0] not in _PORTS:
        return Stay(where, "it is neither http nor https")
    if here[0] == "https" and there[0] != "https":
        return Stay(where, "https is not left again")
    return Follow(following, leaves=True)


def _origin(url: str) -> tuple[str, str, int]:
    """Return scheme, authority without a default port, and port; a user name makes it another origin."""
    parts = urlsplit(url)
    port = parts.port or _PORTS.get(parts.scheme, 0)
    user = parts.netloc.rpartition("@")[0]
    return parts.scheme, f"{user}@{parts.hostname}" if user else (parts.hostname or ""), port


def _shown(url: str) -> str:
    """Return scheme, host and port for a message: no user name, nothing invisible, not too long."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2] or "?"
    return ascii(f"{parts.scheme}://{place}")[1:-1][:_LONGEST]
