"""The `.env` file of a project: found near the working folder, read without touching os.environ.

Never `load_dotenv`: it would hand every value to child processes. `${X}` in a value stays as written. What was read is
kept sealed, and read again when the file changes.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dotenv import dotenv_values

from flarex_nb.errors import SecretError

if TYPE_CHECKING:
    from flarex_nb.model import Cipher

_LARGEST: Final = 1024 * 1024
_FILE: Final = ".env"


def find(start: Path, home: Path | None) -> Path | None:
    """Return the nearest `.env`, from `start` upward to the root of its git work tree or to `home`, None for none.

    Outside of both, only `start` is looked at: a folder above may belong to other people.
    """
    chain = [start, *start.parents]
    end = next((at for at, folder in enumerate(chain) if folder == home or (folder / ".git").exists()), 0)
    return next((folder / _FILE for folder in chain[: end + 1] if (folder / _FILE).is_file()), None)


class DotEnv:
    """Values of the `.env` file, by name."""

    __slots__ = ("_cipher", "_from", "_sealed", "_start")

    def __init__(self, cipher: Cipher, start: Path | None = None) -> None:
        """Look from `start`, or from the working folder of the moment."""
        self._cipher = cipher
        self._start = start
        self._from: tuple[object, ...] = ()
        self._sealed: dict[str, bytes] = {}

    def path(self) -> Path | None:
        """Return the file that counts now, None when there is none."""
        try:
            home = Path.home()
        except RuntimeError:  # no home is known for this account
            home = None
        try:
            return find((self._start or Path.cwd()).absolute(), home)
        except OSError:  # the working folder is gone, or a folder above cannot be looked into
            return None

    def get(self, name: str) -> str | None:
        """Return the value, None where the file has none.

        Raises:
            SecretError: the file cannot be read.
        """
        self._refresh()
        sealed = self._sealed.get(name)
        return None if sealed is None else self._cipher.open(sealed, _context(name)).decode()

    def _refresh(self) -> None:
        path = self.path()
        mark: tuple[object, ...] = () if path is None else (path, *_state(path))
        if mark == self._from:
            return
        self._sealed, self._from = {}, ()
        if path is not None:
            self._sealed = self._read(path)
        self._from = mark

    def _read(self, path: Path) -> dict[str, bytes]:
        text = _text(path)
        try:
            read = _parsed(text)
            return {name: self._cipher.seal(value.encode(), _context(name)) for name, value in read.items() if value}
        finally:
            read = {}
            del text

    def __repr__(self) -> str:
        """Return which file counts."""
        return f"<DotEnv {self.path() or 'without a file'}>"


def values_of(path: Path) -> dict[str, str | None]:
    """Return what the file says, by name, as written; for whoever takes it over and clears it.

    Raises:
        SecretError: it cannot be read.
    """
    text = _text(path)
    try:
        return {name: value.strip() if value else None for name, value in _parsed(text).items()}
    finally:
        del text


def _parsed(text: str) -> dict[str, str | None]:
    return dotenv_values(stream=io.StringIO(text), interpolate=False)


def _context(name: str) -> bytes:
    return b"flarex/dotenv/1" + name.encode()


def _state(path: Path) -> tuple[int, ...]:
    try:
        state = path.stat()
    except OSError:
        return ()
    return state.st_mtime_ns, state.st_size, state.st_ino


def _text(path: Path) -> str:
    """Return the file's text; no error of reading it is chained, because a decoder's holds the bytes."""
    text, why = None, ""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        text = None if len(data) > _LARGEST else data.decode("utf-8-sig")
        why = "it is larger than 1 MiB"
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else "it cannot be opened"
    except UnicodeDecodeError:
        why = "it is not UTF-8 text"
    finally:
        data = b""
    if text is None:
        msg = f"{path.name} in {path.parent} cannot be read: {why}"
        raise SecretError(msg, hint="Correct the file, or set the secret with %flarex_secrets set NAME.")
    return text
