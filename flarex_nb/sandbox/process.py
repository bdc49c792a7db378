"""The sandbox as a child process: spawn it, wait for its ready line, end it.

Standard library only. The parent keeps the other end of the child's standard input; when that closes, the child ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotReady
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

READY_WITHIN = 15.0
STOPPED_WITHIN = 3.0
_KEPT = (
    *("PATH", "HOME", "USERPROFILE", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP", "LANG", "LC_ALL", "LC_CTYPE", "TZ"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH", "PYTHONUTF8", "VIRTUAL_ENV", "CONDA_PREFIX"),
)
"""All the child gets of the environment: what Python needs to start, and no credential."""


class NotStarted(Exception):
    """The process did not say that it is ready; the text says why."""


@dataclass(frozen=True, slots=True)
class Child:
    """A started process and the file its standard error goes to."""

    popen: subprocess.Popen[bytes]
    errors: IO[bytes]


def spawn() -> tuple[Child, dict[str, Any]]:
    """Return the started process and its ready line.

    Raises NotStarted with the last words of the process when none comes within 15 s.
    """
    errors = tempfile.TemporaryFile()  # noqa: SIM115 - held as long as the process, for the reason of its end
    # -P: a random.py or types.py beside the notebook must not stand in for the standard library's
    popen = subprocess.Popen(  # noqa: S603 - our own module by this very interpreter
        [sys.executable, "-P", "-m", "flarex_nb.sandbox", "--parent", str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env=_environment(),
        start_new_session=True,  # the kernel's Ctrl-C goes to its process group
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )
    child = Child(popen, errors)
    try:
        line = json.loads(_ready_line(popen))
        if isinstance(line, dict):
            return child, line
        problem = "its ready line is not one"
    except (NotStarted, ValueError) as failure:
        problem = str(failure)
    last_words = _tail(errors)
    end(child)
    raise NotStarted(f"{problem}; it wrote: {last_words}" if last_words else problem)


def _ready_line(popen: subprocess.Popen[bytes]) -> bytes:
    """Return the first line of its output; reading blocks, so another thread does it and the wait is bounded."""
    if popen.stdout is None:
        return b""
    reader = ThreadPoolExecutor(1, thread_name_prefix="flarex-sandbox-start")
    try:
        line = reader.submit(popen.stdout.readline).result(READY_WITHIN)
    except NotReady as problem:
        popen.kill()  # ends the read as well
        message = f"no ready line within {READY_WITHIN:g} s"
        raise NotStarted(message) from problem
    finally:
        reader.shutdown(wait=False)
    if not line:
        message = "the process ended at once"
        raise NotStarted(message)
    return line


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    root = Path(__file__).resolve().parents[2]
    if root.name not in {"site-packages", "dist-packages"}:  # a checkout that is on sys.path but not installed
        kept["PYTHONPATH"] = os.pathsep.join(part for part in (kept.get("PYTHONPATH", ""), str(root)) if part)
    return kept


def _tail(errors: IO[bytes]) -> str:
    errors.seek(0, os.SEEK_END)
    errors.seek(max(0, errors.tell() - 2000))
    return errors.read().decode(errors="replace").strip()


def end(child: Child) -> None:
    """Close the process's standard input, which ends it; kill it if it is not gone after 3 s."""
    for stream in (child.popen.stdin, child.popen.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    try:
        child.popen.wait(STOPPED_WITHIN)
    except subprocess.TimeoutExpired:
        child.popen.kill()
        child.popen.wait()
    child.errors.close()


def kill(pid: int) -> None:
    """End a child that an earlier copy of this package started in this same process, and wait until it is gone."""
    with contextlib.suppress(OSError):
        os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    with contextlib.suppress(OSError):
        os.waitpid(pid, 0)
