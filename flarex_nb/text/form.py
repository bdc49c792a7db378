"""Nested values as form fields with bracketed names, as the services that take forms for JSON document it.

Lists are indexed, booleans lower case, None is left out, "" is kept; an instant is whole seconds since 1970. Compared
in tests with the encoding of a provider's own library. Says nothing about who wants a form.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote_plus, unquote_plus

from flarex_nb.errors import UsageError
from flarex_nb.text.kinds import is_table, unwrap
from flarex_nb.text.values import MAX_DEPTH, plain, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Field = tuple[str, str]


def encode(value: object) -> tuple[Field, ...]:
    """Return the fields of a nested mapping, in order: {"a": {"b": [1]}} becomes (("a[b][0]", "1"),).

    Raises:
        UsageError: not a mapping, or a value that has no text; the message names the field.
    """
    if not isinstance(value, Mapping):
        msg = f"a form needs names and values, and this is a {type(value).__name__}"
        raise UsageError(msg, hint='Send a mapping, such as {"amount": 999, "currency": "usd"}.')
    return tuple(pair for key, item in value.items() for pair in _walk(str(unwrap(key)), item, 0))


def to_bytes(fields: Iterable[Field]) -> bytes:
    """Return the body: UTF-8, percent-encoded, space as `+`, brackets of names left readable (WHATWG URL, 5.2)."""
    return "&".join(f"{quote_plus(name, safe='[]')}={quote_plus(value)}" for name, value in fields).encode()


def from_bytes(body: bytes) -> tuple[Field, ...]:
    """Return the fields of a form body, decoded, in order; the inverse of `to_bytes`."""
    parts = (part.partition("=") for part in body.decode().split("&") if part)
    return tuple((unquote_plus(name), unquote_plus(value)) for name, _, value in parts)


def _walk(name: str, value: object, depth: int) -> Iterator[Field]:
    if depth > MAX_DEPTH:
        msg = f"{name[:40]}... nests deeper than {MAX_DEPTH} levels, or holds itself"
        raise UsageError(msg, hint="Send a flatter value.")
    value = unwrap(value)
    if value is None:
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _walk(f"{name}[{unwrap(key)}]", item, depth + 1)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _walk(f"{name}[{index}]", item, depth + 1)
    elif hasattr(type(value), "model_fields") or (hasattr(type(value), "tolist") and not is_table(value)):
        yield from _walk(name, plain(value), depth + 1)
    else:
        yield name, _text(name, value)


def _text(name: str, value: object) -> str:
    try:
        return text_of(value, dates="epoch")
    except UsageError as error:
        msg = f"{name}: {error.message}"
        raise UsageError(msg, hint=error.hint) from None
