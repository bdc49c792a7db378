"""Whether an IP address is public, decided by a table of our own. Pure: no lookup, no socket.

The table was read from the IANA registries "IPv4 Special-Purpose Address Space" and "IPv6 Special-Purpose Address
Space", both last updated 2025-10-09. `ipaddress.is_global` is not asked: it calls 64:ff9b::7f00:1 and ff02::1 global,
and its answers change between patch releases of Python.

IPv4 is a list of what is refused. IPv6 is a list of what is allowed (2000::/3, the only space handed out, RFC 4291
2.4) with its special blocks taken out: a prefix nobody has thought of yet, or one that a network translates to IPv4,
is then refused. Only ::ffff:0:0/96 is unwrapped, because the kernel itself dials IPv4 for it (RFC 4291 2.5.5.2).
"""

from __future__ import annotations

import functools
import ipaddress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

_METADATA = {
    IPv4Address("169.254.169.254"): "AWS, Google Cloud, Azure and others",
    IPv4Address("169.254.170.2"): "AWS ECS task credentials",
    IPv4Address("168.63.129.16"): "Azure, a public address that each virtual machine reaches as its own host",
    IPv4Address("192.0.0.192"): "Oracle Cloud",
    IPv4Address("100.100.100.200"): "Alibaba Cloud",
    IPv6Address("fd00:ec2::254"): "AWS",
    IPv6Address("fd00:ec2::23"): "AWS EKS pod credentials",
    IPv6Address("fd20:ce::254"): "Google Cloud",
}
"""Where clouds hand out credentials of the machine; named first so that the reason says what was aimed at."""

_IPV4 = tuple(
    (IPv4Network(block), reason)
    for block, reason in (
        ("0.0.0.0/8", "this network (RFC 791)"),
        ("10.0.0.0/8", "a private network (RFC 1918)"),
        ("100.64.0.0/10", "shared by a provider's customers (RFC 6598)"),
        ("127.0.0.0/8", "loopback, this machine (RFC 1122)"),
        ("169.254.0.0/16", "link-local (RFC 3927)"),
        ("172.16.0.0/12", "a private network (RFC 1918)"),
        ("192.0.0.0/24", "kept for IETF protocols (RFC 6890)"),
        ("192.0.2.0/24", "for documentation (RFC 5737)"),
        ("192.31.196.0/24", "AS112, answered by whoever is near (RFC 7535)"),
        ("192.52.193.0/24", "an AMT relay (RFC 7450)"),
        ("192.88.99.0/24", "a 6to4 relay (RFC 7526)"),
        ("192.168.0.0/16", "a private network (RFC 1918)"),
        ("192.175.48.0/24", "AS112, answered by whoever is near (RFC 7534)"),
        ("198.18.0.0/15", "for benchmarks (RFC 2544)"),
        ("198.51.100.0/24", "for documentation (RFC 5737)"),
        ("203.0.113.0/24", "for documentation (RFC 5737)"),
        ("224.0.0.0/4", "multicast (RFC 5771)"),
        ("240.0.0.0/4", "reserved or broadcast (RFC 1112, RFC 919)"),
    )
)

_UNICAST = IPv6Network("2000::/3")
_MAPPED = IPv6Network("::ffff:0:0/96")
_IPV6 = tuple(
    (IPv6Network(block), reason)
    for block, reason in (
        ("2001:db8::/32", "for documentation (RFC 3849)"),
        ("2001::/23", "kept for IETF protocols, Teredo among them (RFC 2928, RFC 4380)"),
        ("2002::/16", "6to4, which wraps an IPv4 address (RFC 3056)"),
        ("2620:4f:8000::/48", "AS112, answered by whoever is near (RFC 7534)"),
        ("3fff::/20", "for documentation (RFC 9637)"),
        ("::/128", "no address at all (RFC 4291)"),
        ("::1/128", "loopback, this machine (RFC 4291)"),
        ("::/96", "an IPv4-compatible address (RFC 4291)"),
        ("64:ff9b::/96", "NAT64, which wraps an IPv4 address (RFC 6052)"),
        ("64:ff9b:1::/48", "local NAT64, which wraps an IPv4 address (RFC 8215)"),
        ("100::/64", "discarded (RFC 6666)"),
        ("100:0:0:1::/64", "a dummy prefix (RFC 9780)"),
        ("::ffff:0:0:0/96", "SIIT, which wraps an IPv4 address (RFC 7915)"),
        ("5f00::/16", "for segment routing (RFC 9602)"),
        ("fc00::/7", "a private network (RFC 4193)"),
        ("fe80::/10", "link-local (RFC 4291)"),
        ("fec0::/10", "site-local (RFC 3879)"),
        ("ff00::/8", "multicast (RFC 4291)"),
    )
)
"""The first five are taken out of 2000::/3; the others lie outside it and are here for their reasons alone."""


@functools.lru_cache(maxsize=4096)
def refusal(ip: str | IPv4Address | IPv6Address) -> str | None:
    """Return None when the address is public, else in words what it is.

    Text must be a numeric address in a form that has one reading: no leading zeros, no shortened IPv4, no zone.
    """
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return "not a numeric IP address"
    if isinstance(address, IPv4Address):
        return _refusal_4(address)
    if address.scope_id is not None:
        return "bound to one of this machine's interfaces by its zone"
    if address in _MAPPED:
        inner = IPv4Address(int(address) & 0xFFFFFFFF)
        reason = _refusal_4(inner)
        return None if reason is None else f"{inner} written as IPv6, {reason}"
    return _refusal_6(address)


_PRIVATE: tuple[IPv4Network | IPv6Network, ...] = tuple(
    ipaddress.ip_network(block)
    for block in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::1/128",
        "fc00::/7",
    )
)
"""Where a server of one's own can be: private networks and this machine."""


def private_refusal(ip: str) -> str | None:
    """Return None for an address that is public, private or loopback, else in words what it is.

    Link-local, multicast and a cloud's metadata addresses are refused even to a service registered as private.
    """
    reason = refusal(ip)
    if reason is None:
        return None
    try:
        address: IPv4Address | IPv6Address = ipaddress.ip_address(ip)
    except ValueError:
        return reason
    if isinstance(address, IPv6Address) and address in _MAPPED:
        address = IPv4Address(int(address) & 0xFFFFFFFF)
    return None if address not in _METADATA and any(address in block for block in _PRIVATE) else reason


def _refusal_4(address: IPv4Address) -> str | None:
    if address in _METADATA:
        return _metadata(address)
    return next((reason for block, reason in _IPV4 if address in block), None)


def _refusal_6(address: IPv6Address) -> str | None:
    if address in _METADATA:
        return _metadata(address)
    reason = next((reason for block, reason in _IPV6 if address in block), None)
    if reason is None and address not in _UNICAST:
        return "outside 2000::/3, the only IPv6 space handed out"
    return reason


def _metadata(address: IPv4Address | IPv6Address) -> str:
    return f"a cloud's metadata service ({_METADATA[address]})"
