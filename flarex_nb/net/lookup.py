"""Names become addresses: one getaddrinfo a name at a time, in a bounded pool, with a time limit. Judges nothing.

getaddrinfo cannot be stopped, so a name whose server never answers holds a worker until the system gives up. That is
why the pool is our own: the loop's default pool would starve, and everything else that uses it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import socket
from collections.abc import Callable
from typing import TypeAlias

from flarex_nb.errors import ConnectFailed

Lookup: TypeAlias = Callable[[str, int], list[str]]
"""Numeric addresses of a host and port, in the order to try; blocks; raises socket.gaierror."""

WORKERS = 8
WAITING = 64
TIME_LIMIT = 5.0

_UNKNOWN = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})


def system_lookup(host: str, port: int) -> list[str]:
    """Return what the system's resolver answers, each address once."""
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(info[4][0]) for info in infos))


class Lookups:
    """The lookups of one process under way; equal names share one, nothing is remembered after it."""

    def __init__(self, lookup: Lookup | None = None, *, time_limit: float = TIME_LIMIT) -> None:
        """Take the resolver, the system's by default; the pool starts with the first lookup."""
        self._lookup = lookup or system_lookup
        self._limit = time_limit
        self._pool: concurrent.futures.ThreadPoolExecutor | None = None
        self._open: dict[tuple[str, int], concurrent.futures.Future[list[str]]] = {}

    async def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses of the host, at least one.

        Raises:
            ConnectFailed: permanent when there is no such host; not so when the answer failed or took too long.
        """
        try:
            async with asyncio.timeout(self._limit):
                found = await _result(self._share(host, port))
        except TimeoutError:
            msg = f"the address of {host} could not be looked up within {self._limit:g} s"
            raise ConnectFailed(msg, hint="The name server does not answer; check the network.") from None
        except (OSError, UnicodeError) as error:
            raise _failed(host, error) from error
        if not found:
            raise _unknown(host)
        return found

    def close(self) -> None:
        """Give the pool back without waiting for lookups that hang."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
        self._open.clear()

    def _share(self, host: str, port: int) -> concurrent.futures.Future[list[str]]:
        """Return the lookup of this name that is under way, or a new one while there is room."""
        self._open = {key: future for key, future in self._open.items() if not future.done()}
        if (host, port) not in self._open:
            if len(self._open) >= WORKERS + WAITING:
                msg = f"{len(self._open)} names are being looked up already, none was added for {host}"
                raise ConnectFailed(msg, hint="The name server does not answer; check the network.")
            if self._pool is None:
                self._pool = concurrent.futures.ThreadPoolExecutor(WORKERS, thread_name_prefix="flarex-lookup")
            self._open[host, port] = self._pool.submit(self._lookup, host, port)
        return self._open[host, port]


async def _result(future: concurrent.futures.Future[list[str]]) -> list[str]:
    """Return the shared result; giving up the wait leaves the lookup to the others who wait for it."""
    loop = asyncio.get_running_loop()
    done = asyncio.Event()

    def tell(_: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed while the system was still asking
            loop.call_soon_threadsafe(done.set)

    future.add_done_callback(tell)
    await done.wait()
    return future.result()


def _failed(host: str, error: OSError | UnicodeError) -> ConnectFailed:
    if isinstance(error, UnicodeError) or (isinstance(error, socket.gaierror) and error.errno in _UNKNOWN):
        return _unknown(host)
    why = error.strerror or type(error).__name__
    msg = f"the address of {host} could not be looked up: {why[:1].lower()}{why[1:]}"
    return ConnectFailed(msg, hint="The name server did not answer; check the network.")


def _unknown(host: str) -> ConnectFailed:
    msg = f"there is no host {host}"
    return ConnectFailed(msg, hint="Check the spelling of the host, and whether it needs a VPN.", permanent=True)
