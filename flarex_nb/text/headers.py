"""The header lines of a request filled in. A value never adds a line (RFC 9110 5.5)."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from flarex_nb.errors import UsageError
from flarex_nb.text.kinds import Marked
from flarex_nb.text.scan import OPEN
from flarex_nb.text.source import shown

if TYPE_CHECKING:
    from flarex_nb.model import Headers
    from flarex_nb.text.raw import RawHeader
    from flarex_nb.text.scope import Context
    from flarex_nb.text.source import Source

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_BASIC = re.compile(r"Basic\s+(?P<user>[^\s:]+)(?:\s+|:)(?P<rest>\S.*)\Z", re.IGNORECASE | re.DOTALL)


def fill_headers(headers: tuple[RawHeader, ...], context: Context) -> tuple[Headers, frozenset[str]]:
    """Return the header lines, and the names (lower case) of those whose value is made anew each time.

    Raises:
        CellSyntaxError, UsageError: with the place of the value.
    """
    lines, anew = list[tuple[str, str]](), set[str]()
    for header in headers:
        before = context.uuids
        value = checked_value(header.name, context.fill(header.value, "header"), header.value)
        if context.uuids > before:
            anew.add(header.name.lower())
        value = _basic(value, header.value) if header.name.lower() == "authorization" else value
        lines.append((header.name, str(value)))
    return tuple(lines), frozenset(anew)


def checked_value(name: str, value: str, source: Source) -> str:
    """Return the value of a header without the spaces around it.

    Raises:
        UsageError: a name that is none, a line break or another control character, or a character outside latin-1.
    """
    if not _NAME.match(name):
        msg = f"{shown(name)} is not the name of a header"
        raise source.error(msg, hint="A name has letters, digits and hyphens.")
    offset = max(0, source.text.find(OPEN))
    if _CONTROL.search(value):
        msg = f"the value of {name} holds a line break or another control character"
        raise UsageError(msg, hint="A header is one line: strip the value in a cell above.", place=source.place(offset))
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        msg = f"the value of {name} holds a character that headers cannot carry"
        hint = "Headers carry latin-1; percent-encode the value, or send it in the body."
        raise UsageError(msg, hint=hint, place=source.place(offset)) from None
    stripped = value.strip(" \t")
    return Marked(stripped, value.secrets) if isinstance(value, Marked) else stripped


def _basic(value: str, source: Source) -> str:
    """Return `Basic user:password` encoded, as the clients of these files do; anything else as it is."""
    found = _BASIC.match(value)
    if found is None:
        return value
    if isinstance(value, Marked):
        msg = "Basic credentials with a secret are put together by the service's profile"
        hint = 'Give the profile auth = { kind = "basic", username = "...", secret = "..." } and leave this line out.'
        raise source.error(msg, hint=hint)
    pair = base64.b64encode(f"{found['user']}:{found['rest']}".encode()).decode()
    return f"Basic {pair}"
