"""The key of a stored answer: which question, asked with which credential.

The credential enters as an HMAC of its name and version under a per-process key, so that two credentials never share
an answer and no key text tells which credential was used.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flarex_nb.model import Headers

_IGNORED = frozenset({"user-agent", "accept-encoding", "idempotency-key"})


class Keys:
    """Makes keys; two instances never make the same one."""

    def __init__(self, secret: bytes | None = None) -> None:
        """Take the HMAC key, a fresh random one by default."""
        self._secret = secret or secrets.token_bytes(32)

    def of(self, method: str, url: str, headers: Headers, credential: str) -> str:
        """Return the key, 64 hexadecimal digits: equal exactly for equal questions with the same credential.

        Query parameters keep their order: a server may read it. `url` holds no secret.
        """
        lines = sorted(f"{name.lower()}:{value}" for name, value in headers if name.lower() not in _IGNORED)
        text = "\0".join((method, url, credential, *lines))
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()
