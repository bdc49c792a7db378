"""Security cases 83 to 87 and their kin: an answer made to hurt costs little memory and no more time than an attempt has.

Server and client are processes of their own; the peak of the client's memory is what the system says it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import bombs

if TYPE_CHECKING:
    from collections.abc import Iterator

GROWTH = 32.0

ENDS = {
    "gzip_1_gib": "ResponseTooLarge",
    "gzip_in_one_piece": "ResponseTooLarge",
    "brotli": "ProtocolBroken",
    "zstd": "ProtocolBroken",
    "gzip_of_gzip": "ProtocolBroken",
    "empty_members": "ResponseTooLarge",
    "endless_chunked": "ResponseTooLarge",
    "one_byte_chunks": "ResponseTooLarge",
    "chunk_extension": "ResponseTooLarge",
    "chunk_size_digits": "ResponseTooLarge",
    "length_too_small": "ProtocolBroken 5 characters",
    "length_too_large": "ConnectionLost",
    "length_of_a_terabyte": "ResponseTooLarge",
    "no_length": "ResponseTooLarge",
    "header_lines_80_mb": "ProtocolBroken",
    "one_header_80_mb": "ProtocolBroken",
    "status_line": "ProtocolBroken",
    "endless_trailers": "ProtocolBroken ResponseTooLarge",
    "one_endless_trailer": "ProtocolBroken ResponseTooLarge",
    "early_hints": "ResponseTooLarge",
    "endless_early_hints": "ResponseTooLarge",
    "answers_nobody_asked_for": "2 characters",
    "drip_body": "AttemptTimeout",
    "drip_headers": "AttemptTimeout",
    "drip_early_hints": "AttemptTimeout",
}
"""How each may end: one of these. With two, which comes first is a matter of how the bytes fall."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with bombs.server() as listening:
        yield listening


def check(attack: str, port: int, *, limit: float, slack: float) -> None:
    cost = bombs.measure("ours", attack, port, limit=limit)

    assert any(cost["outcome"].startswith(end) for end in _ends(attack)), cost
    assert cost["grown"] < GROWTH, cost
    assert cost["seconds"] < limit + slack, cost
    if ENDS[attack] == "AttemptTimeout":
        assert cost["seconds"] >= limit * 0.95, cost


def _ends(attack: str) -> list[str]:
    words = ENDS[attack].split(" ")
    return [f"{word} characters" if word.isdigit() else word for word in words if word != "characters"]


@pytest.mark.parametrize("attack", ["gzip_1_gib", "gzip_in_one_piece"])
def test_security_case_83_a_gigabyte_of_gzip_costs_less_than_32_mib(port: int, attack: str) -> None:
    check(attack, port, limit=5, slack=1)


@pytest.mark.parametrize("attack", ["brotli", "zstd", "gzip_of_gzip"])
def test_security_case_84_a_coding_that_was_not_asked_for_is_refused(port: int, attack: str) -> None:
    check(attack, port, limit=5, slack=1)


def test_security_case_85_a_dripping_body_ends_with_the_attempt(port: int) -> None:
    check("drip_body", port, limit=1, slack=1)


@pytest.mark.parametrize("attack", ["drip_headers", "drip_early_hints"])
def test_security_case_86_dripping_headers_end_with_the_attempt(port: int, attack: str) -> None:
    check(attack, port, limit=1, slack=1)


@pytest.mark.parametrize("attack", ["endless_chunked", "no_length", "chunk_extension", "endless_early_hints"])
def test_security_case_87_an_endless_answer_ends_at_its_cap(port: int, attack: str) -> None:
    check(attack, port, limit=8, slack=1)


@pytest.mark.full
@pytest.mark.parametrize("attack", bombs.ATTACKS)
def test_every_attack_with_the_time_an_attempt_has(port: int, attack: str) -> None:
    check(attack, port, limit=10, slack=1)


@pytest.mark.full
def test_plain_httpx_pays_for_a_smaller_bomb_what_ours_does_not(port: int) -> None:
    bare, ours = (bombs.measure(client, "gzip_64_mib", port) for client in ("plain_httpx", "ours"))

    assert bare["grown"] > 64
    assert ours["grown"] < bare["grown"] / 8
