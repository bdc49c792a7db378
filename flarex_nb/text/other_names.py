"""`# @` settings of other `.http` clients: which option each means, or why it means none here."""

from __future__ import annotations

import re
from typing import NamedTuple

from flarex_nb.text.source import masked


class Known(NamedTuple):
    """What another client's setting comes to: an option and its value, a refusal, or nothing with a remark."""

    option: str = ""
    value: str = ""
    refusal: str = ""
    hint: str = ""


_ALREADY = Known()
_REMARKS = {
    "no-cookie-jar": _ALREADY,
    "no-client-cert": _ALREADY,
    "no-log": Known(hint="it has no effect here; --quiet shows nothing."),
    "title": _ALREADY,
    "description": _ALREADY,
    "verbose": Known(hint="it has no effect here; every result can explain() itself."),
    "debug": Known(hint="it has no effect here; every result can explain() itself."),
    "keep-streaming": Known(option="stream"),
    "loop": Known(option="for"),
    "ratelimit": Known(option="rate"),
    "rate-limit": Known(option="rate"),
    "no-redirect": Known(
        refusal="redirects cannot be switched off by a request",
        hint="Leave it out: only reads are redirected, and only within one origin.",
    ),
    "proxy": Known(refusal="a proxy cannot be chosen by a request", hint="Leave it out."),
    "sleep": Known(refusal="a request cannot wait by itself", hint="Leave it out: the limits of the service are kept."),
    "prompt": Known(refusal="a request cannot ask", hint='Ask in a cell above, x = input("..."), and write {{x}}.'),
    "ref": _ALREADY,  # read by whoever knows the answers there are
    "force-ref": Known(refusal="requests run in the order they stand in", hint="Put the other one above this one."),
    "import": Known(refusal="other files are not imported", hint="Copy the request into the cell."),
    "disabled": Known(refusal="a request cannot be switched off", hint="Begin its lines with #."),
    "jwt": Known(refusal="it is not known here", hint="Leave it out."),
}  # fmt: skip


def other_client(name: str, value: str) -> Known | None:
    """Return what the setting of another client comes to, None where it is not one."""
    spelled = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower().replace("_", "-")
    if spelled == "timeout":
        return _timeout(value)
    known = _REMARKS.get(spelled)
    if known is not None and known.option and not known.value:
        return known._replace(value=value)
    return known


def _timeout(value: str) -> Known:
    """Return the time of one attempt; a bare number is milliseconds in one client and seconds in another."""
    if re.search(r"[A-Za-z]", value):
        return Known(option="attempt-timeout", value=value)
    return Known(
        refusal=f"{masked(value)[:20] or 'nothing'} has no unit", hint="Write # @timeout 10s or # @timeout 500ms."
    )
