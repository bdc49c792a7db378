"""A call may be stopped at any moment: the connection is closed, nothing goes on, and the next call works."""

from __future__ import annotations

import asyncio
import random
import socket
import threading

import pytest

from flarex_nb.model import Outgoing, Reach
from flarex_nb.net.progress import Progress


async def slow(reader, writer) -> None:
    """Answer in small steps, so that a cancellation can fall anywhere."""
    for part in (b"HTTP/1.1 200 OK\r\n", b"Content-Length: 6\r\n", b"\r\n", b"abc", b"def"):
        await asyncio.sleep(0.002)
        writer.write(part)
        await writer.drain()


class Sockets:
    """Opens sockets and knows which are still open."""

    def __init__(self) -> None:
        self.made: list[socket.socket] = []

    def __call__(self, family: int, kind: int, proto: int) -> socket.socket:
        self.made.append(socket.socket(family, kind, proto))
        return self.made[-1]

    async def all_closed(self) -> bool:
        """Give the loop two turns, then look: nothing may need time to end."""
        for _ in range(2):
            await asyncio.sleep(0)
        assert self.made
        return all(each.fileno() == -1 for each in self.made)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_a_storm_of_cancellations_leaves_nothing_and_the_next_call_works(net, secure, seed) -> None:
    dice = random.Random(seed)
    _, trust = net.authority()

    async def main() -> None:
        tls = net.server_tls("127.0.0.1") if secure else None
        sockets = Sockets()
        async with net.serving(slow, tls=tls) as server, net.wire(tls=trust, open_socket=sockets) as wire:
            out = Outgoing("POST", server.url.replace("http:", "https:" if secure else "http:"), (), b"x" * 200_000)
            for _ in range(10):
                tasks = [asyncio.ensure_future(wire.send(out, server.reach)) for _ in range(6)]
                for task in tasks:
                    await asyncio.sleep(dice.random() * 0.004)
                    task.cancel()
                ends = await asyncio.gather(*tasks, return_exceptions=True)
                assert all(isinstance(end, asyncio.CancelledError) or end.content == b"abcdef" for end in ends)
            assert (await wire.send(out, server.reach)).content == b"abcdef"
            async with asyncio.timeout(5):  # the last connection is kept, until the server ends it
                while not await sockets.all_closed():
                    await asyncio.sleep(0.01)

    net.run(main())


@pytest.mark.parametrize("times", [1, 2])
def test_a_call_stopped_before_its_first_step_sends_nothing(net, times) -> None:
    async def main() -> None:
        async with net.serving() as server, net.wire() as wire:
            progress = Progress()
            task = asyncio.ensure_future(wire.send(server.out(), server.reach, progress))
            await asyncio.sleep(0)
            for _ in range(times):
                task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.sleep(0.02)
            assert (progress.sent, server.heads) == ("no", [])

    net.run(main())


def test_stopped_while_the_name_is_looked_up_nothing_was_sent(net) -> None:
    go = threading.Event()

    def lookup(host: str, port: int) -> list[str]:
        go.wait(20)
        return ["127.0.0.1"]

    async def main() -> None:
        async with net.serving() as server, net.wire(lookup=lookup) as wire:
            reach = Reach(private=frozenset({("dev.test", server.port)}))
            out = Outgoing("POST", f"http://dev.test:{server.port}/", (), b"x")
            progress = Progress()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await wire.send(out, reach, progress)
            assert (progress.phase, progress.sent) == ("resolving", "no")
            go.set()
            assert (await wire.send(out, reach)).status == 200
            assert server.accepted == 1

    net.run(main())


def test_stopped_during_the_tls_handshake_nothing_was_sent(net) -> None:
    async def silent(reader, writer) -> None:
        await reader.read()
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        sockets = Sockets()
        async with net.wire(open_socket=sockets) as wire:
            progress = Progress()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await wire.send(
                        Outgoing("POST", f"https://127.0.0.1:{port}/", (), b"x"),
                        Reach(private=frozenset({("127.0.0.1", port)})),
                        progress,
                    )
        assert (progress.phase, progress.sent) == ("connecting", "no")
        assert await sockets.all_closed()
        server.close()
        await server.wait_closed()

    net.run(main())


def test_stopped_while_a_body_that_nobody_reads_is_sent_it_may_have_arrived(net) -> None:
    async def deaf(reader, writer) -> None:
        await asyncio.sleep(5)

    async def main() -> None:
        sockets = Sockets()
        async with net.serving(deaf) as server, net.wire(open_socket=sockets) as wire:
            progress = Progress()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await wire.send(server.out(method="POST", content=b"x" * 30_000_000), server.reach, progress)
            assert (progress.phase, progress.sent) == ("sending", "maybe")
            assert await sockets.all_closed()

    net.run(main())


def test_stopped_while_the_body_comes_in_the_request_had_arrived(net) -> None:
    async def half(reader, writer) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
        await reader.read()

    async def main() -> None:
        sockets = Sockets()
        async with net.serving(half) as server, net.wire(open_socket=sockets) as wire:
            progress = Progress()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await wire.send(server.out(), server.reach, progress)
            assert (progress.phase, progress.sent) == ("reading", "yes")
            assert await sockets.all_closed()

    net.run(main())


def test_a_call_waiting_for_a_free_connection_says_so_and_gives_its_place_back(net) -> None:
    async def main() -> None:
        go = asyncio.Event()

        async def answer(reader, writer) -> None:
            await go.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        async with net.serving(answer) as server, net.wire() as wire:
            busy = [asyncio.ensure_future(wire.send(server.out(), server.reach)) for _ in range(100)]
            while len(server.heads) < 100:
                await asyncio.sleep(0.01)
            progress = Progress()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await wire.send(server.out(), server.reach, progress)
            assert (progress.phase, progress.sent) == ("queued", "no")
            go.set()
            assert {reply.status for reply in await asyncio.gather(*busy)} == {200}
            assert (await wire.send(server.out(), server.reach)).status == 200
            assert server.accepted == 101

    net.run(main())


def test_what_an_earlier_hop_sent_stays_sent() -> None:
    progress = Progress()

    progress.enter("reading")
    progress.enter("resolving")
    assert progress.sent == "yes"
    progress.enter("sending")
    assert progress.sent == "yes"


def test_closing_the_wire_during_a_call_ends_the_call(net) -> None:
    from flarex_nb.errors import TransportError

    async def main() -> None:
        async def never(reader, writer) -> None:
            await reader.read()

        async with net.serving(never) as server, net.wire() as wire:
            task = asyncio.ensure_future(wire.send(server.out(), server.reach))
            while not server.heads:
                await asyncio.sleep(0.01)
            await wire.aclose()
            with pytest.raises(TransportError):
                await asyncio.wait_for(task, 5)

    net.run(main())
