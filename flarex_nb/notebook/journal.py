"""Which idempotency key a cell used for which request, so that running it again is the same operation to the server.

Keeps hashes and keys for as long as the kernel lives, never a value of the request.
"""

from __future__ import annotations

import uuid


class KeyJournal:
    """Keys by fingerprint of the request."""

    def __init__(self) -> None:
        """Begin empty."""
        self._keys: dict[str, str] = {}
        self.repeated = False

    def key_for(self, fingerprint: str) -> str:
        """Return the key this request had before, or a new one; `repeated` says which of the two it was."""
        self.repeated = fingerprint in self._keys
        return self._keys.setdefault(fingerprint, str(uuid.uuid4()))
