"""What the benchmarks of many calls share: a server in another process, and the same work over ours and the peers.

The server answers from memory, after a wait the path asks for, so that the client is what is measured.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import multiprocessing
import platform
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

BODY = json.dumps({"id": "ch_1", "object": "charge", "amount": 100}).encode()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
WIDTH = 50

_fresh = itertools.count()
"""Numbers for paths: no two calls of a run are equal, so that no answer comes from our memory."""


class Server(asyncio.Protocol):
    """Answers `GET /<milliseconds>/...` after so many milliseconds with the same small JSON."""

    opened: Any = None
    """How many connections were opened so far, in memory that both processes see."""

    def connection_made(self, transport: Any) -> None:
        Server.opened.value += 1
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


def serve(ready: multiprocessing.Queue[int], opened: Any) -> None:
    Server.opened = opened

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0, backlog=4096)
        ready.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


@dataclass(frozen=True)
class Took:
    """One run: `seconds`, how the calls ended ("200" or the error's name) with how many did, and our `cpu` seconds."""

    seconds: float
    ends: Counter[str]
    cpu: float = 0.0

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


async def in_a_width(get: Callable[[str], Awaitable[int]], calls: int, wait: float, width: int = WIDTH) -> Took:
    """Let so many workers take call after call."""
    todo, ends = paths(calls, wait), Counter[str]()

    async def worker() -> None:
        for path in todo:
            ends[str(await get(path))] += 1

    began, used = time.perf_counter(), time.process_time()
    await asyncio.gather(*(worker() for _ in range(width)))
    return Took(time.perf_counter() - began, ends, time.process_time() - used)


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


def spread(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):.2f}  ({min(ratios):.2f} to {max(ratios):.2f})"


def show(table: Callable[[int, Any], Iterator[tuple[str, str]]]) -> None:
    """Print the table of a port and a counter of connections, a line at a time."""
    ready: multiprocessing.Queue[int] = multiprocessing.Queue()
    opened = multiprocessing.Value("i", 0)
    server = multiprocessing.Process(target=serve, args=(ready, opened), daemon=True)
    server.start()
    packages = ", ".join(f"{name} {version(name)}" for name in ("httpx", "aiohttp", "httpx-aiohttp"))
    sys.stdout.write(
        f"Python {platform.python_version()}, {platform.machine()}; {packages}; median (lowest to highest)\n"
    )
    for name, figures in table(ready.get(timeout=10), opened):
        sys.stdout.write(f"{name:<86} {figures}\n")
        sys.stdout.flush()
    server.terminate()
