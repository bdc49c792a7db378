"""Calls that are awaited on the kernel's own loop, so that a button pressed while the cell runs is heard.

Off unless `%config FlareX.awaited = True`. IPython awaits no magic, so `await_calls`, an input transformer, makes the
cell await ours. The kernel's stop button works as well: while a cell awaits, the kernel sees an interrupt only when its
loop next turns (measured on ipykernel 7.4: nine seconds in a call that hangs), so `Portal.attend` keeps it turning.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = "flarex_call"
AWAITED = "flarex_call_awaited"
"""The name under which the awaited form is registered; nobody types it."""

_RUNS = {"run_cell_magic", "run_line_magic"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_COMPREHENSIONS = (ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)


def await_calls(lines: list[str]) -> list[str]:
    """Return the cell's lines with each of our calls awaited, also in an `if` or a loop.

    Calls in a function of the person's own stay as they are: an `await` there would not be Python.
    """
    source = "".join(lines)
    if MAGIC not in source:
        return lines
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return lines  # IPython says what is wrong with it
    texts = [line.encode() for line in source.splitlines(keepends=True)]
    for call in sorted(_calls(tree), key=lambda each: (each.lineno, each.col_offset), reverse=True):
        name, row = call.args[0], call.lineno - 1
        line, end = texts[name.lineno - 1], name.end_col_offset or 0
        texts[name.lineno - 1] = line[: name.col_offset] + repr(AWAITED).encode() + line[end:]
        texts[row] = texts[row][: call.col_offset] + b"await " + texts[row][call.col_offset :]
    return [text.decode() for text in texts]


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls of our magic below this node that stand outside every function and are not awaited yet."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _FUNCTIONS + _COMPREHENSIONS):
            continue
        if isinstance(child, ast.Call) and _is_ours(child):
            yield child
        else:
            yield from _calls(child)


def _is_ours(call: ast.Call) -> bool:
    match call:
        case ast.Call(
            func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr=run),
            args=[ast.Constant(value=name), *_],
        ):
            return run in _RUNS and name == MAGIC
        case _:
            return False
