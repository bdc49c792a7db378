"""How many small changes of the decisions in `policies/` the tests notice; asks for a reason for the rest.

`python tools/mutation.py` (`make mutation`; half an hour or more on one core, so not part of continuous integration)
runs mutmut's mutants once each, prints the score, and ends with 1 while one survives that
`tests/unit/policies/survivors.md` does not explain. What is mutated, and by which tests it is noticed, stands in
pyproject.toml under [tool.mutmut]. mutmut leaves alone what is not in a function (constants, defaults of data classes)
and properties.

`--again` runs only the mutants that survived the last time, after tests were added; `--report` runs none.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REASONS = ROOT / "tests" / "unit" / "policies" / "survivors.md"
NOTICED = frozenset({"killed", "timeout", "caught by type check", "segfault"})
_RESULT = re.compile(r"\s*(\S+): (.+)")
_ROW = re.compile(r"\| `(?P<function>[^`]+)` \| `` ?(?P<change>.+?) ?`` \|.*")


def explained(text: str) -> frozenset[tuple[str, str]]:
    """Return (function, changed line) of each row of the table of reasons."""
    rows = (_ROW.fullmatch(line) for line in text.splitlines())
    return frozenset((row["function"], row["change"]) for row in rows if row)


def function_of(mutant: str) -> str:
    """Return "retry._left" of "flarex_nb.policies.retry.x__left__mutmut_4"; of a method its class's name before it."""
    path, _, name = mutant.removeprefix("flarex_nb.policies.").rpartition("__mutmut_")[0].rpartition(".")
    return f"{path}.{name.removeprefix('xǁ').replace('ǁ', '.') if 'ǁ' in name else name.removeprefix('x_')}"


def _mutmut(*words: str, show: bool = False) -> str:
    """Return what mutmut prints; the editable install must not come before its own copy of the package."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ran = subprocess.run(  # noqa: S603 - this Python and words of our own
        [sys.executable, "-m", "mutmut", *words],
        cwd=ROOT, env=environ, stdout=None if show else subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    return ran.stdout or ""


def _outcomes() -> dict[str, str]:
    lines = _mutmut("results", "--all", "true").splitlines()
    return {match[1]: match[2] for line in lines if (match := _RESULT.fullmatch(line))}


def _change(mutant: str) -> str:
    """Return the changed line, or lines with / between."""
    lines = _mutmut("show", mutant).splitlines()
    return " / ".join(line[1:].strip() for line in lines if line.startswith("+") and not line.startswith("+++"))


def main(arguments: list[str]) -> int:
    """Run, print the score and what survived; return 1 where a survivor has no reason."""
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--again", action="store_true", help="only what survived the last time")
    reader.add_argument("--report", action="store_true", help="run nothing; tell of the last run")
    wish = reader.parse_args(arguments)
    if not wish.report:
        some = [name for name, how in _outcomes().items() if how not in NOTICED] if wish.again else []
        _mutmut("run", "--max-children", "1", *some, show=True)
    outcomes = _outcomes()
    alive = {name: _change(name) for name, how in outcomes.items() if how not in NOTICED}
    reasons = explained(REASONS.read_text("utf-8"))
    unexplained = {name: change for name, change in alive.items() if (function_of(name), change) not in reasons}
    for name, change in unexplained.items():
        print(f"| `{function_of(name)}` | `` {change} `` | {outcomes[name]}: {name}")
    noticed, equal = len(outcomes) - len(alive), len(alive) - len(unexplained)
    print(f"{noticed:,} of {len(outcomes):,} mutants are noticed ({noticed / max(1, len(outcomes)):.1%})")
    print(f"{equal} change nothing that can be seen, each with its reason; {len(unexplained)} survive without one")
    return 1 if unexplained or not outcomes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
