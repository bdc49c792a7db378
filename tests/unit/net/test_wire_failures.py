"""What breaks becomes one error of ours, says how far the request got, and leaks nothing."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import re
import socket
import ssl
import traceback

import pytest

from flarex_nb.errors import ConnectFailed, ConnectionLost, FlarexError, ProtocolBroken, TransportError
from flarex_nb.model import Outgoing, Reach
from flarex_nb.net.progress import Progress

LINGER = __import__("struct").pack("ii", 1, 0)
CANARIES = ("path-canary", "query-canary", "header-canary", "body-canary")


def loaded(server, method: str = "POST") -> Outgoing:
    """A request with something in each place that must not be shown."""
    return Outgoing(method, f"{server.url}path-canary?k=query-canary", (("X-Key", "header-canary"),), b"body-canary")


def secret_call(host: str) -> Outgoing:
    return Outgoing("POST", f"https://{host}/path-canary?k=query-canary", (("X-Key", "header-canary"),), b"body-canary")


def reset(writer) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
    writer.transport.abort()


def says(data: bytes):
    async def answer(reader, writer) -> None:
        writer.write(data)

    return answer


def says_and_resets(data: bytes):
    async def answer(reader, writer) -> None:
        writer.write(data)
        await writer.drain()
        await asyncio.sleep(0.05)
        reset(writer)

    return answer


HEAD = b"HTTP/1.1 200 OK\r\n"
BROKEN = [
    ("closed", says(b""), ConnectionLost, "maybe"),
    ("reset", says_and_resets(b""), ConnectionLost, "maybe"),
    ("closed in the head", says(HEAD + b"Content-Le"), ConnectionLost, "maybe"),
    ("length too large", says(HEAD + b"Content-Length: 9\r\n\r\nshort"), ConnectionLost, "yes"),
    ("reset in the body", says_and_resets(HEAD + b"Content-Length: 9\r\n\r\nshort"), ConnectionLost, "yes"),
    ("chunked cut short", says(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"), ConnectionLost, "yes"),
    ("chunked without its end", says(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"), ConnectionLost, "yes"),
    ("chunk size is no number", says(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n"), TransportError, None),
    (
        "gzip cut short",
        says(HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"x" * 99)[:-9]),
        ProtocolBroken,
        "yes",
    ),
    ("brotli", says(HEAD + b"Content-Encoding: br\r\n\r\n\x0b\x02\x80abc\x03"), ProtocolBroken, "yes"),
    ("stacked", says(HEAD + b"Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n\r\nx"), ProtocolBroken, "yes"),
    ("not http", says(b"220 mail.test ESMTP\r\n\r\n"), ProtocolBroken, "maybe"),
    ("binary", says(bytes(range(256)) * 20), ProtocolBroken, "maybe"),
    ("http/0.9", says(b"<html>hello</html>\r\n\r\n"), ProtocolBroken, "maybe"),
    ("a header line of 80 kB", says(HEAD + b"X: " + b"x" * 80_000 + b"\r\n\r\n"), ProtocolBroken, "maybe"),
    ("2000 headers", says(HEAD + b"X: y\r\n" * 2000 + b"\r\n"), ProtocolBroken, "maybe"),
    ("two lengths", says(HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), ProtocolBroken, "maybe"),
    ("http/2 preface", says(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), ProtocolBroken, "maybe"),
]


@pytest.mark.parametrize(("answer", "kind", "sent"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_broken_answer_is_one_error_of_ours_after_one_request(net, answer, kind, sent, method) -> None:
    async def main() -> None:
        async with net.serving(answer) as server, net.wire() as wire:
            progress = Progress()
            with pytest.raises(kind) as caught:
                await wire.send(loaded(server, method), server.reach, progress)
            assert sent in {None, caught.value.sent}
            assert caught.value.sent == progress.sent
            assert len(server.heads) == 1
            assert_clean(caught.value, f"127.0.0.1:{server.port}")
            with pytest.raises(kind):
                await wire.send(loaded(server, method), server.reach)

    net.run(main())


def assert_clean(error: FlarexError, place: str) -> None:
    """The error names host and port, and nothing of the request shows anywhere in its printed chain."""
    printed = "".join(traceback.format_exception(error)) + error.explain() + repr(error)

    assert place in error.message
    assert error.hint
    assert not any(canary in printed for canary in CANARIES), printed
    assert error.__context__ is None


def test_a_kept_connection_that_broke_meanwhile_is_not_sent_on_twice(net) -> None:
    """The server answers once, then resets each connection at its second request: it must see each attempt once."""
    seen: list[str] = []

    async def answer(reader, writer) -> None:
        seen.append("first")
        writer.write(net.OK)
        seen.append((await reader.readuntil(b"\r\n\r\n")).split(b" ")[0].decode())
        reset(writer)

    async def main() -> None:
        async with net.serving(answer) as server, net.wire() as wire:
            await wire.send(server.out(), server.reach)
            with pytest.raises(ConnectionLost) as caught:
                await wire.send(server.out(), server.reach)
            assert caught.value.sent == "maybe"
            assert seen == ["first", "GET"]
            assert server.accepted == 1

    net.run(main())


def test_a_connection_the_server_closed_while_idle_is_not_used_again(net) -> None:
    async def main() -> None:
        async with net.serving(says(net.OK)) as server, net.wire() as wire:
            for _ in range(3):
                assert (await wire.send(server.out(), server.reach)).status == 200
                await asyncio.sleep(0.02)
            assert server.accepted == 3

    net.run(main())


def test_an_answer_nobody_asked_for_is_not_taken_for_the_next_one(net) -> None:
    async def answer(reader, writer) -> None:
        writer.write(net.OK)
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.write(b"HTTP/1.1 418 Stray\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        await reader.read()

    async def main() -> None:
        async with net.serving(answer) as server, net.wire() as wire:
            for _ in range(3):
                assert (await wire.send(server.out(), server.reach)).status == 200
                await asyncio.sleep(0.06)
            assert server.accepted == 3

    net.run(main())


@pytest.mark.parametrize(
    "flood",
    [b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"],
)
def test_a_flood_of_interim_answers_ends_with_the_callers_timeout(net, flood) -> None:
    async def answer(reader, writer) -> None:
        while True:
            writer.write(flood * 100)
            await writer.drain()
            await asyncio.sleep(0.005)  # a faster one ends at the bound of what may come before a body

    async def main() -> None:
        async with net.serving(answer) as server, net.wire() as wire:
            progress = Progress()
            started = asyncio.get_running_loop().time()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await wire.send(server.out(), server.reach, progress)
            assert asyncio.get_running_loop().time() - started < 3
            assert (progress.phase, progress.sent) == ("waiting", "maybe")

    net.run(main())


@pytest.mark.parametrize(
    ("start", "phase", "sent"),
    [(b"", "waiting", "maybe"), (HEAD, "waiting", "maybe"), (HEAD + b"\r\n", "reading", "yes")],
)
def test_a_dripping_answer_ends_with_the_callers_timeout(net, start, phase, sent) -> None:
    async def answer(reader, writer) -> None:
        writer.write(start)
        while True:
            writer.write(b"a" if start.endswith(b"\r\n\r\n") or not start else b"X: y\r\n")
            await writer.drain()
            await asyncio.sleep(0.02)

    async def main() -> None:
        async with net.serving(answer if start else silent) as server, net.wire() as wire:
            progress = Progress()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await wire.send(server.out(), server.reach, progress)
            assert (progress.phase, progress.sent) == (phase, sent)

    net.run(main())


async def silent(reader, writer) -> None:
    await reader.read()


def test_nobody_listening_is_a_failure_before_anything_was_sent(net) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

        async def main() -> None:
            async with net.wire() as wire:
                progress = Progress()
                with pytest.raises(ConnectFailed, match=rf"127\.0\.0\.1:{port}: nothing listens there") as caught:
                    await wire.send(
                        Outgoing("POST", f"http://127.0.0.1:{port}/{'/'.join(CANARIES)}", (), b"x"),
                        Reach(private=frozenset({("127.0.0.1", port)})),
                        progress,
                    )
                assert (caught.value.sent, caught.value.permanent, progress.sent) == ("no", False, "no")
                assert_clean(caught.value, f"127.0.0.1:{port}")

        net.run(main())


def long_ago(ca, name: str):
    day = dt.timedelta(days=1)
    now = dt.datetime.now(dt.UTC)
    return ca.issue_cert(name, not_before=now - 9 * day, not_after=now - day)


def not_yet(ca, name: str):
    day = dt.timedelta(days=1)
    now = dt.datetime.now(dt.UTC)
    return ca.issue_cert(name, not_before=now + day, not_after=now + 9 * day)


def self_signed(ca, name: str):
    import trustme

    other = trustme.CA()
    return other.private_key_pem, other.cert_pem


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (long_ago, "it expired"),
        (not_yet, "not valid yet"),
        (lambda ca, name: ca.issue_cert("other.test"), "it is for another host"),
        (lambda ca, name: __import__("trustme").CA().issue_cert(name), "an authority not known here"),
        (self_signed, "signed by itself"),
    ],
)
def test_a_certificate_that_is_not_accepted_is_permanent_and_names_the_cause(net, make, words, tmp_path) -> None:
    ca, tls = net.authority()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made = make(ca, "api.test")
    if isinstance(made, tuple):
        (tmp_path / "pair.pem").write_bytes(made[0].bytes() + made[1].bytes())
        context.load_cert_chain(tmp_path / "pair.pem")
    else:
        made.configure_cert(context)

    async def main() -> None:
        async with net.serving(tls=context) as server:
            seams = {"lookup": net.Names(api_test=[net.PUBLIC]), "open_socket": net.Detour(server.port), "tls": tls}
            async with net.wire(**seams) as wire:
                with pytest.raises(ConnectFailed, match=words) as caught:
                    await wire.send(secret_call("api.test"), Reach())
        assert (caught.value.permanent, caught.value.sent, server.heads) == (True, "no", [])
        assert_clean(caught.value, "api.test:443")

    net.run(main())


def test_a_literal_address_is_checked_against_the_certificate_too(net) -> None:
    _, tls = net.authority()

    async def main() -> None:
        async with (
            net.serving(tls=net.server_tls("api.test")) as server,
            net.wire(open_socket=net.Detour(server.port), tls=tls) as wire,
        ):
            with pytest.raises(ConnectFailed, match="another address"):
                await wire.send(Outgoing("GET", f"https://{net.PUBLIC}/", (), b""), Reach())

    net.run(main())


@pytest.mark.parametrize(
    ("answer", "permanent"),
    [(says(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"), True), (says(b""), False)],
)
def test_a_server_that_does_not_speak_tls_is_told_from_one_that_hangs_up(net, answer, permanent) -> None:
    async def each(reader, writer) -> None:
        await reader.read(10)
        await answer(reader, writer)
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(each, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with net.wire() as wire:
            with pytest.raises(ConnectFailed) as caught:
                await wire.send(
                    Outgoing("GET", f"https://127.0.0.1:{port}/", (), b""),
                    Reach(private=frozenset({("127.0.0.1", port)})),
                )
        assert (caught.value.permanent, caught.value.sent) == (permanent, "no")
        assert re.search("does not speak TLS" if permanent else "during the TLS handshake", caught.value.message)
        server.close()
        await server.wait_closed()

    net.run(main())


def test_an_unknown_host_is_permanent(net) -> None:
    async def main() -> None:
        async with net.wire(lookup=net.Names()) as wire:
            with pytest.raises(ConnectFailed, match=r"there is no host nope\.test") as caught:
                await wire.send(secret_call("nope.test"), Reach())
        assert caught.value.permanent
        assert "canary" not in "".join(traceback.format_exception(caught.value))

    net.run(main())
