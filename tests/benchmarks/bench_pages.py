"""Many pages to a DataFrame: beside what a careful user writes by hand, and beside the least that latency allows.

Run with `make bench`, or alone. The server in another process answers with pages made beforehand, so that the client is
what is measured.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import multiprocessing
import platform
import sys
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from loopback import spread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGES, SIZE = 1000, 100
SLOW_PAGES, WAIT = 200, 0.05
PAIRS = 3
WIDE = 16


def charge(number: int) -> dict[str, Any]:
    card = {"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2030, "checks": {"cvc": "pass", "zip": None}}
    return {
        "id": f"ch_{number:08d}", "object": "charge", "amount": number % 9999, "currency": "eur", "paid": True,
        "created": 1_700_000_000 + number, "customer": None if number % 3 else f"cus_{number}", "livemode": False,
        "billing_details": {"name": f"Person {number}", "email": None, "address": {"city": "Berlin", "line1": None}},
        "payment_method_details": {"type": "card", "card": card},
        "outcome": {"network_status": "approved", "risk_level": "normal", "risk_score": number % 90},
        "metadata": {f"order_{number % 50}": str(number)}, "refunded": False, "status": "succeeded",
    }  # fmt: skip


def page(start: int, total: int) -> bytes:
    more = start + SIZE < total
    rows = [charge(number) for number in range(start, min(start + SIZE, total))]
    body = {"object": "list", "url": "/v1/charges", "data": rows, "has_more": more, "pages": total // SIZE}
    text = json.dumps(body | {"next": str(start + SIZE) if more else None}).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(text) + text


class Lists(asyncio.Protocol):
    """Answers `GET /<milliseconds>/...` with the page at a cursor or with a number."""

    pages: tuple[list[bytes], list[bytes]]
    """The pages that come at once, and those that take their time."""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        *heads, self._rest = (self._rest + data).split(b"\r\n\r\n")
        for head in heads:
            self._answer(head.split(b" ", 2)[1].decode())

    def _answer(self, target: str) -> None:
        url = urlsplit(target)
        wait = int(url.path.split("/")[1]) / 1000
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        at = int(query["page"]) - 1 if "page" in query else int(query.get("cursor", 0)) // SIZE
        answer = self.pages[bool(wait)][at]
        if wait:
            asyncio.get_running_loop().call_later(wait, self._transport.write, answer)
        else:
            self._transport.write(answer)


def serve(ready: multiprocessing.Queue[int]) -> None:
    async def main() -> None:
        many, few = PAGES * SIZE, SLOW_PAGES * SIZE
        Lists.pages = [page(at, many) for at in range(0, many, SIZE)], [page(at, few) for at in range(0, few, SIZE)]
        server = await asyncio.get_running_loop().create_server(Lists, "127.0.0.1", 0)
        ready.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


def timed(work: Callable[[], int], rows: int) -> float:
    began = time.perf_counter()
    got = work()
    seconds = time.perf_counter() - began
    if got != rows:
        message = f"{rows:,} rows were to come, and {got:,} came"
        raise RuntimeError(message)
    return seconds


def ours(port: int, wait: float = 0.0, **options: Any) -> int:
    """Return the rows of the frame; the options name the way the pages go on."""
    import flarex_nb as fx

    kind = options.pop("kind")
    fields = {
        "cursor": {"kind": "cursor", "cursor": "next", "param": "cursor", "more": "has_more"},
        "page_number": {"kind": "page_number", "last": "pages"},
    }[kind]
    base = f"http://127.0.0.1:{port}/{round(wait * 1000)}"
    name = f"bench-{kind.replace('_', '-')}-{round(wait * 1000)}"
    columns = {"maps": ["metadata"], "epoch_seconds": ["created"]}
    fx.register(fx.Service(name=name, base_url=base, network="private", records="data", paging=fields, columns=columns))
    return len(fx.call(name, "GET /v1/charges", pages="all", cache="bypass", **options).df)


def careful(port: int) -> int:
    """Return the rows that httpx with tenacity and json_normalize bring, as one writes it with care by hand."""
    import httpx
    import pandas as pd
    import tenacity

    wait = tenacity.wait_random_exponential(max=8)
    retried = tenacity.retry(stop=tenacity.stop_after_attempt(3), wait=wait, reraise=True)
    frames, cursor = [], "0"
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/0") as client:

        @retried
        def get(cursor: str) -> Any:
            answer = client.get("/v1/charges", params={"cursor": cursor})
            answer.raise_for_status()
            return answer.json()

        while cursor:
            body = get(cursor)
            frames.append(pd.json_normalize(body["data"]))
            cursor = body["next"] or ""
    return len(pd.concat(frames, ignore_index=True))


def table(port: int) -> Iterator[tuple[str, str]]:
    ours(port, WAIT, kind="page_number", max_records=100)  # loads everything
    everything = f"{PAGES:,} pages of {SIZE}, cursor after cursor, to a DataFrame"
    mine = [timed(lambda: ours(port, kind="cursor"), PAGES * SIZE)]
    yield f"{everything}: ours, seconds", f"{mine[0]:.2f}"
    if importlib.util.find_spec("tenacity") is None:
        yield f"{everything}: httpx + tenacity + json_normalize", "not measured: tenacity is not installed"
    else:
        theirs = [timed(lambda: careful(port), PAGES * SIZE)]
        yield f"{everything}: httpx + tenacity + json_normalize, seconds", f"{theirs[0]:.2f}"
        while len(mine) < PAIRS:
            mine.append(timed(lambda: ours(port, kind="cursor"), PAGES * SIZE))
            theirs.append(timed(lambda: careful(port), PAGES * SIZE))
        yield (
            f"{everything}: ours against it (goal 0.22)",
            spread([one / other for one, other in zip(mine, theirs, strict=True)]),
        )
    yield from against_latency(port)


def against_latency(port: int) -> Iterator[tuple[str, str]]:
    """Yield the time of pages that each take their time, against the least that is possible."""
    rows = SLOW_PAGES * SIZE
    slow = f"{SLOW_PAGES} pages x {WAIT * 1000:.0f} ms"
    floor = SLOW_PAGES * WAIT
    runs = [timed(lambda: ours(port, WAIT, kind="cursor"), rows) / floor for _ in range(PAIRS)]
    yield f"{slow}, cursor after cursor: against the floor of {floor:.2f} s (goal 1.06)", spread(runs)
    # the first page alone, for it tells how many there are; then the others in rounds
    floor = WAIT * (1 + -(-(SLOW_PAGES - 1) // WIDE))
    runs = [timed(lambda: ours(port, WAIT, kind="page_number", concurrency=WIDE), rows) / floor for _ in range(PAIRS)]
    yield f"{slow}, {WIDE} page numbers at a time: against the floor of {floor:.2f} s (goal 1.50)", spread(runs)


def main() -> None:
    ready: multiprocessing.Queue[int] = multiprocessing.Queue()
    server = multiprocessing.Process(target=serve, args=(ready,), daemon=True)
    server.start()
    packages = ", ".join(f"{name} {version(name)}" for name in ("httpx", "aiohttp", "pandas", "pyarrow"))
    sys.stdout.write(
        f"Python {platform.python_version()}, {platform.machine()}; {packages}; median (lowest to highest)\n"
    )
    for name, figures in table(ready.get(timeout=60)):
        sys.stdout.write(f"{name:<100} {figures}\n")
        sys.stdout.flush()
    server.terminate()


if __name__ == "__main__":
    main()
