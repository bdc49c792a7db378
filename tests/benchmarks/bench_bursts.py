"""Many calls at once, and what the pipeline adds to one: beside bare httpx, aiohttp and the bare wire, in one run.

Run with `make bench`, or alone. A server in another process answers from memory, after a wait the path asks for, so that
the client is what is measured. Ours runs with its default settings (100 connections to a host), as do the others.

The ideal of a burst is what 100 connections need when nothing but the server's 50 ms costs time: 1,000 calls are ten
turns of 50 ms, half a second.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import multiprocessing
import platform
import queue
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from flarex_nb.model import Outgoing, Reach, Reply
    from flarex_nb.net.progress import SaysSent

WAIT = 0.05
CONNECTIONS = 100
PATIENCE = 45.0
"""Seconds bare httpx gets for a burst: its pool looks at every waiting call whenever one ends."""

BURST_PAIRS, WIDE_PAIRS, SINGLE_PAIRS = 3, 5, 15
WIDE_CALLS, WIDTH = 1000, 50
SINGLE_CALLS = 300
BODY = json.dumps({"id": "ch_1", "object": "charge", "amount": 100}).encode()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY

_fresh = itertools.count()
"""Numbers for paths: no two calls of a run are equal, so that no answer comes from our memory."""


class Server(asyncio.Protocol):
    """Answers `GET /<milliseconds>/...` after so many milliseconds with the same small JSON."""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        *heads, self._rest = (self._rest + data).split(b"\r\n\r\n")
        for head in heads:
            wait = int(head.split(b"/", 2)[1]) / 1000
            if wait:
                asyncio.get_running_loop().call_later(wait, self._transport.write, ANSWER)
            else:
                self._transport.write(ANSWER)


def serve(ready: multiprocessing.Queue[int]) -> None:
    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0, backlog=4096)
        ready.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


@dataclass(frozen=True)
class Took:
    """One run: `seconds`, and how the calls ended ("200" or the error's name) with how many did."""

    seconds: float
    ends: Counter[str]

    @property
    def failed(self) -> int:
        return sum(count for end, count in self.ends.items() if end != "200")

    def words(self) -> str:
        kinds = ", ".join(f"{count:,} {end}" for end, count in self.ends.most_common() if end != "200")
        return f"{self.failed:,} fail" + (f" ({kinds})" if kinds else "")


def paths(calls: int, wait: float) -> Iterator[str]:
    run = next(_fresh)
    return (f"/{round(wait * 1000)}/{run}/{number}" for number in range(calls))


async def at_once(get: Callable[[str], Awaitable[int]], calls: int, wait: float) -> Took:
    """Start every call at the same moment."""
    began = time.perf_counter()
    ends = await asyncio.gather(*(get(path) for path in paths(calls, wait)), return_exceptions=True)
    return Took(
        time.perf_counter() - began, Counter(type(e).__name__ if isinstance(e, Exception) else str(e) for e in ends)
    )


async def in_a_width(get: Callable[[str], Awaitable[int]], calls: int, wait: float) -> Took:
    """Let so many workers take call after call."""
    todo, ends = paths(calls, wait), Counter[str]()

    async def worker() -> None:
        for path in todo:
            ends[str(await get(path))] += 1

    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(WIDTH)))
    return Took(time.perf_counter() - began, ends)


def with_ours(port: int, work: Any, *arguments: Any) -> Took:
    import flarex_nb as fx
    from flarex_nb.client import default

    fx.register(fx.Service(name="bench", base_url=f"http://127.0.0.1:{port}", network="private"))
    client = default()

    async def get(path: str) -> int:
        return (await client.acall("bench", f"GET {path}")).status

    return asyncio.run(work(get, *arguments))


def with_httpx(port: int, work: Any, *arguments: Any) -> Took:
    import httpx

    async def main() -> Took:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:

            async def get(path: str) -> int:
                answer = await client.get(path)
                answer.json()
                return answer.status_code

            return await work(get, *arguments)

    return asyncio.run(main())


def with_aiohttp(port: int, work: Any, *arguments: Any) -> Took:
    import aiohttp

    async def main() -> Took:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:

            async def get(path: str) -> int:
                async with client.get(path) as answer:
                    await answer.json()
                    return answer.status

            return await work(get, *arguments)

    return asyncio.run(main())


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


def spread(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):.2f}  ({min(ratios):.2f} to {max(ratios):.2f})"


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


def widths(port: int, wait: float) -> tuple[str, str]:
    pairs = [
        (with_ours(port, in_a_width, WIDE_CALLS, wait), with_httpx(port, in_a_width, WIDE_CALLS, wait))
        for _ in range(WIDE_PAIRS)
    ]
    what = f"answers after {wait * 1000:.0f} ms" if wait else "answers at once"
    return f"{WIDE_CALLS:,} calls, {WIDTH} wide, {what}: ours against bare httpx (goal 0.30)", spread(
        [a.seconds / b.seconds for a, b in pairs]
    )


def table(port: int) -> Iterator[tuple[str, str]]:
    with_ours(port, at_once, 200, 0.0)  # loads everything, opens the connections
    yield (
        "one call through everything, against the same send through wire and portal (goal 1.10)",
        spread(singles(port)),
    )
    yield widths(port, 0.0)
    yield widths(port, 0.02)
    for calls in (1000, 5000):
        yield from bursts(port, calls)


def main() -> None:
    """Print the table, a line at a time."""
    ready: multiprocessing.Queue[int] = multiprocessing.Queue()
    server = multiprocessing.Process(target=serve, args=(ready,), daemon=True)
    server.start()
    packages = ", ".join(f"{name} {version(name)}" for name in ("httpx", "aiohttp", "httpx-aiohttp"))
    sys.stdout.write(
        f"Python {platform.python_version()}, {platform.machine()}; {packages}; median (lowest to highest)\n"
    )
    for name, figures in table(ready.get(timeout=10)):
        sys.stdout.write(f"{name:<86} {figures}\n")
        sys.stdout.flush()
    server.terminate()


if __name__ == "__main__":
    main()
