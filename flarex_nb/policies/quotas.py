"""An answer's quotas in every dialect that has them: what is left and when it is full again.

Used before a request (the throttle, the status panel) and after one (`dialects`, for the wait). It decides nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from flarex_nb.policies.dates import reset_in, rfc3339
from flarex_nb.policies.durations import bounded, count, decimal, go_duration
from flarex_nb.policies.quota import Quota
from flarex_nb.policies.reading import Reading, read
from flarex_nb.policies.structured import ratelimit_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flarex_nb.model import Headers

Reader: TypeAlias = "Callable[[Reading], tuple[Quota, ...]]"
Groups: TypeAlias = dict[str, dict[str, tuple[str, str]]]
"""(header, value) by the quota's name and then by field: "limit", "remaining", "reset"."""

_PREFIXES = ("x-ratelimit-", "x-rate-limit-")
_FIELD_FIRST = re.compile(r"x-ratelimit-(limit|remaining|reset)-(?!after$)(.+)")
_FIELD_LAST = re.compile(r"(?:[a-z0-9]+-)?ratelimit-(.+)-(limit|remaining|reset)")


def by_size(reading: Reading) -> tuple[Quota, ...]:
    """Return the quota of `X-RateLimit-Limit/-Remaining/-Reset`, the reset read by its size (`dates.reset_in`).

    The same names are used for seconds since 1970 (GitHub, Discord), milliseconds, seconds from now, and dates.
    """
    reset = reading.text(*_named("reset"))
    return _single(reading, reset_in(reset, reading.now) if reset else None, "X-RateLimit-Reset")


def by_delta(reading: Reading) -> tuple[Quota, ...]:
    """Return the quota of `X-RateLimit-Reset-After`, decimal seconds from now (Discord, topics/rate-limits)."""
    reset = decimal(reading.text("x-ratelimit-reset-after"))
    if reset is None:
        return by_size(reading)
    return _single(reading, bounded(reset), "X-RateLimit-Reset-After")


def go_durations(reading: Reading) -> tuple[Quota, ...]:
    """Return the quotas of `x-ratelimit-{limit,remaining,reset}-{requests,tokens,...}`; resets are Go durations.

    OpenAI, guides/rate-limits: the reset is the time until the bucket is full. Azure sends -1 for unknown.
    """
    groups = _grouped(reading, _FIELD_FIRST, field=1, name=2)
    return _several(groups, go_duration)


def rfc3339_resets(reading: Reading) -> tuple[Quota, ...]:
    """Return the quotas of `*-ratelimit-{requests,tokens,...}-{limit,remaining,reset}`; resets are RFC 3339 dates.

    Anthropic, api/rate-limits.
    """

    def until(text: str) -> float | None:
        moment = rfc3339(text)
        return None if moment is None else bounded(moment - reading.now)

    groups = _grouped(reading, _FIELD_LAST, field=2, name=1)
    return _several(groups, until)


READERS: dict[str, Reader] = {
    "body_retry_after": by_delta,
    "ratelimit_fields": ratelimit_fields,
    "go_duration": go_durations,
    "rfc3339_resets": rfc3339_resets,
    "primary_secondary": by_size,
    "reset_by_size": by_size,
}
"""The dialects that tell quotas, the more exact reading of the same headers first."""


def quotas(headers: Headers, dialects: Sequence[str], wall: float) -> tuple[Quota, ...]:
    """Return what an answer says about its limits, one quota for each name; never raises, whatever the headers hold.

    `wall` is this machine's seconds since 1970, used where the answer has no Date. An answer that a cache gave says
    nothing. Names of dialects without quotas are passed over.
    """
    if not any("limit" in name.lower() for name, _ in headers):
        return ()  # every dialect's headers have it in their name, and most answers have none of them
    reading = read(None, headers, None, wall)
    if reading.from_cache:
        return ()
    found: dict[str, Quota] = {}
    for dialect, reader in READERS.items():
        for quota in reader(reading) if dialect in dialects else ():
            found.setdefault(quota.name, quota)
    return tuple(found.values())


def _named(field: str) -> tuple[str, ...]:
    return tuple(prefix + field for prefix in _PREFIXES)


def _single(reading: Reading, reset: float | None, source: str) -> tuple[Quota, ...]:
    name = reading.text("x-ratelimit-bucket", "x-ratelimit-resource") or "default"
    limit, remaining = (count(reading.text(*_named(field))) for field in ("limit", "remaining"))
    quota = Quota(name, limit, remaining, reset, "X-RateLimit-Remaining" if reset is None else source)
    return (quota,) if quota.says_something() else ()


def _grouped(reading: Reading, form: re.Pattern[str], *, field: int, name: int) -> Groups:
    groups: Groups = {}
    for header, values in reading.lines.items():
        match = form.fullmatch(header)
        if match:
            groups.setdefault(match[name], {})[match[field]] = (header, values[0])
    return groups


def _several(groups: Groups, until: Callable[[str], float | None]) -> tuple[Quota, ...]:
    found = []
    for name, fields in groups.items():
        source = next(fields[field][0] for field in ("reset", "remaining", "limit") if field in fields)
        limit, remaining, reset = (fields.get(field, ("", ""))[1] for field in ("limit", "remaining", "reset"))
        quota = Quota(name, count(limit), count(remaining), until(reset), source)
        if quota.says_something():
            found.append(quota)
    return tuple(found)
