"""Which addresses are public."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.net.address import private_refusal, refusal

V4 = st.ip_addresses(v=4)
V6 = st.ip_addresses(v=6)


@pytest.mark.parametrize(
    "ip",
    [
        "1.1.1.1",
        "8.8.8.8",
        "93.184.215.14",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2001:4860:4860::8888",
        "2606:4700:4700::1111",
        "2001:200::1",
        "2a00:1450:4001:81b::200e",
        "::ffff:8.8.8.8",
    ],
)
def test_public_addresses_pass_up_to_the_edge_of_each_block(ip) -> None:
    assert refusal(ip) is None
    assert refusal(ipaddress.ip_address(ip)) is None


@pytest.mark.parametrize(
    ("ip", "word"),
    [
        ("0.0.0.0", "this network"),
        ("0.255.255.255", "this network"),
        ("10.0.0.0", "private"),
        ("10.255.255.255", "private"),
        ("100.64.0.1", "shared"),
        ("100.127.255.255", "shared"),
        ("127.0.0.1", "loopback"),
        ("127.255.255.255", "loopback"),
        ("169.254.1.1", "link-local"),
        ("172.16.0.0", "private"),
        ("172.31.255.255", "private"),
        ("192.0.0.8", "IETF"),
        ("192.0.2.1", "documentation"),
        ("192.31.196.1", "AS112"),
        ("192.52.193.1", "AMT"),
        ("192.88.99.1", "6to4"),
        ("192.168.0.1", "private"),
        ("192.175.48.1", "AS112"),
        ("198.18.0.1", "benchmarks"),
        ("198.19.255.255", "benchmarks"),
        ("198.51.100.1", "documentation"),
        ("203.0.113.1", "documentation"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "reserved"),
        ("::", "no address"),
        ("::1", "loopback"),
        ("::127.0.0.1", "IPv4-compatible"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:169.254.169.254", "metadata"),
        ("::ffff:0:127.0.0.1", "SIIT"),
        ("100:0:0:1::1", "dummy"),
        ("64:ff9b::7f00:1", "NAT64"),
        ("64:ff9b:1::7f00:1", "NAT64"),
        ("100::1", "discarded"),
        ("2001::1", "Teredo"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "Teredo"),
        ("2001:1ff:ffff::1", "IETF"),
        ("2001:db8::1", "documentation"),
        ("2002:7f00:1::", "6to4"),
        ("2620:4f:8000::1", "AS112"),
        ("3fff::1", "documentation"),
        ("3fff:fff:ffff::1", "documentation"),
        ("4000::1", "outside"),
        ("5f00::1", "segment routing"),
        ("fc00::1", "private"),
        ("fdff::1", "private"),
        ("fe80::1", "link-local"),
        ("fe80::1%lo", "zone"),
        ("2606:4700::1%eth0", "zone"),
        ("fec0::1", "site-local"),
        ("ff02::1", "multicast"),
        ("169.254.169.254", "metadata"),
        ("168.63.129.16", "metadata"),
        ("192.0.0.192", "metadata"),
        ("100.100.100.200", "metadata"),
        ("fd00:ec2::254", "metadata"),
        ("fd20:ce::254", "metadata"),
    ],
)
def test_special_addresses_are_refused_with_the_reason_in_words(ip, word) -> None:
    assert word in refusal(ip)


@pytest.mark.parametrize(
    "text", ["", "127.1", "0x7f.1", "2130706433", "010.0.0.1", "localhost", "1.1.1.1 ", "[::1]", "::1::"]
)
def test_text_with_more_than_one_reading_is_no_address(text) -> None:
    assert refusal(text) == "not a numeric IP address"


@given(V4)
def test_an_ipv4_address_and_its_mapped_form_are_judged_alike(ip) -> None:
    mapped = ipaddress.IPv6Address((0xFFFF << 32) | int(ip))

    assert (refusal(ip) is None) == (refusal(mapped) is None)


@given(V6)
def test_no_ipv6_address_outside_2000_slash_3_passes_but_mapped_public_ones(ip) -> None:
    if refusal(ip) is None:
        assert int(ip) >> 125 == 1 or (ip.ipv4_mapped is not None and refusal(ip.ipv4_mapped) is None)


@given(st.one_of(V4, V6))
def test_what_the_standard_library_calls_private_never_passes(ip) -> None:
    if ip.is_private or ip.is_multicast or ip.is_reserved or ip.is_loopback or ip.is_link_local or ip.is_unspecified:
        assert refusal(ip) is not None or getattr(ip, "ipv4_mapped", None) is not None


@pytest.mark.parametrize(
    "ip", ["10.1.2.3", "127.0.0.1", "192.168.0.9", "172.31.0.1", "100.64.0.1", "::1", "fd12::1", "8.8.8.8"]
)
def test_a_private_service_may_be_on_a_private_network_or_this_machine(ip: str) -> None:
    assert private_refusal(ip) is None


@pytest.mark.parametrize(
    "ip",
    ["169.254.169.254", "169.254.0.1", "100.100.100.200", "fd00:ec2::254", "fe80::1", "0.0.0.0", "224.0.0.1", "::"],
)
def test_no_service_may_be_at_a_metadata_or_link_local_address(ip: str) -> None:
    assert private_refusal(ip)
