"""The parts of a vault file, each read strictly and bounded: key derivation, keys, records, deleted names. Pure."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, get_args

from flarex_nb.errors import UsageError
from flarex_nb.model import Environment, PlaceKind
from flarex_nb.vault.binding import normal_hosts
from flarex_nb.vault.ref import check_name

SALT_BYTES: Final = 16
KEY_BYTES: Final = 32
SEALED_EXTRA: Final = 12 + 16
"""Bytes of nonce and tag around a ciphertext."""

PAD: Final = 256
"""A value is filled up to a multiple of these bytes, so that the file does not tell its length."""

_LARGEST_SEALED: Final = 132 * 1024
_LEAST_MEMORY, _MOST_MEMORY = 19 * 1024, 1024 * 1024  # KiB; the lower one is OWASP's least (19 MiB with t=2)
_LEAST_WORK, _MOST_WORK = 2 * _LEAST_MEMORY, 4 * _MOST_MEMORY  # memory times passes
_MOST_PASSES, _MOST_LANES = 10, 16
_LATEST: Final = 2**40
"""Seconds since 1970 that a date may be: far beyond any use, and a number that every place can hold."""

_MOST_HOSTS: Final = 64
KEK_IDS: Final = ("passphrase", "keyring")


class Unreadable(Exception):
    """The bytes are no vault, or a damaged one; the text says why and holds nothing of them."""


@dataclass(frozen=True, slots=True)
class Kdf:
    """How a passphrase becomes a key: Argon2id (RFC 9106) with `m` KiB, `t` passes, `p` lanes, and the salt.

    The default is RFC 9106's second choice. What a file asks for is bounded in both directions: an attacker's header
    must neither eat the machine nor make guessing cheap.
    """

    salt: bytes
    m: int = 64 * 1024
    t: int = 3
    p: int = 4
    keys: ClassVar[tuple[str, ...]] = ("name", "m", "t", "p", "salt")

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"name": "argon2id", "m": self.m, "t": self.t, "p": self.p, "salt": _encoded(self.salt)}

    def bound(self) -> tuple[str, ...]:
        """Return the parameters as records are bound to them."""
        return ("argon2id", str(self.m), str(self.t), str(self.p))

    @classmethod
    def read(cls, found: Any) -> Kdf:
        """Return the parameters; raise Unreadable for any that are out of bounds."""
        part = _part(found, cls.keys)
        if part["name"] != "argon2id":
            msg = "its key is derived in a way this package does not know"
            raise Unreadable(msg)
        m, t = whole(part["m"], _LEAST_MEMORY, _MOST_MEMORY), whole(part["t"], 1, _MOST_PASSES)
        if not _LEAST_WORK <= m * t <= _MOST_WORK:
            msg = "the cost of deriving its key is out of bounds"
            raise Unreadable(msg)
        return cls(sized(part["salt"], SALT_BYTES, SALT_BYTES), m, t, whole(part["p"], 1, _MOST_LANES))


@dataclass(frozen=True, slots=True)
class Wrap:
    """The data key, sealed with the key of one holder: the passphrase's, or one in the system's keyring."""

    kek_id: str
    sealed: bytes = field(repr=False)
    keys: ClassVar[tuple[str, ...]] = ("kek_id", "wrapped_dek")

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"kek_id": self.kek_id, "wrapped_dek": _encoded(self.sealed)}

    @classmethod
    def read(cls, found: Any) -> Wrap:
        """Return the wrapped key; raise Unreadable for what is none."""
        part = _part(found, cls.keys)
        length = KEY_BYTES + SEALED_EXTRA
        return cls(_one_of(part["kek_id"], KEK_IDS), sized(part["wrapped_dek"], length, length))


@dataclass(frozen=True, slots=True)
class Record:
    """One version of one secret; dates are whole seconds since 1970, 0 for none.

    `expires` ends the value itself. `until` is set on a version that was replaced: how long it still counts. `used` is
    the last use that was known when the file was written; it alone is bound by the file's MAC only.
    """

    name: str
    env: Environment
    version: int
    hosts: tuple[str, ...] = ()
    places: tuple[PlaceKind, ...] = ()
    created: int = 0
    expires: int = 0
    until: int = 0
    used: int = 0
    sealed: bytes = field(default=b"", repr=False)
    keys: ClassVar[tuple[str, ...]] = (
        "name", "env", "version", "hosts", "places", "created", "expires", "until", "used", "sealed",
    )  # fmt: skip

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values."""
        kept = {key: getattr(self, key) for key in self.keys}
        return {**kept, "hosts": list(self.hosts), "places": list(self.places), "sealed": _encoded(self.sealed)}

    def bound(self) -> tuple[str, ...]:
        """Return everything the value is bound to within its file."""
        dates = (str(self.created), str(self.expires), str(self.until))
        return (self.name, self.env, str(self.version), ",".join(self.hosts), ",".join(self.places), *dates)

    @classmethod
    def read(cls, found: Any) -> Record:
        """Return the record; raise Unreadable for what is none."""
        part = _part(found, cls.keys)
        sealed = sized(part["sealed"], SEALED_EXTRA + PAD, _LARGEST_SEALED)
        if (len(sealed) - SEALED_EXTRA) % PAD:
            msg = "a sealed value has a length that none can have"
            raise Unreadable(msg)
        created, expires, until, used = (whole(part[key], 0, _LATEST) for key in cls.keys[5:9])
        return cls(
            name=_name(part["name"]),
            env=_environment(part["env"]),
            version=whole(part["version"], 1, 2**31),
            hosts=_hosts(part["hosts"]),
            places=_places(part["places"]),
            created=created,
            expires=expires,
            until=until,
            used=used,
            sealed=sealed,
        )


@dataclass(frozen=True, slots=True)
class Gone:
    """A deleted name and the last version it had: the next value of that name is a later one."""

    name: str
    env: Environment
    version: int
    keys: ClassVar[tuple[str, ...]] = ("name", "env", "version")

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"name": self.name, "env": self.env, "version": self.version}

    @classmethod
    def read(cls, found: Any) -> Gone:
        """Return the deleted name; raise Unreadable for what is none."""
        part = _part(found, cls.keys)
        return cls(_name(part["name"]), _environment(part["env"]), whole(part["version"], 1, 2**31))


def whole(found: Any, least: int, most: int) -> int:
    """Return a whole number within its bounds."""
    if type(found) is not int or not least <= found <= most:  # a bool is an int, and none of these is one
        msg = "a number is missing or out of bounds"
        raise Unreadable(msg)
    return found


def _part(found: Any, keys: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(found, dict) or tuple(found) != keys:
        msg = "a part of it is missing or unknown"
        raise Unreadable(msg)
    return found


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def sized(found: Any, least: int, most: int) -> bytes:
    """Return the bytes of a base64 text, of a length within its bounds."""
    try:
        data = base64.b64decode(found, validate=True) if isinstance(found, str) else b""
    except (binascii.Error, ValueError):
        data = b""
    if not least <= len(data) <= most:
        msg = "a field is not what it should be"
        raise Unreadable(msg)
    return data


def _one_of(found: Any, known: tuple[str, ...]) -> str:
    if found not in known or not isinstance(found, str):
        msg = "a word of it is not one of those it can be"
        raise Unreadable(msg)
    return found


def _environment(found: Any) -> Environment:
    return "sandbox" if _one_of(found, get_args(Environment)) == "sandbox" else "live"


def _name(found: Any) -> str:
    try:
        return check_name(found)
    except UsageError:
        pass
    msg = "a name in it is not one of a secret"
    raise Unreadable(msg)


def _hosts(found: Any) -> tuple[str, ...]:
    listed = _texts(found, _MOST_HOSTS)
    try:
        if normal_hosts(listed) == listed:
            return listed
    except UsageError:
        pass
    msg = "a host in it is not written as one"
    raise Unreadable(msg)


def _places(found: Any) -> tuple[PlaceKind, ...]:
    known: tuple[PlaceKind, ...] = get_args(PlaceKind)
    listed = _texts(found, len(known))
    chosen = tuple(place for place in known if place in listed)
    if chosen != listed:
        msg = "a place in it is not one of those it can be"
        raise Unreadable(msg)
    return chosen


def _texts(found: Any, most: int) -> tuple[str, ...]:
    if not isinstance(found, list) or len(found) > most or not all(isinstance(each, str) for each in found):
        msg = "a list of it is not what it should be"
        raise Unreadable(msg)
    return tuple(found)
