"""The kernel's side of the sealed entry: one key and one nonce at a time, each good for one message.

Opens what the browser sealed (HPKE, RFC 9180) and hands the value on; keeps no value and knows no widget.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from typing import TYPE_CHECKING

from flarex_nb.errors import SecretError
from flarex_nb.vault.seal import EntryKey, entry_info

if TYPE_CHECKING:
    from flarex_nb.notebook.widgets.message import Store, Vault

_AGAIN = "Enter the value again: the panel has a new key."


class EntryDesk:
    """Hands out one public key at a time and opens one message with it."""

    def __init__(self) -> None:
        """Make the first key."""
        self._panel = secrets.token_urlsafe(12)
        self.renew()

    def renew(self) -> None:
        """Drop the key and the nonce, opened or not, for new ones."""
        self._key = EntryKey()
        self._nonce = secrets.token_urlsafe(16)
        self._public = base64.b64encode(self._key.public).decode()

    def offer(self) -> dict[str, str]:
        """Return what the browser needs to seal one value: the panel's id, the public key in base64, the nonce."""
        return {"panel": self._panel, "public": self._public, "nonce": self._nonce}

    def open(self, message: Store | Vault) -> str:
        """Return the value of a sealed message; the key is used up whether it opens or not.

        Raises:
            SecretError: replayed, meant for another key, tampered with, or sealed for another name, environment or
                hosts.
        """
        sealed = _decoded(message.sealed)
        if not secrets.compare_digest(message.nonce.encode(), self._nonce.encode()):
            refusal = "rejected: this message was sealed for a key that is already used. Nothing was stored"
            raise SecretError(refusal, hint=_AGAIN)
        info = entry_info(self._panel, message.name, message.hosts, message.nonce, env=message.env)
        try:
            return _value(self._key.open(sealed, info))
        except (SecretError, ValueError):
            refusal = "rejected: the message was changed on its way, or sealed for another secret. Nothing was stored"
            raise SecretError(refusal, hint=_AGAIN) from None


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        message = "rejected: the message is not what this panel sends. Nothing was stored"
        raise SecretError(message, hint=_AGAIN) from None


def _value(plain: bytes) -> str:
    document = json.loads(plain)
    if not isinstance(document, dict) or not isinstance(document.get("value"), str):
        message = "no value"
        raise ValueError(message)  # noqa: TRY004 - caught above with every other malformed text
    value: str = document["value"]
    return value
