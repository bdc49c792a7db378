"""What git keeps: whether it tracks a file. Asks the `git` command; where there is none, the answer is no.

The one module of the room that starts a process.
"""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_PATIENCE: Final = 10.0
"""Seconds; the index of a very large work tree on a slow disk."""


def is_tracked(path: Path) -> bool:
    """Return whether the file is in the index of the work tree it lies in."""
    return _says(path, "ls-files", "--error-unmatch", "--", path.name)


def is_ignored(path: Path) -> bool | None:
    """Return whether git leaves the file out by its ignore rules; None where there is no work tree or no git."""
    if not _says(path, "rev-parse", "--is-inside-work-tree"):
        return None
    return _says(path, "check-ignore", "-q", "--", path.name)


def _says(path: Path, *words: str) -> bool:
    git = shutil.which("git")
    if git is None:
        return False
    try:
        done = subprocess.run(  # noqa: S603 - the words are ours; the file's name comes last, after "--"
            [git, *words], cwd=path.absolute().parent, capture_output=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
