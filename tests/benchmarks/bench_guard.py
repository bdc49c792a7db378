"""What the guard costs on a kept connection: the wire as it is beside the same wire without it, in turn, in one run; processor time, which
other work on the machine disturbs least.

Run with `make bench`. Without the guard: the URL is judged once and not again, and the connection does not count what
comes in. The lookup and the check of the address happen when a connection is opened, so neither is in these figures.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import platform
import statistics
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from unittest import mock

from aiohttp.client_proto import ResponseHandler
from bench_calls import serve

from flarex_nb.model import Outgoing, Reach
from flarex_nb.net import connector, transport
from flarex_nb.net.url import check_url

if TYPE_CHECKING:
    from collections.abc import Iterator

CALLS, PAIRS = 400, 25


async def calls(out: Outgoing, reach: Reach) -> float:
    """Return the processor's seconds of many calls, one after the other, on one connection."""
    wire = transport.Wire()
    await wire.send(out, reach)
    began = time.process_time()
    for _ in range(CALLS):
        await wire.send(out, reach)
    taken = time.process_time() - began
    await wire.aclose()
    return taken


class Uncounted(ResponseHandler):
    """A connection that counts nothing and keeps no hop."""

    def begin(self, hop: object) -> None:
        """Do nothing."""

    def end(self) -> None:
        """Do nothing."""


@contextmanager
def without_guard(out: Outgoing, reach: Reach) -> Iterator[None]:
    """Take the guard off what happens on a kept connection."""
    target = check_url(out.url, reach=reach)
    with (
        mock.patch.object(transport, "target_of", return_value=target),
        mock.patch.object(connector, "CountedHandler", Uncounted),
        mock.patch.object(connector.GuardedConnector, "connect", connector.aiohttp.TCPConnector.connect),
    ):
        yield


def main() -> None:
    """Print the ratio."""
    ready: multiprocessing.Queue[int] = multiprocessing.Queue()
    server = multiprocessing.Process(target=serve, args=(ready,), daemon=True)
    server.start()
    port = ready.get(timeout=10)
    out, reach = Outgoing("GET", f"http://127.0.0.1:{port}/x", (), b""), Reach(frozenset({("127.0.0.1", port)}))
    asyncio.run(calls(out, reach))
    ratios = []
    for _ in range(PAIRS):
        guarded_time = asyncio.run(calls(out, reach))
        with without_guard(out, reach):
            bare_time = asyncio.run(calls(out, reach))
        ratios.append(guarded_time / bare_time)
    server.terminate()
    head = f"Python {platform.python_version()}, {platform.machine()}; median of {PAIRS} pairs (lowest to highest)"
    spread = f"{statistics.median(ratios):6.3f}  ({min(ratios):.3f} to {max(ratios):.3f})"
    sys.stdout.write(f"{head}\n{'a call on a kept connection, against the same without the guard':<66} {spread}\n")


if __name__ == "__main__":
    main()
