"""Where in an answer the records are: at a path that is given, or where such lists are usually found.

Looks at shape only; the values are not touched.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from flarex_nb.errors import UsageError

if TYPE_CHECKING:
    from flarex_nb.model import Json

LIST_NAMES = (
    "data", "items", "results", "records", "rows", "entries", "values", "value", "objects", "nodes", "hits", "docs",
)  # fmt: skip
"""What APIs call the list in an answer that is only an envelope for it."""

ENVELOPE_NAMES = ("data", "result", "results", "response", "hits", "_embedded", "d", "payload", "body")
"""What APIs call an object that holds nothing but the list and words about it."""

_ENVELOPES_DEEP = 4
_IDENTITY = ("id", "_id", "uuid")


def records_of(data: Json, path: str = "") -> tuple[list[Json], str]:
    """Return the records of a decoded answer and, in words, how they were found.

    With `path` ("data" or "result.items") they are what stands there: a list's elements, one object as one record,
    null as none. Without it: the answer itself if it is a list; the one list of objects in an envelope; else the
    answer is one record. An object with an id of its own is a record, whatever lists it has.

    Raises:
        UsageError: the path leads nowhere.
    """
    if path:
        return _as_list(_at(data, path)), f'at "{path}"'
    if isinstance(data, list):
        return data, "the answer is a list"
    found = _in_envelope(data, "", _ENVELOPES_DEEP)
    if found is not None:
        records, place = found
        return records, f'found at "{place}"'
    return _as_list(data), "nothing" if data is None else "the answer is one record"


def _as_list(value: Json) -> list[Json]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _at(data: Json, path: str) -> Json:
    value = data
    walked: list[str] = []
    for part in path.split("."):
        if value is None:
            return None
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise _nowhere(value, part, walked)
        walked.append(part)
    return value


def _nowhere(value: Json, part: str, walked: list[str]) -> UsageError:
    where = f'at "{".".join(walked)}"' if walked else "in the answer"
    if isinstance(value, dict):
        keys = [str(key) for key in value]
        near = difflib.get_close_matches(part, keys, n=3) or keys[:8]
        hint = f"There is {', '.join(near)}." if near else "The object there is empty."
    else:
        hint = f"There is {'a list' if isinstance(value, list) else 'a plain value'}, not an object."
    return UsageError(f'there is no "{part}" {where}', hint=hint, sent="yes")


def _in_envelope(data: Json, place: str, deeper: int) -> tuple[list[Json], str] | None:
    """Return the envelope's list and where it stands, None when `data` is no envelope."""
    if not isinstance(data, dict) or any(data.get(name) is not None for name in _IDENTITY):
        return None
    lists = {key: value for key, value in data.items() if isinstance(value, list)}
    of_objects = [key for key, value in lists.items() if value and all(isinstance(item, dict) for item in value)]
    usual = [key for key in LIST_NAMES if key in of_objects] or [key for key in LIST_NAMES if lists.get(key) == []]
    key = usual[0] if usual else of_objects[0] if len(of_objects) == 1 else None
    if key is not None:
        return lists[key], f"{place}{key}"
    inner = [name for name in data if isinstance(data[name], dict) and (name in ENVELOPE_NAMES or len(data) == 1)]
    if len(inner) != 1 or not deeper:
        return None
    return _in_envelope(data[inner[0]], f"{place}{inner[0]}.", deeper - 1)
