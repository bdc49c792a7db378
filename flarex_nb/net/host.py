"""A host as it is written becomes a host as it is dialled: one spelling, or a refusal. Pure: no lookup.

Parsers disagree about odd spellings (127.1, fullwidth digits, an ideographic full stop), and what one reads as a name
another dials as this machine. So a host has one accepted spelling: a name in the letters of DNS, international names
converted by yarl, the parser that connects; IPv4 as four decimal numbers; IPv6 in brackets, without a zone.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata

from yarl import URL

from flarex_nb.errors import HostNotAllowed

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\Z")
_NUMBER = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)\Z")
_MAX_NAME = 253  # RFC 1035 2.3.4, without the length octets
_DOTS = frozenset("\u3002\uff0e\uff61")
_HERE = ("localhost", "local", "internal", "home.arpa", "onion")
"""Names that never mean a host of the public Internet: RFC 6761, RFC 6762, the private-use name "internal" (ICANN
2024, with it metadata.google.internal), RFC 8375, RFC 7686."""


def normal_host(written: str) -> str:
    """Return the host in its one spelling: lower case, ASCII, no brackets, no trailing dot.

    `written` is as it stands in a URL, IPv6 in brackets.

    Raises:
        HostNotAllowed: it has more than one reading or is no host at all.
    """
    if written.startswith("["):
        return _ipv6(written)
    name = (written if written.isascii() else _ascii(written)).lower()
    name = name.removesuffix(".")
    labels = name.split(".")
    if _NUMBER.match(labels[-1]):
        return _ipv4(name, written)
    if len(name) > _MAX_NAME or not all(map(_LABEL.match, labels)):
        msg = f"{_shown(written)} is not a host name"
        raise HostNotAllowed(msg, hint="Write it as in https://api.example.com.")
    return name


def is_local_name(host: str) -> bool:
    """Return whether the normalised host is a name kept for this machine or network (localhost, printer.local)."""
    return any(host == name or host.endswith(f".{name}") for name in _HERE)


def is_literal(host: str) -> bool:
    """Return whether the normalised host is a numeric address."""
    return ":" in host or host.replace(".", "").isdigit()


def _ipv6(written: str) -> str:
    inner = written[1:-1]
    if not written.endswith("]") or "%" in inner:
        msg = f"{_shown(written)} is not an IPv6 address that may be written in a URL"
        raise HostNotAllowed(msg, hint="Write it in brackets and without a zone: [2001:4860:4860::8888].")
    try:
        return str(ipaddress.IPv6Address(inner))
    except ValueError:
        msg = f"{_shown(written)} is not an IPv6 address"
        raise HostNotAllowed(msg, hint="Write it in brackets: [2001:4860:4860::8888].") from None


def _ipv4(name: str, written: str) -> str:
    """Return the address: what ends in a number is IPv4 or nothing (WHATWG URL, "ends in a number")."""
    try:
        address = str(ipaddress.IPv4Address(name))
    except ValueError:
        address = ""
    if address != written:
        msg = f"{_shown(written)} is not an IPv4 address in its plain form"
        raise HostNotAllowed(msg, hint="Write four decimal numbers: 93.184.215.14.")
    return address


def _ascii(written: str) -> str:
    """Return an international name in ASCII (IDNA), unless it only imitates one that is written in ASCII."""
    if any(_imitates(character) for character in written):
        msg = f"{_shown(written)} holds letters, digits or dots that only look like plain ones"
        raise HostNotAllowed(msg, hint="Write the host in plain letters.")
    try:
        converted = URL(f"http://{written}/").raw_host
    except ValueError:
        converted = None
    if not converted or not converted.isascii():
        msg = f"{_shown(written)} is not an international host name (IDNA 2008)"
        raise HostNotAllowed(msg, hint="Write it in its xn-- form.")
    return converted


def _imitates(character: str) -> bool:
    return character in _DOTS or (not character.isascii() and unicodedata.normalize("NFKC", character).isascii())


def _shown(written: str) -> str:
    """Return the host for a message: quoted, cut, nothing invisible in it."""
    return ascii(written if len(written) <= 80 else written[:77] + "...")  # noqa: PLR2004 - a line of a message
