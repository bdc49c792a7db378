"""A proxy that was chosen: it is used for public hosts alone, and everything but its own lookup is still judged."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager, suppress

import pytest

from flarex_nb.errors import AddressBlocked, ConnectFailed, GuardError, UsageError
from flarex_nb.model import Outgoing, Reach
from flarex_nb.net.proxy import Proxy, read_proxy
from flarex_nb.net.transport import Wire

REACH = Reach()


def get(url: str) -> Outgoing:
    return Outgoing("GET", url, (("Authorization", "Bearer visibly-fake"),), b"")


class Tunnel:
    """An HTTP proxy on this machine that connects every CONNECT to one port, or answers with a status."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.heads: list[str] = []
        self.port = 0


@asynccontextmanager
async def tunnel(to: int, status: int = 200):
    made = Tunnel()

    async def carry(reader, writer) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()

    tasks = set()

    async def each(reader, writer) -> None:
        tasks.add(asyncio.current_task())
        with suppress(asyncio.IncompleteReadError, asyncio.CancelledError, OSError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            made.heads.append(head)
            made.asked.append(" ".join(head.split(" ")[:2]))
            writer.write(b"HTTP/1.1 %d Told\r\n\r\n" % status)
            if status == 200:
                there, back = await asyncio.open_connection("127.0.0.1", to)
                await asyncio.gather(carry(reader, back), carry(there, writer))
        writer.close()

    server = await asyncio.start_server(each, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


@pytest.mark.parametrize(
    "spelling", ["http://127.0.0.1:{port}", "http://proxy.test:{port}/", "HTTP://PROXY.test.:{port}"]
)
def test_a_call_goes_through_the_chosen_proxy_and_its_secret_stays_inside_tls(net, spelling) -> None:
    async def main() -> None:
        _, tls = net.authority()
        names = net.Names(proxy_test=["127.0.0.1"])
        async with net.serving(tls=net.server_tls("ok.test")) as server, tunnel(server.port) as proxy:
            with pytest.warns(UserWarning, match="looks names up itself"):
                wire = Wire(lookup=names, tls=tls, proxy=spelling.format(port=proxy.port))
            try:
                assert (await wire.send(get("https://ok.test/x"), REACH)).status == 200
                assert (await wire.send(get("https://ok.test/y"), REACH)).status == 200
            finally:
                await wire.aclose()
        assert proxy.asked == ["CONNECT ok.test:443"]
        assert "visibly-fake" not in proxy.heads[0]
        assert "ok.test" not in names.asked
        assert [head.split(" ")[1] for head in server.heads] == ["/x", "/y"]

    net.run(main())


@pytest.mark.filterwarnings("ignore:calls go through the proxy")
@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://169.254.169.254/",
        "https://localhost/",
        "https://ok.test:22/",
        "http://ok.test/",
        "https://a@ok.test/",
    ],
)
def test_what_the_text_of_a_url_says_is_judged_all_the_same(net, url) -> None:
    async def main() -> None:
        async with (
            net.serving() as server,
            tunnel(server.port) as proxy,
            net.wire(proxy=f"http://127.0.0.1:{proxy.port}") as wire,
        ):
            with pytest.raises(GuardError):
                await wire.send(get(url), REACH)
        assert proxy.asked == []

    net.run(main())


@pytest.mark.filterwarnings("ignore:calls go through the proxy")
def test_a_url_from_outside_is_not_fetched_through_a_proxy(net) -> None:
    async def main() -> None:
        async with (
            net.serving() as server,
            tunnel(server.port) as proxy,
            net.wire(proxy=f"http://127.0.0.1:{proxy.port}") as wire,
        ):
            with pytest.raises(AddressBlocked, match="not fetched through the proxy"):
                await wire.send(get("https://ok.test/"), Reach(plain=True))
        assert proxy.asked == []

    net.run(main())


@pytest.mark.filterwarnings("ignore:calls go through the proxy")
def test_what_is_registered_as_private_is_reached_directly(net) -> None:
    async def main() -> None:
        async with (
            net.serving() as server,
            tunnel(server.port) as proxy,
            net.wire(proxy=f"http://127.0.0.1:{proxy.port}") as wire,
        ):
            assert (await wire.send(server.out(), server.reach)).status == 200
        assert proxy.asked == []

    net.run(main())


@pytest.mark.filterwarnings("ignore:calls go through the proxy")
@pytest.mark.parametrize("ip", ["169.254.169.254", "fe80::1", "224.0.0.1"])
def test_a_proxy_at_a_metadata_or_link_local_address_is_refused(net, ip) -> None:
    async def main() -> None:
        async with net.wire(lookup=net.Names(proxy_test=[ip]), proxy="http://proxy.test:3128") as wire:
            with pytest.raises(AddressBlocked):
                await wire.send(get("https://ok.test/"), REACH)

    net.run(main())


@pytest.mark.filterwarnings("ignore:calls go through the proxy")
@pytest.mark.parametrize(("status", "permanent"), [(403, True), (407, True), (502, False)])
def test_a_proxy_that_refuses_is_named_with_its_status(net, status, permanent) -> None:
    async def main() -> ConnectFailed:
        async with tunnel(1, status) as proxy, net.wire(proxy=f"http://127.0.0.1:{proxy.port}") as wire:
            with pytest.raises(ConnectFailed, match=f"through the proxy .* answered {status}") as caught:
                await wire.send(get("https://ok.test/?k=canary"), REACH)
        return caught.value

    error = net.run(main())

    assert (error.permanent, error.sent) == (permanent, "no")
    assert "canary" not in error.explain()


@pytest.mark.filterwarnings("ignore:calls go through the proxy")
def test_a_proxy_that_does_not_listen_is_named(net) -> None:
    async def main() -> None:
        async with tunnel(1) as proxy:
            port = proxy.port
        async with net.wire(proxy=f"http://127.0.0.1:{port}") as wire:
            with pytest.raises(ConnectFailed, match=r"through the proxy 127.*: nothing listens there"):
                await wire.send(get("https://ok.test/"), REACH)

    net.run(main())


def test_the_environment_chooses_no_proxy(net) -> None:
    async def main() -> None:
        _, tls = net.authority()
        async with net.serving(tls=net.server_tls("ok.test")) as server, tunnel(server.port) as proxy:
            detour = net.Detour(server.port)
            for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
                os.environ[name] = f"http://127.0.0.1:{proxy.port}"
            async with net.wire(lookup=net.Names(ok_test=[net.PUBLIC]), open_socket=detour, tls=tls) as wire:
                assert (await wire.send(get("https://ok.test/"), REACH)).status == 200
        assert proxy.asked == []

    net.run(main())


@pytest.mark.parametrize(
    "text",
    ["proxy.test:3128", "https://proxy.test:3128", "socks5://proxy.test:1080", "http://proxy.test", "http://me:visibly-fake@proxy.test:3128",
     "http://127.1:3128", "http://proxy.test:0", "http://proxy.test:99999", "http://proxy.test:3128/path", "http://:3128", "http://[::1:3128", "x"],
)  # fmt: skip
def test_a_setting_that_is_no_proxy_is_refused_without_being_repeated(text) -> None:
    with pytest.raises(UsageError) as caught:
        read_proxy(text)

    assert "visibly-fake" not in caught.value.explain()
    assert "FLAREX_PROXY" in caught.value.message


def test_a_proxy_is_read_in_its_one_spelling() -> None:
    assert read_proxy("http://[0:0::1]:3128") == Proxy("::1", 3128)
    assert read_proxy("http://[0:0::1]:3128").url == "http://[::1]:3128"
    assert read_proxy("") is None
