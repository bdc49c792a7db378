"""The conformance corpus: each `.http` file comes to what stands in the `.out` file beside it, and prints to itself."""

from __future__ import annotations

import pytest

from corpus import FOLDER, outcome
from flarex_nb.errors import CellSyntaxError
from flarex_nb.text.export import print_cell
from flarex_nb.text.grammar import parse

FILES = sorted(FOLDER.glob("*.http"))


def test_the_corpus_is_there_and_each_file_says_what_it_comes_to():
    assert len(FILES) >= 60
    assert {path.stem for path in FILES} == {path.stem for path in FOLDER.glob("*.out")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_comes_to_what_is_written_beside_it(path):
    assert outcome(path.read_bytes().decode()) == path.with_suffix(".out").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_that_parses_is_printed_to_the_same(path):
    try:
        cell = parse(path.read_bytes().decode())
    except CellSyntaxError:
        assert path.stem.startswith("refused_")
        return

    assert parse(print_cell(cell)) == cell


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_line_ends_of_windows_change_nothing(path):
    text = path.read_bytes().decode()

    assert outcome(text.replace("\r\n", "\n").replace("\n", "\r\n")) == outcome(text)
