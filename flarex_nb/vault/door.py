"""This kernel's vault file: where it is, whether it is open, and what a closed one is said to hold.

A passphrase comes from whoever asks, or from a file: never from an environment variable, which every child process
inherits and `!env` prints.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flarex_nb.errors import SecretError
from flarex_nb.vault import disk
from flarex_nb.vault.layout import LARGEST, parse
from flarex_nb.vault.layout_parts import Unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flarex_nb.model import Environment
    from flarex_nb.vault.layout_parts import Record
    from flarex_nb.vault.vaultfile import VaultFile

PLACE_VARIABLE: Final = "FLAREX_VAULT"
FILE_VARIABLE: Final = "FLAREX_VAULT_PASSPHRASE_FILE"
_NOT_READ: Final = "FLAREX_VAULT_PASSPHRASE"
_LONGEST_FILE: Final = 8 * 1024


class VaultDoor:
    """Holds the open vault file, if one is."""

    __slots__ = ("_environ", "_mark", "_sleeping", "_where", "file")

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Begin closed; `environ` may name the place."""
        self.file: VaultFile | None = None
        self._environ = environ
        self._where: Path | None = None
        self._mark: tuple[object, ...] = ()
        self._sleeping: tuple[Record, ...] = ()

    def path(self) -> Path:
        """Return where the vault file is or would be: opened last, named by FLAREX_VAULT, or the account's own place.

        Never beside a notebook: that folder is shared, synchronised and committed.
        """
        if self._where is not None:
            return self._where
        named = self._environ.get(PLACE_VARIABLE, "").strip()
        if named:
            return full(named)
        from platformdirs import user_config_path  # noqa: PLC0415 - only where a vault is looked for

        return user_config_path("flarex_nb", appauthor=False) / "vault.json"

    def opened(self, file: VaultFile) -> None:
        """Take an open vault."""
        self.file = file
        self._where = file.path

    def close(self) -> None:
        """Forget the open vault with its keys."""
        self.file = None
        self._mark = ()

    def sleeping(self) -> tuple[Record, ...]:
        """Return what a closed vault file says it holds, unverified; () for an open one and for what is no vault."""
        if self.file is not None:
            return ()
        path = self.path()
        mark = (path, *disk.mark(path))
        if mark != self._mark:
            self._sleeping, self._mark = _listed(path), mark
        return self._sleeping

    def sleeps(self, name: str, env: Environment) -> Record | None:
        """Return the record of that name in a closed vault file, None for none."""
        return next((each for each in self.sleeping() if (each.name, each.env) == (name, env)), None)

    def passphrase_file(self) -> Path | None:
        """Return the file that FLAREX_VAULT_PASSPHRASE_FILE names, None where it is not set."""
        named = self._environ.get(FILE_VARIABLE, "").strip()
        return full(named) if named else None

    def no_passphrase(self) -> str:
        """Return why there is no passphrase, in words."""
        if self._environ.get(_NOT_READ):
            return f"{_NOT_READ} is not read, because every child process inherits the environment"
        return "no passphrase was given"

    def __repr__(self) -> str:
        """Return whether it is open, and where."""
        return f"<VaultDoor {'open' if self.file else 'closed'}, {self.path()}>"


def full(path: str | os.PathLike[str]) -> Path:
    """Return the path in full, `~` included."""
    return Path(path).expanduser().absolute()


def short(path: Path) -> str:
    """Return the path as a cell may show it: with `~` for the account's home, which need not be in a saved notebook."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(path)


def passphrase_in(path: Path) -> str:
    """Return the passphrase that stands in a file, without the line break at its end.

    Raises:
        SecretError: it cannot be read, or is no text of a passphrase's length; nothing of it is repeated.
    """
    data, text = b"", None
    try:
        with path.open("rb") as file:
            data = file.read(_LONGEST_FILE + 1)
        text = data.decode("utf-8-sig").removesuffix("\n").removesuffix("\r") if len(data) <= _LONGEST_FILE else None
    except OSError as error:
        msg = f"the passphrase file {path} cannot be read: {os.strerror(error.errno or 0)}"
        raise SecretError(msg, hint="Name one that you can read.") from None
    except UnicodeDecodeError:
        text = None
    finally:
        data = b""
    if not text:
        msg = f"the passphrase file {path} does not hold the text of a passphrase"
        raise SecretError(msg, hint="Write the passphrase into it, alone, on one line.")
    return text


def _listed(path: Path) -> tuple[Record, ...]:
    try:
        data = disk.read(path, LARGEST)
        return () if data is None else tuple(each for each in parse(data).records if not each.until)
    except (SecretError, Unreadable):
        return ()
