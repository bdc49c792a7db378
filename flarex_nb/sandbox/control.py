"""The control endpoints under /_sandbox/, for the process that started this one: each request carries its token."""

from __future__ import annotations

import hmac
import os
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

from flarex_nb.sandbox.script import NAMED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request

    from flarex_nb.sandbox.exchange import Provider
    from flarex_nb.sandbox.journal import Journal

TOKEN_HEADER = "x-flarex-sandbox-token"  # noqa: S105 - a header's name


class Control:
    """Answers ping, status, log, faults (GET) and reset (POST)."""

    def __init__(self, token: str, parent: int, journal: Journal, providers: Sequence[Provider]) -> None:
        """Keep what the answers are made of; `on_reset` is called after the journal is cleared."""
        self._token = token.encode()
        self._parent = parent
        self._journal = journal
        self._services = [provider.name for provider in providers]
        self.on_reset: Sequence[Callable[[], None]] = ()

    async def answer(self, request: Request) -> Response:
        """Return what the verb asks for; 403 without the token, 404 or 405 for a verb that is not."""
        given = request.headers.get(TOKEN_HEADER, "").encode()
        if not hmac.compare_digest(given, self._token):
            return _json(403, {"error": "this needs the token of the sandbox's ready line"})
        verbs = {
            ("GET", "ping"): self._ping,
            ("GET", "status"): self._status,
            ("GET", "log"): self._log,
            ("GET", "faults"): lambda: dict(NAMED),
            ("POST", "reset"): self._reset,
        }
        verb: str = request.path_params["verb"]
        action = verbs.get((request.method, verb))
        if action is not None:
            return _json(200, action())
        known = sorted(name for _, name in verbs)
        return _json(405 if verb in known else 404, {"error": f"known here: {', '.join(known)}; reset is a POST"})

    def _ping(self) -> dict[str, Any]:
        return {"pid": os.getpid(), "parent": self._parent, "services": self._services}

    def _status(self) -> dict[str, Any]:
        return {"pid": os.getpid(), "uptime": round(self._journal.uptime, 3), "requests": self._journal.count}

    def _log(self) -> dict[str, Any]:
        return {"requests": self._journal.entries()}

    def _reset(self) -> dict[str, Any]:
        self._journal.clear()
        for action in self.on_reset:
            action()
        return {"reset": True}


def _json(status: int, content: Any) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
