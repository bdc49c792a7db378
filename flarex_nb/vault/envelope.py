"""The vault file's keys: a random data key seals every record, and each holder's own key wraps that data key.

Keys live inside the cryptography package's own objects: no attribute here holds key bytes. Nothing here reads or writes
a file, and nothing here says why a key does not fit: that cannot be told from a changed header.
"""

from __future__ import annotations

import os
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NoReturn

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from flarex_nb.vault.layout import Document
from flarex_nb.vault.layout_parts import KEY_BYTES, SALT_BYTES, Kdf, Wrap
from flarex_nb.vault.padding import framed, padded, unpadded

if TYPE_CHECKING:
    from flarex_nb.vault.layout_parts import Record

_NONCE_BYTES: Final = 12  # 96 random bits, NIST SP 800-38D 8.2.2
_ID_BYTES: Final = 16


class Kek:
    """One holder's key, which wraps data keys and nothing else."""

    __slots__ = ("_aead", "kek_id")

    def __init__(self, kek_id: str, key: bytes) -> None:
        """Take 32 bytes of key; `kek_id` says whose it is."""
        try:
            self.kek_id = kek_id
            self._aead = AESGCM(key)
        finally:
            del key

    @classmethod
    def from_passphrase(cls, passphrase: str, kdf: Kdf) -> Kek:
        """Return the key a passphrase gives: Argon2id over its composed form (NFC), the same from every keyboard."""
        try:
            derive = Argon2id(salt=kdf.salt, length=KEY_BYTES, iterations=kdf.t, lanes=kdf.p, memory_cost=kdf.m).derive
            return cls("passphrase", derive(unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")))
        finally:
            del passphrase

    def wrap(self, data_key: bytes, document: Document) -> Wrap:
        """Return the data key sealed for this holder and this document's header."""
        try:
            nonce = os.urandom(_NONCE_BYTES)
            context = framed(document.wrap_context(self.kek_id))
            return Wrap(self.kek_id, nonce + self._aead.encrypt(nonce, data_key, context))
        finally:
            del data_key

    def unwrap(self, document: Document) -> Keys | None:
        """Return the document's keys, None where this key does not open them."""
        wrap = document.wrap_of(self.kek_id)
        if wrap is None:
            return None
        nonce, sealed = wrap.sealed[:_NONCE_BYTES], wrap.sealed[_NONCE_BYTES:]
        try:
            return Keys(self._aead.decrypt(nonce, sealed, framed(document.wrap_context(self.kek_id))))
        except InvalidTag:
            return None

    def __repr__(self) -> str:
        """Return whose key it is."""
        return f"<Kek of the {self.kek_id}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse: a key does not leave its kernel."""
        msg = "a key cannot be pickled or copied: it stays in this kernel"
        raise TypeError(msg)


class Keys:
    """The keys of one vault, both from its data key: one seals records, the other is the MAC over the document."""

    __slots__ = ("_aead", "_mac")

    def __init__(self, data_key: bytes) -> None:
        """Derive both (HKDF, RFC 5869)."""
        try:
            self._aead = AESGCM(_derived(data_key, b"flarex/vault/1 records"))
            self._mac = HMAC(_derived(data_key, b"flarex/vault/1 document"), SHA256())
        finally:
            del data_key

    def sealed(self, text: str, record: Record, document: Document) -> Record:
        """Return the record with the text sealed into it, bound to what the record and its document say."""
        try:
            nonce = os.urandom(_NONCE_BYTES)
            context = framed(document.record_context(record))
            return replace(record, sealed=nonce + self._aead.encrypt(nonce, padded(text), context))
        finally:
            del text

    def opened(self, record: Record, document: Document) -> str | None:
        """Return the record's text, None where it is not the one that was sealed for this place."""
        nonce, sealed = record.sealed[:_NONCE_BYTES], record.sealed[_NONCE_BYTES:]
        try:
            return unpadded(self._aead.decrypt(nonce, sealed, framed(document.record_context(record))))
        except InvalidTag:
            return None

    def signed(self, document: Document) -> Document:
        """Return the document with the MAC over all of it."""
        mac = self._mac.copy()
        mac.update(document.covered())
        return replace(document, mac=mac.finalize())

    def verifies(self, document: Document) -> bool:
        """Return whether the document is as it was signed."""
        mac = self._mac.copy()
        mac.update(document.covered())
        try:
            mac.verify(document.mac)
        except InvalidSignature:
            return False
        return True

    def __repr__(self) -> str:
        """Return the algorithms."""
        return "<Keys AES-256-GCM, HMAC-SHA256>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse: a key does not leave its kernel."""
        msg = "a vault's keys cannot be pickled or copied: they stay in this kernel"
        raise TypeError(msg)


def new_document(
    passphrase: str, kdf: Kdf | None = None, *, keyring_key: bytes = b"", of: Document | None = None
) -> tuple[Document, Keys]:
    """Return an empty document with keys of its own, and those keys.

    Args:
        passphrase: what opens it.
        kdf: how the passphrase becomes a key; the default cost and a fresh salt unless given.
        keyring_key: 32 bytes that open it too, none for no such holder.
        of: the document it replaces, whose identity and counter go on.
    """
    data_key = os.urandom(KEY_BYTES)
    try:
        file_id = os.urandom(_ID_BYTES).hex() if of is None else of.file_id
        bare = Document(file_id, kdf or Kdf(os.urandom(SALT_BYTES)), (), counter=0 if of is None else of.counter)
        keks = [Kek.from_passphrase(passphrase, bare.kdf)]
        keks += [Kek("keyring", keyring_key)] if keyring_key else []
        return replace(bare, wraps=tuple(kek.wrap(data_key, bare) for kek in keks)), Keys(data_key)
    finally:
        del data_key, passphrase, keyring_key


def _derived(data_key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(data_key)
