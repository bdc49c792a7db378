"""A proxy that a person chose with open eyes: read and checked here, used by the session.

It looks names up itself, so nobody here sees which address is dialled: that the address is public is the one promise
that goes. What the text of a URL says is still judged, TLS still ends at the service, and the environment's own
HTTP_PROXY and the like are not read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flarex_nb.errors import AddressBlocked, HostNotAllowed, UsageError
from flarex_nb.net.host import normal_host

if TYPE_CHECKING:
    from flarex_nb.model import Reach
    from flarex_nb.net.url import Target

_WRITTEN = re.compile(r"http://(\[[^\]/?#@]*\]|[^:/?#@\[\]]+):([0-9]{1,5})/?\Z", re.IGNORECASE)

GIVEN_UP = "it looks names up itself, so that the address is public is not checked here"
"""What a person is told wherever a proxy is in use."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where an HTTP proxy listens; the host in its one spelling."""

    host: str
    port: int

    @property
    def place(self) -> str:
        """Host and port for messages."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The proxy as a URL."""
        return f"http://{self.place}"


def read_proxy(text: str) -> Proxy | None:
    """Return the proxy a setting names, None for an empty one.

    Raises:
        UsageError: it is no http://host:port; what was given is not repeated, since it may hold a password.
    """
    if not text:
        return None
    match = _WRITTEN.match(text)
    try:
        host = normal_host(match[1]) if match else ""
    except HostNotAllowed:
        host = ""
    if match is None or not host or not 0 < int(match[2]) < 65_536:  # noqa: PLR2004 - 16 bits
        msg = "the setting proxy (FLAREX_PROXY) is not a proxy that can be used"
        hint = "Write http://proxy.example.com:3128; one that asks for a user and password is not supported."
        raise UsageError(msg, hint=hint)
    return Proxy(host, int(match[2]))


def through(proxy: Proxy, target: Target, reach: Reach) -> Proxy | None:
    """Return the proxy where this request goes through it; what is registered as private is reached without it.

    Raises:
        AddressBlocked: a URL from outside, whose one protection would go.
    """
    if target.private:
        return None
    if reach.plain:
        msg = f"a URL from outside is not fetched through the proxy {proxy.place}: {GIVEN_UP}"
        raise AddressBlocked(msg, hint="Unset FLAREX_PROXY, or register the service and call it by name.")
    return proxy
