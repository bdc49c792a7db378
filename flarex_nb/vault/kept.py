"""What a place that keeps secrets promises, and what it may tell about one.

The session store is one such place; a vault file or the system's keyring would be others. No type here holds a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, get_args

from flarex_nb.errors import UsageError
from flarex_nb.model import Environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flarex_nb.model import SecretRef

SourceName = Literal["session", "env", ".env"]

Infos: TypeAlias = "tuple[SecretInfo, ...]"
"""Several secrets; an alias because a class with a method `list` cannot write its annotations otherwise."""


@dataclass(frozen=True, slots=True)
class SecretInfo:
    """One secret as it may be shown: never a character of its value, nor the value's length.

    `source` is "session", "env" or ".env", "" when no source holds it. `hosts` are those it may be sent to. `version`
    counts values from 1 and `created_wall` is seconds since 1970; both are 0 where the source cannot tell.
    """

    name: str
    env: Environment
    source: SourceName | Literal[""] = ""
    hosts: tuple[str, ...] = ()
    version: int = 0
    created_wall: float = 0.0

    @property
    def state(self) -> Literal["set", "missing"]:
        """Whether there is a value."""
        return "set" if self.source else "missing"

    def told(self) -> str:
        """Return the state in words: "set from session, bound to api.crm.example"."""
        if not self.source:
            return "missing"
        source = {"session": "session", "env": "the environment", ".env": "the .env file"}[self.source]
        return f"set from {source}, bound to {', '.join(self.hosts) or 'no host yet'}"


@dataclass(frozen=True, slots=True)
class Stored:
    """What came of keeping a value: its name, and notes for the person, which iterating gives."""

    name: str
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[str]:
        """Return the notes one by one."""
        return iter(self.notes)


class SecretStore(Protocol):
    """A place that keeps values under (name, environment)."""

    def set(
        self, name: str, value: str | bytes | bytearray, *, hosts: Iterable[str] = (), env: Environment = "live"
    ) -> Stored:
        """Keep a value, in place of one kept before; without hosts, those bound before stay."""
        ...

    def rotate(self, name: str, value: str | bytes | bytearray, *, env: Environment = "live") -> Stored:
        """Replace a kept value, its hosts unchanged."""
        ...

    def delete(self, name: str, *, env: Environment = "live") -> None:
        """Forget a kept value."""
        ...

    def scope(self, name: str, hosts: Iterable[str], *, env: Environment = "live") -> None:
        """Bind a kept value to these hosts and no others."""
        ...

    def list(self) -> Infos:
        """Return what is kept."""
        ...

    def info(self, name: str, env: Environment) -> SecretInfo | None:
        """Return what is kept under the name, None for nothing."""
        ...

    def has(self, name: str, env: Environment = "live") -> bool:
        """Return whether a value is kept."""
        ...

    def value(self, ref: SecretRef) -> str:
        """Return the value, for `reveal` alone."""
        ...


class Masks(Protocol):
    """Where a value is made known, so that output is masked; the redactor, or nothing."""

    def register(self, name: str, value: str) -> bool:
        """Mask the value as [NAME] from now on; return whether it can be."""
        ...

    def forget(self, name: str) -> None:
        """Mask no value of that name any more."""
        ...


def check_env(env: str) -> None:
    """Accept "live" and "sandbox".

    Raises:
        UsageError: anything else.
    """
    if env not in get_args(Environment):
        msg = "a secret belongs to the environment 'live' or 'sandbox'"
        raise UsageError(msg, hint="Leave env out for the one that is on now.")
