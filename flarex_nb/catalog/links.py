"""Reads the `Link` header (RFC 8288 3): which URL stands for which relation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flarex_nb.model import Headers

_TARGET = re.compile(r"\s*<([^>]*)>")
_PARAM = re.compile(r"""\s*;\s*([!#$%&'*+.^_`|~\w-]+)\*?\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s;,"]*))?""")


def linked(headers: Headers, rel: str) -> str | None:
    """Return the target of the first link with that relation, as it stands there; None for none.

    Several headers count as one; what cannot be read ends the reading of its header.
    """
    for name, value in headers:
        if name.lower() == "link":
            for target, relations in _links(value):
                if rel.lower() in relations:
                    return target
    return None


def _links(value: str) -> Iterator[tuple[str, list[str]]]:
    at = _between(value, 0)
    while (target := _TARGET.match(value, at)) is not None:
        at = target.end()
        relations: list[str] = []
        while (param := _PARAM.match(value, at)) is not None:
            at = param.end()
            if param[1].lower() == "rel" and not relations:  # 3.3: only the first one counts
                relations = (param[2] or "").strip('"').lower().split()
        yield target[1].strip(), relations
        at = _between(value, at)


def _between(value: str, at: int) -> int:
    """Return where the next link begins: commas and spaces may stand before it."""
    return at + len(value[at:]) - len(value[at:].lstrip(" \t,"))
