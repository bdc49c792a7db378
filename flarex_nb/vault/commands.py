"""Where secrets live beyond the session, as commands of `fx.secrets`: persist, unlock, lock, rekey, import.

Takes passphrases as arguments and hands them on; what asks a person for one is the notebook's matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flarex_nb.errors import SecretError, UsageError
from flarex_nb.model import SecretRef
from flarex_nb.vault.door import full, passphrase_in, short
from flarex_nb.vault.trouble import locked

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from flarex_nb.vault.door import VaultDoor
    from flarex_nb.vault.importing import Imported
    from flarex_nb.vault.opening import Around
    from flarex_nb.vault.sources import Sources
    from flarex_nb.vault.vaultfile import VaultFile

    Named = str | os.PathLike[str] | None

_IN_WORK_TREE: Final = (
    "it lies in a git work tree: whoever gets the repository can guess at a passphrase of what is committed"
)


@dataclass(frozen=True, slots=True)
class VaultState:
    """How the vault file stands: its path, whether it is there and open, and the names in it."""

    path: Path
    exists: bool
    open: bool
    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[str]:
        """Return the notes one by one."""
        return iter(self.notes)

    def __str__(self) -> str:
        """Return it in a sentence."""
        if not self.exists:
            return f"No vault file yet; %flarex_secrets persist makes {short(self.path)}."
        held = f"{len(self.names)} secret{'' if len(self.names) == 1 else 's'}"
        return f"The vault file {short(self.path)} is {'open' if self.open else 'locked'}, with {held}."


class VaultCommands:
    """What `fx.secrets` can do with the vault file."""

    _sources: Sources

    @property
    def _door(self) -> VaultDoor:
        return self._sources.vault

    def vault(self) -> VaultState:
        """Return how the vault file stands."""
        return self._state()

    def persist(
        self,
        path: Named = None,
        passphrase: str | None = None,
        *,
        passphrase_file: Named = None,
        keyring: bool = False,
    ) -> VaultState:
        """Keep secrets in an encrypted file from now on, those of this session included, and return how it stands.

        A vault file that is there already is opened and added to. Sandbox secrets stay in the session.

        Args:
            path: the file; `~/.config/flarex_nb/vault.json` or this system's like unless given.
            passphrase: what opens it, 8 characters at least; not written in a cell, which is saved.
            passphrase_file: a file that holds the passphrase.
            keyring: let the system's keyring hold a key too, so that it opens without asking.

        Raises:
            UsageError: the passphrase is too short, or another vault is open.
            VaultLocked: no passphrase was given, or it does not open the file that is there.
            SecretError: the file cannot be used or written; nothing was changed.
        """
        try:
            where = self._place(path)
            around = self._around(keyring=keyring)
            file, text = self._door.file, passphrase
            if file is None or keyring:
                text = self._passphrase(passphrase, passphrase_file, where)
            if file is None and text is not None:
                file = _made(where, text, around)
            if file is None:
                raise locked(where, self._door.no_passphrase())
            if keyring and text is not None:
                _made(where, text, around)  # only a passphrase that opens it may become the one that does
                _rekey(file, text, around)
            self._door.opened(file)
            moved = self._move_in(file)
            return self._state((*moved, *_place_notes(where)))
        finally:
            passphrase, text = None, None

    def unlock(
        self,
        path: Named = None,
        passphrase: str | None = None,
        *,
        passphrase_file: Named = None,
        older: bool = False,
    ) -> VaultState:
        """Open the vault file and return how it stands; without a passphrase, by the keyring or by its file.

        `older` accepts a file that was written fewer times than this system's keyring has seen: a backup brought back.

        Raises:
            VaultLocked: nothing that was given opens it.
            SecretError: it is missing or damaged, or other accounts can get at it.
        """
        try:
            where = self._place(path)
            if passphrase is None and passphrase_file is None and self._by_keyring(where, older=older):
                return self._state()
            text = self._passphrase(passphrase, passphrase_file, where)
            from flarex_nb.vault import opening  # noqa: PLC0415 - cryptography loads with the first vault

            self._door.opened(opening.unlock(where, text, self._counting(where), older=older))
            return self._state()
        finally:
            passphrase, text = None, ""

    def can_unlock_alone(self, path: Named = None, *, passphrase_file: Named = None) -> bool:
        """Return whether `unlock` needs nobody: a file holds the passphrase, or the system's keyring a key.

        Raises:
            SecretError: there is no vault file, or it cannot be used.
        """
        from flarex_nb.vault import opening  # noqa: PLC0415 - cryptography loads with the first vault

        held = opening.has_keyring(self._place(path)) and self._has_keyring()
        return held or passphrase_file is not None or self._door.passphrase_file() is not None

    def _has_keyring(self) -> bool:
        try:
            return self._around(keyring=True).keyring is not None
        except SecretError:
            return False

    def lock(self) -> VaultState:
        """Forget the vault's keys in this kernel, and return how it stands."""
        self._door.close()
        return self._state()

    def rekey(
        self, passphrase: str | None = None, *, passphrase_file: Named = None, keyring: bool | None = None
    ) -> VaultState:
        """Give the open vault another passphrase and new keys; the old one opens neither it nor its backup any more.

        `keyring` says whether the system's keyring holds a key as well; None leaves that as it is.

        Raises:
            VaultLocked: the vault is not open, or no passphrase was given.
            SecretError: it cannot be written; the old passphrase still opens it.
        """
        try:
            file = self._door.file
            if file is None:
                raise locked(self._door.path(), "it must be open to get another passphrase")
            text = self._passphrase(passphrase, passphrase_file, file.path, fresh=True)
            held = file.opened.now.wrap_of("keyring") is not None if keyring is None else keyring
            _rekey(file, text, self._around(keyring=held))
            return self._state()
        finally:
            passphrase, text = None, ""

    def import_env(self, path: Named = None, names: Iterable[str] = ()) -> Imported:
        """Take secrets over from a `.env` file, and return which, which were left, and notes for the person.

        Values are taken as written (`${X}` stays) and os.environ is not touched. Without `names`, those that known
        services declare or whose names end like a secret's (`_KEY`, `_TOKEN`, ...).

        Raises:
            SecretError: there is no such file, or it cannot be read.
            UsageError: a name is not in it.
        """
        from flarex_nb.vault.importing import from_dotenv  # noqa: PLC0415 - only where something is imported

        declared = {each.name for each in self._sources.declared()}
        return from_dotenv(full(path or ".env"), tuple(names), declared, self._take)

    def import_hosted(self, *names: str) -> Imported:
        """Take secrets over from the notebook host's own secrets panel, each by its name, and return which.

        Raises:
            SecretError: this notebook does not run there, or access to the name is not granted.
        """
        from flarex_nb.vault.importing import from_host  # noqa: PLC0415 - only where something is imported

        return from_host(names, self._take)

    def _take(self, name: str, value: str) -> Iterable[str]:
        raise NotImplementedError

    def _place(self, path: Named) -> Path:
        where = full(path) if path is not None else self._door.path()
        file = self._door.file
        if file is not None and file.path != where:
            msg = f"the vault file {file.path} is open"
            raise UsageError(msg, hint="Close it first: %flarex_secrets lock.")
        return where

    def _passphrase(self, given: str | None, file: Named, where: Path, *, fresh: bool = False) -> str:
        try:
            if given is not None:
                return given
            named = full(file) if file is not None else None if fresh else self._door.passphrase_file()
            if named is not None:
                return passphrase_in(named)
            raise locked(where, self._door.no_passphrase())
        finally:
            del given

    def _around(self, *, keyring: bool) -> Around:
        from flarex_nb.vault.holder import system_keyring  # noqa: PLC0415 - with the first vault
        from flarex_nb.vault.opening import Around  # noqa: PLC0415 - cryptography loads with the first vault

        return Around(self._sources.clock, self._sources.masks, system_keyring() if keyring else None)

    def _by_keyring(self, where: Path, *, older: bool) -> bool:
        """Open the file with the keyring's key where both are there; where not, somebody must give a passphrase."""
        from flarex_nb.vault import opening  # noqa: PLC0415 - cryptography loads with the first vault

        if not (opening.has_keyring(where) and self._has_keyring()):
            return False
        self._door.opened(opening.unlock_with_keyring(where, self._around(keyring=True), older=older))
        return True

    def _counting(self, where: Path) -> Around:
        """Let a keyring that holds a key of the file keep counting its writes, where there is one."""
        from flarex_nb.vault import opening  # noqa: PLC0415 - cryptography loads with the first vault

        return self._around(keyring=opening.has_keyring(where) and self._has_keyring())

    def _move_in(self, file: VaultFile) -> tuple[str, ...]:
        session = self._sources.session
        notes = []
        for info in session.list():
            if info.env == "live" and not info.expired:
                value = session.value(SecretRef(info.name))
                file.set(info.name, value, hosts=info.hosts, expires=info.expires_wall)
                del value
                if info.places:
                    file.scope(info.name, info.hosts, places=info.places)
                session.hand_over(info.name)
                notes.append(f"{info.name} moved from this session into the vault")
        return tuple(notes)

    def _state(self, notes: tuple[str, ...] = ()) -> VaultState:
        listed = self._sources.in_vault()
        file = self._door.file
        names = tuple(each.name for each in (listed or self._door.sleeping()))
        where = self._door.path()
        return VaultState(where, file is not None or where.exists(), file is not None, names, notes)


def _made(where: Path, passphrase: str, around: Around) -> VaultFile:
    from flarex_nb.vault import opening  # noqa: PLC0415 - cryptography loads with the first vault

    return opening.create(where, passphrase, around)


def _rekey(file: VaultFile, passphrase: str, around: Around) -> None:
    from flarex_nb.vault import opening  # noqa: PLC0415 - cryptography loads with the first vault

    opening.rekey(file, passphrase, around)


def _place_notes(where: Path) -> tuple[str, ...]:
    return (_IN_WORK_TREE,) if any((folder / ".git").exists() for folder in where.parents) else ()
