"""What one notebook remembers of its calls while the kernel lives: idempotency keys and answers by name.

The same cell run again is the same operation to the server, so it sends the same key. Keys are kept under a hash of
the request, never under a value of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field


class KeyJournal:
    """Keys by fingerprint of the request."""

    def __init__(self) -> None:
        """Begin empty."""
        self._keys: dict[str, str] = {}

    def key_for(self, fingerprint: str) -> tuple[str, bool]:
        """Return the key this request had before, or a new one, and whether it had it before."""
        import uuid  # noqa: PLC0415 - takes longer to load than the rest of the extension

        repeated = fingerprint in self._keys
        return self._keys.setdefault(fingerprint, str(uuid.uuid4())), repeated


@dataclass
class Memory:
    """`keys` for repeated cells; `answers` of requests with a `# @name`, as later cells refer to them."""

    keys: KeyJournal = field(default_factory=KeyJournal)
    answers: dict[str, object] = field(default_factory=dict)
