"""The system's keyring as a holder of a vault's key, and of how often its file was written.

Only a real keyring counts: one that keeps text in a plain file, or nothing at all, is refused by name. The keyring
package is an extra and loads when it is asked for.
"""

from __future__ import annotations

import base64
import binascii
import os
from typing import Final, Protocol

from flarex_nb.errors import SecretError
from flarex_nb.vault.layout_parts import KEY_BYTES

SERVICE: Final = "flarex_nb vault"
_LEAST_PRIORITY: Final = 1
"""What the keyring package calls recommended; below are its plain files, its null and its failing one."""


class Backend(Protocol):
    """What is used of a keyring backend."""

    @property
    def priority(self) -> float:
        """How good it is; from 1 on it is recommended."""
        ...

    def get_password(self, service: str, username: str) -> str | None:
        """Return what is kept."""
        ...

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep it."""
        ...


class SystemKeyring:
    """Keys by file, in the keyring of the account."""

    __slots__ = ("_backend",)

    def __init__(self, backend: Backend) -> None:
        """Use this backend; `system_keyring` finds the account's own."""
        self._backend = backend

    def key(self, file_id: str) -> bytes | None:
        """Return the key held for a file, None for none.

        Raises:
            SecretError: the keyring does not answer.
        """
        text = self._get(file_id)
        try:
            key = base64.b64decode(text or "", validate=True)
        except (binascii.Error, ValueError):
            return None
        finally:
            del text
        return key if len(key) == KEY_BYTES else None

    def make(self, file_id: str) -> bytes:
        """Return a key for the file, a new one in the place of any before."""
        key = os.urandom(KEY_BYTES)
        self._set(file_id, base64.b64encode(key).decode())
        return key

    def counter(self, file_id: str) -> int:
        """Return the highest count of writes that was noted, 0 for none."""
        text = self._get(f"{file_id} written") or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < len(str(2**53)) else 0

    def note(self, file_id: str, counter: int) -> None:
        """Note how often the file was written."""
        self._set(f"{file_id} written", str(counter))

    def _get(self, username: str) -> str | None:
        try:
            return self._backend.get_password(SERVICE, username)
        except Exception as error:  # noqa: BLE001 - each backend raises its own
            raise _silent(error) from None

    def _set(self, username: str, text: str) -> None:
        try:
            self._backend.set_password(SERVICE, username, text)
        except Exception as error:  # noqa: BLE001 - each backend raises its own
            raise _silent(error) from None
        finally:
            del text

    def __repr__(self) -> str:
        """Return which backend it is."""
        return f"<SystemKeyring {_name(self._backend)}>"


def system_keyring() -> SystemKeyring:
    """Return the account's keyring.

    Raises:
        SecretError: the package is missing, or there is no real keyring, as on most servers.
    """
    try:
        import keyring  # noqa: PLC0415 - an extra, loaded where it is asked for
    except ModuleNotFoundError:
        msg = "the keyring package is not here"
        raise SecretError(msg, hint="pip install 'flarex_nb[keyring]', or use the passphrase alone.") from None
    backend = keyring.get_keyring()
    if backend.priority < _LEAST_PRIORITY:
        msg = f"this system has no real keyring ({_name(backend)})"
        hint = "Use the passphrase alone. Where nobody can be asked: %flarex_secrets unlock --passphrase-file PATH."
        raise SecretError(msg, hint=hint)
    return SystemKeyring(backend)


def _name(backend: object) -> str:
    return f"{type(backend).__module__}.{type(backend).__qualname__}"


def _silent(error: Exception) -> SecretError:
    msg = f"the system's keyring did not answer ({type(error).__name__})"
    return SecretError(msg, hint="Unlock the keyring, or use the passphrase: %flarex_secrets unlock.")
