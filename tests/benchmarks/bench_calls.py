"""What a call costs beside bare httpx, and an import beside theirs: ratios of pairs taken in turn, in one run.

Run with `make bench`. A server of its own in another process answers from memory, so that the client is what is measured.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import multiprocessing
import platform
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

CALLS, PAIRS = 300, 7
BODY = json.dumps({"id": "ch_1", "object": "charge", "amount": 100}).encode()


def serve(ready: multiprocessing.Queue[int]) -> None:
    """Answer every request with the same small JSON."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            writer.write(head + BODY)

    async def main() -> None:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        ready.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


async def bare_httpx(url: str) -> None:
    import httpx

    async with httpx.AsyncClient() as client:
        await client.get(url)
        for _ in range(CALLS):
            (await client.get(url)).json()


async def with_tenacity(url: str) -> None:
    """What a careful user writes: three attempts with random exponential waits, a status check, JSON."""
    import httpx
    import tenacity

    policy = tenacity.AsyncRetrying(
        stop=tenacity.stop_after_attempt(3), wait=tenacity.wait_random_exponential(max=8), reraise=True
    )

    async def ask(client: httpx.AsyncClient) -> object:
        answer = await client.get(url)
        return answer.raise_for_status().json()

    async with httpx.AsyncClient() as client:
        await client.get(url)
        for _ in range(CALLS):
            await policy(ask, client)


async def with_httpx_retries(url: str) -> None:
    import httpx
    from httpx_retries import RetryTransport

    async with httpx.AsyncClient(transport=RetryTransport()) as client:
        await client.get(url)
        for _ in range(CALLS):
            (await client.get(url)).json()


PEERS = {"tenacity": with_tenacity, "httpx_retries": with_httpx_retries}
"""Other ways to make a call that is tried again, by the package they need; those that are not installed are left out."""


async def ours(port: int) -> None:
    import flarex_nb as fx
    from flarex_nb.client import default

    fx.register(fx.Service(name="bench", base_url=f"http://127.0.0.1:{port}", network="private"))
    client = default()
    for _ in range(CALLS):
        await client.acall("bench", "GET /x", cache="bypass")


async def hits(port: int) -> None:
    import flarex_nb as fx
    from flarex_nb.client import default

    fx.register(fx.Service(name="bench", base_url=f"http://127.0.0.1:{port}", network="private"))
    client = default()
    for _ in range(CALLS):
        await client.acall("bench", "GET /x")


def timed(work: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    asyncio.run(work())  # type: ignore[arg-type]  # an async function's coroutine
    return time.perf_counter() - began


def seconds_of(code: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - began


def row(name: str, ratios: list[float]) -> str:
    return f"{name:<66} {statistics.median(ratios):6.2f}  ({min(ratios):.2f} to {max(ratios):.2f})"


def main() -> None:
    """Print the table."""
    ready: multiprocessing.Queue[int] = multiprocessing.Queue()
    server = multiprocessing.Process(target=serve, args=(ready,), daemon=True)
    server.start()
    port = ready.get(timeout=10)
    url = f"http://127.0.0.1:{port}/x"
    timed(lambda: ours(port))
    pairs = [
        (timed(lambda: ours(port)), timed(lambda: hits(port)), timed(lambda: bare_httpx(url))) for _ in range(PAIRS)
    ]
    peers = {
        name: [(timed(lambda: ours(port)), timed(lambda work=work: work(url))) for _ in range(PAIRS)]
        for name, work in PEERS.items()
        if importlib.util.find_spec(name) is not None
    }
    server.terminate()
    imports = [
        (seconds_of("import flarex_nb"), seconds_of("import httpx, pandas"), seconds_of("pass")) for _ in range(PAIRS)
    ]
    lines = [
        f"Python {platform.python_version()}, {platform.machine()}; median of {PAIRS} pairs (lowest to highest)",
        row("one call after another, against bare httpx.AsyncClient", [mine / bare for mine, _, bare in pairs]),
        *(
            row(f"the same, against httpx with {name.replace('_', '-')}", [mine / theirs for mine, theirs in taken])
            for name, taken in peers.items()
        ),
        row("a call answered from the memory cache, against bare httpx", [hit / bare for _, hit, bare in pairs]),
        row(
            "import flarex_nb, against import httpx + pandas (bare Python taken off)",
            [max(mine - none, 0.0) / (peer - none) for mine, peer, none in imports],
        ),
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
