"""Where a request of a service goes: the profile's base and what a person wrote become one URL. Sends nothing."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlencode, urlsplit

from flarex_nb.catalog.registry import endpoint_for
from flarex_nb.errors import HostNotAllowed, UsageError
from flarex_nb.model import origin_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from flarex_nb.catalog.profile import Service
    from flarex_nb.model import CallRequest


_PLAIN_PATH = re.compile(r"/[A-Za-z0-9_/-]*")
"""A path in which nothing is to be encoded and no part can lead elsewhere."""


def url_of(base: str, request: CallRequest, service: Service, secret: Collection[str]) -> str:
    """Return the whole URL of the request at `base`, without the query parameters in which secrets go.

    Raises:
        HostNotAllowed, UsageError: a URL or path that leads elsewhere than the service.
    """
    query = tuple(pair for pair in request.query if pair[0] not in secret)
    try:
        path = _path_of(request.target, service)
        return f"{base}{path}" + (f"?{query_text(query)}" if query else "")
    except UnicodeEncodeError:
        msg = "the path or the query holds half of a surrogate pair, which is no character and cannot be sent"
        raise UsageError(msg, hint="The text was cut or decoded wrongly before: look where it comes from.") from None


def _path_of(target: str, service: Service) -> str:
    """Return the path to ask for, encoded; a plain one needs no further look.

    Raises:
        HostNotAllowed, UsageError: it leads elsewhere than the service.
    """
    if _PLAIN_PATH.fullmatch(target):
        return target
    if urlsplit(target).scheme:
        target = _path_below(target, service)
    elif not target.startswith("/"):
        msg = f"the path {target!r} does not begin with /"
        raise UsageError(msg, hint=f"Write /{target}.")
    if {".", ".."} & set(unquote(target).replace("\\", "/").split("/")):
        msg = "the path holds a . or .. part"
        raise UsageError(msg, hint="Write the path as the documentation shows it.")
    return quote(target, safe="/%:@!$&'()*+,;=~-._")


def _path_below(url: str, service: Service) -> str:
    """Return the path of a whole URL below the service's base URL.

    Raises:
        HostNotAllowed: another scheme, host or port, or a path that is not below.
    """
    if origin_of(url) != origin_of(service.base_url):
        there, here = urlsplit(url).netloc.rpartition("@")[2], urlsplit(service.base_url).netloc
        msg = f"the URL is on {urlsplit(url).scheme}://{there}, but {service.name!r} is on {here}"
        hint = "Leave the service name out, or write only the path, such as /v1/charges."
        raise HostNotAllowed(msg, hint=hint)
    if "@" in urlsplit(url).netloc:
        msg = "the URL holds a user name or password"
        raise UsageError(msg, hint="Keep it in the store: %flarex_secrets; the profile says how it is sent.")
    path, base = urlsplit(url).path or "/", urlsplit(service.base_url).path
    if base and path != base and not path.startswith(f"{base}/"):
        msg = f"the URL is not below {service.base_url}, where {service.name!r} begins"
        raise HostNotAllowed(msg, hint="Write only the path that follows it.")
    return path.removeprefix(base) or "/"


def place_of(url: str) -> str:
    """Return host and port as they stand in a whole URL: what one breaker and one lane of calls belong to."""
    return url.split("/", 3)[2]


def query_text(query: tuple[tuple[str, str], ...]) -> str:
    """Return the pairs percent-encoded; a space is %20."""
    return urlencode(query, quote_via=quote, safe="")


def unknown_path(service: Service, method: str, path: str) -> str:
    """Return a guess for a path the profile does not document, "" when it does or nothing is near."""
    if endpoint_for(service, method, path) is not None:
        return ""
    near = get_close_matches(path, [each.path for each in service.endpoints if each.method == method], n=1, cutoff=0.8)
    return f"Did you mean {method} {near[0]}? {path} is not among the documented paths." if near else ""
