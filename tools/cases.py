"""Which tests stand for which numbered case: a table of cases and test ids, read from the tests' names alone.

`python tools/cases.py resilience` prints it with its total and ends with 1 while a case has no test. A case's title
stands in `tests/cases/SPEC.txt`, its tests are the functions named `test_case_NN_...` (resilience) or
`test_security_case_NN_...` (security), also `..._NN_and_MM_...`. It runs no test and judges none.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PREFIXES = {"resilience": "test_case", "security": "test_security_case"}
_TITLE = re.compile(r"([0-9]+) (.+)")


class Case(NamedTuple):
    """One numbered behaviour and the ids of the tests that stand for it."""

    number: int
    title: str
    tests: tuple[str, ...]


def table(spec: str, root: Path = ROOT) -> tuple[Case, ...]:
    """Return the cases of the spec in order, each with its tests."""
    found = _tests(PREFIXES[spec], root / "tests")
    lines = (root / "tests" / "cases" / f"{spec}.txt").read_text("utf-8").splitlines()
    titles = {int(match[1]): match[2] for line in lines if (match := _TITLE.fullmatch(line))}
    return tuple(
        Case(number, titles.get(number, "?"), tuple(found.get(number, ()))) for number in sorted(titles | found)
    )


def missing(cases: tuple[Case, ...]) -> tuple[int, ...]:
    """Return the numbers without a test."""
    return tuple(case.number for case in cases if not case.tests)


def untitled(cases: tuple[Case, ...]) -> tuple[int, ...]:
    """Return the numbers that tests name and the list of titles does not."""
    return tuple(case.number for case in cases if case.title == "?")


def _tests(prefix: str, folder: Path) -> dict[int, list[str]]:
    named = re.compile(rf"{prefix}_([0-9]+(?:_and_[0-9]+)*)_")
    found: dict[int, list[str]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match = named.match(node.name) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else None
            for number in match[1].split("_and_") if match else ():
                found.setdefault(int(number), []).append(f"{path.relative_to(folder.parent)}::{node.name}")
    return found


def main(arguments: list[str]) -> int:
    """Print the table; return 1 while a case has no test."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("spec", choices=sorted(PREFIXES))
    cases = table(reader.parse_args(arguments).spec)
    for case in cases:
        print(f"{case.number:>3}  {case.title}")
        print("".join(f"     {test}\n" for test in case.tests or ("NO TEST",)), end="")
    tested, tests = len(cases) - len(missing(cases)), sum(len(case.tests) for case in cases)
    print(f"{tested} of {len(cases)} cases have tests; {tests} tests in all")
    return 1 if missing(cases) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
