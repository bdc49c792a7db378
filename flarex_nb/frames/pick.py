"""The columns a person asks for: chosen, put in that order and renamed, before any of them is built.

`id, amount, name=billing_details.name`: an item is a column, an object whose columns are all meant, or a key of a map.
"""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import TYPE_CHECKING

from flarex_nb.errors import UsageError
from flarex_nb.frames.flatten import Column

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHOWN = 8


def pick(columns: list[Column], wish: str, *, empty: bool, sep: str) -> list[Column]:
    """Return the columns of `wish` in its order, under their new names where it gives one.

    With `empty` there is no record that could say which columns exist, so every name is taken.

    Raises:
        UsageError: for a column that is not there, with the nearest names; for a name that comes twice.
    """
    known = {column.name: column for column in columns}
    picked: dict[str, Column] = {}
    for name, path in _items(wish, known):
        found = [Column(path, tuple(path.split(sep)), [], [])] if empty else _find(known, path, sep)
        if not found:
            raise _unknown(path, known)
        for column in found:
            new = name + column.name.removeprefix(path) if name else column.name
            if new in picked:
                msg = f"--columns names {new!r} twice"
                raise UsageError(msg, hint=f"Give one of them another name: other_name={path}.")
            picked[new] = replace(column, name=new)
    return list(picked.values())


def _items(wish: str, known: dict[str, Column]) -> Iterator[tuple[str, str]]:
    """Yield the new name ("" for none) and the path of each item."""
    for text in wish.split(","):
        item = text.strip()
        name, equals, path = ("", "", item) if item in known else item.rpartition("=")
        name, path = name.strip(), path.strip()
        if not path or (equals and not name):
            msg = f"--columns has an item without a name: {wish!r}"
            raise UsageError(msg, hint="Write it as id,amount,name=billing_details.name")
        yield name, path


def _find(known: dict[str, Column], path: str, sep: str) -> list[Column]:
    if path in known:
        return [known[path]]
    inside = [column for name, column in known.items() if name.startswith(path + sep)]
    return inside or _key_of_map(known, path, sep)


def _key_of_map(known: dict[str, Column], path: str, sep: str) -> list[Column]:
    """Return one key of a column of dicts as a column of its own."""
    parts = path.split(sep)
    for cut in range(len(parts) - 1, 0, -1):
        column = known.get(sep.join(parts[:cut]))
        if column is None:
            continue
        key = sep.join(parts[cut:])
        pairs = [
            (row, value[key])
            for row, value in zip(column.rows, column.cells, strict=True)
            if isinstance(value, dict) and key in value
        ]
        if pairs:
            there = [pair for pair in pairs if pair[1] is not None]
            return [Column(path, (*column.path, key), [row for row, _ in there], [value for _, value in there])]
    return []


def _unknown(path: str, known: dict[str, Column]) -> UsageError:
    near = difflib.get_close_matches(path, known, n=3, cutoff=0.6)
    near += [name for name in known if name.rpartition(".")[2] == path and name not in near][:3]
    if near:
        hint = f"Did you mean {' or '.join(near)}?"
    else:
        more = ", ..." if len(known) > _SHOWN else ""
        hint = f"The columns are {', '.join(list(known)[:_SHOWN])}{more}." if known else "The records have no columns."
    return UsageError(f"--columns asks for {path!r}, and the answer has no such column", hint=hint)
