"""References to earlier requests as `.http` clients write them, turned into plain expressions.

`login.response.body.$.id` becomes `login.response.body.id`; `login.response.headers.X-Id` is looked up without regard
to case (RFC 9110 5.1). The caller puts a named answer into the names as {"response": {"status", "headers", "body"}}.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from flarex_nb.text.access import Absent
from flarex_nb.text.source import nearest, shown

_BODY = re.compile(r"(\s*[A-Za-z_]\w*\.(?:response|request)\.body)\.(?:\$|\*)(?=[.\[\s]|\Z)(.*)\Z", re.DOTALL)
_HEADER = re.compile(r"(\s*[A-Za-z_]\w*\.(?:response|request)\.headers)\.([A-Za-z][A-Za-z0-9-]*)\s*\Z")


def plain_reference(text: str) -> tuple[str, str | None]:
    """Return the expression without `$`, and the header's name where the reference ends in one."""
    if found := _BODY.match(text):
        return found[1] + found[2], None
    if found := _HEADER.match(text):
        return found[1], found[2]
    return text, None


def header_of(headers: object, name: str) -> object:
    """Return the value of the header of that name; case does not matter.

    Raises:
        Absent: the answer has no such header.
    """
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    known = {str(key).lower(): value for key, value in pairs}  # type: ignore[attr-defined]  # header lines
    if name.lower() in known:
        return known[name.lower()]
    msg = f"the answer has no header {shown(name)}.{nearest(name, known)}"
    raise Absent(msg)
