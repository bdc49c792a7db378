"""Our table of addresses beside ssrfguard's, which is made from the same registries by somebody else.

Where the two disagree, the reason stands here. Ours never permits what theirs refuses.
"""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ssrfguard import DEFAULT_DENIED

from flarex_nb.net import address
from flarex_nb.net.address import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    Address = IPv4Address | IPv6Address

pytestmark = pytest.mark.peers

REVIEWED = {
    "168.63.129.16/32": "Azure's metadata service on a public address; no registry has it",
    "192.0.0.9/32": "anycast for port control: a call has no business with the router next door",
    "192.0.0.10/32": "anycast for TURN: the same",
    "192.31.196.0/24": "AS112 is answered by whoever is near",
    "192.52.193.0/24": "an AMT relay takes multicast out of a tunnel",
    "192.175.48.0/24": "AS112 is answered by whoever is near",
    "64:ff9b::/96": "NAT64: where it leads is the network's own choice, so it is refused whole",
    "2001::/23": "IETF protocols with Teredo, AMT, ORCHID and anycast in them: refused whole",
    "2002::/16": "6to4: its relays are gone (RFC 7526), so it is refused whole",
    "2620:4f:8000::/48": "AS112 is answered by whoever is near",
    "::/96": "IPv4-compatible addresses are refused whole; the kernel dials them as IPv6",
    "::/3": "not handed out (RFC 4291 2.4), and SIIT's ::ffff:0:0:0/96 is in it",
    "4000::/2": "not handed out",
    "8000::/1": "not handed out",
}
"""The blocks that ours refuses and ssrfguard permits, and why."""

BLOCKS = tuple(ipaddress.ip_network(block) for block in REVIEWED)
WRAPPED = tuple(map(IPv6Address, ("64:ff9b::8.8.8.8", "2002:808:808::1", "::8.8.8.8", "2001:0:808:808::f7f7:f7f7")))
MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")


def theirs(ip: Address) -> bool:
    """Return whether ssrfguard refuses the address."""
    return DEFAULT_DENIED.classify(ip).blocked


def reviewed(ip: Address) -> bool:
    """Return whether a disagreement about the address is a known one."""
    if ip.version == 6 and ip in MAPPED:
        ip = IPv4Address(int(ip) & 0xFFFFFFFF)
    return any(ip in block for block in BLOCKS if block.version == ip.version)


def check(ip: Address) -> None:
    ours = refusal(ip) is not None
    if ours != theirs(ip):
        assert ours, f"{ip} is refused by ssrfguard ({DEFAULT_DENIED.classify(ip).reason}) and not by us"
        assert reviewed(ip), f"{ip}: {refusal(ip)}; ssrfguard permits it, and no reason stands here"


def edges() -> Iterator[Address]:
    """Give the first and last address of every block of either table, what lies beside them, and the middle."""
    yield from WRAPPED
    networks = [block.network for block in DEFAULT_DENIED.blocks]
    networks += [block for block, _ in (*address._IPV4, *address._IPV6)]
    networks += [ipaddress.ip_network(f"{ip}") for ip in address._METADATA]
    for network in networks:
        kind = IPv4Address if network.version == 4 else IPv6Address
        first, last, top = int(network[0]), int(network[-1]), 2 ** (32 if network.version == 4 else 128) - 1
        for number in {first - 1, first, first + 1, (first + last) // 2, last - 1, last, last + 1}:
            if 0 <= number <= top:
                yield kind(number)
                if kind is IPv4Address:
                    yield IPv6Address((0xFFFF << 32) | number)


def test_the_edges_of_every_block_agree_but_for_what_stands_in_the_list() -> None:
    looked = list(edges())

    for ip in looked:
        check(ip)

    assert len(looked) > 800


@settings(max_examples=1000)
@given(st.ip_addresses())
@example(IPv6Address("::ffff:0:7f00:1"))
def test_random_addresses_agree_but_for_what_stands_in_the_list(ip: Address) -> None:
    check(ip)


@settings(max_examples=1000)
@given(st.sampled_from([block.network for block in DEFAULT_DENIED.blocks]), st.data())
def test_random_addresses_in_each_block_agree_but_for_what_stands_in_the_list(
    network: object, data: st.DataObject
) -> None:
    check(data.draw(st.ip_addresses(network=network)))  # type: ignore[arg-type]


@pytest.mark.parametrize("block", REVIEWED)
def test_each_reason_in_the_list_is_still_needed(block: str) -> None:
    network = ipaddress.ip_network(block)
    inside = [ip for ip in (*edges(), network[0], network[-1]) if ip.version == network.version and ip in network]
    more_specific = [
        other for other in BLOCKS if other != network and other.version == network.version and other.subnet_of(network)
    ]

    own = [ip for ip in inside if not any(ip in other for other in more_specific)]

    assert any(refusal(ip) is not None and not theirs(ip) for ip in own)
