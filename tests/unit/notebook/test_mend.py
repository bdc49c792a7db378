"""Cells IPython refuses, mended; every other cell left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from flarex_nb.notebook.mend import mend


def transformed(cell: str) -> str:
    manager = TransformerManager()
    manager.cleanup_transforms.append(mend)
    return manager.transform_cell(cell)


@pytest.mark.parametrize("cell", ["%%flarex_call stripe", "%%flarex_call stripe\n", "# note\n%%flarex_call stripe"])
def test_a_cell_without_a_body_still_runs_as_a_cell_magic(cell: str) -> None:
    assert transformed(cell).startswith("get_ipython().run_cell_magic('flarex_call', 'stripe', ")


def test_comments_above_move_below_so_that_lines_keep_their_numbers() -> None:
    lines = ["# one\n", "\n", "%%flarex_call stripe\n", "GET /v1/charges\n"]

    assert mend(lines) == ["%%flarex_call stripe\n", "# one\n", "\n", "GET /v1/charges\n"]


@pytest.mark.parametrize(
    "cell",
    ["x = 1\n%%flarex_call stripe\n", "%%time\nx = 1\n", "# only a comment\n", "", "\n\n", "print('%%flarex_call')\n"],
)
def test_any_other_cell_is_left_as_it_is(cell: str) -> None:
    lines = cell.splitlines(keepends=True)

    assert mend(lines) == lines


@given(st.lists(st.sampled_from(["# c\n", "\n", "%%flarex_call x\n", "GET /a\n", "%%flarex_service y"])))
def test_mending_twice_is_mending_once(lines: list[str]) -> None:
    assert mend(mend(lines)) == mend(lines)
