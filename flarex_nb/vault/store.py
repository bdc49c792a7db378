"""The session store: values in memory only, as AES-GCM ciphertexts bound to name, environment, version and hosts.

No attribute, repr or error of it shows a value or its length. It answers who may know a name's state; whether a value
may go somewhere is `reveal`'s matter.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NoReturn

from flarex_nb.errors import SecretExpired, SecretMissing
from flarex_nb.vault.binding import normal_hosts
from flarex_nb.vault.intake import Cleaned, clean, wipe
from flarex_nb.vault.kept import PREVIOUS, SecretInfo, Stored, check_env
from flarex_nb.vault.lifetime import expired
from flarex_nb.vault.padding import framed, padded, unpadded
from flarex_nb.vault.ref import check_name
from flarex_nb.vault.seal import SessionCipher

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flarex_nb.clock import Clock
    from flarex_nb.model import Cipher, Environment, PlaceKind, SecretRef
    from flarex_nb.vault.kept import Infos, Masks


@dataclass(frozen=True, slots=True)
class _Entry:
    """One sealed value and what it is bound to; `until` is how long one that was replaced still counts."""

    name: str
    env: Environment
    hosts: tuple[str, ...]
    version: int
    created: float
    places: tuple[PlaceKind, ...] = ()
    expires: float = 0.0
    until: float = 0.0
    sealed: bytes = field(repr=False, default=b"")

    @property
    def context(self) -> bytes:
        """What the ciphertext is bound to, each part behind its length: another's ciphertext does not open here."""
        parts = (self.name, self.env, str(self.version), ",".join(self.hosts), ",".join(self.places))
        return b"flarex/session/1" + framed((*parts, repr(self.expires), repr(self.until)))


class SessionStore:
    """Keeps secrets for this kernel; gone with it. A `kept.SecretStore`."""

    __slots__ = ("_before", "_cipher", "_clock", "_entries", "_masks")

    def __init__(self, clock: Clock, *, cipher: Cipher | None = None, masks: Masks | None = None) -> None:
        """Begin empty; `masks` is told each value that is kept, and the names of those that are not any more."""
        self._clock = clock
        self._cipher = cipher or SessionCipher()
        self._masks = masks
        self._entries: dict[tuple[str, Environment], _Entry] = {}
        self._before: dict[tuple[str, Environment], _Entry] = {}

    def set(
        self,
        name: str,
        value: str | bytes | bytearray,
        *,
        hosts: Iterable[str] = (),
        env: Environment = "live",
        expires: float = 0.0,
    ) -> Stored:
        """Keep a value and return notes for the person. A bytearray is overwritten with zeros.

        Without hosts, those bound before stay; with none bound before, the hosts of the service that declares the
        secret are meant.

        Raises:
            UsageError: no name, value or host that can be kept; the message repeats none of it.
        """
        try:
            check_env(env)
            before = self._entries.get((check_name(name), env))
            bound = normal_hosts(hosts) or (before.hosts if before else ())
            stored = self._keep(name, env, bound, value, expires)
            self._before.pop((name, env), None)
            return stored
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
        """Replace a kept value, its hosts unchanged; the old value stays masked in output.

        The old value still counts for `keep` seconds, as `PREVIOUS`.

        Raises:
            SecretMissing: there is none to replace.
            UsageError: a value that cannot be kept.
        """
        try:
            old = self._entry(name, env)
            stored = self._keep(name, env, old.hosts, value, expires)
            self._before.pop((name, env), None)
            if keep:
                self._before[name, env] = self._resealed(old, replace(old, until=self._clock.wall() + keep))
            return stored
        finally:
            wipe(value)
            del value

    def delete(self, name: str, *, env: Environment = "live") -> None:
        """Forget a kept value.

        Raises:
            SecretMissing: there is none.
        """
        self._entry(name, env)
        del self._entries[name, env]
        self._before.pop((name, env), None)
        if self._masks is not None:
            self._masks.forget(name)
            for other in [entry for entry in self._entries.values() if entry.name == name]:
                self._masks.register(name, self._opened(other))

    def hand_over(self, name: str, *, env: Environment = "live") -> None:
        """Let go of a value that another store keeps now; it stays masked in output."""
        self._entries.pop((name, env), None)
        self._before.pop((name, env), None)

    def scope(
        self,
        name: str,
        hosts: Iterable[str],
        *,
        env: Environment = "live",
        places: tuple[PlaceKind, ...] | None = None,
    ) -> None:
        """Bind a kept value to these hosts and no others; to none: to those of the service that declares it.

        `places` are the parts of a request it may stand in, where they are given.

        Raises:
            SecretMissing: there is none.
            UsageError: a text that is no host.
        """
        bound = normal_hosts(hosts)
        self._entry(name, env)
        for entries in (self._entries, self._before):
            entry = entries.get((name, env))
            if entry is not None:
                chosen = entry.places if places is None else places
                entries[name, env] = self._resealed(entry, replace(entry, hosts=bound, places=chosen))

    def list(self) -> Infos:
        """Return what is kept, by name."""
        return tuple(self._info(entry) for _, entry in sorted(self._entries.items()))

    def info(self, name: str, env: Environment) -> SecretInfo | None:
        """Return what is kept under the name, None for nothing."""
        entry = self._entries.get((name, env))
        return None if entry is None else self._info(entry)

    def has(self, name: str, env: Environment = "live") -> bool:
        """Return whether a value is kept."""
        return (name, env) in self._entries

    def has_previous(self, name: str, env: Environment) -> bool:
        """Return whether the value before the present one still counts."""
        before = self._before.get((name, env))
        return before is not None and before.until > self._clock.wall()

    def value(self, ref: SecretRef) -> str:
        """Return the value, for `reveal` alone.

        Raises:
            SecretMissing: nothing is kept.
            SecretExpired: its time is over, or the version asked for was replaced.
            VaultLocked: what is kept does not belong to this name, environment, version and hosts.
        """
        entry = self._entry(ref.name, ref.scope)
        if ref.version not in {0, entry.version}:
            entry = self._earlier(ref, entry)
        if entry.expires and entry.expires <= self._clock.wall():
            raise expired(entry.name, entry.expires)
        return self._opened(entry)

    def _earlier(self, ref: SecretRef, entry: _Entry) -> _Entry:
        before = self._before.get((ref.name, ref.scope))
        if before is None or before.until <= self._clock.wall() or ref.version not in {PREVIOUS, before.version}:
            what = "the version before" if ref.version == PREVIOUS else f"version {ref.version}"
            msg = f"{what} of {ref.name} was replaced by version {entry.version}"
            raise SecretExpired(msg, hint="Run the call again: it uses the current one.")
        return before

    def _entry(self, name: str, env: Environment) -> _Entry:
        check_env(env)
        entry = self._entries.get((check_name(name), env))
        if entry is None:
            msg = f"this session keeps no {name}" + (" for the sandbox" if env == "sandbox" else "")
            raise SecretMissing(msg, hint=f"Run %flarex_secrets set {name}.")
        return entry

    def _keep(
        self, name: str, env: Environment, hosts: tuple[str, ...], value: str | bytes | bytearray, expires: float
    ) -> Stored:
        cleaned: Cleaned | None = None
        try:
            cleaned = clean(value)
            old = self._entries.get((name, env))
            version, places = (old.version + 1, old.places) if old else (1, ())
            bare = _Entry(name, env, hosts, version, self._clock.wall(), places, expires)
            self._entries[name, env] = self._sealed(bare, cleaned.text)
            if self._masks is not None:
                self._masks.register(name, cleaned.text)
            return Stored(name, cleaned.notes)
        finally:
            del value, cleaned

    def _sealed(self, bare: _Entry, text: str) -> _Entry:
        try:
            return replace(bare, sealed=self._cipher.seal(padded(text), bare.context))
        finally:
            del text

    def _resealed(self, entry: _Entry, changed: _Entry) -> _Entry:
        return self._sealed(changed, self._opened(entry))

    def _opened(self, entry: _Entry) -> str:
        return unpadded(self._cipher.open(entry.sealed, entry.context))

    def _info(self, entry: _Entry) -> SecretInfo:
        return SecretInfo(
            entry.name,
            entry.env,
            "session",
            entry.hosts,
            entry.version,
            entry.created,
            places=entry.places,
            expires_wall=entry.expires,
            expired=0 < entry.expires <= self._clock.wall(),
        )

    def __repr__(self) -> str:
        """Return the names."""
        return f"<SessionStore of {', '.join(f'{name} ({env})' for name, env in sorted(self._entries)) or 'nothing'}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse: what is kept here stays in its kernel."""
        msg = "the session's secrets cannot be pickled or copied: they stay in this kernel"
        raise TypeError(msg)
