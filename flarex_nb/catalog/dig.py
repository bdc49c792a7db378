"""Reading one value out of decoded JSON by a dotted path."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flarex_nb.model import Json


def dig(data: Json, path: str) -> Json:
    """Return the value at `path` ("error.details.0.reason"; a number indexes a list), None where there is none.

    The empty path is the whole.
    """
    here = data
    for part in path.split(".") if path else ():
        if isinstance(here, dict):
            here = here.get(part)
        elif isinstance(here, list) and part.isdigit() and int(part) < len(here):
            here = here[int(part)]
        else:
            return None
    return here
