"""The transformer that makes a cell await our calls, and nothing else."""

from __future__ import annotations

import ast

import pytest

from flarex_nb.notebook.awaited import await_calls

CALL = "get_ipython().run_line_magic('flarex_call', 'stripe GET /v1/charges')"
AWAITED = "await get_ipython().run_line_magic('flarex_call_awaited', 'stripe GET /v1/charges')"
CELL = "get_ipython().run_cell_magic('flarex_call', 'stripe', 'GET /v1/charges\\n')\n"


def awaited(source: str) -> str:
    return "".join(await_calls(source.splitlines(keepends=True)))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (f"{CALL}\n", f"{AWAITED}\n"),
        (f"x = {CALL}\n", f"x = {AWAITED}\n"),
        (f"x, y = {CALL}, {CALL}\n", f"x, y = {AWAITED}, {AWAITED}\n"),
        (f"for each in rows:\n    kept.append({CALL})\n", f"for each in rows:\n    kept.append({AWAITED})\n"),
        (f"näme = 'ü'; x = {CALL}\n", f"näme = 'ü'; x = {AWAITED}\n"),
        (
            f"try:\n    {CALL}\nexcept KeyboardInterrupt:\n    {CALL}\n",
            f"try:\n    {AWAITED}\nexcept KeyboardInterrupt:\n    {AWAITED}\n",
        ),
        (CELL, CELL.replace("get_ipython()", "await get_ipython()").replace("flarex_call", "flarex_call_awaited")),
    ],
)
def test_every_call_outside_a_function_is_awaited(source, expected):
    assert awaited(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        f"def ask():\n    return {CALL}\n",
        f"ask = lambda: {CALL}\n",
        f"class Asks:\n    answer = {CALL}\n",
        f"[{CALL} for _ in range(3)]\n",
        f'text = """\n{CALL}\n"""\n',
        "get_ipython().run_line_magic('time', 'flarex_call')\n",
        "print('flarex_call')\n",
        "flarex_call(\n",
        f"{AWAITED}\n",
    ],
)
def test_everything_else_stays_as_it_is(source):
    assert awaited(source) == source


def test_doing_it_twice_changes_nothing_more():
    assert awaited(awaited(f"x = {CALL}\n")) == f"x = {AWAITED}\n"


def test_what_comes_out_is_python_that_ipython_can_run():
    code = compile(awaited(f"if True:\n    x = {CALL}\n"), "cell", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)

    assert code.co_flags
