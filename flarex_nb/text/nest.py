"""Bracketed names become a nested value: `a[b][0]=x` puts "x" into {"a": {"b": ["x"]}}, as HTTPie does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flarex_nb.text.source import shown

if TYPE_CHECKING:
    from flarex_nb.model import Json
    from flarex_nb.text.source import Source

Step = str | int | None

MOST_GAPS = 1000
"""The highest position a name may give."""

_STEP = re.compile(r"\[((?:\\.|[^\[\]\\])*)\]")
_POSITION = re.compile(r"[0-9]{1,5}\Z")
_HEAD = re.compile(r"(?:\\.|[^\[\]\\])*")


def steps(name: Source) -> list[Step]:
    """Return the way into the value: keys as text, positions as numbers, None for "append".

    Raises:
        CellSyntaxError: a bracket that does not close, or text behind one.
    """
    text = name.text
    head = _HEAD.match(text)
    end = head.end() if head else 0
    found: list[Step] = [_plain(text[:end])] if end else []
    while end < len(text):
        step = _STEP.match(text, end)
        if step is None:
            msg = f"the brackets of {shown(text)} do not match"
            raise name.error(msg, end, hint=r"Write name[key]=value; a bracket that belongs to the name is written \[.")
        inside = step[1]
        found.append(int(inside) if _POSITION.match(inside) else _plain(inside) or None)
        end = step.end()
    return found


def put(root: Json, way: list[Step], value: Json, name: Source) -> Json:
    """Return `root` (None at first) with the value put in at the end of the way.

    Raises:
        CellSyntaxError: an earlier item made something else of that place, or gave it a value already.
    """
    if not way:
        if root is None:
            return value
        msg = f"{shown(name.text)} is given twice"
        raise name.error(msg, hint="Keep one, or write name[]=value for a list.")
    step, *rest = way
    if root is None:
        root = {} if isinstance(step, str) else []
    if isinstance(root, dict) and isinstance(step, str):
        root[step] = put(root.get(step), rest, value, name)
    elif isinstance(root, list) and not isinstance(step, str):
        _put_in_list(root, len(root) if step is None else step, rest, value, name)
    else:
        msg = f"{shown(name.text)} does not fit an item before it"
        raise name.error(msg, hint="One name is either a list, a mapping or a value.")
    return root


def _put_in_list(root: list[Json], index: int, rest: list[Step], value: Json, name: Source) -> None:
    if index > MOST_GAPS:
        msg = f"position {index} is too far out"
        raise name.error(msg, hint=f"Positions go up to {MOST_GAPS}.")
    root.extend([None] * (index + 1 - len(root)))
    root[index] = put(root[index], rest, value, name)


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
