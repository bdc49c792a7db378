"""Loopback servers of raw bytes, a resolver made of a dict, and a loop that must be left clean."""

from __future__ import annotations

import asyncio
import functools
import gc
import socket
import ssl
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
import trustme

from flarex_nb.model import Outgoing, Reach
from flarex_nb.net.transport import Wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine

PUBLIC = "93.184.215.14"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@dataclass
class Served:
    """A running server: its port, how many connections came, and the head of each request."""

    port: int
    accepted: int = 0
    heads: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def reach(self) -> Reach:
        return Reach(private=frozenset({("127.0.0.1", self.port)}))

    def out(self, path: str = "", method: str = "GET", headers: tuple = (), content: bytes = b"") -> Outgoing:
        return Outgoing(method, self.url + path, headers, content)


@asynccontextmanager
async def serving(
    answer: bytes | Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]] = OK,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Served]:
    """Serve bytes to every request of a connection, or let `answer` do as it likes after each head."""
    served = Served(0)
    tasks: set[asyncio.Task] = set()
    writers: list[asyncio.StreamWriter] = []

    async def each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.accepted += 1
        tasks.add(asyncio.current_task())
        writers.append(writer)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                served.heads.append(head)
                if callable(answer):
                    await answer(reader, writer)
                    break
                for line in head.lower().split("\r\n"):
                    if line.startswith("content-length:"):
                        await reader.readexactly(int(line.split(":")[1]))
                writer.write(answer)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(each, "127.0.0.1", 0, ssl=tls)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in writers:
            writer.transport.abort()
        await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)
        await server.wait_closed()


class Detour:
    """Sockets that go to a loopback port, whatever address they are told; the addresses are kept."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.dialled: list[str] = []

    def __call__(self, family: int, kind: int, proto: int) -> socket.socket:
        detour = self

        class Socket(socket.socket):
            @property
            def family(self):
                return family

            def connect(self, address):
                detour.dialled.append(address[0])
                return super().connect(("127.0.0.1", detour.port))

        return Socket(socket.AF_INET, kind, proto)


class Names:
    """A resolver: each name's answers in turn, the last one again and again; it counts its questions."""

    def __init__(self, **answers: list[list[str]] | list[str] | OSError) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        answer = self.answers.get(
            host.replace(".", "_"), socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        )
        if isinstance(answer, OSError):
            raise answer
        if answer and isinstance(answer[0], list):
            return answer.pop(0) if len(answer) > 1 else answer[0]
        return answer


def run(main: Coroutine) -> object:
    """Run on a fresh loop, and fail if anything is left: a task, a complaint of the loop, an unclosed thing."""
    complaints: list[dict] = []

    async def watched() -> object:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        try:
            return await main
        finally:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task() and not task.done()]
            assert not left, left

    gc.freeze()  # what was there before need not be looked through
    try:
        result = asyncio.run(watched())
        gc.collect()
    finally:
        gc.unfreeze()
    assert not complaints, complaints
    return result


@asynccontextmanager
async def wire(**seams: object) -> AsyncIterator[Wire]:
    made = Wire(**seams)
    try:
        yield made
    finally:
        await made.aclose()


@functools.cache
def server_tls(*names: str) -> ssl.SSLContext:
    """Return a server's TLS context with a certificate for these names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority()[0].issue_cert(*names).configure_cert(context)
    return context


@pytest.fixture(scope="session")
def net() -> SimpleNamespace:
    """What the tests of the wire share."""
    return SimpleNamespace(
        serving=serving,
        wire=wire,
        run=run,
        Detour=Detour,
        Names=Names,
        PUBLIC=PUBLIC,
        OK=OK,
        authority=authority,
        server_tls=server_tls,
    )


@functools.cache
def authority() -> tuple[trustme.CA, ssl.SSLContext]:
    """Return a certificate authority and a client's TLS context that trusts it alone."""
    ca = trustme.CA()
    context = ssl.create_default_context()
    ca.configure_trust(context)
    return ca, context
