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

if TYPE_CHECKING:
    from collections.abc import Callable

    from flarex_nb.notebook.widgets.message import Store
    from flarex_nb.notebook.widgets.ports import OneUseKey

_LONGEST_PART = 0xFFFF
"""Bytes: what a length in two bytes can tell."""

_AGAIN = "Enter the value again: the panel has a new key."


def entry_info(panel: str, name: str, env: str, hosts: tuple[str, ...], nonce: str) -> bytes:
    """Return what a sealed value is bound to: "flarex/1", then each part in UTF-8 behind its length in two bytes.

    The same bytes as `entryInfo` in static/seal.js. A message for one name, environment, set of hosts or nonce does
    not open as another's.

    Raises:
        SecretError: a part is longer than 65,535 bytes.
    """
    parts = [part.encode() for part in (panel, name, env, ",".join(hosts), nonce)]
    if any(len(part) > _LONGEST_PART for part in parts):
        message = "a name or a list of hosts is too long to be bound to a value"
        raise SecretError(message)
    return b"flarex/1" + b"".join(len(part).to_bytes(2, "big") + part for part in parts)


def _vault_key() -> OneUseKey:
    # Imported late: the panel can be listed without loading the cryptography package.
    from flarex_nb.vault.seal import EntryKey  # noqa: PLC0415

    return EntryKey()


class EntryDesk:
    """Hands out one public key at a time and opens one message with it."""

    def __init__(self, make_key: Callable[[], OneUseKey] | None = None) -> None:
        """Make the first key; `make_key` stands in for the vault's in tests."""
        self._make_key = make_key or _vault_key
        self._panel = secrets.token_urlsafe(12)
        self.renew()

    def renew(self) -> None:
        """Drop the key and the nonce, opened or not, for new ones."""
        self._key: OneUseKey | None = self._make_key()
        self._nonce = secrets.token_urlsafe(16)
        self._public = base64.b64encode(self._key.public).decode()

    def offer(self) -> dict[str, str]:
        """Return what the browser needs to seal one value: the panel's id, the public key in base64, the nonce."""
        return {"panel": self._panel, "public": self._public, "nonce": self._nonce}

    def open(self, message: Store) -> str:
        """Return the value of a sealed message; the key is used up whether it opens or not.

        Raises:
            SecretError: replayed, meant for another key, tampered with, or sealed for another name, environment or
                hosts.
        """
        key, sealed = self._key, _decoded(message.sealed)
        if key is None or not secrets.compare_digest(message.nonce.encode(), self._nonce.encode()):
            refusal = "rejected: this message was sealed for a key that is already used. Nothing was stored"
            raise SecretError(refusal, hint=_AGAIN)
        info = entry_info(self._panel, message.name, message.env, message.hosts, message.nonce)
        self._key = None
        try:
            return _value(key.open(sealed, info))
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
