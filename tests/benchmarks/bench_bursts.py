"""Many calls at once, and what the pipeline adds to one: beside bare httpx, aiohttp and the bare wire, in one run.

Run with `make bench`, or alone. Ours runs with its default settings (100 connections to a host), as do the others.

The ideal of a burst is what 100 connections need when nothing but the server's 50 ms costs time: 1,000 calls are ten
turns of 50 ms, half a second.
"""

from __future__ import annotations

import multiprocessing
import queue
import time
from typing import TYPE_CHECKING, Any

from loopback import Took, at_once, show, spread, with_aiohttp, with_httpx, with_ours

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flarex_nb.model import Outgoing, Reach, Reply
    from flarex_nb.net.progress import SaysSent

WAIT = 0.05
CONNECTIONS = 100
PATIENCE = 45.0
"""Seconds bare httpx gets for a burst: its pool looks at every waiting call whenever one ends."""

BURST_PAIRS, SINGLE_PAIRS = 3, 15
SINGLE_CALLS = 300


def bounded(port: int, calls: int) -> Took | None:
    """Return a burst over bare httpx in a process of its own, None when it is not over after PATIENCE."""
    came: multiprocessing.Queue[Took] = multiprocessing.Queue()
    child = multiprocessing.Process(target=_burst_of_httpx, args=(port, calls, came), daemon=True)
    child.start()
    try:
        return came.get(timeout=PATIENCE)
    except queue.Empty:
        return None
    finally:
        child.kill()
        child.join()


def _burst_of_httpx(port: int, calls: int, came: multiprocessing.Queue[Took]) -> None:
    came.put(with_httpx(port, at_once, calls, WAIT))


class Recording:
    """The real wire, which remembers the last thing it was handed: the very same can then be sent without the pipeline."""

    def __init__(self) -> None:
        from flarex_nb.net.transport import Wire

        self.wire = Wire()
        self.last: tuple[Outgoing, Reach] | None = None

    async def send(self, out: Outgoing, reach: Reach, progress: SaysSent | None = None) -> Reply:
        self.last = (out, reach)
        return await self.wire.send(out, reach, progress)


def singles(port: int) -> list[float]:
    """Return the ratios: calls one after another through the pipeline, against the same sends through wire and portal."""
    import flarex_nb as fx
    from flarex_nb.client import Client
    from flarex_nb.portal import PORTAL

    recording = Recording()
    client = Client(wire=recording, environ={})
    client.services.register(fx.Service(name="bench", base_url=f"http://127.0.0.1:{port}", network="private"))
    client.call("bench", "GET /0/single", cache="bypass")
    assert recording.last is not None
    out, reach = recording.last

    def through_everything() -> None:
        client.call("bench", "GET /0/single", cache="bypass")

    def bare() -> None:
        PORTAL.run(recording.wire.send(out, reach))

    ratios = [timed(through_everything) / timed(bare) for _ in range(SINGLE_PAIRS + 1)]
    PORTAL.run(recording.wire.aclose())
    return ratios[1:]


def timed(call: Callable[[], None]) -> float:
    began = time.perf_counter()
    for _ in range(SINGLE_CALLS):
        call()
    return time.perf_counter() - began


def bursts(port: int, calls: int) -> Iterator[tuple[str, str]]:
    ideal = calls / CONNECTIONS * WAIT
    pairs = [
        (with_ours(port, at_once, calls, WAIT), with_aiohttp(port, at_once, calls, WAIT)) for _ in range(BURST_PAIRS)
    ]
    bare = bounded(port, calls)
    what = f"burst of {calls:,}, answers after 50 ms"
    yield (
        f"{what}: ours, time over the ideal (goal 1.5)",
        f"{spread([ours.seconds / ideal for ours, _ in pairs])}; {worst(p[0] for p in pairs)}",
    )
    yield f"{what}: aiohttp", f"{spread([other.seconds / ideal for _, other in pairs])}; {worst(p[1] for p in pairs)}"
    told = (
        f"{bare.seconds / ideal:.2f}; {bare.words()}"
        if bare
        else f"not over after {PATIENCE:g} s ({PATIENCE / ideal:.0f})"
    )
    yield f"{what}: bare httpx, once", told
    yield f"{what}: ours against aiohttp", spread([ours.seconds / other.seconds for ours, other in pairs])


def worst(runs: Iterator[Took]) -> str:
    return max(runs, key=lambda took: took.failed).words()


def table(port: int, _opened: Any) -> Iterator[tuple[str, str]]:
    with_ours(port, at_once, 200, 0.0)  # loads everything, opens the connections
    yield (
        "one call through everything, against the same send through wire and portal (goal 1.10)",
        spread(singles(port)),
    )
    for calls in (1000, 5000):
        yield from bursts(port, calls)


if __name__ == "__main__":
    show(table)
