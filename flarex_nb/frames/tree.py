"""One pass over the records: every value goes to the node of its path, with the number of its row.

Nulls are not kept: a missing key and a null both read as missing. What becomes a column is decided afterwards, in
`flatten`. Costs one step for each key of each record, whatever the number of columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flarex_nb.frames.spec import is_named

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from flarex_nb.frames.spec import Path
    from flarex_nb.model import Json

MAX_DEPTH = 32
"""Levels of objects that are taken apart; what lies deeper stays whole. No name with more dots is of use."""


class Node:
    """Everything the records hold at one path.

    `values[i]` stands in row `rows[i]`, `objects[i]` in row `object_rows[i]`, both in order of rows. `whole` says that
    the objects here are one column; `hidden` that an object further out is, with this in it.
    """

    __slots__ = ("children", "hidden", "object_rows", "objects", "parent", "path", "rows", "values", "whole")

    def __init__(self, path: Path, parent: Node | None, *, whole: bool) -> None:
        """Begin empty."""
        self.path = path
        self.parent = parent
        self.whole = whole
        self.hidden = False
        self.children: dict[Any, Node] = {}
        self.rows: list[int] = []
        self.values: list[Json] = []
        self.object_rows: list[int] = []
        self.objects: list[Mapping[str, Json]] = []

    def merged(self) -> tuple[list[int], list[Json]]:
        """Return rows and values of everything here, plain values and whole objects together, in order of rows."""
        if not self.objects:
            return self.rows, self.values
        if not self.values:
            return self.object_rows, list(self.objects)
        pairs = sorted(zip(self.rows + self.object_rows, self.values + self.objects, strict=True), key=lambda p: p[0])
        return [row for row, _ in pairs], [value for _, value in pairs]


def grow(records: Sequence[Json], maps: Collection[str]) -> list[Node]:
    """Return the nodes of all paths in the order they were first seen; the first is the record itself."""
    root = Node((), None, whole=False)
    nodes = [root]
    for row, record in enumerate(records):
        if isinstance(record, dict):
            _take(root, row, record, nodes, maps)
        elif record is not None:
            root.rows.append(row)
            root.values.append(record)
    return nodes


def _take(node: Node, row: int, record: Mapping[str, Json], nodes: list[Node], maps: Collection[str]) -> None:
    node.object_rows.append(row)
    node.objects.append(record)
    children = node.children
    for key, value in record.items():
        child = children.get(key)
        if child is None:
            path = (*node.path, str(key))
            child = children[key] = Node(path, node, whole=len(path) >= MAX_DEPTH or is_named(path, maps))
            nodes.append(child)
        if value is None:
            continue
        if type(value) is not dict or child.whole:  # exactly a parser's dict: isinstance costs a tenth of the pass
            child.rows.append(row)
            child.values.append(value)
        else:
            _take(child, row, value, nodes, maps)
