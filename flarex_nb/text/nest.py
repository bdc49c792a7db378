"""Bracketed names become a nested value: `a[b][0]=x` puts "x" into {"a": {"b": ["x"]}}, as HTTPie does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flarex_nb.text.source import shown

if TYPE_CHECKING:
    from flarex_nb.model import Json
    from flarex_nb.text.source import Source

MOST_GAPS = 1000
"""The highest position a name may give."""

_STEP = re.compile(r"\[((?:\\.|[^\[\]\\])*)\]")
_POSITION = re.compile(r"[0-9]{1,5}\Z")
_HEAD = re.compile(r"(?:\\.|[^\[\]\\])*")
_APPEND = ""


def steps(name: Source) -> list[str | int]:
    """Return the way into the value: keys as text, positions as numbers, "" behind the first for "append".

    Raises:
        CellSyntaxError: a bracket that does not close, or text behind one.
    """
    text = name.text
    head = _HEAD.match(text)
    end = head.end() if head else 0
    found: list[str | int] = [_plain(text[:end])] if end else []
    while end < len(text):
        step = _STEP.match(text, end)
        if step is None:
            msg = f"the brackets of {shown(text)} do not match"
            raise name.error(msg, end, hint=r"Write name[key]=value; a bracket that belongs to the name is written \[.")
        inside = step[1]
        found.append(int(inside) if _POSITION.match(inside) else _plain(inside))
        end = step.end()
    return found or [""]


def put(root: Json, way: list[str | int], value: Json, name: Source) -> Json:
    """Return `root` (None at first) with the value put in at the end of the way.

    Raises:
        CellSyntaxError: an earlier item made something else of that place, or gave it a value already.
    """
    step, *rest = way
    is_list = isinstance(step, int) or (step == _APPEND and (len(way) < 1 or isinstance(root, list)))
    if root is None:
        root = [] if is_list else {}
    if isinstance(root, list) != is_list or not isinstance(root, list | dict):
        msg = f"{shown(name.text)} does not fit an item before it"
        raise name.error(msg, hint="One name is either a list, a mapping or a value.")
    if isinstance(root, list):
        _put_in_list(root, step, rest, value, name)
    else:
        key = str(step)
        if not rest and key in root:
            msg_0 = f"{shown(name.text)} is given twice"
            raise name.error(msg_0, hint="Keep one, or write name[]=value for a list.")
        root[key] = put_rest(root.get(key), rest, value, name)
    return root


def put_rest(found: Json, rest: list[str | int], value: Json, name: Source) -> Json:
    """Return what stands at the step: the value itself at the end of the way."""
    if not rest:
        return value
    if rest[0] == _APPEND and found is None:
        found = []
    return put(found, rest, value, name)


def _put_in_list(root: list[Json], step: str | int, rest: list[str | int], value: Json, name: Source) -> None:
    index = len(root) if step == _APPEND else int(step)
    if index > MOST_GAPS:
        msg = f"position {index} is too far out"
        raise name.error(msg, hint=f"Positions go up to {MOST_GAPS}.")
    root.extend([None] * (index + 1 - len(root)))
    root[index] = put_rest(root[index], rest, value, name)


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
