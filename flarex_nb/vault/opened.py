"""An open vault's document: read again when the file changed, changed under the lock, written whole and checked.

Knows what the file is signed with; knows nothing of what a record means. A file that cannot be read is never written
over.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from flarex_nb.errors import SecretError, VaultLocked
from flarex_nb.vault import disk, edits
from flarex_nb.vault.layout import LARGEST, Document, parse
from flarex_nb.vault.layout_parts import Unreadable
from flarex_nb.vault.trouble import damaged, restore_hint, rolled_back

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from flarex_nb.clock import Clock
    from flarex_nb.vault.envelope import Keys


class OpenDocument:
    """The document of one file, as this kernel knows it."""

    __slots__ = ("_clock", "_document", "_mark", "after_write", "keys", "path")

    def __init__(self, path: Path, keys: Keys, document: Document, clock: Clock) -> None:
        """Take a document that `keys` verify; `after_write`, where set, is told each one that was written."""
        self.path = path
        self.keys = keys
        self.after_write: Callable[[Document], None] | None = None
        self._document = document
        self._clock = clock
        self._mark: tuple[int, ...] | None = None  # the first look reads the file again

    @property
    def now(self) -> Document:
        """What the file holds now.

        Raises:
            SecretError: it went away or was damaged.
            VaultLocked: it has other keys now.
        """
        if disk.mark(self.path) != self._mark:
            self._read()
        return self._document

    def change(
        self, edit: Callable[[Document], Document], used: Mapping[edits.Place, int], *, purge: bool = False
    ) -> None:
        """Apply a change to what the file holds at this moment, under the lock, and write it.

        `used` are the latest uses of secrets, noted on the way; `purge` lets the backup keep nothing of before.

        Raises:
            SecretError, VaultLocked: it cannot be read or written; it is as it was.
        """
        with disk.locked(self.path):
            before = self._read()
            try:
                document = edits.tidied(edit(self._document), self._clock.wall(), used)
            except Unreadable as why:
                raise damaged(self.path, str(why)) from None
            self._write(document, before, purge=purge)

    def rekeyed(self, document: Document, keys: Keys, verify: Callable[[bytes], None]) -> None:
        """Put an empty `document` with other keys in the file's place, with every value in it; the backup goes too.

        `verify` is asked with what was really written before it takes the old one's place.
        """
        with disk.locked(self.path):
            before = self._read()
            old = self.keys, self._document
            try:
                full = edits.moved(self._document, self.keys, document, keys)
            except Unreadable as why:
                raise damaged(self.path, str(why)) from None
            self.keys = keys
            try:
                self._write(full, before, purge=True, verify=verify)
            except BaseException:
                self.keys, self._document = old
                raise

    def _read(self) -> bytes:
        """Take over what the file holds now, and return its bytes."""
        mark = disk.mark(self.path)
        data = disk.read(self.path, LARGEST)
        if data is None:
            msg = f"the vault file {self.path} is gone"
            raise SecretError(msg, hint=restore_hint(self.path))
        try:
            document = parse(data)
        except Unreadable as why:
            raise damaged(self.path, str(why)) from None
        if not self.keys.verifies(document):
            raise self._other(document)
        if document.counter < self._document.counter:
            raise rolled_back(self.path)
        self._document, self._mark = document, mark
        return data

    def _other(self, document: Document) -> SecretError:
        """Say why a document does not verify: other keys, or the same and a changed file."""
        if (document.file_id, document.wraps) != (self._document.file_id, self._document.wraps):
            msg = f"the vault file {self.path} has another passphrase since it was unlocked here"
            return VaultLocked(msg, hint="Run %flarex_secrets unlock.")
        return damaged(self.path, "it was changed since it was written")

    def _write(
        self, document: Document, before: bytes, *, purge: bool, verify: Callable[[bytes], None] | None = None
    ) -> None:
        signed = self.keys.signed(replace(document, counter=self._document.counter + 1))
        try:
            data = edits.check_size(signed)
        except Unreadable as why:
            msg = f"{self.path} was not changed: {why}"
            raise SecretError(msg, hint="Delete secrets that are not used any more.") from None
        disk.replace(self.path, data, verify=verify or self._check_written(signed), before=before, purge=purge)
        self._document, self._mark = signed, disk.mark(self.path)
        if self.after_write is not None:
            self.after_write(signed)

    def _check_written(self, signed: Document) -> Callable[[bytes], None]:
        def check(data: bytes) -> None:
            if data != signed.to_bytes() or not self.keys.verifies(parse(data)):
                raise OSError

        return check

    def __repr__(self) -> str:
        """Return where it is."""
        return f"<OpenDocument {self.path}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse: an open vault stays in its kernel."""
        msg = "an open vault cannot be pickled or copied: its keys stay in this kernel"
        raise TypeError(msg)
