"""The numbered cases of the specifications: each has a test by its number, as `tools/cases.py` counts them."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "cases.py"
COMPLETE = [
    ("resilience", range(1, 42)),
    ("security", range(1, 88)),
]


@pytest.fixture(scope="module")
def cases() -> ModuleType:
    """Load the tool."""
    spec = importlib.util.spec_from_file_location("flarex_case_lists", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("name", "numbers"), COMPLETE)
def test_every_numbered_case_has_a_title_and_a_test(cases: ModuleType, name: str, numbers: range) -> None:
    listed = cases.table(name)

    assert [case.number for case in listed] == list(numbers)
    assert cases.missing(listed) == ()
    assert cases.untitled(listed) == ()


@pytest.mark.parametrize(("name", "count"), [("resilience", 41), ("security", 87)])
def test_the_titles_are_numbered_without_a_gap_and_no_two_are_equal(cases: ModuleType, name: str, count: int) -> None:
    titled = [case for case in cases.table(name) if case.title != "?"]

    assert [case.number for case in titled] == list(range(1, count + 1))
    assert len({case.title for case in titled}) == count


def test_a_case_without_a_test_is_found_and_ends_the_tool_with_one(cases: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "tests" / "cases").mkdir(parents=True)
    (tmp_path / "tests" / "cases" / "resilience.txt").write_text("Words.\n1 the first\n2 the second\n3 the third\n")
    (tmp_path / "tests" / "test_some.py").write_text(
        "def test_case_01_and_03_hold(): ...\ndef test_case_9_is_new(): ...\n# def test_case_02_is_a_comment(): ...\n"
    )

    listed = cases.table("resilience", tmp_path)

    assert cases.missing(listed) == (2,)
    assert cases.untitled(listed) == (9,)
    assert listed[0] == cases.Case(1, "the first", ("tests/test_some.py::test_case_01_and_03_hold",))


def test_the_tool_prints_the_table_with_its_total() -> None:
    ran = subprocess.run([sys.executable, TOOL, "resilience"], capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stdout
    assert "test_case_32_failures_open_it" in ran.stdout
    assert "41 of 41 cases have tests" in ran.stdout
