"""What the server has seen: one entry for each request, without any key.

Kept in memory, the newest 10,000; `n` goes on counting.
"""

from __future__ import annotations

import re
import time
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flarex_nb.sandbox.exchange import Answer, Ask, KeyState

_KEY_LIKE = re.compile(r"\b(?:sk|rk|pk|whsec)[-_][A-Za-z0-9_-]{4,}")


def _clean(text: str) -> str:
    return _KEY_LIKE.sub("[key]", text[:2000])


class Journal:
    """The requests in the order they came; `time` is seconds since the start or the last reset."""

    def __init__(self, keep: int = 10_000) -> None:
        """Begin empty, the clock at 0."""
        self._entries: deque[dict[str, Any]] = deque(maxlen=keep)
        self._began = self._started = time.monotonic()
        self.count = 0

    @property
    def uptime(self) -> float:
        """Seconds since the process began to serve."""
        return time.monotonic() - self._started

    def open(self, service: str, ask: Ask, key: KeyState) -> dict[str, Any]:
        """Return a new entry, already in the list, so that a request that never ends is seen too."""
        self.count += 1
        entry: dict[str, Any] = {
            "n": self.count,
            "time": round(time.monotonic() - self._began, 4),
            "method": ask.method,
            "path": _clean(f"/{service}{ask.path}"),
            "query": _clean(ask.query),
            "status": None,
            "fault": None,
            "call": _clean(ask.headers.get("x-flarex-call", "")),
            "attempt": _clean(ask.headers.get("x-flarex-attempt", "")),
            "idempotency_key": _clean(ask.headers.get("idempotency-key", "")),
            "replayed": False,
            "key": key,
        }
        self._entries.append(entry)
        return entry

    @staticmethod
    def close(entry: dict[str, Any], answer: Answer) -> None:
        """Write the answer's status into the entry."""
        entry["status"] = answer.status
        entry["replayed"] = answer.replayed

    def entries(self) -> list[dict[str, Any]]:
        """Return the entries, oldest first."""
        return list(self._entries)

    def clear(self) -> None:
        """Forget the entries; count and time begin again at 0."""
        self._entries.clear()
        self._began = time.monotonic()
        self.count = 0
