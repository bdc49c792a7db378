"""JSONPath as RFC 9535 says it: which parts of a decoded answer a query means. No dialect of our own.

The library that reads queries loads with the first one.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from flarex_nb.errors import UsageError
from flarex_nb.text.source import nearest, shown

if TYPE_CHECKING:
    from jsonpath_rfc9535 import JSONPathQuery

    from flarex_nb.model import Json

LONGEST = 2000
"""Characters of one query."""

_HINT = "JSONPath (RFC 9535) is written like $.data[*].id or $.data[?@.paid == true]; odd names like $['a-b']."
_KEYS_SHOWN = 6


def check_query(text: str) -> str:
    """Return the query as it is if it is one.

    Raises:
        UsageError: it is not JSONPath; the message says what was found where.
    """
    _compiled(text)
    return text


def is_single(text: str) -> bool:
    """Return whether the query can mean at most one value, whatever the data (RFC 9535 2.3.5.1)."""
    return _compiled(text).singular_query()


def find(text: str, data: Json) -> list[Json]:
    """Return the values the query means, in order.

    Raises:
        UsageError: it is not JSONPath, or the data nests too deeply for it.
    """
    from jsonpath_rfc9535 import JSONPathError  # noqa: PLC0415 - loads with the first query

    query = _compiled(text)
    try:
        return query.find(data).values()
    except (JSONPathError, RecursionError):
        msg = f"{shown(text)} cannot be looked up in an answer that nests so deeply"
        raise UsageError(msg, hint="Name the way down instead of using `..`.") from None


def records(text: str, data: Json) -> list[Json]:
    """Return what the query means as records: a single list's elements, else each value it means; null is none.

    Raises:
        UsageError: it means nothing because a name in it does not exist there; with the nearest one that does.
    """
    found = find(text, data)
    if not found and (reason := missing(text, data)):
        msg = f"--select {text}: {reason}"
        raise UsageError(msg, hint="Look at .json of the call without --select.", sent="yes")
    if is_single(text) and len(found) == 1:
        [value] = found
        return value if isinstance(value, list) else [] if value is None else [value]
    return found


def missing(text: str, data: Json) -> str:
    """Return which plain name or index at the query's beginning the data lacks, "" where it lacks none."""
    from jsonpath_rfc9535.selectors import IndexSelector, NameSelector  # noqa: PLC0415 - loads with the first query

    here, walked = data, "$"
    for segment in _compiled(text).segments:
        match segment.selectors:
            case [NameSelector(name=key)] if type(segment).__name__ == "JSONPathChildSegment":
                if not (isinstance(here, dict) and key in here):
                    return _no_name(key, here, walked)
                here, walked = here[key], f"{walked}.{key}"
            case [IndexSelector(index=index)] if type(segment).__name__ == "JSONPathChildSegment":
                if not (isinstance(here, list) and -len(here) <= index < len(here)):
                    return _no_index(index, here, walked)
                here, walked = here[index], f"{walked}[{index}]"
            case _:
                return ""
    return ""


def _no_name(key: str, here: Json, walked: str) -> str:
    if not isinstance(here, dict):
        return f"{walked} is {_kind(here)}, so it has no {shown(key)}"
    near = nearest(key, here)
    there = f" There is {', '.join(shown(name) for name in list(here)[:_KEYS_SHOWN])}." if here and not near else ""
    return f"{walked} has no {shown(key)}.{near}{there}"


def _no_index(index: int, here: Json, walked: str) -> str:
    if not isinstance(here, list):
        return f"{walked} is {_kind(here)}, so it has no item {index}"
    return f"{walked} has {len(here)} items, so none at {index}"


def _kind(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "an object"


@functools.lru_cache(maxsize=64)
def _compiled(text: str) -> JSONPathQuery:
    import jsonpath_rfc9535  # noqa: PLC0415 - loads with the first query

    if len(text) > LONGEST:
        msg = f"the JSONPath has {len(text):,} characters; {LONGEST:,} is the most"
        raise UsageError(msg, hint=_HINT)
    try:
        return jsonpath_rfc9535.compile(text)
    except (jsonpath_rfc9535.JSONPathError, RecursionError, ValueError) as error:
        where = _column(error)
        msg = f"{shown(text)} is not JSONPath{where}"
        raise UsageError(msg, hint=_HINT) from None


def _column(error: Exception) -> str:
    token = getattr(error, "token", None)
    index = getattr(token, "index", None)
    return f": it goes wrong at character {index + 1}" if isinstance(index, int) else ""
