"""Calls in a fixed width: beside bare httpx and aiohttp, the CPU they take, and the connections they open; in one run.

Run with `make bench`, or alone. Ours runs with its default settings, as do the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loopback import WIDTH, at_once, in_a_width, show, spread, with_aiohttp, with_httpx, with_ours

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDE_PAIRS, WIDE_CALLS = 5, 1000


def widths(port: int, wait: float) -> tuple[str, str]:
    pairs = [
        (with_ours(port, in_a_width, WIDE_CALLS, wait), with_httpx(port, in_a_width, WIDE_CALLS, wait))
        for _ in range(WIDE_PAIRS)
    ]
    what = f"answers after {wait * 1000:.0f} ms" if wait else "answers at once"
    return f"{WIDE_CALLS:,} calls, {WIDTH} wide, {what}: ours against bare httpx (goal 0.30)", spread(
        [a.seconds / b.seconds for a, b in pairs]
    )


def waits(port: int, opened: Any) -> Iterator[tuple[str, str]]:
    """Return the seconds of a width whose answers take their time, and how many connections a fresh client opens."""
    what = f"{WIDE_CALLS:,} calls, {WIDTH} wide, answers after 20 ms"
    runs, counts = [], []
    for _ in range(WIDE_PAIRS):
        forgotten()
        before = opened.value
        runs.append((with_ours(port, in_a_width, WIDE_CALLS, 0.02), with_aiohttp(port, in_a_width, WIDE_CALLS, 0.02)))
        counts.append(opened.value - before - WIDTH)  # aiohttp's own opens exactly its width
    yield f"{what}: ours, seconds (ideal 0.40, goal 0.50)", spread([ours.seconds for ours, _ in runs])
    yield f"{what}: aiohttp, seconds", spread([other.seconds for _, other in runs])
    yield f"{what}: connections opened by ours (goal {WIDTH})", spread([float(count) for count in counts])


def forgotten() -> None:
    """Let the process's client begin anew, with no connection open."""
    from flarex_nb.client import default
    from flarex_nb.portal import PORTAL

    pipeline = default().__dict__.pop("pipeline", None)
    if pipeline is not None:
        PORTAL.run(pipeline.aclose())


def growth(port: int) -> tuple[str, str]:
    """Return our CPU for a call 200 wide against one after another."""
    pairs = [
        (with_ours(port, in_a_width, WIDE_CALLS, 0.0, 200), with_ours(port, in_a_width, WIDE_CALLS, 0.0, 1))
        for _ in range(WIDE_PAIRS)
    ]
    return "CPU for a call 200 wide, against one after another (goal 1.30)", spread([a.cpu / b.cpu for a, b in pairs])


def table(port: int, opened: Any) -> Iterator[tuple[str, str]]:
    with_ours(port, at_once, 200, 0.0)  # loads everything
    yield widths(port, 0.0)
    yield growth(port)
    yield from waits(port, opened)


if __name__ == "__main__":
    show(table)
