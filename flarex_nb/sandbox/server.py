"""The server: control endpoints, the desk in front of each look-alike, and the life of the process.

Listens on 127.0.0.1 at a port the system chooses, says so in one line of JSON on stdout, and ends with its parent.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import stat
import sys
from typing import TYPE_CHECKING, Any

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from flarex_nb.sandbox.control import Control
from flarex_nb.sandbox.desk import Desk
from flarex_nb.sandbox.journal import Journal
from flarex_nb.sandbox.providers import look_alikes

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "127.0.0.1"
WATCH_EVERY = 0.5


class OpenProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it; the connection's transport is put into `scope["state"]` for the faults."""

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember the transport for every request of this connection."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class AnnouncingServer(uvicorn.Server):
    """A server that says where it listens once it does, and leaves signals to `run`."""

    def __init__(self, config: uvicorn.Config, ready: dict[str, Any]) -> None:
        """Keep what goes into the ready line beside the address."""
        super().__init__(config)
        self._ready = ready

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Install no handler."""
        yield

    @override
    async def startup(self, sockets: Any = None) -> None:
        """Bind, then print the ready line."""
        await super().startup(sockets)
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        line = {"ready": True, "host": host, "port": port, "pid": os.getpid(), **self._ready}
        with contextlib.suppress(OSError):  # a parent that has left is noticed by the watch
            os.write(sys.stdout.fileno(), orjson.dumps(line) + b"\n")


def run(parent: int = 0) -> None:
    """Serve until the end of the process; `parent` is the process this one lives for, 0 for none."""
    if parent:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(parent))


async def _serve(parent: int) -> None:
    providers = look_alikes()
    token = secrets.token_urlsafe(24)
    journal = Journal()
    keys = {name: value for provider in providers for name, value in provider.keys().items()}
    control = Control(token, parent, journal, providers)
    desks = [Desk(provider, journal) for provider in providers]
    control.on_reset = [desk.reset for desk in desks]
    app = Starlette(
        routes=[
            Route("/_sandbox/{verb}", control.answer, methods=["GET", "POST"]),
            *(Mount(f"/{desk.name}", app=desk) for desk in desks),
        ]
    )
    ready = {"token": token, "keys": keys, "services": [provider.name for provider in providers]}
    watch = asyncio.create_task(_outlive_nobody(parent))
    await AnnouncingServer(_config(app), ready).serve()
    watch.cancel()


def _config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=HOST,
        port=0,
        http=OpenProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        headers=[("server", "flarex-sandbox")],
        timeout_keep_alive=75,
        h11_max_incomplete_event_size=64 * 1024,
    )


async def _outlive_nobody(parent: int) -> None:
    """End the process when standard input closes (the parent holds the other end) or the parent has changed.

    The second also holds when a forked child of the kernel still keeps the pipe open.
    """
    loop = asyncio.get_running_loop()
    if parent or _stdin_is_pipe():
        loop.run_in_executor(None, _read_to_the_end).add_done_callback(lambda _: os._exit(0))
    while parent and os.name == "posix":
        if os.getppid() != parent:
            os._exit(0)
        await asyncio.sleep(WATCH_EVERY)


def _stdin_is_pipe() -> bool:
    try:
        mode = os.fstat(0).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _read_to_the_end() -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
