"""What the panel needs of a secret store, as protocols; nothing here holds a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from flarex_nb.model import Environment


class SecretRow(Protocol):
    """One secret as it may be shown: never a character of its value, nor the value's length.

    `source` is "session", "vault", "env", ".env", or "" when no source holds it; `state` is "set", "missing", "expired"
    or "locked".
    """

    @property
    def name(self) -> str:
        """Return the secret's name, e.g. STRIPE_SECRET_KEY."""
        ...

    @property
    def env(self) -> Environment:
        """Return the environment it belongs to."""
        ...

    @property
    def source(self) -> str:
        """Return where its value comes from."""
        ...

    @property
    def hosts(self) -> Sequence[str]:
        """Return the hosts it may be sent to."""
        ...

    @property
    def state(self) -> str:
        """Return whether there is a value."""
        ...


class VaultPort(Protocol):
    """How the vault file stands; iterating gives notes for the person."""

    @property
    def exists(self) -> bool:
        """Return whether there is one."""
        ...

    @property
    def open(self) -> bool:
        """Return whether it is open here."""
        ...

    def __iter__(self) -> Iterator[str]:
        """Return the notes one by one."""
        ...


class SecretsPort(Protocol):
    """The store behind the panel; each method raises FlarexError, with no value in it, for what it refuses."""

    def list(self) -> Sequence[SecretRow]:
        """Return the secrets known by name, those of declared services without a value included."""
        ...

    def set(self, name: str, value: str, *, hosts: Sequence[str] = (), env: Environment = "live") -> Iterable[str]:
        """Keep a value; return notes for the person, such as "surrounding whitespace was removed"."""
        ...

    def rotate(self, name: str, value: str, *, env: Environment = "live") -> Iterable[str]:
        """Replace a kept value, its hosts unchanged; return notes for the person."""
        ...

    def delete(self, name: str, *, env: Environment = "live") -> object:
        """Forget a kept value."""
        ...

    def vault(self) -> VaultPort:
        """Return how the vault file stands."""
        ...

    def persist(self, path: None = None, passphrase: str | None = None) -> VaultPort:
        """Keep secrets in the vault file from now on; return how it stands."""
        ...

    def unlock(self, path: None = None, passphrase: str | None = None) -> VaultPort:
        """Open the vault file; return how it stands."""
        ...

    def lock(self) -> object:
        """Forget the vault file's keys."""
        ...

    def suggestions(self) -> Iterable[tuple[str, str, Sequence[str]]]:
        """Return (service, secret name, hosts) of the services whose secrets may be wanted."""
        ...
