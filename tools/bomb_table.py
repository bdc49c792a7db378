"""Print what each attack on a reader's memory and time costs: `fetch_public` beside bare httpx reading `.content`.

    python tools/bomb_table.py                 # every attack; about five minutes
    python tools/bomb_table.py gzip_64_mib drip_body

Bare httpx gets only what has an end and fits this machine: 64 MiB of gzip instead of 1 GiB, headers, drips, 103s.
Memory is the growth of the peak of a process of its own, time is from the call to its end; both have ten seconds.
"""

from __future__ import annotations

import math
import platform
import sys
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

import bombs

SAFE = frozenset({
    "gzip_64_mib", "length_too_small", "length_too_large", "header_lines_80_mb", "one_header_80_mb", "early_hints",
    "drip_body", "drip_headers", "drip_early_hints", "brotli", "zstd",
})  # fmt: skip


def cells(client: str, attack: str, port: int) -> str:
    """Return growth, time and outcome of one attack on one client as cells of the table."""
    if client != "ours" and attack not in SAFE:
        return "not tried | | "
    cost = bombs.measure(client, attack, port)
    grown = "not known" if math.isnan(cost["grown"]) else f"{cost['grown']:.0f} MiB"
    return f"{grown} | {cost['seconds']:.1f} s | {cost['outcome'].partition(':')[0]}"


def main() -> None:
    """Print the table."""
    attacks = sys.argv[1:] or ["gzip_64_mib", *bombs.ATTACKS]
    versions = f"Python {platform.python_version()}, httpx {version('httpx')}, aiohttp {version('aiohttp')}"
    print(f"{versions}; cap 2 MB, 10 s\n")
    print("| attack | ours: memory | time | ends with | bare httpx: memory | time | ends with |")
    print("|---|---|---|---|---|---|---|")
    with bombs.server() as port:
        for attack in attacks:
            row = " | ".join(cells(client, attack, port) for client in ("ours", "plain_httpx"))
            print(f"| {attack} | {row} |", flush=True)


if __name__ == "__main__":
    main()
