"""An open vault's document: read again when the file changed, changed under the lock, written whole and checked.

Knows what the file is signed with; knows nothing of what a record means. A file that cannot be read is never written
over. Keys and document change together, so that a thread that looks meanwhile sees both old or both new.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, NoReturn

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


class Held(NamedTuple):
    """Keys and the document they verify; `mark` is the file's when it was read, None before that."""

    keys: Keys
    document: Document
    mark: tuple[int, ...] | None = None


class OpenDocument:
    """The document of one file, as this kernel knows it."""

    __slots__ = ("_clock", "_held", "after_write", "path")

    def __init__(self, path: Path, keys: Keys, document: Document, clock: Clock) -> None:
        """Take a document that `keys` verify; `after_write`, where set, is told each one that was written."""
        self.path = path
        self.after_write: Callable[[Document], None] | None = None
        self._held = Held(keys, document)
        self._clock = clock

    @property
    def held(self) -> Held:
        """The keys and what the file holds now.

        Raises:
            SecretError: it went away or was damaged.
            VaultLocked: it has other keys now.
        """
        if disk.mark(self.path) != self._held.mark:
            self._read()
        return self._held

    @property
    def now(self) -> Document:
        """What the file holds now; raises as `held` does."""
        return self.held.document

    def change(
        self, edit: Callable[[Document, Keys], Document], used: Mapping[edits.Place, int], *, purge: bool = False
    ) -> None:
        """Apply a change to what the file holds at this moment, under the lock, and write it.

        `used` are the latest uses of secrets, noted on the way; `purge` lets the backup keep nothing of before.

        Raises:
            SecretError, VaultLocked: it cannot be read or written; it is as it was.
        """
        with disk.locked(self.path):
            before, held = self._read()
            document = self._edited(lambda: edits.tidied(edit(held.document, held.keys), self._clock.wall(), used))
            self._write(document, held.keys, before, self._as_signed, purge=purge)

    def rekeyed(self, document: Document, keys: Keys, verify: Callable[[bytes], None]) -> None:
        """Put an empty `document` with other keys in the file's place, with every value in it; the backup goes too.

        `verify` is asked with what was really written before it takes the old one's place.
        """
        with disk.locked(self.path):
            before, held = self._read()
            fresh = replace(document, counter=held.document.counter)
            full = self._edited(lambda: edits.moved(held.document, held.keys, fresh, keys))
            self._write(full, keys, before, lambda _signed, _keys: verify, purge=True)

    def _edited(self, edit: Callable[[], Document]) -> Document:
        try:
            return edit()
        except Unreadable as why:
            raise damaged(self.path, str(why)) from None

    def _read(self) -> tuple[bytes, Held]:
        """Take over what the file holds now, and return its bytes and what they are."""
        known, mark = self._held, disk.mark(self.path)
        data = disk.read(self.path, LARGEST)
        if data is None:
            msg = f"the vault file {self.path} is gone"
            raise SecretError(msg, hint=restore_hint(self.path))
        document = self._edited(lambda: parse(data))
        if self._held is not known:  # another thread has written meanwhile
            return self._read()
        if not known.keys.verifies(document):
            raise self._other(document, known.document)
        if document.counter < known.document.counter:
            raise rolled_back(self.path)
        held = Held(known.keys, document, mark)
        self._held = held
        return data, held

    def _other(self, document: Document, known: Document) -> SecretError:
        """Say why a document does not verify: other keys, or the same and a changed file."""
        if (document.file_id, document.wraps) != (known.file_id, known.wraps):
            msg = f"the vault file {self.path} has another passphrase since it was unlocked here"
            return VaultLocked(msg, hint="Run %flarex_secrets unlock.")
        return damaged(self.path, "it was changed since it was written")

    def _write(
        self,
        document: Document,
        keys: Keys,
        before: bytes,
        check: Callable[[Document, Keys], Callable[[bytes], None]],
        *,
        purge: bool,
    ) -> None:
        signed = keys.signed(replace(document, counter=document.counter + 1))
        try:
            data = edits.check_size(signed)
        except Unreadable as why:
            msg = f"{self.path} was not changed: {why}"
            raise SecretError(msg, hint="Delete secrets that are not used any more.") from None
        disk.replace(self.path, data, verify=check(signed, keys), before=before, purge=purge)
        self._held = Held(keys, signed, disk.mark(self.path))
        if self.after_write is not None:
            self.after_write(signed)

    @staticmethod
    def _as_signed(signed: Document, keys: Keys) -> Callable[[bytes], None]:
        def check(data: bytes) -> None:
            if data != signed.to_bytes() or not keys.verifies(parse(data)):
                raise OSError

        return check

    def __repr__(self) -> str:
        """Return where it is."""
        return f"<OpenDocument {self.path}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse: an open vault stays in its kernel."""
        msg = "an open vault cannot be pickled or copied: its keys stay in this kernel"
        raise TypeError(msg)
