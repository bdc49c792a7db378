"""Security cases 71 to 82 where every address answers: a refusal is a connection that nobody saw, not one that failed.

The same URLs are given to plain httpx, which is seen to connect: without that a refusal would prove nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ssrf_cases import CASES, UNREACHABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from every_address import Seen
    from ssrf_cases import Case

    Network = Mapping[str, Mapping[str, Seen]]

OURS, SERVICE, BARE = "ssrf_clients:ours", "ssrf_clients:our_service", "ssrf_clients:plain_httpx"
GUARD = ("AddressBlocked", "HostNotAllowed", "SchemeNotAllowed", "RedirectBlocked")
REFUSED = [case for case in CASES if case.refused]

BARE_FAILS = {
    "71 http://0177.0.0.1/": "httpx refuses leading zeros",
    "71 http://127.0.0.1./": "the resolver knows no such name",
    "71 http://LOCALHOST./": "the resolver knows no such name",
    "75 http://[fe80::1%25lo]/": "a zone is no part of a name to httpx",
    "77 http://turns.test/?status=503": "httpx does not try again",
    "78 http://v4.test/?to=file:///etc/passwd": "httpx speaks no file:",
    "79 http://①②⑦.0.0.1/": "IDNA 2008 has no circled digits",
    "79 http://v4.test%00.127.0.0.1/": "the resolver knows no such name",
    "79 http://127.0.0.1\\.v4.test/": "the resolver knows no such name",
    "79 http://127.0.0.1%2f@v4.test/": "what stands before @ is a user name to httpx",
    "76 http://many.test/": "the first answers are public and one of them is enough",
    "78 https://v4.test/?to=http://v4.test/": "the address is public: it is https that is left",
}
"""Where plain httpx dials nothing that may not be dialled, and why."""


def of(number: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    cases = [case for case in CASES if case.number == number]
    return pytest.mark.parametrize("case", cases, ids=[case.name.encode("ascii", "replace").decode() for case in cases])


def check(network: Network, case: Case) -> None:
    seen = network[OURS][case.name]
    if not case.refused:
        assert (seen.outcome, seen.let_through) == ("200", False), seen
        return
    assert seen.outcome.startswith(GUARD), seen
    assert not seen.let_through, seen
    assert seen.silent or case.refused == "elsewhere", seen
    assert seen.begun == len(seen.accepted), seen


@of(71)
def test_security_case_71_this_machine_in_every_spelling(network: Network, case: Case) -> None:
    check(network, case)


@of(72)
def test_security_case_72_this_machine_as_ipv6(network: Network, case: Case) -> None:
    check(network, case)


@of(73)
def test_security_case_73_metadata_services_public_addresses_among_them(network: Network, case: Case) -> None:
    check(network, case)


@of(74)
def test_security_case_74_private_reserved_and_multicast_addresses(network: Network, case: Case) -> None:
    check(network, case)


@of(75)
def test_security_case_75_ipv6_that_wraps_ipv4_or_is_not_handed_out(network: Network, case: Case) -> None:
    check(network, case)


@of(76)
def test_security_case_76_one_private_answer_refuses_the_name_in_whatever_order(network: Network, case: Case) -> None:
    check(network, case)


@of(77)
def test_security_case_77_a_name_that_answers_otherwise_at_the_next_connection(network: Network, case: Case) -> None:
    check(network, case)


@of(78)
def test_security_case_78_redirects_are_judged_hop_by_hop(network: Network, case: Case) -> None:
    check(network, case)


@of(79)
def test_security_case_79_hosts_that_parsers_read_differently(network: Network, case: Case) -> None:
    check(network, case)


@of(80)
def test_security_case_80_ports_of_other_protocols(network: Network, case: Case) -> None:
    check(network, case)


@of(81)
def test_security_case_81_a_proxy_of_the_environment_is_not_used(network: Network, case: Case) -> None:
    check(network, case)

    assert all(each.address != "127.0.0.9" for each in network[OURS][case.name].accepted)


@of(82)
def test_security_case_82_public_hosts_are_reached(network: Network, case: Case) -> None:
    check(network, case)


@pytest.mark.parametrize("case", CASES, ids=[case.name.encode("ascii", "replace").decode() for case in CASES])
def test_a_service_of_ones_own_reaches_no_more_than_a_url_from_outside(network: Network, case: Case) -> None:
    seen = network[SERVICE][case.name]

    assert not seen.let_through, seen
    assert all(each.port in {443, 8080} for each in seen.accepted), seen
    if case.refused == "silent":
        assert seen.silent, seen


def test_plain_httpx_is_seen_to_connect_wherever_ours_refuses(network: Network) -> None:
    bare = network[BARE]

    unseen = {case.name for case in REFUSED if not bare[case.name].let_through}

    assert unseen == set(BARE_FAILS) | {f"{c.number} {c.url}" for c in REFUSED if any(u in c.url for u in UNREACHABLE)}
    assert len(unseen) < len(REFUSED) / 5
