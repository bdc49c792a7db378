"""An open vault file as a place that keeps secrets: a `kept.SecretStore` whose values outlive the kernel.

Its names are in memory, its values are decrypted one by one when they are revealed. What other kernels wrote is read
before anything is answered or changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from flarex_nb.errors import SecretExpired, SecretMissing
from flarex_nb.vault import edits
from flarex_nb.vault.binding import normal_hosts
from flarex_nb.vault.edits import Wish
from flarex_nb.vault.intake import Cleaned, clean, wipe
from flarex_nb.vault.kept import PREVIOUS, SecretInfo, Stored, check_env
from flarex_nb.vault.lifetime import expired
from flarex_nb.vault.ref import check_name
from flarex_nb.vault.trouble import damaged

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from flarex_nb.clock import Clock
    from flarex_nb.model import Environment, PlaceKind, SecretRef
    from flarex_nb.vault.kept import Infos, Masks
    from flarex_nb.vault.layout import Document
    from flarex_nb.vault.layout_parts import Record
    from flarex_nb.vault.opened import OpenDocument


class VaultFile:
    """Keeps secrets in one file; several kernels may have the same one open."""

    __slots__ = ("_clock", "_masks", "_opened", "_used")

    def __init__(self, opened: OpenDocument, clock: Clock, *, masks: Masks | None = None) -> None:
        """Keep values in an opened document; `masks` is told each one that is kept or revealed, so output is masked."""
        self._opened = opened
        self._clock = clock
        self._masks = masks
        self._used: dict[edits.Place, int] = {}

    @property
    def opened(self) -> OpenDocument:
        """The document, for whoever gives it other keys."""
        return self._opened

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._opened.path

    def set(
        self,
        name: str,
        value: str | bytes | bytearray,
        *,
        hosts: Iterable[str] = (),
        env: Environment = "live",
        expires: float = 0.0,
    ) -> Stored:
        """Keep a value in the file and return notes for the person; a bytearray is overwritten with zeros.

        Raises:
            UsageError: no name, value or host that can be kept; the message repeats none of it.
            SecretError: the file cannot be read or written; it is as it was.
        """
        try:
            check_env(env)
            check_name(name)
            return self._keep(name, env, value, Wish(self._now(), normal_hosts(hosts) or None, expires=int(expires)))
        finally:
            wipe(value)
            del value

    def rotate(
        self,
        name: str,
        value: str | bytes | bytearray,
        *,
        env: Environment = "live",
        keep: float = 0.0,
        expires: float = 0.0,
    ) -> Stored:
        """Replace a kept value, its hosts unchanged; the old one still counts for `keep` seconds, as `PREVIOUS`.

        Raises:
            SecretMissing: there is none to replace.
        """
        try:
            self._current(name, env, self._opened.now)
            until = self._now() + int(keep)
            return self._keep(name, env, value, Wish(self._now(), expires=int(expires), keep_until=until))
        finally:
            wipe(value)
            del value

    def delete(self, name: str, *, env: Environment = "live") -> None:
        """Forget a kept value, in the file and in its backup.

        Raises:
            SecretMissing: there is none.
        """
        self._current(name, env, self._opened.now)
        self._opened.change(lambda document, _keys: edits.dropped(document, name, env), self._used, purge=True)
        if self._masks is not None:
            self._masks.forget(name)

    def scope(
        self,
        name: str,
        hosts: Iterable[str],
        *,
        env: Environment = "live",
        places: tuple[PlaceKind, ...] | None = None,
    ) -> None:
        """Bind a kept value to these hosts, and to these places of a request where they are given.

        Raises:
            SecretMissing: there is none.
            UsageError: a text that is no host.
        """
        self._current(name, env, self._opened.now)
        bound = normal_hosts(hosts)
        self._opened.change(lambda document, keys: edits.scoped(document, keys, (name, env), bound, places), self._used)

    def list(self) -> Infos:
        """Return what is kept, by name."""
        return tuple(self._info(each) for each in self._opened.now.records if not each.until)

    def info(self, name: str, env: Environment) -> SecretInfo | None:
        """Return what is kept under the name, None for nothing."""
        record = edits.current(self._opened.now, name, env)
        return None if record is None else self._info(record)

    def has(self, name: str, env: Environment = "live") -> bool:
        """Return whether a value is kept."""
        return edits.current(self._opened.now, name, env) is not None

    def has_previous(self, name: str, env: Environment) -> bool:
        """Return whether the version before the present one still counts."""
        return edits.previous(self._opened.now, name, env, self._clock.wall()) is not None

    def value(self, ref: SecretRef) -> str:
        """Return the value, for `reveal` alone.

        Raises:
            SecretMissing: nothing is kept.
            SecretExpired: its time is over, or the version asked for was replaced.
            SecretError: it is not the value that was sealed for this place.
        """
        held = self._opened.held
        record = self._current(ref.name, ref.scope, held.document)
        if ref.version not in {0, record.version}:
            record = self._earlier(ref, record, held.document)
        if record.expires and record.expires <= self._clock.wall():
            raise expired(record.name, record.expires)
        text = held.keys.opened(record, held.document)
        if text is None:
            raise damaged(self.path, f"the value of {record.name} is not the one that was sealed for it")
        if self._masks is not None:
            self._masks.register(record.name, text)
        self._used[record.name, record.env] = self._now()
        return text

    def _keep(self, name: str, env: Environment, value: str | bytes | bytearray, wish: Wish) -> Stored:
        cleaned: Cleaned | None = None
        try:
            cleaned = clean(value)
            text = cleaned.text
            self._opened.change(lambda document, keys: edits.put(document, keys, (name, env), text, wish), self._used)
            if self._masks is not None:
                self._masks.register(name, text)
            return Stored(name, cleaned.notes)
        finally:
            text = ""
            del value, cleaned

    def _now(self) -> int:
        return int(self._clock.wall())

    def _current(self, name: str, env: Environment, document: Document) -> Record:
        check_env(env)
        record = edits.current(document, check_name(name), env)
        if record is None:
            msg = f"the vault keeps no {name}" + (" for the sandbox" if env == "sandbox" else "")
            raise SecretMissing(msg, hint=f"Run %flarex_secrets set {name}.")
        return record

    def _earlier(self, ref: SecretRef, record: Record, document: Document) -> Record:
        found = edits.previous(document, ref.name, ref.scope, self._clock.wall())
        if found is None or ref.version not in {PREVIOUS, found.version}:
            what = "the version before" if ref.version == PREVIOUS else f"version {ref.version}"
            msg = f"{what} of {ref.name} was replaced by version {record.version}"
            raise SecretExpired(msg, hint="Run the call again: it uses the current one.")
        return found

    def _info(self, record: Record) -> SecretInfo:
        return SecretInfo(
            record.name,
            record.env,
            "vault",
            record.hosts,
            record.version,
            float(record.created),
            places=record.places,
            expires_wall=float(record.expires),
            expired=0 < record.expires <= self._clock.wall(),
        )

    def __repr__(self) -> str:
        """Return where it is."""
        return f"<VaultFile {self.path}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse: an open vault stays in its kernel."""
        msg = "an open vault cannot be pickled or copied: its keys stay in this kernel"
        raise TypeError(msg)
