"""How records should become columns: what a profile or a person says that JSON cannot say itself.

Only the wishes stand here; `flatten`, `columns` and `pick` carry them out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection

Path: TypeAlias = tuple[str, ...]
"""Where a value stands in its record: the keys from the outside in; () is the record itself."""


@dataclass(frozen=True, slots=True)
class FrameSpec:
    """What is known about the records beforehand.

    `epoch_seconds` are fields that hold seconds since 1970, `rfc3339` fields that hold RFC 3339 text; both become
    UTC datetimes. `maps` are fields whose keys are data (Stripe's `metadata`); each stays one column of dicts. Their
    names are dotted paths or the last part of one: "created" matches `created` and `charge.created`. `columns` picks
    and renames: "id,amount,name=billing_details.name". An object with more than `max_map_keys` different keys, of
    which each record has few, is taken for a map too. Objects are kept whole where flattening them would make more
    than `max_columns` columns. `sep` joins the parts of a column's name.
    """

    epoch_seconds: tuple[str, ...] = ()
    rfc3339: tuple[str, ...] = ()
    maps: tuple[str, ...] = ()
    columns: str | None = None
    max_map_keys: int = 30
    max_columns: int = 2_000
    sep: str = "."


def is_named(path: Path, names: Collection[str]) -> bool:
    """Return whether one of `names` means this path: the whole of it with dots, or its last part."""
    return bool(names and path) and (path[-1] in names or ".".join(path) in names)
