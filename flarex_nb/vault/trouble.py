"""What is said of a vault file that cannot be used: why, that it was not touched, and the next step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flarex_nb.errors import SecretError, VaultLocked
from flarex_nb.vault.disk import backup_of

if TYPE_CHECKING:
    from pathlib import Path


def damaged(path: Path, why: str) -> SecretError:
    """Return the error for a file that is no vault or not as it was written; nothing of it was loaded."""
    msg = f"the vault file {path} cannot be read: {why}. Nothing of it was loaded, and it was not touched"
    return SecretError(msg, hint=restore_hint(path))


def restore_hint(path: Path) -> str:
    """Return the next step for a file that cannot be used."""
    backup = backup_of(path)
    if backup.exists():
        return f"The backup {backup} is from before the last change: move the file away and copy the backup there."
    return "Bring the file back from a copy of yours, or name another: %flarex_secrets persist PATH."


def rolled_back(path: Path) -> SecretError:
    """Return the error for an older file in the place of a newer one."""
    msg = f"the vault file {path} is older than the one that was last seen here"
    hint = "If you brought back a backup yourself, accept it: %flarex_secrets unlock --older."
    return SecretError(msg, hint=hint)


def wrong_key(path: Path, what: str) -> VaultLocked:
    """Return the error for a key that does not fit: a wrong one, or a header that was changed; it cannot be told."""
    msg = f"{what} does not open the vault file {path}: it is a wrong one, or the file's head was changed"
    return VaultLocked(msg, hint=f"Try again: %flarex_secrets unlock. {restore_hint(path)}")


def locked(path: Path, why: str) -> VaultLocked:
    """Return the error for a vault that nobody has unlocked here."""
    hint = (
        "Run %flarex_secrets unlock. Where nobody can be asked, put the passphrase into a file that only you can read "
        "and name it: %flarex_secrets unlock --passphrase-file PATH, or FLAREX_VAULT_PASSPHRASE_FILE=PATH."
    )
    return VaultLocked(f"{why}: the vault file {path} is locked", hint=hint)
