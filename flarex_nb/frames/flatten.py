"""Records become flat columns: which objects are taken apart, which stay whole, and what each column is called.

Values are moved, never changed; their types are `columns`' matter. Whatever is not plain flattening is said in a note.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flarex_nb.frames.tree import MAX_DEPTH, grow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flarex_nb.frames.spec import FrameSpec, Path
    from flarex_nb.frames.tree import Node
    from flarex_nb.model import Json

SPARSE = 0.25
"""Share of an object's known keys that one record has on average: below it, many keys are taken for a map's."""

_NAMES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Column:
    """One column before it has a type: `cells[i]` stands in row `rows[i]` (ascending), every other row is missing."""

    name: str
    path: Path
    rows: list[int]
    cells: list[Json]


@dataclass(frozen=True, slots=True)
class Flat:
    """All columns in the order their fields were first seen, the number of rows, and what was decided."""

    length: int
    columns: list[Column]
    notes: list[str]


def flatten(records: Sequence[Json], spec: FrameSpec) -> Flat:
    """Return the records as flat columns, one row for each record.

    Nested objects become columns with dotted names. Lists stay as they are, each in one cell. Objects stay whole in
    one column where they are declared or recognised as maps. A record that is no object stands in a column "value".
    """
    nodes = grow(records, frozenset(spec.maps))
    notes = [*_recognise_maps(nodes, spec), *_limit_columns(nodes, spec.max_columns), *_deep(nodes)]
    shown = [node for node in nodes if _is_column(node)]
    notes += _mixed_with_objects(shown, spec.sep)
    names, renamed = _names(shown, spec.sep)
    columns = []
    for name, node in zip(names, shown, strict=True):
        rows, cells = node.merged() if node.whole or not node.children else (node.rows, node.values)
        columns.append(Column(name, node.path, rows, cells))
    return Flat(len(records), columns, notes + renamed)


def _is_column(node: Node) -> bool:
    """A node is a column when it holds values, when it stays whole, or when nothing else would show that it is there.

    Such is a field that is always null, or always an empty object.
    """
    if node.hidden:
        return False
    return bool(node.whole or node.values or (node.path and not node.children))


def _recognise_maps(nodes: list[Node], spec: FrameSpec) -> Iterable[str]:
    """Keep objects whole whose keys are data: very many different ones, each in few records."""
    found = []
    for node in nodes:
        _inherit(node)
        most = spec.max_map_keys if node.path else max(spec.max_map_keys, spec.max_columns // 2)
        if not node.hidden and len(node.children) > most and _fill(node) < SPARSE:
            node.whole = True
            found.append(node)
    for node in found:
        what = f"{_name(node, spec.sep)} has" if node.path else "The records have"
        yield f"{what} {len(node.children):,} different keys, few in each record: kept as one column of dicts."


def _fill(node: Node) -> float:
    return sum(map(len, node.objects)) / (len(node.objects) * len(node.children))


def _inherit(node: Node) -> None:
    """Mark the node as hidden if it lies inside a whole object; parents must have been marked before."""
    parent = node.parent
    node.hidden = parent is not None and (parent.hidden or parent.whole)


def _limit_columns(nodes: list[Node], most: int) -> Iterable[str]:
    """Keep the innermost objects whole, level by level, until there are few enough columns."""
    before = count = sum(map(_is_column, nodes))
    depth = max(len(node.path) for node in nodes)
    while count > most and depth > 1:
        depth -= 1
        for node in nodes:
            _inherit(node)
            node.whole = node.whole or (len(node.path) == depth and bool(node.children) and not node.hidden)
        count = sum(map(_is_column, nodes))
    if count < before:
        yield f"Flattening everything would make {before:,} columns: objects below level {depth} are kept whole."


def _deep(nodes: list[Node]) -> Iterable[str]:
    if any(len(node.path) >= MAX_DEPTH and not node.hidden for node in nodes):
        yield f"Objects below level {MAX_DEPTH} are kept whole."


def _mixed_with_objects(shown: list[Node], sep: str) -> Iterable[str]:
    both = [node for node in shown if node.values and node.children and not node.whole]
    if any(not node.path for node in both):
        yield "Some records are no objects: each of these stands in one cell."
    names = [_name(node, sep) for node in both if node.path]
    if names:
        yield f"{_list(names)}: in some records an object, whose fields have columns of their own."


def _name(node: Node, sep: str) -> str:
    if node.path:
        # A lone surrogate cannot be part of a column's name in Arrow.
        return sep.join(node.path).encode("utf-8", "backslashreplace").decode()
    return "record" if node.whole else "value"


def _names(shown: list[Node], sep: str) -> tuple[list[str], list[str]]:
    """Return a name for each column, no two alike, and a note for each that got a number to tell it apart."""
    wished = [_name(node, sep) for node in shown]
    reserved, taken = set(wished), set[str]()
    names, notes = [], []
    for wish in wished:
        name, number = wish, 2
        while name in taken or (name != wish and name in reserved):
            name, number = f"{wish}_{number}", number + 1
        if name != wish:
            notes.append(f"Two fields are both called {wish}: the one seen later is {name}.")
        taken.add(name)
        names.append(name)
    return names, notes


def _list(names: list[str]) -> str:
    more = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {more:,} more" if more > 0 else "")
