"""A baseline: the keys somebody looked at and let be, so that only new ones are findings. Keeps no key.

A mark is a slow hash of a key with its file's name and the baseline's own salt, cut to 48 bits: enough to know a key
again, too slow and too short to be sure of a guess at a password.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flarex_nb.errors import UsageError
from flarex_nb.vault.scan_write import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable

_VERSION: Final = 1
_SALT_BYTES: Final = 16


class Baseline:
    """Marks of keys by file, as read from a baseline or to be written to one."""

    __slots__ = ("_at", "_marks", "_salt")

    def __init__(self, path: Path, salt: bytes, marks: dict[str, frozenset[str]]) -> None:
        """Keep what the file at `path` says."""
        self._at, self._salt, self._marks = path, salt, marks

    @classmethod
    def new(cls, path: Path) -> Baseline:
        """Return an empty one with a salt of its own."""
        return cls(path, secrets.token_bytes(_SALT_BYTES), {})

    @classmethod
    def read(cls, path: Path) -> Baseline:
        """Return the baseline in the file.

        Raises:
            UsageError: the file is not there or is no baseline.
        """
        hint = f"Write one: flarex-nb scan --write-baseline {path}"
        try:
            told = json.loads(path.read_text("utf-8"))
            known = told["flarex_baseline"] == _VERSION
            marks = {str(name): frozenset(map(str, each)) for name, each in told["keys"].items()}
            salt = bytes.fromhex(told["salt"])
        except OSError as error:
            msg = f"the baseline {path} cannot be read: {error.strerror}"
            raise UsageError(msg, hint=hint) from None
        except (ValueError, TypeError, KeyError, AttributeError):
            msg = f"{path} is no baseline of this command"
            raise UsageError(msg, hint=hint) from None
        if not known:
            msg = f"the baseline {path} was written by another version"
            raise UsageError(msg, hint=hint)
        return cls(path, salt, marks)

    def mark(self, file: str, key: str) -> str:
        """Return the mark of a key in a file."""
        salt = self._salt + self._named(file).encode()
        return hashlib.scrypt(key.encode("utf-8", "replace"), salt=salt, n=2**12, r=8, p=1, dklen=6).hex()

    def knows(self, file: str, mark: str) -> bool:
        """Return whether that key in that file was let be."""
        return mark in self._marks.get(self._named(file), frozenset())

    def write(self, found: Iterable[tuple[str, str]]) -> None:
        """Write the marks, given as (file, mark), to the file; it appears whole or not at all."""
        keys: dict[str, set[str]] = {}
        for file, mark in found:
            keys.setdefault(self._named(file), set()).add(mark)
        told = {
            "flarex_baseline": _VERSION,
            "salt": self._salt.hex(),
            "keys": {name: sorted(keys[name]) for name in sorted(keys)},
        }
        write_whole(self._at, (json.dumps(told, indent=1) + "\n").encode())

    def _named(self, file: str) -> str:
        """Return the file as seen from the baseline's folder, so that a checkout elsewhere reads the same."""
        try:
            return Path(os.path.relpath(file, self._at.parent)).as_posix()
        except ValueError:  # another drive
            return Path(file).as_posix()
