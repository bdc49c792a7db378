"""Idempotency keys that outlive the kernel: with a journal beside the notebook, "Run all" tomorrow is no second charge.

`.flarex/keys.jsonl` in the notebook's folder has a line for each live write: a hash of its inputs, the key it was sent
with, when, and later how it ended. No value of a request stands in it; the hash is salted, which hides inputs from a
reader but not a guess from somebody who has the file. A key is on disk before the request leaves. What the sandbox is
sent is kept in memory only: it forgets with the kernel, too.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flarex_nb.clock import Clock

FOLDER, FILE = ".flarex", "keys.jsonl"

_IGNORE = "# Kept by flarex_nb for this folder's notebooks; of no use to anybody else.\n*\n"
_SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of an operation: its key, when it was first sent (seconds since 1970), and how it last ended."""

    key: str
    at: float
    outcome: str = ""


class KeptKeys:
    """Keys by fingerprint, read from the journal and added to it; several kernels may do so at once."""

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        """Take the notebook's folder; nothing is read or made before the first live write."""
        self.path = folder / FOLDER / FILE
        self._clock = clock
        self._salt = b""
        self._kept: dict[str, Kept] = {}
        self._read = 0
        self._under_way = ""

    def key_for(self, fingerprint: str) -> tuple[str, str]:
        """Return the key this request had before, or a new one that is on disk by now, and what to tell of it."""
        import uuid  # noqa: PLC0415 - takes longer to load than the rest of the extension

        from flarex_nb.clock import RealClock  # noqa: PLC0415 - as uuid

        problem = ""
        kept = Kept(str(uuid.uuid4()), (self._clock or RealClock()).wall())
        try:
            with self._open() as file:
                name = self._name(fingerprint)
                if name not in self._kept:
                    self._add(file, {"is": name, "key": kept.key, "at": round(kept.at, 3)})
        except OSError as error:
            name = self._name(fingerprint)
            problem = f"the idempotency key is known to this kernel only: {self.path.parent.name} cannot be written"
            problem += f" ({error.strerror})"
        self._under_way = name
        before = self._kept.setdefault(name, kept)
        return before.key, problem if before is kept else _same(before)

    def known(self, fingerprint: str) -> str | None:
        """Return the key this request had before, None for none; makes none, and no file."""
        kept = self.before(fingerprint)
        return None if kept is None else kept.key

    def before(self, fingerprint: str) -> Kept | None:
        """Return what is known of this request, None for nothing."""
        if self.path.is_file():
            with self._open():
                pass
        return self._kept.get(self._name(fingerprint))

    def ended(self, outcome: str) -> None:
        """Note how the operation whose key was asked for last ended: the status, or the kind of the error."""
        name, self._under_way = self._under_way, ""
        if not name:
            return
        kept = self._kept[name]
        self._kept[name] = Kept(kept.key, kept.at, outcome)
        with suppress(OSError), self._open() as file:  # without this line the key is the same all the same
            self._add(file, {"is": name, "ended": outcome})

    def _name(self, fingerprint: str) -> str:
        import hashlib  # noqa: PLC0415 - as above

        return hashlib.sha256(self._salt + fingerprint.encode()).hexdigest()[:32]

    @contextmanager
    def _open(self) -> Iterator[int]:
        """Give the journal, locked against other kernels, with everything in it read."""
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        ignore = self.path.parent / ".gitignore"
        if not ignore.exists():
            ignore.write_text(_IGNORE, encoding="utf-8")
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            _lock(file)
            self._catch_up(file)
            yield file
        finally:
            os.close(file)  # and with it goes the lock

    def _catch_up(self, file: int) -> None:
        """Read what was added since the last look; begin a new journal with its salt."""
        size = os.fstat(file).st_size
        if size < self._read:  # somebody took it away
            self._read, self._kept, self._salt = 0, {}, b""
        text = _from(file, self._read)
        whole = text[: text.rfind(b"\n") + 1]
        for line in whole.splitlines():
            self._take(line)
        self._read += len(whole)
        if len(whole) < len(text):  # cut off by the end of a process in the middle of a line
            os.write(file, b"\n")
            self._read += len(text) - len(whole) + 1
        if not self._salt:
            self._salt = os.urandom(_SALT_BYTES)
            self._add(file, {"salt": self._salt.hex()})

    def _take(self, line: bytes) -> None:
        """Learn from a line; one that cannot be read says nothing, and the others still count."""
        try:
            said = json.loads(line)
            if "salt" in said:
                self._salt = self._salt or bytes.fromhex(said["salt"])
            elif "key" in said:
                self._kept.setdefault(said["is"], Kept(str(said["key"]), float(said["at"])))
            else:
                kept = self._kept[said["is"]]
                self._kept[said["is"]] = Kept(kept.key, kept.at, str(said["ended"]))
        except (ValueError, KeyError, TypeError):
            return

    def _add(self, file: int, said: dict[str, object]) -> None:
        line = json.dumps(said, separators=(",", ":")).encode() + b"\n"
        os.write(file, line)
        os.fsync(file)
        self._read += len(line)


def _same(kept: Kept) -> str:
    """Return what to tell of a request that was sent before; without its date where representations must not vary."""
    from flarex_nb.settings import load  # noqa: PLC0415 - only for a repeated write

    day = "" if load().deterministic else f" of {datetime.fromtimestamp(kept.at).astimezone():%Y-%m-%d %H:%M}"
    ended = f", which ended with {kept.outcome}" if kept.outcome else ""
    same = f"sent with the idempotency key of the same request{day}{ended}"
    return f"{same}: it is applied once (--idempotency new for another)"


def _lock(file: int) -> None:
    try:
        import fcntl  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    fcntl.flock(file, fcntl.LOCK_EX)


def _from(file: int, start: int) -> bytes:
    os.lseek(file, start, os.SEEK_SET)
    parts = []
    while part := os.read(file, 1 << 20):
        parts.append(part)
    return b"".join(parts)
