"""The ciphers: what was changed, moved or used before does not open, and no key shows."""

from __future__ import annotations

import copy
import os
import pickle
import sys

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from hypothesis import given
from hypothesis import strategies as st

from flarex_nb.errors import SecretError, UsageError, VaultLocked
from flarex_nb.vault.seal import EntryKey, SessionCipher, entry_info

VALUE = b"sk_sandbox_entry"
INFO = entry_info("panel-1", "CRM_API_KEY", ("api.crm.example",), "nonce-1")


def seal_for(key: EntryKey, info: bytes, plain: bytes = VALUE) -> bytes:
    """Seal as the browser does, with the library's own sender side."""
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key.public)
    return Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM).encrypt(plain, public, info)


def test_what_was_sealed_opens_in_its_context_alone():
    cipher = SessionCipher()
    sealed = cipher.seal(VALUE, b"here")

    assert cipher.open(sealed, b"here") == VALUE
    with pytest.raises(VaultLocked):
        cipher.open(sealed, b"there")


def test_one_text_sealed_twice_looks_different_and_never_like_itself():
    cipher = SessionCipher()

    sealed = {cipher.seal(VALUE, b"") for _ in range(50)}

    assert len({text[:12] for text in sealed}) == 50
    assert not any(VALUE in text for text in sealed)


@given(st.data())
def test_one_changed_bit_does_not_open(data):
    cipher = SessionCipher()
    sealed = bytearray(cipher.seal(VALUE, b""))

    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8

    with pytest.raises(VaultLocked):
        cipher.open(bytes(sealed), b"")


@pytest.mark.parametrize("length", [0, 1, 12, 27])
def test_a_text_too_short_to_be_sealed_is_refused_like_any_other(length):
    with pytest.raises(VaultLocked):
        SessionCipher().open(bytes(length), b"")


def test_another_kernels_cipher_does_not_open_it():
    with pytest.raises(VaultLocked):
        SessionCipher().open(SessionCipher().seal(VALUE, b""), b"")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_opens_what_the_parent_sealed_and_seals_with_its_own_nonces():
    cipher = SessionCipher()
    sealed = cipher.seal(VALUE, b"")
    read, write = os.pipe()

    child = os.fork()
    if child == 0:
        try:
            os.write(write, cipher.seal(cipher.open(sealed, b"") + b"!", b""))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    answer = os.read(read, 4096)

    assert cipher.open(answer, b"") == VALUE + b"!"
    assert cipher.seal(VALUE, b"")[:12] != answer[:12]


@pytest.mark.parametrize("make", [SessionCipher, EntryKey])
def test_a_key_cannot_be_pickled_copied_or_seen(make):
    holder = make()
    if isinstance(holder, SessionCipher):
        holder.seal(b"", b"")

    for leave in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            leave(holder)

    assert not hasattr(holder, "__dict__")
    assert repr(holder) in {"<SessionCipher AES-256-GCM>", "<EntryKey unused>"}


def test_an_entry_key_is_a_raw_p256_point_and_new_each_time():
    one, two = EntryKey(), EntryKey()

    assert len(one.public) == 65
    assert one.public[0] == 4
    assert one.public != two.public


def test_a_sealed_entry_opens_once():
    key = EntryKey()
    sealed = seal_for(key, INFO)

    assert key.open(sealed, INFO) == VALUE
    with pytest.raises(SecretError, match="rejected"):
        key.open(sealed, INFO)
    assert repr(key) == "<EntryKey used up>"


def test_security_case_50_an_entry_for_one_name_does_not_open_as_another_and_the_key_is_spent():
    key = EntryKey()
    sealed = seal_for(key, INFO)

    with pytest.raises(SecretError, match="rejected") as caught:
        key.open(sealed, entry_info("panel-1", "OTHER_API_KEY", ("api.crm.example",), "nonce-1"))

    assert not isinstance(caught.value.__context__, InvalidTag)
    with pytest.raises(SecretError, match="used up"):
        key.open(sealed, INFO)


@pytest.mark.parametrize("sealed", [b"", b"\x04", bytes(65), bytes(200), b"\x04" + bytes(200)])
def test_what_is_no_sealed_entry_is_rejected(sealed):
    with pytest.raises(SecretError, match="rejected"):
        EntryKey().open(sealed, INFO)


@given(st.data())
def test_one_changed_bit_of_an_entry_is_rejected(data):
    key = EntryKey()
    sealed = bytearray(seal_for(key, INFO))

    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8

    with pytest.raises(SecretError, match="rejected"):
        key.open(bytes(sealed), INFO)


def test_the_bytes_an_entry_is_bound_to_are_these():
    info = entry_info("p", "CRM_API_KEY", ("a.example", "b.example:8443"), "ñ", env="sandbox")

    assert info == (
        b"flarex/1\x00\x01p\x00\x0bCRM_API_KEY\x00\x07sandbox\x00\x18a.example,b.example:8443\x00\x02\xc3\xb1"
    )


PARTS = st.tuples(
    st.text(max_size=9), st.text(max_size=9), st.lists(st.text("ab.|", max_size=4), max_size=3), st.text(max_size=9)
)


@given(PARTS, PARTS)
def test_different_entries_are_bound_to_different_bytes(one, two):
    one, two = ((panel, name, tuple(filter(None, hosts)), nonce) for panel, name, hosts, nonce in (one, two))

    assert (entry_info(*one) == entry_info(*two)) == (one == two)


@pytest.mark.parametrize("parts", [("p", "N", ("a,b",), "n"), ("p" * 65_536, "N", (), "n")])
def test_parts_that_cannot_be_told_apart_or_are_too_long_are_refused(parts):
    with pytest.raises(UsageError):
        entry_info(*parts)


def test_a_failure_inside_sealing_shows_no_plaintext_in_its_frames():
    plain = b"sk_sandbox_" + b"frames"

    with pytest.raises(TypeError) as caught:
        SessionCipher().seal(plain, "no bytes")

    frame = caught.value.__traceback__.tb_next
    while frame is not None:
        assert plain not in list(frame.tb_frame.f_locals.values()), sys.exc_info()
        frame = frame.tb_next
