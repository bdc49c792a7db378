"""Whether a URL may be asked, before anything is looked up or dialled. Pure.

The URL is cut at the first "/", "?" or "#" after "//" (RFC 3986 3.2); what stands before is judged here character by
character, so no later parser gets to read it another way. Messages hold scheme, host and port, nothing after them.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flarex_nb.errors import AddressBlocked, HostNotAllowed, SchemeNotAllowed
from flarex_nb.net import address, ports
from flarex_nb.net.host import is_literal, is_local_name, normal_host

if TYPE_CHECKING:
    from collections.abc import Collection

    from flarex_nb.model import Reach

WEB_SCHEMES = frozenset({"http", "https"})
MAX_URL = 32_768
"""Characters: servers answer 414 from 8 to 32 thousand on."""

_DEFAULT_PORT = {"http": 80, "https": 443}
_CUT = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?://([^/?#]*))?([^#]*)", re.DOTALL)
_PORT = re.compile(r"(.*?)(?::([0-9]{0,5}))?\Z", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
"""Control characters, and halves of a pair that are no character by themselves and that no encoding has."""

_NEVER_IN_AUTHORITY = re.compile(r"[\s\\%<>\"^`{|}]")
_REGISTER = 'A server of your own: register it with network="private", which allows exactly its host and port.'


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be asked: `host` in its one spelling, `rest` the path and query as they go on the wire.

    `private` says that exactly this host and port may be dialled even where its address is not public.
    """

    scheme: str
    host: str
    port: int
    private: bool
    rest: str = field(default="/", repr=False)

    @property
    def secure(self) -> bool:
        """Whether TLS is used."""
        return self.scheme == "https"

    @property
    def place(self) -> str:
        """Host and port for messages."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole URL, with path and query: for the wire, never for a message."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _DEFAULT_PORT[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.rest}"


def check_url(url: str, *, reach: Reach, schemes: Collection[str] = WEB_SCHEMES) -> Target:
    """Return the URL cut into what is dialled and what is asked there.

    Plain http goes only to a (host, port) of `reach.private`, unless `reach.plain` says that nothing secret goes along:
    on its way anywhere else a key could be read.

    Raises:
        SchemeNotAllowed: neither http nor https, plain http to a public host, or a port of another protocol.
        HostNotAllowed: user name, odd spelling, or a name that means this machine or network.
        AddressBlocked: a numeric address that is not public.
    """
    if len(url) > MAX_URL:
        msg = f"the URL has {len(url):,} characters, more than {MAX_URL:,}"
        raise HostNotAllowed(msg, hint="Send long parameters in the body.")
    match = None if _CONTROL.search(url) else _CUT.match(url)
    if match is None:
        msg = "the URL holds control characters" if _CONTROL.search(url) else "the URL has no scheme"
        raise HostNotAllowed(msg, hint="Write it as in https://api.example.com/path.")
    scheme, authority, rest = match[1].lower(), match[2], match[3]
    if scheme not in schemes or scheme not in WEB_SCHEMES:
        msg = f"{scheme[:20]}: is not a scheme that may be asked"
        raise SchemeNotAllowed(msg, hint=f"Use {' or '.join(sorted(WEB_SCHEMES & set(schemes)))}.")
    host, port, private = _origin(scheme, authority or "", reach.private, plain=reach.plain)
    return Target(scheme, host, port, private, rest if rest.startswith("/") else f"/{rest}")


@functools.lru_cache(maxsize=1024)
def _origin(scheme: str, authority: str, private: frozenset[tuple[str, int]], *, plain: bool) -> tuple[str, int, bool]:
    """Return host, port, and whether the pair is one that may be private; kept, since a service has one origin."""
    host, port = _split(scheme, authority)
    if (host, port) in normal_pairs(private):
        return host, port, True
    _check_public(scheme, host, port, plain=plain)
    return host, port, False


@functools.lru_cache(maxsize=256)
def normal_pairs(private: frozenset[tuple[str, int]]) -> frozenset[tuple[str, int]]:
    """Return the pairs with each host in its one spelling; one that has none is left out."""
    pairs = set()
    for host, port in private:
        try:
            pairs.add((normal_host(f"[{host}]" if ":" in host and not host.startswith("[") else host), port))
        except HostNotAllowed:
            continue
    return frozenset(pairs)


def _split(scheme: str, authority: str) -> tuple[str, int]:
    if "@" in authority:
        msg = "the URL holds a user name or password before its host"
        raise HostNotAllowed(msg, hint="Pass credentials as a secret of the service, not in the URL.")
    bracketed = authority.startswith("[")
    if _NEVER_IN_AUTHORITY.search(authority.replace("%", "") if bracketed else authority):
        msg = "the host holds a character that no host has"
        raise HostNotAllowed(msg, hint="Write it as in https://api.example.com/path.")
    match = _PORT.match(authority)
    written, digits = (match[1], match[2]) if match else (authority, None)
    if not written:
        msg = "the URL has no host"
        raise HostNotAllowed(msg, hint="Write it as in https://api.example.com/path.")
    port = int(digits) if digits else _DEFAULT_PORT[scheme]
    if not 0 < port < 65_536:  # noqa: PLR2004 - 16 bits
        msg = f"{port} is not a port"
        raise SchemeNotAllowed(msg, hint="Ports go from 1 to 65535.")
    return normal_host(written), port


def _check_public(scheme: str, host: str, port: int, *, plain: bool) -> None:
    """Refuse what cannot be a public web server, from the text alone; its addresses are judged when it is dialled."""
    if is_local_name(host):
        msg = f"{host} is a name of this machine or network"
        raise HostNotAllowed(msg, hint=_REGISTER)
    reason = address.refusal(host) if is_literal(host) else None
    if reason is not None:
        msg = f"{host} is not a public address: {reason}"
        raise AddressBlocked(msg, hint=_REGISTER)
    reason = ports.refusal(port)
    if reason is not None:
        msg = f"{host}:{port} may not be asked: {reason}"
        raise SchemeNotAllowed(msg, hint=_REGISTER)
    if scheme != "https" and not plain:
        msg = f"plain http to {host} is not allowed: on its way it could be read and changed"
        raise SchemeNotAllowed(msg, hint=f"Use https. {_REGISTER}")
