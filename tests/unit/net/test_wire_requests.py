"""What the server sees of a request, and what comes back of its answer."""

from __future__ import annotations

import asyncio
import gzip

import httpx
import pytest

from flarex_nb import __version__
from flarex_nb.clock import VirtualClock
from flarex_nb.errors import GuardError, ProtocolBroken, ResponseTooLarge, UsageError
from flarex_nb.model import Outgoing, Reach
from flarex_nb.net.guarded import GuardedTransport
from flarex_nb.net.lookup import Lookups
from flarex_nb.net.progress import Progress


def test_the_request_line_and_headers_go_out_as_they_were_given(net) -> None:
    async def main() -> list[str]:
        async with net.serving() as server, net.wire() as wire:
            headers = (("X-One", "a"), ("x-Two", "b"), ("X-One", "c"), ("User-Agent", "mine"))
            await wire.send(server.out("a%2Fb/c?x=%7e+y&z=%3A%2F&next=a/b:c@d", headers=headers), server.reach)
            return server.heads[0].split("\r\n")

    lines = net.run(main())

    assert lines[0] == "GET /a%2Fb/c?x=%7e+y&z=%3A%2F&next=a/b:c@d HTTP/1.1"
    assert [line for line in lines if line[:2].lower() == "x-"] == ["X-One: a", "x-Two: b", "X-One: c"]
    assert "User-Agent: mine" in lines


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("a/../b/./c", "/b/c"),
        ("a b", "/a%20b"),
        ("caf\u00e9?q=\u00fc", "/caf%C3%A9?q=%C3%BC"),
        ("?a=b", "/?a=b"),
        ("a%20b", "/a%20b"),
    ],
)
def test_a_path_is_brought_into_the_one_form_that_can_be_sent(net, path, asked) -> None:
    async def main() -> str:
        async with net.serving() as server, net.wire() as wire:
            await wire.send(server.out(path), server.reach)
            return server.heads[0].split(" ")[1]

    assert net.run(main()) == asked


def test_nothing_tells_of_the_libraries_below(net) -> None:
    async def main() -> str:
        async with net.serving() as server, net.wire() as wire:
            await wire.send(server.out(), server.reach)
            return server.heads[0]

    head = net.run(main())

    assert f"User-Agent: flarex_nb/{__version__}\r\n" in head
    assert "Accept-Encoding: gzip\r\n" in head
    assert not any(word in head.lower() for word in ("aiohttp", "httpx", "python"))


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("size", [0, 5, 700_000])
def test_every_method_sends_its_body_whole(net, method, size) -> None:
    got: list[bytes] = []

    async def answer(reader, writer) -> None:
        got.append(await reader.readexactly(size))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async def main() -> str:
        async with net.serving(answer) as server, net.wire() as wire:
            progress = Progress()
            await wire.send(server.out(method=method, content=b"x" * size), server.reach, progress)
            assert (progress.phase, progress.sent) == ("reading", "yes")
            return server.heads[0].lower()

    head = net.run(main())

    assert got == [b"x" * size]
    assert head.startswith(f"{method.lower()} ")
    assert ("content-length" in head) == (size > 0 or method not in {"GET", "HEAD", "OPTIONS"})
    assert "content-type" not in head


@pytest.mark.parametrize(
    "bad", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b", "a\x7fb", "a\x1b[31m", "ключ-canary", "caf\u00e9"]
)
def test_a_header_value_that_is_not_one_line_of_ascii_is_refused_without_echo(net, bad) -> None:
    async def main() -> int:
        async with net.serving() as server, net.wire() as wire:
            with pytest.raises(UsageError, match="the value of the header X-Key holds") as caught:
                await wire.send(server.out(headers=(("X-Key", bad),)), server.reach)
            assert bad not in caught.value.explain()
            assert caught.value.sent == "no"
            return server.accepted

    assert net.run(main()) == 0


@pytest.mark.parametrize(
    "name",
    ["Host", "content-length", "Transfer-Encoding", "Connection", "Expect", "Upgrade", "X Y", "X:Y", "", "X\r\nY"],
)
def test_headers_that_frame_the_message_or_are_no_names_are_refused(net, name) -> None:
    async def main() -> int:
        async with net.serving() as server, net.wire() as wire:
            with pytest.raises(UsageError):
                await wire.send(server.out(headers=((name, "1"),)), server.reach)
            return server.accepted

    assert net.run(main()) == 0


@pytest.mark.parametrize("method", ["GET /x HTTP/1.1\r\nX:", "", "G T", "CONNECT", "trace"])
def test_methods_that_are_no_calls_are_refused(net, method) -> None:
    async def main() -> int:
        async with net.serving() as server, net.wire() as wire:
            with pytest.raises(UsageError, match="not a method"):
                await wire.send(server.out(method=method), server.reach)
            return server.accepted

    assert net.run(main()) == 0


def test_the_answer_comes_with_its_header_lines_in_order_and_its_body_unpacked(net) -> None:
    packed = gzip.compress(b'{"id": 1}')
    answer = (
        b"HTTP/1.1 201 Created\r\nX-B: 1\r\nx-a: caf\xe9\r\nX-B: 2\r\nContent-Encoding: gzip\r\n"
        b"Content-Length: " + str(len(packed)).encode() + b"\r\n\r\n" + packed
    )

    async def main():
        async with net.serving(answer) as server, net.wire(clock=VirtualClock()) as wire:
            return await wire.send(server.out(), server.reach)

    reply = net.run(main())

    assert (reply.status, reply.content, reply.elapsed) == (201, b'{"id": 1}', 0.0)
    assert reply.headers[:3] == (("X-B", "1"), ("x-a", "caf\u00e9"), ("X-B", "2"))


@pytest.mark.parametrize("status", [204, 304, 400, 404, 500, 503])
def test_a_status_is_not_judged(net, status) -> None:
    async def main() -> int:
        async with (
            net.serving(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode()) as server,
            net.wire() as wire,
        ):
            return (await wire.send(server.out(), server.reach)).status

    assert net.run(main()) == status


def test_an_answer_to_head_may_describe_a_body_that_would_be_refused(net) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\nContent-Encoding: br\r\n\r\n"

    async def main() -> None:
        async with net.serving(answer) as server, net.wire() as wire:
            reply = await wire.send(server.out(method="HEAD"), Reach(server.reach.private, 1000, 1000))
            assert (reply.content, reply.header("content-length")) == (b"", "99999999")

    net.run(main())


def test_a_cookie_is_neither_kept_nor_sent(net) -> None:
    async def main() -> list[str]:
        answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: session=1; Path=/\r\nContent-Length: 0\r\n\r\n"
        async with net.serving(answer) as server, net.wire() as wire:
            reply = await wire.send(server.out(), server.reach)
            assert reply.header("set-cookie") == "session=1; Path=/"
            await wire.send(server.out(), server.reach)
            return server.heads

    assert "cookie" not in net.run(main())[1].lower()


def test_calls_one_after_the_other_share_a_connection(net) -> None:
    async def main() -> int:
        async with net.serving() as server, net.wire() as wire:
            for _ in range(5):
                await wire.send(server.out(), server.reach)
            return server.accepted

    assert net.run(main()) == 1


def test_a_burst_of_calls_all_come_back(net) -> None:
    async def main() -> None:
        async with net.serving() as server, net.wire() as wire:
            replies = await asyncio.gather(*(wire.send(server.out(), server.reach) for _ in range(300)))
            assert {reply.status for reply in replies} == {200}
            assert server.accepted <= 100

    net.run(main())


@pytest.mark.parametrize(
    "head", [b"Content-Length: 3000\r\n\r\n", b"\r\n", b"Transfer-Encoding: chunked\r\n\r\nbb8\r\n"]
)
def test_an_answer_over_the_cap_is_refused_and_its_connection_closed(net, head) -> None:
    async def answer(reader, writer) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n" + head + b"x" * 3000)
        await writer.drain()
        await reader.read()

    async def main() -> None:
        async with net.serving(answer) as server, net.wire() as wire:
            reach = Reach(server.reach.private, max_wire_bytes=2000, max_bytes=2000)
            with pytest.raises(ResponseTooLarge) as caught:
                await wire.send(server.out(), reach)
            assert caught.value.sent == "yes"

    net.run(main())


def test_an_endless_chunked_answer_ends_at_the_cap(net) -> None:
    async def answer(reader, writer) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
            await writer.drain()

    async def main() -> None:
        async with net.serving(answer) as server, net.wire() as wire:
            with pytest.raises(ResponseTooLarge):
                await wire.send(server.out(), Reach(server.reach.private, 2 << 20, 2 << 20))

    net.run(main())


def test_a_body_is_read_piece_by_piece_as_it_comes(net) -> None:
    async def main() -> None:
        more = asyncio.Event()

        async def answer(reader, writer) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
            await more.wait()
            writer.write(b"data: 2\n\n")

        async with (
            net.serving(answer) as server,
            net.wire() as wire,
            wire.open(server.out(), server.reach) as incoming,
        ):
            assert (incoming.status, await anext(incoming.pieces)) == (200, b"data: 1\n\n")
            more.set()
            assert [piece async for piece in incoming.pieces] == [b"data: 2\n\n"]

    net.run(main())


def test_leaving_a_body_half_read_closes_its_connection_and_the_next_call_gets_its_own_answer(net) -> None:
    async def answer(reader, writer) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 50_000)
        await reader.read()

    async def main() -> None:
        async with net.serving(answer) as server, net.wire() as wire:
            for _ in range(2):
                async with wire.open(server.out(), server.reach) as incoming:
                    assert await anext(incoming.pieces)
            with pytest.raises(KeyError):  # the reader's own error is not taken for the wire's
                async with wire.open(server.out(), server.reach) as incoming:
                    raise KeyError(await anext(incoming.pieces))
            assert server.accepted == 3

    net.run(main())


def test_a_switch_of_protocols_is_refused(net) -> None:
    async def main() -> None:
        answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"
        async with net.serving(answer) as server, net.wire() as wire:
            with pytest.raises(ProtocolBroken, match="switched"):
                await wire.send(server.out(), server.reach)

    net.run(main())


def test_another_loop_gets_connections_of_its_own(net) -> None:
    from flarex_nb.net.transport import Wire

    wire = Wire()

    async def main() -> int:
        async with net.serving() as server:
            await wire.send(server.out(), server.reach)
            status = (await wire.send(server.out(), server.reach)).status
            await wire.aclose()
            await wire.send(server.out(), server.reach)
            await wire.aclose()
            return status

    assert net.run(main()) == 200
    assert net.run(main()) == 200


def test_any_httpx_client_can_take_the_guarded_transport(net) -> None:
    async def main() -> None:
        async with net.serving() as server:
            transport = GuardedTransport(server.reach, Lookups())
            async with httpx.AsyncClient(transport=transport) as client:
                headers = {"Accept-Encoding": "br", "Host": "other.test", "X-Key": "1"}
                reply = await client.post(server.url, json={"a": 1}, headers=headers)
                assert reply.json() == {}
                head = server.heads[0].lower()
                assert "accept-encoding: gzip\r\n" in head
                assert "content-type: application/json\r\n" in head
                assert "x-key: 1\r\n" in head
                assert head.count("\r\nhost: 127.0.0.1:") == head.count("\r\nhost:") == 1
                assert "connection:" not in head
                with pytest.raises(GuardError):
                    await client.get("http://169.254.169.254/")

    net.run(main())


def test_nothing_of_the_request_shows_in_a_log(net, caplog) -> None:
    caplog.set_level(0)

    async def main() -> None:
        async with net.serving() as server, net.wire() as wire:
            out = Outgoing(
                "POST", server.url + "path-canary?k=query-canary", (("X-Key", "header-canary"),), b"body-canary"
            )
            await wire.send(out, server.reach)

    net.run(main())

    assert "canary" not in caplog.text


@pytest.mark.parametrize(
    ("size", "phase"), [(0, "waiting"), (5, "waiting"), (700_000, "waiting"), (30_000_000, "sending")]
)
def test_a_send_that_is_stopped_says_whether_all_of_it_was_handed_over(net, size, phase) -> None:
    async def answer(reader, writer) -> None:
        if phase == "waiting":
            await reader.readexactly(size)
        await asyncio.sleep(5)

    async def main() -> Progress:
        async with net.serving(answer) as server, net.wire() as wire:
            progress = Progress()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await wire.send(server.out(method="POST", content=b"x" * size), server.reach, progress)
            return progress

    progress = net.run(main())

    assert (progress.phase, progress.sent) == (phase, "maybe")
