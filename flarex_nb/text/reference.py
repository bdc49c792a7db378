"""References to earlier requests as `.http` clients write them: which answer, and which part of it.

`login.response.body.$.id` is a JSONPath (RFC 9535) in that answer's body; `login.response.headers.X-Id` is looked up
without regard to case (RFC 9110 5.1). The caller puts a named answer into the names as {"response": {"status",
"headers", "body"}}.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from flarex_nb.text import jsonpath
from flarex_nb.text.access import Absent
from flarex_nb.text.source import nearest, shown

if TYPE_CHECKING:
    from flarex_nb.model import Json

_ANSWER = r"(?P<whole>\s*[A-Za-z_]\w*\.(?:response|request)\.)"
_BODY = re.compile(_ANSWER + r"body\.(?:\*\s*\Z|(?P<path>\$(?=[.\[\s]|\Z).*)\Z)", re.DOTALL)
_HEADER = re.compile(_ANSWER + r"headers\.(?P<name>[A-Za-z][A-Za-z0-9-]*)\s*\Z")


class Reference(NamedTuple):
    """A plain expression, and what is then looked up in its value: a JSONPath, a header's name, or neither."""

    expression: str
    path: str = ""
    header: str = ""


def read_reference(text: str) -> Reference:
    """Return the expression without what only `.http` clients can read; that apart."""
    if found := _BODY.match(text):
        return Reference(f"{found['whole']}body", path=(found["path"] or "$").strip())
    if found := _HEADER.match(text):
        return Reference(f"{found['whole']}headers", header=found["name"])
    return Reference(text)


def part_of(value: object, reference: Reference) -> object:
    """Return what the reference means in the value of its expression.

    A query that can mean one value at most gives that value, any other a list of all it means, however many.

    Raises:
        Absent: there is no such header or part.
        UsageError: the JSONPath is none.
    """
    if reference.header:
        return _header_of(value, reference.header)
    return _body_part(value, reference.path) if reference.path else value


def _body_part(body: Json, path: str) -> object:
    found = jsonpath.find(path, body)
    if not jsonpath.is_single(path):
        return found
    if found:
        return found[0]
    raise Absent(jsonpath.missing(path, body) or f"{shown(path)} means nothing in the answer")


def _header_of(headers: object, name: str) -> object:
    """Return the value of the header of that name; case does not matter."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    known = {str(key).lower(): value for key, value in pairs}  # type: ignore[attr-defined]  # header lines
    if name.lower() in known:
        return known[name.lower()]
    msg = f"the answer has no header {shown(name)}.{nearest(name, known)}"
    raise Absent(msg)
