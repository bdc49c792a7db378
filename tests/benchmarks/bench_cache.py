"""What a cache hit costs: the whole call, beside a dictionary, hishel, and the same through Redis; ratios of one run.

Run with `make bench`. Nothing touches a network but Redis, where a server is installed; hishel where it is.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from flarex_nb.catalog.profile import Service
from flarex_nb.client import Client
from flarex_nb.model import Reply
from flarex_nb.portal import PORTAL

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    Work = Callable[[], Awaitable[Any]]

CALLS, PAIRS = 500, 9
BODY = json.dumps({"id": "ch_1", "object": "charge", "amount": 100}).encode()
CHARGE = {
    "id": "ch_1", "object": "charge", "amount": 100, "amount_captured": 100, "amount_refunded": 0, "captured": True,
    "created": 1_700_000_000, "currency": "usd", "customer": None, "description": None, "disputed": False,
    "livemode": False, "metadata": {}, "paid": True, "refunded": False, "status": "succeeded",
    "billing_details": {"address": {"city": None, "country": None}, "email": None, "name": None, "phone": None},
}  # fmt: skip
LIST = json.dumps({"object": "list", "has_more": False, "url": "/v1/charges", "data": [CHARGE] * 10}).encode()
URL = "https://bench.example/x"


class Wire:
    """Answers from memory."""

    async def send(self, out: Any, _reach: Any, _progress: Any = None) -> Reply:
        body = LIST if "/v1/charges" in out.url else BODY
        return Reply(200, (("Content-Type", "application/json"),), body, 0.0)


def ours(**environ: str) -> Client:
    client = Client(wire=Wire(), environ=environ, folder=Path(tempfile.mkdtemp()))
    client.services.register(Service(name="bench", base_url="https://bench.example"))
    return client


def a_dictionary() -> Work:
    kept = {URL: BODY}

    async def hit() -> Any:
        return orjson.loads(kept[URL])

    return hit


def hishels(folder: Path) -> Work | None:
    if importlib.util.find_spec("hishel") is None:
        return None
    import hishel
    import httpx
    from hishel.httpx import AsyncCacheTransport

    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=BODY, headers={"Cache-Control": "max-age=600"})

    storage = hishel.AsyncSqliteStorage(database_path=folder / "hishel.db")
    client = httpx.AsyncClient(transport=AsyncCacheTransport(httpx.MockTransport(answer), storage=storage))

    async def hit() -> Any:
        return (await client.get(URL)).json()

    return hit


@contextlib.contextmanager
def redis() -> Iterator[int]:
    """Give the port of a Redis, 0 where none is installed."""
    if shutil.which("redis-server") is None or importlib.util.find_spec("redis") is None:
        yield 0
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    time.sleep(0.5)
    yield port
    server.kill()
    server.wait()


async def per_call(hit: Work, calls: int = CALLS) -> float:
    """Return microseconds for each call."""
    await hit()
    began = time.perf_counter()
    for _ in range(calls):
        await hit()
    return (time.perf_counter() - began) / calls * 1e6


async def over_redis(port: int) -> dict[str, Work]:
    """Return three ways to the same answer in Redis: a whole call, our store alone, redis-py alone."""
    from redis.asyncio import Redis

    client = ours(REDIS_URL=f"redis://127.0.0.1:{port}/0", FLAREX_CACHE_KEY="visibly-fake-workspace-key-0123456789")
    await client.acall("bench", "GET /x")
    cache = client.pipeline.cache
    question = cache._question(await _bound(client))
    far, bare = cache.shelf.far, Redis(port=port)
    names = [name for name in await bare.keys("*") if await bare.strlen(name) > len("a generation's token")]
    names += [name.encode() for name in far._generations(question.group)]

    async def whole() -> Any:
        cache.store.clear()  # nothing near: the shared store is asked
        return await client.acall("bench", "GET /x")

    return {
        "the same MGET by redis-py": lambda: bare.mget(names),
        "the shared store alone, opened": lambda: far.look(question.name, question.group),
        "a whole call, answered from Redis": whole,
    }


def row(name: str, times: list[float], other: list[float]) -> str:
    ratios = [mine / theirs for mine, theirs in zip(times, other, strict=True)]
    spread = f"({min(ratios):.2f} to {max(ratios):.2f})"
    return f"{name:<62} {statistics.median(ratios):8.2f}  {spread:<18} {statistics.median(times):8.1f} us, lowest {min(times):.1f}"


async def measure(port: int, folder: Path) -> list[str]:
    """Take the ways in turn, and return the table's lines."""
    client = ours()
    call, known = await _bound(client), ours(STRIPE_SECRET_KEY="sk_" + "fake" * 6)
    ways: dict[str, Any] = {
        "a dictionary of bodies, and orjson": a_dictionary(),
        "the cache station alone": lambda: client.pipeline.run(call),
        "a whole call, answered from memory": lambda: client.acall("bench", "GET /x"),
        "the same with a secret, a profile and its record shapes": lambda: known.acall("stripe", "GET /v1/charges"),
        "a whole call that is sent (a wire without a network)": lambda: client.acall("bench", "GET /x", cache="bypass"),
    }
    hishel = hishels(folder)
    if hishel is not None:
        ways["a hit of hishel (SQLite)"] = hishel
    if port:
        ways |= await over_redis(port)
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(PAIRS):
        for name, hit in ways.items():
            times[name].append(await per_call(hit))
    peer = "a hit of hishel (SQLite)" if hishel is not None else "a whole call, answered from memory"
    return [f"as a ratio of: {peer}", *(row(name, found, times[peer]) for name, found in times.items())]


async def _bound(client: Client) -> Any:
    from flarex_nb.pipeline.bind import bind

    return bind(client._request("bench", "GET /x", {}), client.services, None, lambda _mark: ("key", False))


def main() -> None:
    """Print the table."""
    with redis() as port, tempfile.TemporaryDirectory() as folder:
        lines = PORTAL.run(measure(port, Path(folder)))
    head = f"Python {platform.python_version()}, {platform.machine()}; median of {PAIRS} rounds of {CALLS} calls"
    sys.stdout.write("\n".join([head, *lines]) + "\n")


if __name__ == "__main__":
    main()
