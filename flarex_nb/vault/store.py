"""The session store: values in memory only, as AES-GCM ciphertexts bound to name, environment, version and hosts.

No attribute, repr or error of it shows a value or its length. It answers who may know a name's state; whether a value
may go somewhere is `reveal`'s matter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NoReturn

from flarex_nb.errors import SecretExpired, SecretMissing
from flarex_nb.vault.binding import normal_hosts
from flarex_nb.vault.intake import Cleaned, clean, wipe
from flarex_nb.vault.kept import SecretInfo, Stored, check_env
from flarex_nb.vault.ref import check_name
from flarex_nb.vault.seal import SessionCipher

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flarex_nb.clock import Clock
    from flarex_nb.model import Cipher, Environment, SecretRef
    from flarex_nb.vault.kept import Infos, Masks

_PAD: Final = 256
_LENGTH_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class _Entry:
    """One sealed value and what it is bound to."""

    name: str
    env: Environment
    hosts: tuple[str, ...]
    version: int
    created: float
    sealed: bytes = field(repr=False, default=b"")

    @property
    def context(self) -> bytes:
        """What the ciphertext is bound to, each part behind its length: another's ciphertext does not open here."""
        parts = [part.encode() for part in (self.name, self.env, str(self.version), ",".join(self.hosts))]
        return b"flarex/session/1" + b"".join(len(part).to_bytes(_LENGTH_BYTES, "big") + part for part in parts)


class SessionStore:
    """Keeps secrets for this kernel; gone with it. A `kept.SecretStore`."""

    __slots__ = ("_cipher", "_clock", "_entries", "_masks")

    def __init__(self, clock: Clock, *, cipher: Cipher | None = None, masks: Masks | None = None) -> None:
        """Begin empty; `masks` is told each value that is kept, and the names of those that are not any more."""
        self._clock = clock
        self._cipher = cipher or SessionCipher()
        self._masks = masks
        self._entries: dict[tuple[str, Environment], _Entry] = {}

    def set(
        self, name: str, value: str | bytes | bytearray, *, hosts: Iterable[str] = (), env: Environment = "live"
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
            return self._keep(name, env, bound, value)
        finally:
            wipe(value)
            del value

    def rotate(self, name: str, value: str | bytes | bytearray, *, env: Environment = "live") -> Stored:
        """Replace a kept value, its hosts unchanged; the old value stays masked in output.

        Raises:
            SecretMissing: there is none to replace.
            UsageError: a value that cannot be kept.
        """
        try:
            return self._keep(name, env, self._entry(name, env).hosts, value)
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
        if self._masks is not None:
            self._masks.forget(name)
            for other in [entry for entry in self._entries.values() if entry.name == name]:
                self._masks.register(name, self._opened(other))

    def scope(self, name: str, hosts: Iterable[str], *, env: Environment = "live") -> None:
        """Bind a kept value to these hosts and no others; to none: to those of the service that declares it.

        Raises:
            SecretMissing: there is none.
            UsageError: a text that is no host.
        """
        entry = self._entry(name, env)
        bound = normal_hosts(hosts)
        self._entries[name, env] = self._sealed(entry.name, entry.env, bound, entry.version, self._opened(entry))

    def list(self) -> Infos:
        """Return what is kept, by name."""
        return tuple(_info(entry) for _, entry in sorted(self._entries.items()))

    def info(self, name: str, env: Environment) -> SecretInfo | None:
        """Return what is kept under the name, None for nothing."""
        entry = self._entries.get((name, env))
        return None if entry is None else _info(entry)

    def has(self, name: str, env: Environment = "live") -> bool:
        """Return whether a value is kept."""
        return (name, env) in self._entries

    def value(self, ref: SecretRef) -> str:
        """Return the value, for `reveal` alone.

        Raises:
            SecretMissing: nothing is kept.
            SecretExpired: the version asked for was replaced.
            VaultLocked: what is kept does not belong to this name, environment, version and hosts.
        """
        entry = self._entry(ref.name, ref.scope)
        if ref.version not in {0, entry.version}:
            msg = f"version {ref.version} of {ref.name} was replaced by version {entry.version}"
            raise SecretExpired(msg, hint="Run the call again: it uses the current one.")
        return self._opened(entry)

    def _entry(self, name: str, env: Environment) -> _Entry:
        check_env(env)
        entry = self._entries.get((check_name(name), env))
        if entry is None:
            msg = f"this session keeps no {name}" + (" for the sandbox" if env == "sandbox" else "")
            raise SecretMissing(msg, hint=f"Run %flarex_secrets set {name}.")
        return entry

    def _keep(self, name: str, env: Environment, hosts: tuple[str, ...], value: str | bytes | bytearray) -> Stored:
        cleaned: Cleaned | None = None
        try:
            cleaned = clean(value)
            before = self._entries.get((name, env))
            version = before.version + 1 if before else 1
            self._entries[name, env] = self._sealed(name, env, hosts, version, cleaned.text)
            if self._masks is not None:
                self._masks.register(name, cleaned.text)
            return Stored(name, cleaned.notes)
        finally:
            del value, cleaned

    def _sealed(self, name: str, env: Environment, hosts: tuple[str, ...], version: int, text: str) -> _Entry:
        padded = b""
        try:
            bare = _Entry(name, env, hosts, version, self._clock.wall())
            padded = _padded(text)
            sealed = self._cipher.seal(padded, bare.context)
            return _Entry(name, env, hosts, version, bare.created, sealed)
        finally:
            del text, padded

    def _opened(self, entry: _Entry) -> str:
        padded = self._cipher.open(entry.sealed, entry.context)
        length = int.from_bytes(padded[:_LENGTH_BYTES], "big")
        return padded[_LENGTH_BYTES : _LENGTH_BYTES + length].decode()

    def __repr__(self) -> str:
        """Return the names."""
        return f"<SessionStore of {', '.join(f'{name} ({env})' for name, env in sorted(self._entries)) or 'nothing'}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse: what is kept here stays in its kernel."""
        msg = "the session's secrets cannot be pickled or copied: they stay in this kernel"
        raise TypeError(msg)


def _info(entry: _Entry) -> SecretInfo:
    return SecretInfo(entry.name, entry.env, "session", entry.hosts, entry.version, entry.created)


def _padded(text: str) -> bytes:
    """Return the text behind its length, filled up so that the ciphertext's size does not tell the value's."""
    try:
        plain = text.encode()
        return (len(plain).to_bytes(_LENGTH_BYTES, "big") + plain).ljust(
            -(-(len(plain) + _LENGTH_BYTES) // _PAD) * _PAD, b"\0"
        )
    finally:
        del text
