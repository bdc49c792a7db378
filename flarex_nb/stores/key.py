"""The names under which answers are kept: which question, asked with which credential.

Everything enters as an HMAC under a key of this process or workspace, so that no name tells what was asked or with
what, and two credentials never share an answer. A credential's value is seen here, and kept nowhere.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from flarex_nb.model import Headers, Placement, SecretRef

_IGNORED = frozenset({"user-agent", "accept-encoding", "idempotency-key"})

_CREDENTIAL = re.compile(r"auth|cookie|token|secret|password|session|(?:^|[-_])key\b|api-?key", re.IGNORECASE)


class Keys:
    """Makes names; two instances with the same key make the same ones, and no others do."""

    def __init__(self, secret: bytes | None = None) -> None:
        """Take the HMAC key, a fresh random one by default."""
        self._start = hmac.new(secret or secrets.token_bytes(32), digestmod=hashlib.sha256)
        self._nobody = self.mark("credential")

    def of(self, method: str, url: str, headers: Headers, credential: str) -> str:
        """Return the name, 64 hexadecimal digits: equal exactly for equal questions with the same credential.

        Query parameters keep their order: a server may read it. `url` holds no secret.
        """
        lines = sorted(f"{name.lower()}:{value}" for name, value in headers if name.lower() not in _IGNORED)
        return self.mark(method, url, credential, *lines)

    def mark(self, *parts: str) -> str:
        """Return 64 hexadecimal digits that stand for these texts in this order, and tell nothing about them."""
        mac = self._start.copy()
        mac.update("".join(f"{len(part)}:{part}" for part in parts).encode("utf-8", "surrogatepass"))
        return mac.hexdigest()

    def credential(
        self, placements: Collection[Placement], written: Collection[SecretRef], value_of: Callable[[SecretRef], str]
    ) -> str:
        """Return what stands for the credentials of a call: the same for the same values in the same places.

        `placements` are the service's own, `written` those a person wrote into the request.

        Raises:
            SecretError: one of them has no value now.
        """
        parts: list[str] = []
        if not placements and not written:
            return self._nobody
        try:
            for placed in placements:
                parts += [placed.ref.name, placed.place, placed.name, placed.template, value_of(placed.ref)]
            for ref in written:
                parts += [ref.name, value_of(ref)]
            return self.mark("credential", *parts)
        finally:
            parts.clear()


def with_credentials(headers: Headers) -> Headers:
    """Return the header lines that look like a credential, by their names: they tell askers apart."""
    return tuple(line for line in headers if _CREDENTIAL.search(line[0]))


def selecting(names: Iterable[str], headers: Headers) -> tuple[str, ...]:
    """Return the request's values of these fields in the names' order, lines joined and spaces even (RFC 9111 4.1)."""
    found = []
    for name in names:
        lines = [value for key, value in headers if key.lower() == name]
        found.append(" ".join(",".join(lines).replace(",", " , ").split()) if lines else "\0")
    return tuple(found)
