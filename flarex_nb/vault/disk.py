"""Files that only their owner may read: whole reads, atomic writes with one backup, and a lock between processes.

Knows nothing of what is in them. A file is replaced whole or not at all, is 0600 from its first byte, and is never
followed through a symbolic link.
"""

from __future__ import annotations

import os
import secrets
import stat
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from flarex_nb.errors import SecretError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_OWNER_ONLY: Final = 0o600
_OTHERS: Final = 0o077
_READ_FLAGS: Final = (
    os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
)  # fmt: skip
_WRITE_FLAGS: Final = (
    os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)  # fmt: skip
_LOCK_FLAGS: Final = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)

PATIENCE: Final = 10.0
"""Seconds to wait for another process's write, which takes milliseconds."""

_STEP: Final = 0.02


def read(path: Path, most: int) -> bytes | None:
    """Return the whole file, None where there is none.

    Raises:
        SecretError: a link, no plain file, another person's, open to others, larger than `most` bytes, or unreadable.
    """
    try:
        file = os.open(path, _READ_FLAGS)
    except FileNotFoundError:
        if path.is_symlink():  # O_NOFOLLOW is not everywhere
            raise _refused(path, "it is a symbolic link") from None
        return None
    except OSError as error:
        raise _refused(path, "it is a symbolic link" if path.is_symlink() else _why(error)) from None
    try:
        _check(path, os.fstat(file), most)
        chunks = []
        while chunk := os.read(file, most + 1):
            chunks.append(chunk)
            if sum(map(len, chunks)) > most:
                raise _refused(path, f"it is larger than {most:,} bytes")
        return b"".join(chunks)
    except OSError as error:
        raise _refused(path, _why(error)) from None
    finally:
        os.close(file)


def mark(path: Path) -> tuple[int, ...]:
    """Return what changes when the file is replaced, () where there is none."""
    try:
        state = os.lstat(path)
    except OSError:
        return ()
    return state.st_ino, state.st_mtime_ns, state.st_size, state.st_mode, state.st_uid


def replace(
    path: Path, data: bytes, *, verify: Callable[[bytes], None], before: bytes | None, purge: bool = False
) -> None:
    """Put `data` in the place of the file; afterwards it is there whole, or the old one is.

    To be called under `locked`.

    Args:
        path: the file.
        data: its new content.
        verify: asked with what the new file really holds before it takes the old one's place.
        before: the old content, kept as the one backup; None for a new file.
        purge: the backup becomes a copy of the new content instead: nothing of the old one is to stay.

    Raises:
        SecretError: the disk refuses; the old file is untouched.
    """
    _sweep(path)
    backup = data if purge else before
    try:
        fresh = _written(path, data)
        try:
            verify(_held(fresh))
            if backup is not None:
                _written(path, backup).replace(backup_of(path))
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        _sweep(path)
        error.__traceback__ = None  # its frames hold what `verify` was given
        msg = f"{path} was not changed: {_why(error)}"
        raise SecretError(
            msg, hint="Nothing was lost: what was there is still there. Make room or mend it, and repeat."
        ) from None


def backup_of(path: Path) -> Path:
    """Return where the one backup of the file is."""
    return path.with_name(f"{path.name}.bak")


@contextmanager
def locked(path: Path, *, patience: float = PATIENCE, pause: Callable[[float], None] | None = None) -> Iterator[None]:
    """Let one process at a time change the file; a process that dies lets go of it.

    Raises:
        SecretError: another process holds it for longer than `patience` seconds, or there can be no lock here.
    """
    wait = pause or time.sleep  # noqa: TID251 - a file lock has no event to wait for, and no loop is there
    file = _opened_lock(path)
    try:
        left = patience
        while not _take(file, path):
            if left <= 0:
                msg = f"another process has been changing {path} for {patience:g} s"
                raise SecretError(msg, hint="Try again; if it stays so, find the process that hangs.")
            wait(_STEP)
            left -= _STEP
        yield
    finally:
        os.close(file)  # lets go of the lock


def prepare_folder(path: Path) -> None:
    """Make the folder of the file, for its owner alone, where it is missing."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        msg = f"the folder {path.parent} cannot be made: {_why(error)}"
        raise SecretError(msg, hint="Name another place: %flarex_secrets persist PATH.") from None


def _check(path: Path, state: os.stat_result, most: int) -> None:
    if not stat.S_ISREG(state.st_mode):
        raise _refused(path, "it is no plain file")
    if hasattr(os, "geteuid"):
        if state.st_uid != os.geteuid():
            raise _refused(path, "it belongs to another account")
        if state.st_mode & _OTHERS:
            mode = stat.S_IMODE(state.st_mode)
            msg = f"{path} is not used: its mode is {mode:03o}, so other accounts can get at it"
            raise SecretError(msg, hint=f"chmod 600 {path}")
    if state.st_size > most:
        raise _refused(path, f"it is larger than {most:,} bytes")


def _refused(path: Path, why: str) -> SecretError:
    msg = f"{path} is not used: {why}"
    return SecretError(msg, hint="It was not touched. Look at what is there, or name another file.")


def _why(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else "the disk refuses"


def _written(path: Path, data: bytes) -> Path:
    """Return a new file beside `path` that holds the data, on the disk for good."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    file = os.open(fresh, _WRITE_FLAGS, _OWNER_ONLY)
    try:
        _give_to_owner(file)
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(file, rest) :]
        os.fsync(file)
    except BaseException:
        os.close(file)
        fresh.unlink(missing_ok=True)
        raise
    os.close(file)
    return fresh


def _give_to_owner(file: int) -> None:
    """Let the owner read and write whatever the umask took away."""
    if hasattr(os, "fchmod"):
        os.fchmod(file, _OWNER_ONLY)


def _held(fresh: Path) -> bytes:
    with fresh.open("rb") as file:
        return file.read()


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    file = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some file systems cannot; the rename itself stands
            os.fsync(file)
    finally:
        os.close(file)


def _sweep(path: Path) -> None:
    """Remove what writers that were killed left: only who holds the lock has such files."""
    with suppress(OSError):
        for left in path.parent.iterdir():
            if left.name.startswith(f".{path.name}.") and left.name.endswith(".tmp"):
                left.unlink(missing_ok=True)


def _opened_lock(path: Path) -> int:
    try:
        file = os.open(path.with_name(f"{path.name}.lock"), _LOCK_FLAGS, _OWNER_ONLY)
    except OSError as error:
        raise _no_lock(path, error) from None
    with suppress(OSError):  # another account's: locking it will tell
        _give_to_owner(file)
    return file


def _take(file: int, path: Path) -> bool:
    try:
        _lock(file)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        raise _no_lock(path, error) from None
    return True


def _no_lock(path: Path, error: OSError) -> SecretError:
    msg = f"{path} cannot be changed: there can be no lock beside it ({_why(error)})"
    return SecretError(msg, hint="Keep the vault on a disk of this machine: %flarex_secrets persist PATH.")


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
