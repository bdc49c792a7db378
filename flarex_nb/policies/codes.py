"""The provider's own words for what went wrong, collected from the places error bodies keep them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flarex_nb.policies.dialects_body import details, parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flarex_nb.model import Json
    from flarex_nb.policies.verdict import Outcome

_LONGEST = 200
"""Characters of a code; a longer text is prose, or meant to cost time."""

_PART_KEYS = ("code", "type", "status", "reason", "error")
_DETAIL_KEYS = ("reason", "code")
_IN_PROGRESS = re.compile(
    r"idempotency[_-].*(?:in[_-](?:use|progress|flight)|concurrent).*|lock[_-]timeout", re.IGNORECASE
)


def codes(outcome: Outcome, status: int | None) -> frozenset[str]:
    """Return every code of the outcome: the given one, those of the body and of its details, and the status as text."""
    found = {outcome.code, *_in_body(outcome.body), "" if status is None else str(status)}
    return frozenset(word for word in found if 0 < len(word) <= _LONGEST)


def in_progress(words: frozenset[str]) -> bool:
    """Return whether a code says that an equal request is under way, or the object locked: worth asking again."""
    return any(_IN_PROGRESS.fullmatch(word) for word in words)


def _in_body(body: Json) -> Iterator[str]:
    for part in parts(body):
        yield from (part[key] for key in _PART_KEYS if isinstance(part.get(key), str))
    for detail in details(body):
        yield from (detail[key] for key in _DETAIL_KEYS if isinstance(detail.get(key), str))
