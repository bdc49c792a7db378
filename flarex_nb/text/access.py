"""What `.name` and `[key]` may reach in an expression: data, never code.

Attributes of mappings, records and model fields are read as items; a property or method of an arbitrary object is never
touched, because looking at it would run it.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

from flarex_nb.errors import UsageError
from flarex_nb.text.kinds import is_table
from flarex_nb.text.source import nearest, shown

if TYPE_CHECKING:
    from collections.abc import Iterable


class Absent(Exception):
    """The name, field or item does not exist; the message says so with the nearest one."""

    def __init__(self, message: str, hint: str = "") -> None:
        """Keep the message and the next step; `offset` is filled in by whoever knows the place."""
        super().__init__(message)
        self.hint = hint
        self.offset = -1


def attribute(value: object, name: str) -> object:
    """Return the field `name` of a mapping, row, named tuple, dataclass or pydantic model.

    Raises:
        Absent: it has no such field.
        UsageError: the name is private, or the value has attributes only code could give.
    """
    if name.startswith("_"):
        msg = f"names that begin with an underscore, such as {shown(name)}, are private"
        raise UsageError(msg, hint=f'For a key of a mapping write ["{name}"].')
    if isinstance(value, Mapping) or _is_row(value):
        return item(value, name)
    if value is None:
        msg = f"it is None, so it has no field {shown(name)}"
        raise Absent(msg)
    known = _fields(value)
    if known is None:
        msg = f"a {type(value).__name__} has no fields that may be read here"
        raise UsageError(msg, hint="Fields of mappings, rows, dataclasses and pydantic models can be read; no calls.")
    if name not in known:
        msg = f"{type(value).__name__} has no field {shown(name)}.{nearest(name, known)}"
        raise Absent(msg)
    return known[name]


def item(value: object, key: object) -> object:
    """Return `value[key]` of a mapping, list, tuple, text, column or row.

    Raises:
        Absent: there is no such key or position.
        UsageError: the value has no items, or the key does not fit it.
    """
    if isinstance(value, str | list | tuple):
        return _at_position(value, key)
    if not (isinstance(value, Mapping) or _is_row(value) or is_table(value) or hasattr(type(value), "dtype")):
        msg = f"a {type(value).__name__} has no items"
        raise UsageError(msg, hint="Items of mappings, lists, texts, rows and columns can be read.")
    try:
        return value[key]  # type: ignore[index]  # one of the kinds above
    except (KeyError, IndexError):
        keys = [each for each in _keys(value) if isinstance(each, str)]
        known = f"It has {', '.join(keys[:12])}." if keys else ""
        msg = f"there is no {shown(str(key))} in it.{nearest(str(key), keys)}"
        raise Absent(msg, known) from None
    except Exception as error:  # noqa: BLE001 - a foreign object's lookup may do anything
        msg = f"reading {shown(str(key))} from a {type(value).__name__} failed ({type(error).__name__})"
        raise UsageError(msg, hint="Read it into a plain variable in a cell above.") from None


def _at_position(value: str | list[object] | tuple[object, ...], key: object) -> object:
    if isinstance(key, bool) or not isinstance(key, int | slice):
        msg = f"the place in a {type(value).__name__} is a whole number, not {shown(str(key))}"
        raise UsageError(msg, hint="Write [0] for the first, [-1] for the last.")
    try:
        return value[key]
    except IndexError:
        msg = f"there is no item {key}: the {type(value).__name__} has {len(value)}"
        raise Absent(msg) from None


def field_names(value: object) -> list[str]:
    """Return the names `attribute` would find in the value, for completion; no property is looked at."""
    if isinstance(value, Mapping) or _is_row(value):
        return [key for key in _keys(value) if isinstance(key, str)]
    return list(_fields(value) or ())


def _is_row(value: object) -> bool:
    """Return whether the value gives items by name: one row of a table, or a database row."""
    kind = type(value)
    if is_table(value):
        return any(each.__name__ == "Series" for each in kind.__mro__)
    return callable(getattr(kind, "keys", None)) and hasattr(kind, "__getitem__")


def _keys(value: object) -> Iterable[object]:
    try:
        return list(value.keys())[:1000]  # type: ignore[attr-defined]  # a mapping or a row
    except Exception:  # noqa: BLE001 - only for the advice in an error
        return []


def _fields(value: object) -> dict[str, object] | None:
    """Return the fields a class declares, read past its properties; None where it declares none."""
    kind = type(value)
    if isinstance(value, tuple) and isinstance(getattr(kind, "_fields", None), tuple):
        return dict(zip(kind._fields, tuple.__iter__(value), strict=False))  # type: ignore[attr-defined]
    if isinstance(getattr(kind, "model_fields", None), dict):
        extra = object.__getattribute__(value, "__pydantic_extra__") or {}
        return {**object.__getattribute__(value, "__dict__"), **extra}
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _held(value, name) for name in (each.name for each in fields(value)) if not _is_code(kind, name)}
    return None


def _held(value: object, name: str) -> object:
    return object.__getattribute__(value, name)


def _is_code(kind: type, name: str) -> bool:
    return isinstance(inspect.getattr_static(kind, name, None), property)
