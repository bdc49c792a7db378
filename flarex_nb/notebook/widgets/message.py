"""What the panel's front end may ask of the kernel, read from custom messages; anything else is refused.

A message comes from a web page and is not trusted: shapes, sizes and choices are checked here, meanings by the store.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypeGuard

from flarex_nb.errors import UsageError
from flarex_nb.model import Environment  # noqa: TC001 - the dataclass's annotations stay resolvable at run time

_LONGEST_SEALED = 512 * 1024
"""Characters of base64: the largest value that can be kept (64 KiB), escaped as JSON in the worst way."""

_LONGEST_TEXT = 255
_MOST_HOSTS = 64
_HOST = re.compile(r"[^\s,/@]{1,255}")


@dataclass(frozen=True, slots=True)
class Refresh:
    """Look at the sources again."""


@dataclass(frozen=True, slots=True)
class Delete:
    """Forget the session's value of a secret."""

    name: str
    env: Environment


@dataclass(frozen=True, slots=True)
class Store:
    """Keep a sealed value under a name; `sealed` is enc||ct in base64, `nonce` the one offered with the key."""

    action: Literal["set", "rotate"]
    name: str
    env: Environment
    hosts: tuple[str, ...]
    nonce: str
    sealed: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Vault:
    """Make or open the vault file with a sealed passphrase; `name` is what the passphrase was sealed for."""

    action: Literal["persist", "unlock"]
    nonce: str
    sealed: str = field(repr=False)

    @property
    def name(self) -> str:
        """What stands where a secret's name would: one action's passphrase does not open as the other's."""
        return f"vault {self.action}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """A passphrase goes to no host."""
        return ()

    @property
    def env(self) -> Environment:
        """A vault file keeps live secrets."""
        return "live"


@dataclass(frozen=True, slots=True)
class Lock:
    """Forget the vault file's keys."""


Request: TypeAlias = Refresh | Delete | Store | Vault | Lock


def read(content: object) -> Request:
    """Return the request a custom message holds.

    Raises:
        UsageError: the message is not one this panel's front end sends.
    """
    message = content if isinstance(content, dict) else {}
    match message.get("kind"):
        case "refresh":
            return Refresh()
        case "delete":
            return Delete(_text(message, "name"), _environment(message))
        case "store":
            return _store(message)
        case "vault":
            return _vault(message)
        case "lock":
            return Lock()
        case _:
            raise _not_ours(part="kind")


def request_id(content: object) -> str:
    """Return the id the front end gave the message, "" without one."""
    found = content.get("id") if isinstance(content, dict) else None
    return found if isinstance(found, str) and len(found) <= _LONGEST_TEXT else ""


def _store(message: dict[Any, Any]) -> Store:
    action = message.get("action")
    if action not in ("set", "rotate"):
        raise _not_ours(part="action")
    return Store(
        action="rotate" if action == "rotate" else "set",
        name=_text(message, "name"),
        env=_environment(message),
        hosts=_hosts(message),
        nonce=_text(message, "nonce"),
        sealed=_text(message, "sealed", _LONGEST_SEALED),
    )


def _vault(message: dict[Any, Any]) -> Vault:
    action = message.get("action")
    if action not in ("persist", "unlock"):
        raise _not_ours(part="action")
    nonce, sealed = _text(message, "nonce"), _text(message, "sealed", _LONGEST_SEALED)
    return Vault("persist" if action == "persist" else "unlock", nonce, sealed)


def _text(message: dict[Any, Any], key: str, longest: int = _LONGEST_TEXT) -> str:
    text = message.get(key)
    if not isinstance(text, str) or not 0 < len(text) <= longest:
        raise _not_ours(part=key)
    return text


def _environment(message: dict[Any, Any]) -> Environment:
    match message.get("env"):
        case "live":
            return "live"
        case "sandbox":
            return "sandbox"
        case _:
            raise _not_ours(part="env")


def _hosts(message: dict[Any, Any]) -> tuple[str, ...]:
    hosts = message.get("hosts")
    if not isinstance(hosts, list) or len(hosts) > _MOST_HOSTS:
        raise _not_ours(part="hosts")
    for host in hosts:
        if not _is_host(host):
            wrong = "a host is a name such as api.example.com, with a port if it has one, without https:// or a path"
            raise UsageError(wrong, hint="Write several hosts with commas between them.")
    return tuple(hosts)


def _is_host(host: object) -> TypeGuard[str]:
    return isinstance(host, str) and _HOST.fullmatch(host) is not None


def _not_ours(*, part: str) -> UsageError:
    message = f"the message is not what this panel sends: its {part} is missing or wrong"
    return UsageError(message, hint="Run the cell that shows the panel again.")
