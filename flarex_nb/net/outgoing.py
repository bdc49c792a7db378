"""A request is checked before anything is opened for it. Pure; no value is ever echoed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flarex_nb.errors import UsageError

if TYPE_CHECKING:
    from flarex_nb.model import Outgoing

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")  # RFC 9110 5.6.2
_VALUE = re.compile(r"[\t\x20-\x7e]*\Z")  # RFC 9110 5.5, without the octets that have no agreed meaning
_NOT_CALLS = frozenset({"CONNECT", "TRACE"})

FRAMING = frozenset({
    "accept-encoding", "connection", "content-length", "expect", "host", "keep-alive", "proxy-connection", "te",
    "trailer", "transfer-encoding", "upgrade",
})  # fmt: skip
"""Headers that say how the message travels; a person's own would contradict the message or go to another host."""


def check_outgoing(out: Outgoing) -> None:
    """Refuse a method or header that cannot be sent as it is.

    Raises:
        UsageError: the name of the header is in it, the value is not.
    """
    if not _TOKEN.match(out.method) or out.method.upper() in _NOT_CALLS:
        msg = f"{out.method[:20]!a} is not a method that may be sent"
        raise UsageError(msg, hint="Methods: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS.")
    for name, value in out.headers:
        if not _TOKEN.match(name):
            msg = "a header's name holds characters that no name has"
            raise UsageError(msg, hint="Names are letters, digits and hyphens.")
        if name.lower() in FRAMING:
            msg = f"the header {name} is set by the wire itself"
            raise UsageError(msg, hint="Leave it out.")
        if not _VALUE.match(value):
            kind = "characters outside ASCII" if value.isprintable() else "a line break or another control character"
            msg = f"the value of the header {name} holds {kind}; it is not shown here"
            raise UsageError(msg, hint="Remove it; text in other alphabets is sent encoded (RFC 8187).")
