"""Start, find and stop the sandbox process of this kernel; the only module of the sandbox the package imports.

Standard library only. The process belongs to the one that started it: it holds the other end of a pipe on its standard
input and ends when that closes, however the parent ended. A file in the user's runtime directory lets a reloaded
extension find the process again.
"""

from __future__ import annotations

import atexit
import http.client
import json
import os
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from flarex_nb.sandbox import places, process

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CONTROL_WITHIN = 5.0


class SandboxError(RuntimeError):
    """The sandbox did not start, is not running, or does not answer; the text says which and what it last wrote."""


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox that serves: `origin` is "http://127.0.0.1:PORT", each service lies below it at /NAME.

    `keys` are the secrets it made for itself, by name, new at every start; `token` opens its control endpoints. Neither
    is in the repr.
    """

    origin: str
    host: str
    port: int
    pid: int
    keys: dict[str, str] = field(repr=False)
    services: tuple[str, ...]
    token: str = field(repr=False)


@dataclass(slots=True)
class _Held:
    """The process this module started, and what keeps it alive."""

    owner: int
    running: Running
    child: process.Child
    state: Path


_held: list[_Held] = []
"""At most one; a list so that a forked child, which is another owner, can drop it."""


def start(*, state_dir: Path | None = None, reuse: bool = True) -> Running:
    """Return the sandbox of this process, started if it is not running; `reuse` False always starts a new one.

    Raises SandboxError when it does not come up within 15 s.
    """
    folder = _folder(state_dir)
    places.sweep(folder)
    if reuse:
        found = _found(folder)
        if found is not None:
            return found
    stop(state_dir=state_dir)
    held = _spawn(folder)
    if not _held:
        atexit.register(stop)
    _held[:] = [held]
    places.write(held.state, asdict(held.running))
    return held.running


def current(*, state_dir: Path | None = None) -> Running | None:
    """Return the sandbox of this process, None when none is running."""
    return _found(_folder(state_dir))


def stop(*, state_dir: Path | None = None) -> None:
    """End the sandbox of this process, if there is one, and wait until it is gone."""
    held = _mine()
    if held is not None:
        _held.clear()
        process.end(held.child)
        held.state.unlink(missing_ok=True)
        return
    folder = _folder(state_dir)
    found = _found(folder)
    if found is not None:
        process.kill(found.pid)
    places.path(folder).unlink(missing_ok=True)


def status() -> dict[str, Any]:
    """Return origin, pid, uptime in seconds, and the number of requests seen.

    Raises SandboxError when it is not running.
    """
    running = _required()
    return {"origin": running.origin, **_control(running, "GET", "status")}


def log() -> list[dict[str, Any]]:
    """Return the requests it has seen, oldest first, at most the last 10,000.

    Each has n, time (seconds since start or reset), method, path, query, status (None if none was sent), fault, call,
    attempt, idempotency_key, replayed, and key: "accepted", "refused", "missing" or "live", never the key.

    Raises SandboxError when it is not running.
    """
    requests: list[dict[str, Any]] = _control(_required(), "GET", "log")["requests"]
    return requests


def reset() -> None:
    """Go back to the seeded data, and forget the log, idempotency keys and the turns of scripted faults.

    Raises SandboxError when it is not running.
    """
    _control(_required(), "POST", "reset")


def _folder(state_dir: Path | None) -> Path:
    if state_dir is None:
        held = _mine()
        if held is not None:
            return held.state.parent
    try:
        return places.folder(state_dir)
    except OSError as problem:
        message = (
            f"The sandbox has no safe place for its state: {problem}. Set XDG_RUNTIME_DIR to a folder of your own."
        )
        raise SandboxError(message) from problem


def _mine() -> _Held | None:
    """Return what this very process holds; a forked child has a copy of the record and no right to the sandbox."""
    return _held[0] if _held and _held[0].owner == os.getpid() else None


def _found(folder: Path) -> Running | None:
    held = _mine()
    if held is not None:
        if held.child.popen.poll() is None and _answers(held.running):
            return held.running
        _held.clear()
        process.end(held.child)
    state = places.path(folder)
    running = _read(state)
    if running is not None and _answers(running):
        return running
    state.unlink(missing_ok=True)
    return None


def _read(state: Path) -> Running | None:
    found = places.read(state)
    try:
        return None if found is None else _running(found)
    except (KeyError, TypeError, ValueError):
        return None


def _running(line: Mapping[str, Any]) -> Running:
    return Running(
        origin=f"http://{line['host']}:{int(line['port'])}",
        host=str(line["host"]),
        port=int(line["port"]),
        pid=int(line["pid"]),
        keys={str(name): str(value) for name, value in line["keys"].items()},
        services=tuple(str(name) for name in line["services"]),
        token=str(line["token"]),
    )


def _spawn(folder: Path) -> _Held:
    try:
        child, line = process.spawn()
    except process.NotStarted as problem:
        message = f"The sandbox did not start: {problem}"
        raise SandboxError(message) from problem
    try:
        return _Held(os.getpid(), _running(line), child, places.path(folder))
    except (KeyError, TypeError, ValueError) as problem:
        process.end(child)
        message = "The sandbox did not start: its ready line is not one"
        raise SandboxError(message) from problem


def _answers(running: Running) -> bool:
    """Return whether that process is there, knows the token, and belongs to this one."""
    try:
        ping = _control(running, "GET", "ping")
    except SandboxError:
        return False
    return ping.get("pid") == running.pid and ping.get("parent") == os.getpid()


def _required() -> Running:
    running = current()
    if running is None:
        message = "The sandbox is not running. Start it with %flarex_sandbox on."
        raise SandboxError(message)
    return running


def _control(running: Running, method: str, verb: str) -> dict[str, Any]:
    connection = http.client.HTTPConnection(running.host, running.port, timeout=CONTROL_WITHIN)
    try:
        connection.request(method, f"/_sandbox/{verb}", headers={"X-Flarex-Sandbox-Token": running.token})
        reply = connection.getresponse()
        content = reply.read()
        if reply.status == http.client.OK:
            found: dict[str, Any] = json.loads(content)
            return found
    except (OSError, http.client.HTTPException, ValueError) as problem:
        message = f"The sandbox at {running.origin} does not answer: {type(problem).__name__}"
        raise SandboxError(message) from problem
    finally:
        connection.close()
    message = f"The sandbox at {running.origin} refused {verb} with {reply.status}"
    raise SandboxError(message)
