"""Print how many cases of the guard each client refuses and lets through, in a network where every address answers.

    python tools/ssrf_table.py                                       # ours, plain httpx, and what is installed
    python tools/ssrf_table.py --with advocate=/path/to/its/python   # a peer that needs an environment of its own
    python tools/ssrf_table.py --each                                # name the cases as well

"Let through" is a TCP connection to an address or port that is not for the public, as the listener saw it, whatever the
client said afterwards. Needs the right to make a network namespace, and trustme.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import platform
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from every_address import enter, why_not
from ssrf_cases import CASES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from every_address import Seen

CLIENTS = {
    "flarex-nb": "ours",
    "httpx": "plain_httpx",
    "ssrfguard": "ssrfguard_httpx",
    "microsoft-antissrf": "antissrf",
    "drawbridge": "drawbridge",
    "httpx-secure": "httpx_secure",
    "advocate": "advocate",
}
"""Each package and the function in `tests/support/ssrf_clients.py` that uses it."""


class Row(NamedTuple):
    """What one client did with all cases; names of cases."""

    refused: list[str]
    let_through: list[str]
    working: list[str]
    broken: list[str]


def row(seen: Mapping[str, Seen]) -> Row:
    """Return the cases by what became of them."""
    into = Row([], [], [], [])
    for case in CASES:
        one = seen[case.name]
        if case.refused:
            (into.let_through if one.let_through else into.refused).append(case.name)
        else:
            (into.working if one.outcome == "200" and not one.let_through else into.broken).append(case.name)
    return into


def version(package: str, python: str) -> str:
    """Return the package's version in that environment, "" where it is not installed."""
    if python == sys.executable:
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            return ""
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603 - a person named it
    return done.stdout.strip()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--with", dest="pythons", action="append", default=[], metavar="PACKAGE=PYTHON")
    parser.add_argument("--each", action="store_true", help="name the cases that were let through or do not work")
    asked = parser.parse_args()
    if why := why_not():
        sys.exit(f"No private network can be made here: {why}")
    pythons = dict(pair.split("=", 1) for pair in asked.pythons)
    refusals = sum(bool(case.refused) for case in CASES)
    print(f"{refusals} cases to refuse, {len(CASES) - refusals} that must work; Python {platform.python_version()}\n")
    print("| client | refused | let through | must work | of them work |\n|---|---|---|---|---|")
    named: list[str] = []
    for package, function in CLIENTS.items():
        python = pythons.get(package, sys.executable)
        found = version(package, python)
        if not found:
            print(f"| {package} | not installed | | | |")
            continue
        seen = row(enter([f"ssrf_clients:{function}"], python=python)[f"ssrf_clients:{function}"])
        counts = [len(seen.refused), len(seen.let_through), len(seen.working) + len(seen.broken), len(seen.working)]
        print(f"| {package} {found} | {' | '.join(map(str, counts))} |")
        named += [f"{package}: let through {name}" for name in seen.let_through]
        named += [f"{package}: does not work {name}" for name in seen.broken]
    if asked.each:
        print("\n" + "\n".join(named))


if __name__ == "__main__":
    main()
