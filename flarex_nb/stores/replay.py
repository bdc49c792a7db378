"""Recorded answers in a file beside the notebook, so that it runs again without a key and without the network.

A line of JSON for each answer, to be committed with the notebook. A request is known by a hash of service, method,
path, query, body and the headers that belong to it; no secret can be in there, since a bound call holds none, nor in
the answer, which was scrubbed before it gets here. The same request asked several times has several answers, in order.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from flarex_nb.errors import UsageError
from flarex_nb.model import Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from flarex_nb.clock import Clock
    from flarex_nb.model import BoundCall

Mode = Literal["off", "record", "on"]

SUFFIX = ".flarex.jsonl"
_VERSION = 1
_DROPPED = {"set-cookie", "set-cookie2", "connection", "transfer-encoding", "content-encoding", "content-length"}
"""Headers of an answer that say nothing later: of the connection, or a cookie."""

STALE_DAYS = 30
"""Days after which a recording is called old."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An answer as it was kept: `at` in seconds since 1970, `take` which recording it belongs to."""

    reply: Reply
    at: float
    take: str


@dataclass
class Recordings:
    """The recordings of one client: what to do with answers (`mode`), and the file they are in."""

    clock: Clock
    redact: Callable[[str], str]
    mode: Mode = "off"
    path: Path | None = None
    _known: dict[str, list[Recorded]] = field(default_factory=dict)
    _given: dict[str, int] = field(default_factory=dict)
    _take: str = ""

    def switch(self, mode: Mode, path: Path) -> None:
        """Begin to record into the file, or to answer from it.

        Raises:
            UsageError: there is no such file to answer from, or it cannot be read; nothing is changed.
        """
        known = _read(path) if path.exists() else {}
        if mode == "on" and not known:
            msg = f"there are no recorded answers in {path.name}"
            raise UsageError(msg, hint="Record them first: %flarex_replay record, run the cells, %flarex_replay off.")
        if mode == "record" and known:
            _write(path, known)  # so that a file recorded into again and again does not grow for ever
        self.mode, self.path, self._known, self._given = mode, path, known, {}
        self._take = datetime.fromtimestamp(self.clock.wall(), tz=UTC).isoformat(timespec="seconds")

    def off(self) -> int:
        """Answer and record no more; return how many answers are kept."""
        self.mode = "off"
        return sum(map(len, self._known.values()))

    def keep(self, call: BoundCall, reply: Reply) -> None:
        """Add the answer to the file; those of an earlier recording to the same request no longer count."""
        if self.path is None:
            return
        name = name_of(call)
        line = self.redact(_line(name, call, reply, self.clock.wall(), self._take))
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        earlier = [each for each in self._known.get(name, []) if each.take == self._take]
        self._known[name] = [*earlier, Recorded(reply, self.clock.wall(), self._take)]

    def answer(self, call: BoundCall) -> Recorded:
        """Return the answer that was recorded for this request; of several the next one, and the last one again.

        Raises:
            UsageError: none was; nothing is sent instead.
        """
        name = name_of(call)
        known = self._known.get(name, [])
        if not known:
            where = self.path.name if self.path is not None else "the recordings"
            msg = f"{where} has no answer to {call.method} {call.request.target} as it is asked here"
            raise UsageError(msg, hint="Record it: %flarex_replay record, then run the cell with the key in place.")
        number = self._given.get(name, 0)
        self._given[name] = number + 1
        return known[min(number, len(known) - 1)]

    def told(self, recorded: Recorded, *, steady: bool) -> str:
        """Return where the answer is from and how old it is; `steady` leaves the date out."""
        where = self.path.name if self.path is not None else "a recording"
        if steady:
            return f"Replayed from {where}: nothing was sent."
        days = (self.clock.wall() - recorded.at) / 86400
        day = datetime.fromtimestamp(recorded.at).astimezone()
        old = f"; it is {days:.0f} days old, so the service may answer otherwise today" if days > STALE_DAYS else ""
        return f"Replayed from {where} of {day:%Y-%m-%d}: nothing was sent{old}."


def name_of(call: BoundCall) -> str:
    """Return what tells equal requests from others, as a hash, without the host and what differs with every send."""
    own = {"idempotency-key", call.service.idempotency_header.lower(), "user-agent"}
    headers = sorted(f"{name.lower()}:{value}" for name, value in call.headers if name.lower() not in own)
    headers = [line for line in headers if not line.startswith("x-flarex-")]
    path = call.url.split("//", 1)[-1].partition("/")[2].removeprefix(f"{call.service.name}/")
    parts = (call.service.name, call.method, path, *headers)
    return hashlib.sha256("\0".join(parts).encode() + b"\0" + call.content).hexdigest()[:32]


def _line(name: str, call: BoundCall, reply: Reply, at: float, take: str) -> str:
    try:
        body = {"text": reply.content.decode("utf-8")}
    except UnicodeDecodeError:
        body = {"base64": base64.b64encode(reply.content).decode()}
    said = {
        "v": _VERSION,
        "is": name,
        "request": f"{call.method} {call.request.target} on {call.service.name}",
        "at": round(at),
        "take": take,
        "status": reply.status,
        "headers": [[key, value] for key, value in reply.headers if key.lower() not in _DROPPED],
        **body,
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def _read(path: Path) -> dict[str, list[Recorded]]:
    """Return the answers of the latest recording of each request.

    Raises:
        UsageError: the file is not one of recordings; it is left as it is.
    """
    known: dict[str, list[Recorded]] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            name, recorded = _taken(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError):
            msg = f"line {number} of {path.name} is no recorded answer"
            raise UsageError(msg, hint="It is left as it is. Take the line out, or use another file.") from None
        latest = known.get(name, [])
        known[name] = [*latest, recorded] if latest and latest[-1].take == recorded.take else [recorded]
    return known


def _taken(said: dict[str, Any]) -> tuple[str, Recorded]:
    if said["v"] != _VERSION:
        raise ValueError
    content = said["text"].encode() if "text" in said else base64.b64decode(said["base64"], validate=True)
    headers = tuple((str(key), str(value)) for key, value in said["headers"])
    reply = Reply(int(said["status"]), headers, content, 0.0)
    return str(said["is"]), Recorded(reply, float(said["at"]), str(said["take"]))


def _write(path: Path, known: dict[str, list[Recorded]]) -> None:
    """Write the file anew with the lines that still count, whole or not at all."""
    takes = {name: answers[-1].take for name, answers in known.items()}
    kept = []
    for line in path.read_text("utf-8").splitlines():
        if line.strip():
            said = json.loads(line)
            if takes.get(said["is"]) == said["take"]:
                kept.append(line)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in kept))
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
