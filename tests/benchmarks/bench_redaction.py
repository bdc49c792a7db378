"""What masking costs: a cell's time to idle at the client, with 20 known secrets beside none; ratios of one run.

Run with `make bench`. Two kernels take turns, so that what else the machine does falls on both; the least of the rounds
counts, as noise only adds. The goals are those of the issue: 1 MB of lines 1.2, 50 MB of lines 1.7, one print of 50 MB 4.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from kernels import start_kernel

if TYPE_CHECKING:
    from kernels import Kernel

SECRETS = 20
SETUP = """
%load_ext flarex_nb
import random, string, sys, flarex_nb as fx
from IPython.display import HTML, display
dice = random.Random(1)
letters = string.ascii_letters + string.digits
words = ["".join(dice.choices(letters, k=dice.randint(2, 9))) for _ in range(3000)]
line = " ".join(dice.choices(words, k=12))[:79] + "\\n"
page = " ".join(dice.choices(words, k=170_000))[:1_000_000]
for number in range({count}):
    head = "".join(dice.choices(letters, k=4))
    note = fx.secrets.set(f"BENCH_{{number}}_API_KEY", head + "_" + "".join(dice.choices(letters, k=32)), hosts=["x.example"])
"""
CASES = {
    "1 MB in lines": ("for _ in range(13_000): sys.stdout.write(line)", 1.2, 9),
    "50 MB in lines": ("for _ in range(650_000): sys.stdout.write(line)", 1.7, 3),
    "one print of 50 MB": ("print(page * 50)", 4.0, 3),
    "one print of 50 MB, all x": ("print('x' * 50_000_000)", 4.0, 3),
    "50 MB in one HTML display": ("display(HTML(page * 50))", None, 3),
    "150 cells of one line": ("print(1)", None, 5),
}


class Forgotten(list):
    """Keeps nothing: fifty megabytes a cell would otherwise stay."""

    def append(self, _message: object) -> None:
        """Let it go."""


def started(count: int) -> Kernel:
    """Return a kernel that knows so many secrets."""
    folder = tempfile.mkdtemp()
    kernel = start_kernel({**os.environ, "IPYTHONDIR": folder, "HOME": folder}, folder)
    ran = kernel.run(SETUP.format(count=count))
    assert ran.status == "ok", ran.reply
    kernel.everything = Forgotten()
    return kernel


def seconds(kernel: Kernel, name: str, code: str) -> float:
    """Return how long the cell took from its request to idle, at the client."""
    times = 150 if name.startswith("150") else 1
    return sum(kernel.run(code, timeout=120).seconds for _ in range(times))


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    """Print the table."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("ipykernel", "IPython", "jupyter_client"))
    say(f"Python {platform.python_version()}, {versions}; {os.cpu_count()} processors")
    bare, guarded = started(0), started(SECRETS)
    try:
        say(f"{'':28}{'none':>9}{f'{SECRETS} secrets':>12}{'ratio':>8}{'goal':>7}")
        for name, (code, goal, rounds) in CASES.items():
            pairs = [(seconds(bare, name, code), seconds(guarded, name, code)) for _ in range(rounds)]
            least, most = min(one for one, _ in pairs), min(two for _, two in pairs)
            say(f"{name:28}{least:8.3f}s{most:11.3f}s{most / least:8.2f}{goal or '-':>7}")
    finally:
        bare.stop()
        guarded.stop()


if __name__ == "__main__":
    main()
