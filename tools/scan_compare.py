"""Compare `flarex-nb scan` with detect-secrets on the same labelled notebooks: precision and recall of both.

    python tools/scan_compare.py [--each N] [--seed S] [--missed]

Makes one notebook for each sample, so that whether a tool reports the file is its whole answer: each key in each place
it can stand in (source, outputs, metadata, widget state), and look-alikes that are no keys (hashes, ids, pictures,
placeholders, masks). No key is real: all are drawn by dice. detect-secrets runs with every plugin it has by default,
without verification over the network.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from scan_samples import benign, planted

from flarex_nb.vault.scan_files import Scan

if TYPE_CHECKING:
    from collections.abc import Iterable


class Score(NamedTuple):
    """One tool on the set: how many keys and look-alikes it reported, out of how many."""

    hits: int
    keys: int
    false: int
    benign: int

    @property
    def recall(self) -> float:
        """The part of the keys it reported."""
        return self.hits / self.keys

    @property
    def precision(self) -> float:
        """The part of its reports that were keys."""
        return self.hits / max(1, self.hits + self.false)


def write_set(folder: Path, *, each: int, seed: int) -> dict[str, bool]:
    """Write the notebooks and return for each file's name whether it holds a key."""
    dice = random.Random(seed)  # noqa: S311 - samples that are the same again
    labels = {}
    for holds, samples in ((True, planted(dice, each)), (False, benign(dice, each))):
        for number, (what, notebook) in enumerate(samples):
            name = f"{'key' if holds else 'none'}-{number:04d}-{what}.ipynb"
            (folder / name).write_text(json.dumps(notebook, indent=1) + "\n", encoding="utf-8")
            labels[name] = holds
    return labels


def ours(folder: Path) -> set[str]:
    """Return the names of the files `flarex-nb scan` reports."""
    return {Path(found.spot.file).name for found in Scan().paths([folder]).report().findings}


def theirs(folder: Path) -> set[str]:
    """Return the names of the files detect-secrets reports."""
    command = [sys.executable, "-m", "detect_secrets", "scan", "-n", "--all-files", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)  # noqa: S603 - a tool of this environment
    return {Path(name).name for name in json.loads(done.stdout)["results"]}


def score(reported: set[str], labels: dict[str, bool]) -> Score:
    """Return how the reported files compare with the labels."""
    keys = {name for name, holds in labels.items() if holds}
    return Score(len(reported & keys), len(keys), len(reported - keys), len(labels) - len(keys))


def compare(*, each: int, seed: int) -> tuple[Score, Score, dict[str, bool], set[str], set[str]]:
    """Return our score, theirs, the labels, and the files each reported."""
    with tempfile.TemporaryDirectory(prefix="flarex-scan-") as name:
        labels = write_set(Path(name), each=each, seed=seed)
        mine, other = ours(Path(name)), theirs(Path(name))
    return score(mine, labels), score(other, labels), labels, mine, other


def _by_kind(names: Iterable[str]) -> str:
    counts: dict[str, int] = {}
    for name in names:
        what = name.removesuffix(".ipynb").split("-", 2)[2]
        counts[what] = counts.get(what, 0) + 1
    return ", ".join(f"{what} {count}" for what, count in sorted(counts.items())) or "none"


def main() -> int:
    """Print the comparison; return 1 where we are behind in either figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=6, help="samples of each kind")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--missed", action="store_true", help="say which kinds each tool missed or reported wrongly")
    given = parser.parse_args()
    mine, other, labels, by_us, by_them = compare(each=given.each, seed=given.seed)
    print(f"{mine.keys} notebooks with a key, {mine.benign} without; seed {given.seed}")
    print(f"{'':<16}{'found':>8}{'recall':>9}{'false':>8}{'precision':>11}")
    for name, each in (("flarex-nb scan", mine), ("detect-secrets", other)):
        print(f"{name:<16}{each.hits:>8}{each.recall:>9.3f}{each.false:>8}{each.precision:>11.3f}")
    if given.missed:
        for name, reported in (("flarex-nb scan", by_us), ("detect-secrets", by_them)):
            keys = {each for each, holds in labels.items() if holds}
            print(f"\n{name} missed: {_by_kind(keys - reported)}\n{name} false: {_by_kind(reported - keys)}")
    return 0 if mine.recall >= other.recall and mine.precision >= other.precision else 1


if __name__ == "__main__":
    sys.exit(main())
