"""The sieve never says no when there is something; that it says no often is what the benchmark is about."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.vault.redact import Redactor
from flarex_nb.vault.sieve import Sieve

MANY = [f"{number:03}-needle-with-a-tail-{number * 7919 % 1000:03}".encode() for number in range(100)]
PREFIXED = [f"sk_live_{number * 104729 % 10**9:09}".encode() for number in range(100)]


@given(st.sampled_from(MANY + PREFIXED), st.binary(max_size=40), st.binary(max_size=40))
def test_a_string_that_is_there_passes_wherever_it_stands(needle, before, after):
    assert Sieve(MANY + PREFIXED).passes(before + needle + after)


@given(st.lists(st.binary(min_size=8, max_size=60), min_size=1, max_size=80, unique=True), st.data())
def test_so_it_is_for_any_strings_few_or_many_short_or_long(needles, data):
    needle = data.draw(st.sampled_from(needles))
    before, after = data.draw(st.binary(max_size=20)), data.draw(st.binary(max_size=20))

    assert Sieve(needles).passes(before + needle + after)


def test_what_every_key_begins_with_does_not_pass_by_itself():
    sieve = Sieve(PREFIXED)

    assert not any(sieve.passes(b"x" * shift + b"sk_live_ and more text") for shift in range(8))


def test_ordinary_text_and_bytes_do_not_pass():
    dice = random.Random(1)
    sieve = Sieve(MANY)

    assert not sieve.passes(b"the needle is somewhere else; " * 1000)
    assert not sieve.passes(dice.randbytes(100_000))
    assert not sieve.passes(b"")


def test_many_secrets_are_masked_at_every_place_of_a_long_text():
    mask = Redactor()
    values = [f"value-{number:02}-{number * 7919 % 10007:05}-of-twenty" for number in range(20)]
    for number, value in enumerate(values):
        mask.register(f"KEY_{number}", value)

    for number, value in enumerate(values):
        for shift in range(9):
            text = "é" * shift + "." * (1000 + shift) + value + "!"

            assert mask(text).endswith(f".[KEY_{number}]!")
            assert mask.touches(f'"{text}"'.encode())
            assert mask.mask(text.encode()).endswith(b"*" * len(value) + b"!")
