"""A wire that is a script, for a client whose clock is virtual; everything between them is real."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flarex_nb.clock import VirtualClock
from flarex_nb.model import Outgoing, Reach, Reply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flarex_nb.client import Client

KEY = "sk_sandbox_" + "k" * 24


def reply(status: int = 200, body: Any = None, **headers: str) -> Reply:
    """Return an answer; keyword names become header names with hyphens."""
    content = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
    lines = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    if not any(name.lower() == "content-type" for name, _ in lines):
        lines += (("Content-Type", "application/json"),)
    return Reply(status, lines, content, 0.01)


@dataclass
class ScriptedWire:
    """Answers each send with the next step: a Reply, an error to raise, or a function of the request."""

    clock: VirtualClock
    steps: list[Any] = field(default_factory=list)
    seen: list[Outgoing] = field(default_factory=list)
    reaches: list[Reach] = field(default_factory=list)

    async def send(self, out: Outgoing, reach: Reach, progress: Any = None) -> Reply:
        self.seen.append(out)
        self.reaches.append(reach)
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if callable(step):
            step = await step(out, self.clock, progress) if _is_async(step) else step(out)
        if isinstance(step, BaseException):
            raise step
        return step


def _is_async(step: object) -> bool:
    return inspect.iscoroutinefunction(step)


@dataclass
class World:
    """A client and what it stands on."""

    client: Client
    clock: VirtualClock
    wire: ScriptedWire

    def call(self, request: str = "GET /v1/charges", **arguments: Any) -> Any:
        arguments.setdefault("jitter", "none")
        return self.client.call("stripe", request, **arguments)


def header_of(out: Outgoing, name: str) -> str | None:
    """Return a header of a sent request."""
    return next((value for key, value in out.headers if key.lower() == name.lower()), None)


def waits_of(attempts: Sequence[Any]) -> list[float]:
    """Return the wait before each attempt, in seconds."""
    return [round(attempt.waited, 3) for attempt in attempts]
