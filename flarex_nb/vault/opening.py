"""Making, opening and rekeying a vault file: which holder's key opens it, and that a new key does before it counts.

Reads passphrases as arguments only. Where a file cannot be opened it is left as it is.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from flarex_nb.errors import SecretError, UsageError
from flarex_nb.vault import disk
from flarex_nb.vault.envelope import Kek, Keys, new_document
from flarex_nb.vault.layout import LARGEST, Document, parse
from flarex_nb.vault.layout_parts import Unreadable
from flarex_nb.vault.opened import OpenDocument
from flarex_nb.vault.trouble import damaged, locked, rolled_back, wrong_key
from flarex_nb.vault.vaultfile import VaultFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flarex_nb.clock import Clock
    from flarex_nb.vault.holder import SystemKeyring
    from flarex_nb.vault.kept import Masks

SHORTEST: Final = 8
"""Characters of a passphrase: the derivation slows guessing down, it does not make a short one long."""

LONGEST: Final = 1024


@dataclass(frozen=True, slots=True)
class Around:
    """What an open vault works with: the clock for dates, the masks for output, the keyring where one is wanted."""

    clock: Clock
    masks: Masks | None = None
    keyring: SystemKeyring | None = None


def check_passphrase(passphrase: object) -> str:
    """Return the passphrase if it may protect a vault.

    Raises:
        UsageError: it is too short, too long or no text; nothing of it is repeated.
    """
    try:
        if isinstance(passphrase, str) and SHORTEST <= len(passphrase) <= LONGEST and passphrase.strip():
            return passphrase
        msg = f"a passphrase is a text of {SHORTEST} to {LONGEST:,} characters"
        raise UsageError(msg, hint="Several words are easy to keep in mind. Nothing was changed.")
    finally:
        del passphrase


def create(path: Path, passphrase: str, around: Around) -> VaultFile:
    """Return a new, empty vault file; one that another kernel has just made is opened instead.

    Raises:
        UsageError: the passphrase is too short.
        VaultLocked: there is a file, and the passphrase does not open it.
        SecretError: there is something else, or nothing can be written there; it was not touched.
    """
    try:
        check_passphrase(passphrase)
        disk.prepare_folder(path)
        with disk.locked(path):
            fresh = disk.read(path, LARGEST) is None
            if fresh:
                document, keys = new_document(passphrase)
                signed = keys.signed(replace(document, counter=1))
                disk.replace(path, signed.to_bytes(), verify=_opens(passphrase, signed), before=None)
        return unlock(path, passphrase, around)
    finally:
        del passphrase


def unlock(path: Path, passphrase: str, around: Around, *, older: bool = False) -> VaultFile:
    """Return the vault file opened with a passphrase; `older` accepts one whose counter was seen higher.

    Raises:
        VaultLocked: there is no file, or the passphrase does not open it.
        SecretError: it is damaged, not a vault, or not for its owner alone.
    """
    try:
        document = _read(path)
        keys = Kek.from_passphrase(passphrase, document.kdf).unwrap(document)
        if keys is None:
            raise wrong_key(path, "the passphrase")
        return _opened(path, document, keys, around, older=older)
    finally:
        del passphrase


def unlock_with_keyring(path: Path, around: Around, *, older: bool = False) -> VaultFile:
    """Return the vault file opened with the key that the system's keyring holds for it.

    Raises:
        VaultLocked: no key is held there, or it does not fit.
        SecretError: as for `unlock`.
    """
    document = _read(path)
    key = around.keyring.key(document.file_id) if around.keyring and document.wrap_of("keyring") else None
    if key is None:
        raise locked(path, "the system's keyring holds no key for it")
    keys = Kek("keyring", key).unwrap(document)
    if keys is None:
        raise wrong_key(path, "the key in the system's keyring")
    return _opened(path, document, keys, around, older=older)


def has_keyring(path: Path) -> bool:
    """Return whether the file says that a keyring holds a key of it.

    Raises:
        SecretError: there is none, it is damaged, or not for its owner alone.
    """
    return _read(path).wrap_of("keyring") is not None


def rekey(vault: VaultFile, passphrase: str, around: Around) -> None:
    """Give the vault another passphrase and new keys of its own; the old passphrase opens neither it nor its backup.

    With a keyring in `around`, that holds a key too; one it has already stays, so that a failure here loses nothing.

    Raises:
        UsageError: the passphrase is too short.
        SecretError: it cannot be written; the old passphrase still opens it.
    """
    key = b""
    try:
        check_passphrase(passphrase)
        old = vault.opened.now
        if around.keyring is not None:
            key = around.keyring.key(old.file_id) or around.keyring.make(old.file_id)
        document, keys = new_document(passphrase, keyring_key=key, of=old)
        vault.opened.after_write = _noted(around)
        vault.opened.rekeyed(document, keys, _reopens(passphrase))
    finally:
        del passphrase, key


def _read(path: Path) -> Document:
    data = disk.read(path, LARGEST)
    if data is None:
        msg = f"there is no vault file {path}"
        raise SecretError(msg, hint="Make one: %flarex_secrets persist. Another one: %flarex_secrets unlock PATH.")
    try:
        return parse(data)
    except Unreadable as why:
        raise damaged(path, str(why)) from None


def _opened(path: Path, document: Document, keys: Keys, around: Around, *, older: bool) -> VaultFile:
    if not keys.verifies(document):
        raise damaged(path, "it was changed since it was written")
    held = document.wrap_of("keyring") is not None and around.keyring is not None
    if held and around.keyring is not None:
        if document.counter < around.keyring.counter(document.file_id) and not older:
            raise rolled_back(path)
        around.keyring.note(document.file_id, document.counter)
    opened = OpenDocument(path, keys, document, around.clock)
    opened.after_write = _noted(around) if held else None
    return VaultFile(opened, around.clock, masks=around.masks)


def _noted(around: Around) -> Callable[[Document], None]:
    """Return what tells the keyring how often the file was written, so that an older one is seen to be older."""

    def note(document: Document) -> None:
        with suppress(SecretError):  # it was written; a count that is missing only lets an older file pass for newer
            if around.keyring is not None:
                around.keyring.note(document.file_id, document.counter)

    return note


def _opens(passphrase: str, signed: Document) -> Callable[[bytes], None]:
    def check(data: bytes) -> None:
        if data != signed.to_bytes():
            raise OSError
        _reopens(passphrase)(data)

    return check


def _reopens(passphrase: str) -> Callable[[bytes], None]:
    """Return a check that the passphrase opens what was written, every value in it."""

    def check(data: bytes) -> None:
        if not _opens_whole(data, passphrase):
            raise OSError

    return check


def _opens_whole(data: bytes, passphrase: str) -> bool:
    try:
        document = parse(data)
    except Unreadable:
        return False
    keys = Kek.from_passphrase(passphrase, document.kdf).unwrap(document)
    if keys is None or not keys.verifies(document):
        return False
    return all(keys.opened(record, document) is not None for record in document.records)
