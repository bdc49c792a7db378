"""The profile of a URL from outside: no service, no secret, a small answer. Says what such a request may be.

Whether its address is public is not judged here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flarex_nb.catalog.profile import Service
from flarex_nb.catalog.registry import NO_SERVICE
from flarex_nb.catalog.urls import query_text
from flarex_nb.errors import UsageError
from flarex_nb.model import NoBody

if TYPE_CHECKING:
    from flarex_nb.model import CallRequest

MAX_BYTES = 2_000_000
"""Bytes of one answer, on the wire and unpacked each, unless the call says otherwise."""

PUBLIC = Service(
    name=NO_SERVICE,
    title="Any public URL",
    base_url="https://public.invalid",
    headers={"Accept": "*/*"},
    max_bytes=MAX_BYTES,
)
"""Stands for the service where there is none; its base URL (a name that never exists, RFC 6761) is not used."""

_READS = ("GET", "HEAD")
_WHOLE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_CREDENTIAL = re.compile(r"auth|cookie|token|secret|password|session|(?:^|[-_])key\b|api-?key", re.IGNORECASE)


def check_public(request: CallRequest) -> None:
    """Refuse a request that is no read of one whole URL without credentials.

    Raises:
        UsageError: with the next step; nothing was sent, and no header's value is repeated.
    """
    place = str(request.span or "")
    for refused, msg, hint in _rules(request):
        if refused:
            raise UsageError(msg, hint=hint, place=place)


def public_url(request: CallRequest) -> str:
    """Return the whole URL: as it came from data, or the target with its query encoded."""
    if request.url or not request.query:
        return request.url or request.target
    return f"{request.target}?{query_text(request.query)}"


def _rules(request: CallRequest) -> tuple[tuple[bool, str, str], ...]:
    credential = next((name for name, _ in request.headers if _CREDENTIAL.search(name)), "")
    return (
        (
            bool(request.service),
            f"guard public asks a URL without a service, and {request.service!r} is named",
            f"Leave {request.service} or the guard out.",
        ),
        (
            not _WHOLE.match(request.target),
            "guard public needs a whole URL",
            "Write it as in GET https://example.com/page.",
        ),
        (
            request.method not in _READS or not isinstance(request.body, NoBody),
            "guard public reads: it sends GET or HEAD, and no body",
            "To write, register the service and call it by name.",
        ),
        (
            bool(credential),
            f"the header {credential[:40]} looks like a credential, and a URL from outside gets none",
            "Leave it out, or register the service and call it by name.",
        ),
        (
            request.options.pages != "none",
            "guard public asks for one URL, so there are no pages to follow",
            "Leave --pages out.",
        ),
    )
