"""What a place that keeps secrets promises, and what it may tell about one.

The session store is one such place; a vault file or the system's keyring would be others. No type here holds a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias, get_args

from flarex_nb.errors import UsageError
from flarex_nb.model import Environment, PlaceKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flarex_nb.model import SecretRef

SourceName = Literal["session", "vault", "env", ".env"]

PREVIOUS: Final = -1
"""The version of a reference that means the value before the present one, while it still counts."""

Infos: TypeAlias = "tuple[SecretInfo, ...]"
"""Several secrets; an alias because a class with a method `list` cannot write its annotations otherwise."""


@dataclass(frozen=True, slots=True)
class SecretInfo:
    """One secret as it may be shown: never a character of its value, nor the value's length.

    `source` is where its value is, "" when no source holds it. `hosts` are those it may be sent to. `version` counts
    values from 1; `created_wall` and `expires_wall` are seconds since 1970; each is 0 where the source cannot tell or
    there is none. `places` are the parts of a request it may stand in, () for the usual ones. `locked` says that it is
    in a vault file which is not open, whose names nobody has verified.
    """

    name: str
    env: Environment
    source: SourceName | Literal[""] = ""
    hosts: tuple[str, ...] = ()
    version: int = 0
    created_wall: float = 0.0
    places: tuple[PlaceKind, ...] = ()
    expires_wall: float = 0.0
    expired: bool = False
    locked: bool = False

    @property
    def state(self) -> Literal["set", "missing", "expired", "locked"]:
        """Whether there is a value that can be used."""
        if self.locked:
            return "locked"
        return "missing" if not self.source else "expired" if self.expired else "set"

    def told(self) -> str:
        """Return the state in words: "set from session, bound to api.crm.example"."""
        if not self.source:
            return "missing"
        if self.locked:
            return "in the vault, which is locked"
        return f"{self.state} from {_TOLD[self.source]}, bound to {', '.join(self.hosts) or 'no host yet'}"


_TOLD: Final[dict[str, str]] = {
    "session": "session",
    "vault": "the vault",
    "env": "the environment",
    ".env": "the .env file",
}


@dataclass(frozen=True, slots=True)
class Stored:
    """What came of keeping a value: its name, and notes for the person, which iterating gives."""

    name: str
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[str]:
        """Return the notes one by one."""
        return iter(self.notes)


class SecretStore(Protocol):
    """A place that keeps values under (name, environment). Dates are seconds since 1970, 0 for none."""

    def set(
        self,
        name: str,
        value: str | bytes | bytearray,
        *,
        hosts: Iterable[str] = (),
        env: Environment = "live",
        expires: float = 0.0,
    ) -> Stored:
        """Keep a value, in place of one kept before; without hosts, those bound before stay."""
        ...

    def rotate(
        self,
        name: str,
        value: str | bytes | bytearray,
        *,
        env: Environment = "live",
        keep: float = 0.0,
        expires: float = 0.0,
    ) -> Stored:
        """Replace a kept value, its hosts unchanged; the old one counts on for `keep` seconds, as `PREVIOUS`."""
        ...

    def delete(self, name: str, *, env: Environment = "live") -> None:
        """Forget a kept value."""
        ...

    def scope(
        self,
        name: str,
        hosts: Iterable[str],
        *,
        env: Environment = "live",
        places: tuple[PlaceKind, ...] | None = None,
    ) -> None:
        """Bind a kept value to these hosts and no others, and to these places where they are given."""
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

    def has_previous(self, name: str, env: Environment) -> bool:
        """Return whether the value before the present one still counts."""
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
