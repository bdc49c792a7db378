"""The RateLimit fields of the IETF, in the current and two older forms, read to quotas.

Current: draft-ietf-httpapi-ratelimit-headers-10, Lists of String Items with Integer parameters (RFC 9651). Older: a
Dictionary (`limit=100, remaining=0, reset=5`, draft 07) and three plain headers (drafts up to 06). A field that is
malformed is ignored whole, an item without the parameters it needs is skipped.
"""

from __future__ import annotations

from collections import UserString
from typing import TYPE_CHECKING, Any

from flarex_nb.policies.durations import bounded, count, decimal
from flarex_nb.policies.quota import Quota

if TYPE_CHECKING:
    from flarex_nb.policies.reading import Reading

_LONGEST = 8192
"""Characters of a field that are read; a longer one is ignored as malformed."""


def ratelimit_fields(reading: Reading) -> tuple[Quota, ...]:
    """Return the quotas of the RateLimit fields; none from an answer that a cache gave, as the draft says."""
    if reading.from_cache:
        return ()
    return _listed(reading) or _dictionary(reading) or _plain(reading)


def _listed(reading: Reading) -> tuple[Quota, ...]:
    limits = {name: _whole(params.get("q")) for name, params in _items(reading, "ratelimit-policy")}
    found = []
    for name, params in _items(reading, "ratelimit"):
        remaining, seconds = _whole(params.get("r")), _whole(params.get("t"))
        if remaining is not None:
            reset = None if seconds is None else bounded(float(seconds))
            found.append(Quota(name, limits.get(name), remaining, reset, "RateLimit"))
    return tuple(found)


def _items(reading: Reading, field: str) -> list[tuple[str, dict[str, Any]]]:
    """Return (name, parameters) of each item whose value is a String, or a Token as draft 08 had it."""
    parsed = _parse(reading, field, "list")
    if not isinstance(parsed, list):
        return []
    return [(str(item[0]), item[1]) for item in parsed if isinstance(item[0], str | UserString)]


def _dictionary(reading: Reading) -> tuple[Quota, ...]:
    parsed = _parse(reading, "ratelimit", "dictionary")
    if not isinstance(parsed, dict):
        return ()
    limit, remaining, reset = (_member(parsed, key) for key in ("limit", "remaining", "reset"))
    if remaining is None and reset is None:
        return ()
    return (Quota("default", limit, remaining, None if reset is None else bounded(float(reset)), "RateLimit"),)


def _member(parsed: dict[str, Any], key: str) -> int | None:
    return _whole(parsed[key][0]) if key in parsed else None


def _whole(value: object) -> int | None:
    """Return an Integer of a structured field that is not negative; a Boolean is not one."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _plain(reading: Reading) -> tuple[Quota, ...]:
    remaining, reset = reading.text("ratelimit-remaining"), decimal(reading.text("ratelimit-reset"))
    left = count(remaining)
    if left is None and reset is None:
        return ()
    seconds = None if reset is None or reset < 0 else bounded(reset)
    return (Quota("default", count(reading.text("ratelimit-limit")), left, seconds, "RateLimit-Reset"),)


def _parse(reading: Reading, field: str, kind: str) -> object:
    value = ", ".join(reading.each(field))
    if not value or len(value) > _LONGEST:
        return None
    import http_sf  # noqa: PLC0415 - only services that send these fields need the parser

    try:
        return http_sf.parse(value.encode("ascii"), tltype=kind)
    except ValueError:  # malformed, or not ASCII
        return None
