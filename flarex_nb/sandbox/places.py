"""Where the state of a running sandbox is written down: a file only its user can read, named after the parent process.

Standard library only. Nothing in a file or folder of somebody else is believed.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_PREFIX, _SUFFIX = "sandbox-", ".json"
_POSIX = os.name == "posix"


def folder(chosen: Path | None = None) -> Path:
    """Return the folder for state files, made if need be: `chosen`, or one in XDG_RUNTIME_DIR or the temp folder.

    Raises PermissionError when it belongs to somebody else or is open to others.
    """
    place = chosen if chosen is not None else _usual()
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    if chosen is None and _POSIX:
        _check(place)
    return place


def _usual() -> Path:
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and Path(runtime).is_dir() and os.access(runtime, os.W_OK):
        return Path(runtime) / "flarex_nb"
    owner = os.getuid() if _POSIX else os.environ.get("USERNAME", "user")
    return Path(tempfile.gettempdir()) / f"flarex_nb-{owner}"


def _check(place: Path) -> None:
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        message = f"{place} is not a folder that only you can use"
        raise PermissionError(message)


def path(place: Path) -> Path:
    """Return the file for this process's sandbox."""
    return place / f"{_PREFIX}{os.getpid()}{_SUFFIX}"


def write(target: Path, content: Mapping[str, Any]) -> None:
    """Write the file whole or not at all, readable by its user alone."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".new-")  # mkstemp: mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(content, stream)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read(target: Path) -> dict[str, Any] | None:
    """Return what a file says; None when it is absent, broken, or not ours alone."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)
    try:
        handle = os.open(target, flags)
    except OSError:
        return None
    with os.fdopen(handle, encoding="utf-8") as stream:
        found = os.fstat(stream.fileno())
        if _POSIX and (found.st_uid != os.getuid() or found.st_mode & 0o077):
            return None
        try:
            content = json.load(stream)
        except ValueError:
            return None
    return content if isinstance(content, dict) else None


def sweep(place: Path) -> None:
    """Remove the files of processes that are no more."""
    for stale in place.glob(f"{_PREFIX}*{_SUFFIX}"):
        number = stale.name.removeprefix(_PREFIX).removesuffix(_SUFFIX)
        if not number.isdecimal() or not _lives(int(number)):
            with contextlib.suppress(OSError):
                stale.unlink()


def _lives(pid: int) -> bool:
    if not _POSIX:  # signal 0 is Ctrl-C on Windows
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
