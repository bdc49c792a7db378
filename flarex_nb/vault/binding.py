"""Which hosts a secret may go to: `host`, `host:port` or `*.suffix`, read once and compared exactly. Pure.

Names are compared as they are spelled: no conversion of international names, because two converters that disagree
would send a key to a host that was not meant.
"""

from __future__ import annotations

import functools
import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flarex_nb.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flarex_nb.model import Destination

_LABEL: Final = re.compile(r"\w(?:[\w-]{0,61}\w)?")
_LONGEST_NAME: Final = 253  # RFC 1035 2.3.4
_HIGHEST_PORT: Final = 65535
_SUFFIX_LABELS: Final = 2
_LONGEST_WORD: Final = 24
_EXAMPLES: Final = "Write api.example.com, api.example.com:8443 or *.example.com."


@dataclass(frozen=True, slots=True)
class Binding:
    """One host a secret may go to. `port` None is the scheme's own; `below` means every host under it, not itself."""

    host: str
    port: int | None = None
    below: bool = False

    def allows(self, destination: Destination) -> bool:
        """Return whether the destination's host and port are the ones meant; the scheme is judged elsewhere."""
        wanted = self.port or (443 if destination.scheme == "https" else 80)
        host = destination.host.lower().removesuffix(".")
        same = host.endswith(f".{self.host}") if self.below else host == self.host
        return same and destination.port == wanted

    def __str__(self) -> str:
        """Return it as a person writes it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'*.' if self.below else ''}{host}{f':{self.port}' if self.port else ''}"


def parse(text: object) -> Binding:
    """Return the binding a person wrote.

    The refusal never repeats what was given: it may be the value, put in the wrong place.

    Raises:
        UsageError: it is a URL, a bare `*`, no host, or looks like a value.
    """
    written = text.strip().lower() if isinstance(text, str) and not _is_keylike(text) else ""
    if "/" in written or "@" in written:
        msg = "a secret is bound to hosts, not to a URL or a path"
        raise UsageError(msg, hint=_EXAMPLES)
    below = written.startswith("*.")
    host, port = _split(written.removeprefix("*."))
    host = host.removesuffix(".")
    if not _is_host(host) or (below and (_is_address(host) or host.count(".") + 1 < _SUFFIX_LABELS)):
        msg = "this is not a host that a secret can be bound to"
        raise UsageError(msg, hint=f"{_EXAMPLES} A *.suffix has at least two parts and covers the hosts below it only.")
    return Binding(host, port, below)


def normal_hosts(hosts: str | Iterable[str]) -> tuple[str, ...]:
    """Return the hosts in their one spelling, each once, in order; a single text is one host.

    Raises:
        UsageError: one of them is not a host.
    """
    given = (hosts,) if isinstance(hosts, str) else hosts
    return tuple(dict.fromkeys(str(parse(host)) for host in given))


def allows(hosts: Iterable[str], destination: Destination) -> bool:
    """Return whether any of the hosts is the destination; one that cannot be read allows nothing."""
    return any(binding.allows(destination) for binding in map(_read, hosts) if binding is not None)


@functools.lru_cache(maxsize=256)
def _read(host: str) -> Binding | None:
    """Return the binding, None for one that cannot be read; hosts are few, and each send asks for them again."""
    try:
        return parse(host)
    except UsageError:
        return None


@functools.lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Return whether the host is this machine by its spelling: localhost, 127.0.0.0/8 or ::1."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower().removesuffix(".") == "localhost"


def written(destination: Destination) -> str:
    """Return the destination as one would bind a secret to it."""
    default = 443 if destination.scheme == "https" else 80
    return str(Binding(destination.host, None if destination.port == default else destination.port))


def _split(authority: str) -> tuple[str, int | None]:
    """Return host and port; a host that will not do comes back as "" to be refused."""
    if _is_address(authority):
        return authority, None
    bracketed = re.fullmatch(r"\[([0-9a-f:.]+)\](?::([0-9]{1,5}))?", authority)
    plain = re.fullmatch(r"([^:\[\]]+)(?::([0-9]{1,5}))?", authority)
    found = bracketed or plain
    if found is None or (bracketed and not _is_address(bracketed[1])):
        return "", None
    port = int(found[2]) if found[2] else None
    return ("", None) if port is not None and not 0 < port <= _HIGHEST_PORT else (found[1], port)


def _is_keylike(text: str) -> bool:
    """Return whether the text is rather a key than a host: one long word or one with _, or long words in mixed case."""
    labels = text.partition(":")[0].split(".")
    if len(labels) == 1:
        return "_" in text or len(text) > _LONGEST_WORD
    return text not in {text.lower(), text.upper()} and max(map(len, labels)) > _LONGEST_WORD


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return "%" not in host


def _is_host(host: str) -> bool:
    if _is_address(host):
        return True
    labels = host.split(".")
    return len(host) <= _LONGEST_NAME and not labels[-1].isdigit() and all(map(_LABEL.fullmatch, labels))
