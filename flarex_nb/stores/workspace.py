"""The two keys of a cache that other kernels may share: one to seal what is kept, one to name it.

Both come from the workspace's own key (HKDF, RFC 5869), or from chance where there is none: then what is kept can be
read by this kernel only. No attribute shows a key.
"""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from flarex_nb.errors import VaultLocked

if TYPE_CHECKING:
    from flarex_nb.model import Cipher

SHORTEST: Final = 32
"""Characters: HKDF makes no weak passphrase strong, so the text must be a random one."""

HOW_TO_MAKE_ONE: Final = 'python -c "import secrets; print(secrets.token_hex(32))"'

_NONCE_BYTES: Final = 12  # 96 random bits, NIST SP 800-38D 8.2.2
_TAG_BYTES: Final = 16


class _Sealed:
    """AES-256-GCM under one derived key; a `model.Cipher`."""

    __slots__ = ("_aead",)

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Return nonce and ciphertext; `context` is bound, not stored."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, plain, context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Return the plaintext; raise VaultLocked when it was changed or sealed for something else."""
        if len(sealed) >= _NONCE_BYTES + _TAG_BYTES:
            try:
                return self._aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context)
            except InvalidTag:
                pass
        msg = "a shared answer was changed, or sealed with another key"
        raise VaultLocked(msg, hint="It is not used; the server is asked instead.")


class WorkspaceKeys:
    """`cipher` seals, `naming` is the HMAC key of names; `common` tells whether other kernels have the same."""

    __slots__ = ("cipher", "common", "naming", "problem")

    def __init__(self, text: str | None) -> None:
        """Derive both keys from `text`; from chance where it is missing or too short, with the reason in `problem`."""
        words = (text or "").strip()
        self.common = len(words) >= SHORTEST
        self.problem = ""
        if words and not self.common:
            self.problem = f"FLAREX_CACHE_KEY has {len(words)} characters and needs {SHORTEST}: {HOW_TO_MAKE_ONE}"
        start = words.encode() if self.common else secrets.token_bytes(32)
        self.cipher: Cipher = _Sealed(_derived(start, b"flarex/cache/1 seal"))
        self.naming = _derived(start, b"flarex/cache/1 name")

    def __repr__(self) -> str:
        """Return whether it is shared."""
        return f"<WorkspaceKeys {'of the workspace' if self.common else 'of this kernel'}>"


def _derived(start: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(start)
