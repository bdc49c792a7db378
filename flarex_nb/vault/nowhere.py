"""A request that may carry no secret at all: what asks for one in it is refused by name. Knows no value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flarex_nb.errors import ScopeDenied
from flarex_nb.vault.ref import find_markers

if TYPE_CHECKING:
    from collections.abc import Iterable


def refuse_secrets(texts: Iterable[str], host: str) -> None:
    """Refuse the texts where one of them asks for a secret; `host` is where they would go.

    Raises:
        ScopeDenied: naming the first secret and the host.
    """
    for text in texts:
        for _, _, name in find_markers(text):
            msg = f"{name} was not sent to {host}: a URL from outside gets no secret"
            raise ScopeDenied(msg, hint="Leave it out, or call the service it belongs to by name.")
