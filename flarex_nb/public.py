"""A URL from outside, fetched: strictest guard, no secrets, a small answer. Looks at the URL; the client sends it.

The URL goes out as it came: one that is signed must not be written another way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from flarex_nb.catalog.public import public_url
from flarex_nb.errors import ScopeDenied, UsageError

if TYPE_CHECKING:
    from typing import Unpack

    from flarex_nb.client import Client
    from flarex_nb.model import CacheMode, CallRequest, Jitter
    from flarex_nb.pipeline.view import CallResult

_HANDLE = "<Secret "


class PublicOptions(TypedDict, total=False):
    """The options of a fetch by name, as in the magics; `flarex_nb.model.CallOptions` says what each means.

    `max_bytes` is 2 MB unless said, on the wire and unpacked each.
    """

    attempts: int
    attempt_timeout: float
    deadline: float
    jitter: Jitter
    cache: CacheMode
    ttl: float | None
    max_bytes: int | None
    max_records: int | None
    columns: str | None
    validate: object
    raw: bool
    check: bool


def fetch(client: Client, url: str, **options: Unpack[PublicOptions]) -> CallResult:
    """Return what the URL answers to a GET of this client; raises as `flarex_nb.fetch_public`."""
    return client.call("", f"GET {checked(client, url)}", guard="public", **options)


async def afetch(client: Client, url: str, **options: Unpack[PublicOptions]) -> CallResult:
    """Return what `fetch` returns, awaited on any loop."""
    return await client.acall("", f"GET {checked(client, url)}", guard="public", **options)


def checked(client: Client, url: object) -> str:
    """Return the URL where it is a text without secrets; its address is judged later.

    Raises:
        UsageError: it is no text, or a handle of a secret.
        ScopeDenied: the value of a secret stands in it that this process knows; the name is told, never the value.
    """
    if not isinstance(url, str) or _HANDLE in url:
        what = "a secret" if isinstance(url, str) else f"a {type(url).__name__}"
        msg = f"{what} is no URL that can be fetched"
        raise UsageError(msg, hint='Pass the URL as text: fetch_public("https://example.com/page").')
    _refuse_values(client, "the URL", url)
    return url


def check_request(client: Client, request: CallRequest) -> None:
    """Refuse a request of a cell in which the value of a secret stands that this process knows.

    Raises:
        ScopeDenied: as for `checked`.
    """
    _refuse_values(client, "the URL", public_url(request))
    for name, value in request.headers:
        _refuse_values(client, f"the header {name[:40]}", value)


def _refuse_values(client: Client, what: str, text: str) -> None:
    client.secrets.list()  # values of the environment are known once they were looked for
    known = client.redactor.find(text)
    if known:
        msg = f"{what} holds the value of {known[0][2]}, and a URL from outside gets no secret"
        raise ScopeDenied(msg, hint="Take it out, or call the service it belongs to by name.")
