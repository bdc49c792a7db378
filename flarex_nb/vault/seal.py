"""The two ciphers of a session: AES-256-GCM for what is kept, HPKE for one value on its way from the browser.

Keys live inside the cryptography package's own objects: no attribute here holds key bytes, and nothing writes one.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from flarex_nb.errors import SecretError, UsageError, VaultLocked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flarex_nb.model import Environment

_NONCE_BYTES: Final = 12  # 96 random bits, NIST SP 800-38D 8.2.2
_TAG_BYTES: Final = 16
_LONGEST_PART: Final = 0xFFFF
_AGAIN: Final = "Enter the value again: each sealed entry has a key of its own."


class SessionCipher:
    """A `model.Cipher` under one random key that lives as long as the kernel.

    The key is made at first use. A forked child has the parent's key and its own random nonces, so both go on.
    """

    __slots__ = ("_aead",)

    def __init__(self) -> None:
        """Begin without a key."""
        self._aead: AESGCM | None = None

    def _key(self) -> AESGCM:
        if self._aead is None:
            self._aead = AESGCM(AESGCM.generate_key(bit_length=256))
        return self._aead

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Return nonce and ciphertext; `context` is bound, not stored."""
        try:
            nonce = os.urandom(_NONCE_BYTES)
            return nonce + self._key().encrypt(nonce, plain, context)
        finally:
            del plain  # a traceback from here must not show it

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Return the plaintext.

        Raises:
            VaultLocked: it was changed, belongs to another context, or was sealed in another kernel.
        """
        if len(sealed) >= _NONCE_BYTES + _TAG_BYTES:
            try:
                return self._key().decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context)
            except InvalidTag:
                pass
        msg = "rejected: the sealed text was changed, or was sealed for something else"
        raise VaultLocked(msg, hint="Set the secret again: what is sealed here opens in this kernel only.")

    def __repr__(self) -> str:
        """Return the algorithm."""
        return "<SessionCipher AES-256-GCM>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse: the key does not leave its kernel."""
        msg = "the session's cipher cannot be pickled or copied: its key stays in this kernel"
        raise TypeError(msg)


class EntryKey:
    """A key pair that opens one sealed message, then never again (HPKE base mode, RFC 9180; P-256, AES-256-GCM)."""

    __slots__ = ("_private", "public")

    def __init__(self) -> None:
        """Make a new pair; `public` is the raw uncompressed point, 65 bytes."""
        private = ec.generate_private_key(ec.SECP256R1())
        self._private: ec.EllipticCurvePrivateKey | None = private
        self.public: bytes = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """Return the plaintext of enc||ct; the key is gone afterwards, whether it opened or not.

        Raises:
            SecretError: used before, changed on the way, or sealed for another key or another info.
        """
        private, self._private = self._private, None
        if private is None:
            msg = "rejected: the key of this entry is used up"
            raise SecretError(msg, hint=_AGAIN)
        plain = _decrypted(sealed, private, info)
        if plain is None:
            msg = "rejected: the sealed value was changed on its way, or was meant for another secret"
            raise SecretError(msg, hint=_AGAIN)
        return plain

    def __repr__(self) -> str:
        """Return whether the key is still good."""
        return f"<EntryKey {'used up' if self._private is None else 'unused'}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse: a one-use key has one owner."""
        msg = "an entry key cannot be pickled or copied: it opens one message in this kernel"
        raise TypeError(msg)


def _decrypted(sealed: bytes, private: ec.EllipticCurvePrivateKey, info: bytes) -> bytes | None:
    """Return the plaintext, None for anything that does not open: what was wrong with it is nobody's to learn."""
    try:
        return Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM).decrypt(sealed, private, info)
    except (InvalidTag, ValueError):
        return None


def entry_info(
    widget_id: str, name: str, scope_hosts: Sequence[str], nonce: str, *, env: Environment = "live"
) -> bytes:
    """Return what a sealed value is bound to, the same bytes as `entryInfo` in the panel's seal.js.

    "flarex/1", then widget id, name, environment, hosts joined by commas, and nonce, each in UTF-8 behind its length in
    bytes as two bytes, high byte first. The lengths make it unambiguous whatever characters the parts hold.

    Raises:
        UsageError: a part is longer than 65,535 bytes, or a host holds a comma.
    """
    if any("," in host for host in scope_hosts):
        msg = "a host cannot hold a comma"
        raise UsageError(msg, hint="Give each host by itself.")
    parts = [part.encode() for part in (widget_id, name, env, ",".join(scope_hosts), nonce)]
    if any(len(part) > _LONGEST_PART for part in parts):
        msg = "a name or a list of hosts is too long to be bound to a value"
        raise UsageError(msg, hint="Bind fewer hosts, or one *.suffix for many.")
    return b"flarex/1" + b"".join(len(part).to_bytes(2, "big") + part for part in parts)
